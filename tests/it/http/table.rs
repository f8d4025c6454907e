//! Every row of the response table, over HTTP and over gRPC.

use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::request::Parts;
use http::{HeaderValue, Method, Request};
use serde_json::json;
use tower::{Layer, service_fn};
use tower_jwt_auth::Token;
use tower_jwt_auth::VerifierBuilder;
use tower_jwt_auth::clock::Clock;
use tower_jwt_auth::key::KeySet;
use tower_jwt_auth::possession::{Confirm, Confirmation, Unconfirmed};
use tower_jwt_auth::respond::{GrpcAware, ProblemJson};
use tower_jwt_auth::revocation::{Presented, Revocation, Standing};
use tower_jwt_auth::source::RawToken;
use tower_jwt_auth::testing::{FixedClock, TestIssuer};
use tower_jwt_auth::{ErrorKind, Issuer, JwtAuthLayer, Policy, RequireLayer, Rule, Verifier};

use super::rejections::{self, good, rejected_request};
use crate::support::ask::{Reply, ask, bearer, request, who};
use crate::support::late_keys::{LateKeys, StuckKeys};

/// The expected status, challenge, code and gRPC status. For an accepted request, the code is the body
/// of the inner service.
struct Answer(u16, Option<&'static str>, &'static str, u8);

const BARE: Option<&str> = Some("Bearer");
const MALFORMED: Option<&str> =
    Some(r#"Bearer error="invalid_request", error_description="The request is malformed""#);
const INVALID: Option<&str> =
    Some(r#"Bearer error="invalid_token", error_description="The access token is invalid""#);
const EXPIRED: Option<&str> =
    Some(r#"Bearer error="invalid_token", error_description="The access token expired""#);

/// One request for a row.
struct Case {
    row: u8,
    situation: &'static str,
    layer: Option<JwtAuthLayer>,
    require: Option<RequireLayer>,
    request: Request<String>,
    answer: Answer,
}

fn case(row: u8, situation: &'static str, answer: Answer) -> Case {
    let (layer, request) = (Some(rejections::layer()), Request::default());
    Case { row, situation, layer, require: None, request, answer }
}

impl Case {
    /// Uses the layer and the request that are rejected with this kind.
    fn rejected_with(mut self, kind: ErrorKind) -> Self {
        let (layer, request) = rejected_request(kind).unwrap();
        (self.layer, self.request) = (Some(layer), request);
        self
    }

    fn layer(mut self, change: impl FnOnce(JwtAuthLayer) -> JwtAuthLayer) -> Self {
        self.layer = self.layer.map(change);
        self
    }

    fn request(mut self, request: Request<String>) -> Self {
        self.request = request;
        self
    }

    fn require(mut self, require: RequireLayer) -> Self {
        self.require = Some(require);
        self
    }

    fn ask(&self, request: Request<String>) -> Reply {
        let verbose = GrpcAware::or(ProblemJson::new().verbose());
        let layer = self.layer.clone().map(|layer| layer.responder(verbose));
        let inner = service_fn(who::<String>);
        match (layer, &self.require) {
            (Some(layer), Some(require)) => ask(layer.layer(require.layer(inner)), request),
            (Some(layer), None) => ask(layer.layer(inner), request),
            (None, Some(require)) => ask(require.layer(inner), request),
            (None, None) => ask(inner, request),
        }
    }
}

fn malformed(field: &str) -> Request<String> {
    request([field])
}

fn preflight() -> Request<String> {
    let preflight = Request::options("/").header("origin", "https://app.example");
    preflight.header("access-control-request-method", "GET").body(String::new()).unwrap()
}

/// A request with scopes and roles.
fn granted() -> Request<String> {
    bearer(&good().claim("scope", "orders:read").claim("roles", json!(["clerk"])).mint())
}

/// A layer that does not have the key of the token and cannot refresh its keys.
fn stuck() -> JwtAuthLayer {
    let keys = KeySet::jwks(TestIssuer::es256().key_id("another").jwks()).unwrap();
    let policy = Policy::new().any_audience();
    let trusted = Issuer::new("https://auth.example", StuckKeys(Arc::new(keys)), policy);
    JwtAuthLayer::new(Verifier::builder().trust(trusted).build().unwrap())
}

fn cases() -> Vec<Case> {
    use ErrorKind as K;
    let scopes = Rule::all_scopes(["orders:read", "orders:write"]);
    let both = RequireLayer::new(scopes.clone());
    let owner = RequireLayer::owner_in_path("/users/{id}").unwrap();
    let logged_in = RequireLayer::new(Rule::authenticated())
        .authentication_context(["gold"])
        .max_authentication_age(Duration::from_secs(300))
        .clock(FixedClock::new());
    let unauthorized = JwtAuthLayer::unauthorized_while_keys_unavailable;
    let form = Request::post("/").header("content-type", "application/x-www-form-urlencoded");
    let form = form.body(format!("access_token={}", good().mint())).unwrap();
    let twice = format!("Bearer {}", good().mint());
    let unsigned = r#"{"alg":"none"}"#;

    #[rustfmt::skip]
    let mut cases = vec![
        case(1, "no credentials", Answer(401, BARE, "missing_token", 16)),
        case(1, "no credentials, the route declares scopes", Answer(401, Some(r#"Bearer scope="orders:read orders:write""#), "missing_token", 16))
            .layer(|layer| layer.challenge_scope(&scopes)),
        case(1, "no credentials, optional, and the route requires scopes", Answer(401, Some(r#"Bearer scope="orders:read orders:write""#), "missing_token", 16))
            .layer(JwtAuthLayer::allow_missing_token).require(both.clone()),
        case(2, "another scheme", Answer(401, BARE, "unsupported_scheme", 16)).rejected_with(K::UnsupportedScheme),
        case(3, "optional, no credentials", Answer(200, None, "anonymous", 0)).layer(JwtAuthLayer::allow_missing_token),
        case(3, "optional, another scheme", Answer(200, None, "anonymous", 0)).rejected_with(K::UnsupportedScheme).layer(JwtAuthLayer::allow_missing_token),
        case(4, "optional, expired", Answer(401, EXPIRED, "token_expired", 16)).rejected_with(K::TokenExpired).layer(JwtAuthLayer::allow_missing_token),
        case(4, "optional, malformed", Answer(400, MALFORMED, "malformed_header", 3)).rejected_with(K::MalformedHeader).layer(JwtAuthLayer::allow_missing_token),
        case(5, "Bearer without a token", Answer(400, MALFORMED, "malformed_header", 3)).request(malformed("Bearer ")),
        case(5, "a space in the token", Answer(400, MALFORMED, "malformed_header", 3)).rejected_with(K::MalformedHeader),
        case(5, "an illegal character", Answer(400, MALFORMED, "malformed_header", 3)).request(malformed("Bearer a.b.\"c\"")),
        case(6, "two Authorization fields", Answer(400, MALFORMED, "multiple_tokens", 3)).rejected_with(K::MultipleTokens),
        case(6, "two fields, one of them Basic", Answer(400, MALFORMED, "multiple_tokens", 3)).request(request([&*twice, "Basic YTpi"])),
        case(7, "a token in a form", Answer(401, BARE, "missing_token", 16)).request(form),
        case(8, "too long", Answer(401, INVALID, "token_too_large", 16)).rejected_with(K::TokenTooLarge),
        case(9, "not three parts", Answer(401, INVALID, "malformed_token", 16)).rejected_with(K::MalformedToken),
        case(9, "an unknown crit", Answer(401, INVALID, "malformed_token", 16)).request(bearer(&good().header("crit", json!(["exp"])).mint())),
        case(10, "alg none", Answer(401, INVALID, "algorithm_not_allowed", 16)).request(bearer(&rejections::issuer().sign(unsigned, "{}"))),
        case(10, "an algorithm of another key type", Answer(401, INVALID, "algorithm_not_allowed", 16)).rejected_with(K::AlgorithmNotAllowed),
        case(11, "another issuer", Answer(401, INVALID, "invalid_issuer", 16)).rejected_with(K::InvalidIssuer),
        case(11, "another subject", Answer(401, INVALID, "invalid_subject", 16)).rejected_with(K::InvalidSubject),
        case(12, "another audience", Answer(401, INVALID, "invalid_audience", 16)).rejected_with(K::InvalidAudience),
        case(12, "no audience", Answer(401, INVALID, "invalid_audience", 16)).request(bearer(&good().without("aud").mint())),
        case(13, "expired", Answer(401, EXPIRED, "token_expired", 16)).rejected_with(K::TokenExpired),
        case(14, "not yet valid", Answer(401, INVALID, "token_not_yet_valid", 16)).rejected_with(K::TokenNotYetValid),
        case(14, "issued in the future", Answer(401, INVALID, "token_not_yet_valid", 16)).request(bearer(&good().claim("iat", 4_000_000_000_u64).mint())),
        case(14, "issued too long ago", Answer(401, INVALID, "token_too_old", 16)).rejected_with(K::TokenTooOld),
        case(15, "a bad signature", Answer(401, INVALID, "invalid_signature", 16)).rejected_with(K::InvalidSignature),
        case(16, "another typ", Answer(401, INVALID, "invalid_type", 16)).rejected_with(K::InvalidType),
        case(16, "a required claim is missing", Answer(401, INVALID, "missing_claim", 16)).rejected_with(K::MissingClaim),
        case(16, "claims of the wrong type", Answer(401, INVALID, "invalid_claims", 16)).rejected_with(K::InvalidClaims),
        case(16, "a check of the application", Answer(401, INVALID, "check_failed", 16)).rejected_with(K::CheckFailed),
        case(17, "an unknown key, the set is healthy", Answer(401, INVALID, "unknown_key", 16)).rejected_with(K::UnknownKey),
        case(18, "an unknown key, the refresh failed", Answer(503, None, "keys_unavailable", 14)).rejected_with(K::UnknownKey).layer(|_| stuck()),
        case(19, "no keys", Answer(503, None, "keys_unavailable", 14)).rejected_with(K::KeysUnavailable),
        case(20, "no keys, configured to answer 401", Answer(401, INVALID, "keys_unavailable", 16)).rejected_with(K::KeysUnavailable).layer(unauthorized),
        case(21, "revoked", Answer(401, INVALID, "token_revoked", 16)).rejected_with(K::TokenRevoked),
        case(22, "the revocation list is unavailable", Answer(503, None, "revocation_unavailable", 14)).rejected_with(K::RevocationUnavailable),
        case(23, "a scope is missing", Answer(403, Some(r#"Bearer scope="orders:read orders:write", error="insufficient_scope", error_description="The access token lacks a scope""#), "insufficient_scope", 7))
            .request(granted()).require(both),
        case(24, "a role is missing", Answer(403, Some(r#"Bearer error="insufficient_scope", error_description="The access token does not permit this""#), "forbidden", 7))
            .request(granted()).require(RequireLayer::role("admin")),
        case(24, "another user's", Answer(403, Some(r#"Bearer error="insufficient_scope", error_description="The access token does not permit this""#), "forbidden", 7))
            .request(granted()).require(owner),
        case(25, "the log-in is too weak", Answer(401, Some(r#"Bearer error="insufficient_user_authentication", error_description="A stronger or more recent login is needed", acr_values="gold", max_age="300""#), "step_up_required", 16))
            .request(granted()).require(logged_in),
        case(36, "a CORS preflight", Answer(200, None, "anonymous", 0)).request(preflight()).layer(JwtAuthLayer::allow_cors_preflight),
        case(37, "bypassed", Answer(200, None, "anonymous", 0)).layer(|layer| layer.bypass(|parts| parts.uri.path() == "/")),
        Case { layer: None, ..case(38, "a rule without authentication", Answer(500, None, "internal", 13)) }.require(RequireLayer::role("admin")),
    ];
    cases.extend([
        case(19, "waiting for keys times out", Answer(503, None, "keys_unavailable", 14))
            .request(bearer(&TestIssuer::es256().token().mint()))
            .layer(|_| {
                JwtAuthLayer::new(with_immediate_timers(Verifier::key_source(LateKeys::default())))
            }),
        case(
            42,
            "the revocation list does not answer",
            Answer(503, None, "revocation_unavailable", 14),
        )
        .request(granted())
        .layer(|_| JwtAuthLayer::new(with_immediate_timers(known_keys().revocation(Hangs)))),
        case(
            42,
            "the confirmation does not complete",
            Answer(503, None, "confirm_unavailable", 14),
        )
        .request(granted())
        .layer(|_| JwtAuthLayer::new(with_immediate_timers(known_keys())).confirm(Hangs)),
        case(42, "the confirmation is unavailable", Answer(503, None, "confirm_unavailable", 14))
            .request(granted())
            .layer(|layer| layer.confirm(Unavailable)),
        case(42, "a route without tokens is not affected", Answer(401, BARE, "missing_token", 16))
            .layer(|layer| layer.confirm(Unavailable)),
    ]);
    cases.sort_by_key(|case| case.row);
    cases
}

fn known_keys() -> VerifierBuilder {
    Verifier::shared_secret(rejections::issuer().secret())
}

/// With a clock whose timers complete at once.
fn with_immediate_timers(verifier: VerifierBuilder) -> Verifier {
    #[derive(Debug)]
    struct ImmediateTimers(FixedClock);

    impl Clock for ImmediateTimers {
        fn now(&self) -> SystemTime {
            self.0.now()
        }

        fn monotonic(&self) -> Duration {
            self.0.monotonic()
        }

        fn sleep_until(
            &self,
            _: Duration,
        ) -> Option<Pin<Box<dyn Future<Output = ()> + Send + Sync>>> {
            Some(Box::pin(std::future::ready(())))
        }
    }
    verifier.any_issuer().any_audience().clock(ImmediateTimers(FixedClock::new())).build().unwrap()
}

/// A server that never answers.
#[derive(Debug)]
struct Hangs;

impl Revocation for Hangs {
    fn check(
        &self,
        _: &Presented<'_>,
    ) -> tower_jwt_auth::Answer<Result<Standing, tower_jwt_auth::Error>> {
        tower_jwt_auth::Answer::later(std::future::pending())
    }
}

impl Confirm for Hangs {
    fn confirm(
        &self,
        _: &Parts,
        _: &Token,
        _: &RawToken<'_>,
    ) -> tower_jwt_auth::Answer<Result<Confirmation, Unconfirmed>> {
        tower_jwt_auth::Answer::later(std::future::pending())
    }
}

/// A `Confirm` that is unavailable.
#[derive(Debug)]
struct Unavailable;

impl Confirm for Unavailable {
    fn confirm(
        &self,
        _: &Parts,
        _: &Token,
        _: &RawToken<'_>,
    ) -> tower_jwt_auth::Answer<Result<Confirmation, Unconfirmed>> {
        tower_jwt_auth::Answer::now(Err(ErrorKind::ConfirmUnavailable.into()))
    }
}

/// The rows that this test does not cover, and what they need.
const NOT_COVERED: [(u8, &str); 14] = [
    (26, "DPoP"),
    (27, "DPoP"),
    (28, "DPoP"),
    (29, "DPoP"),
    (30, "DPoP"),
    (31, "DPoP"),
    (32, "DPoP"),
    (33, "DPoP"),
    (34, "DPoP"),
    (35, "client certificates"),
    (39, "DPoP"),
    (40, "a credential left to an inner layer"),
    (41, "DPoP"),
    (43, "bad tokens let through"),
];

#[test]
fn every_row_of_the_table_gets_its_response() {
    let cases = cases();
    for case in &cases {
        let Answer(status, challenge, code, grpc) = case.answer;
        let at = format!("row {}, {}", case.row, case.situation);

        let reply = case.ask(case.request.clone());
        assert_eq!(reply.status, status, "{at}");
        assert_eq!(reply.header("www-authenticate"), challenge, "{at}");
        if status == 200 {
            assert_eq!(reply.text(), code, "{at}");
        } else {
            assert_eq!(reply.header("cache-control"), Some("no-store"), "{at}");
            assert_eq!(reply.header("retry-after").is_some(), status == 503, "{at}");
            assert_eq!(reply.kind().map(ErrorKind::as_str), Some(code), "{at}");
        }
        if status != 200 && case.layer.is_some() {
            let body = reply.json();
            assert_eq!((&body["code"], &body["status"]), (&json!(code), &json!(status)), "{at}");
        }

        let mut request = case.request.clone();
        *request.method_mut() = Method::POST;
        request.headers_mut().insert("content-type", HeaderValue::from_static("application/grpc"));
        let reply = case.ask(request);
        if status != 200 && case.layer.is_some() {
            // Trailers only: the gRPC status and the challenge are headers.
            assert_eq!((reply.status, reply.body.len()), (200, 0), "{at}");
            assert_eq!(reply.header("content-type"), Some("application/grpc"), "{at}");
            assert_eq!(reply.header("grpc-status"), Some(&*grpc.to_string()), "{at}");
            assert!(reply.header("grpc-message").is_some_and(|it| !it.is_empty()), "{at}");
            assert_eq!(reply.header("www-authenticate"), challenge, "{at}");
            assert_eq!(reply.header("cache-control"), Some("no-store"), "{at}");
            assert_eq!(reply.kind().map(ErrorKind::as_str), Some(code), "{at}");
        }

        let challenge = challenge.unwrap_or("-");
        println!("{:>2} | {} | {status} | {challenge} | {code} | {grpc}", case.row, case.situation);
    }

    let mut covered: Vec<u8> = cases.iter().map(|case| case.row).collect();
    covered.dedup();
    println!("{} cases, {} rows covered: {covered:?}", cases.len(), covered.len());
    for (row, why) in NOT_COVERED {
        println!("row {row} not covered: {why}");
    }
    let mut all: Vec<u8> = covered.into_iter().chain(NOT_COVERED.map(|(row, _)| row)).collect();
    all.sort_unstable();
    assert_eq!(all, (1..=43).collect::<Vec<_>>());

    // A new error kind fails here until it has a row.
    let in_a_row = |kind: &&ErrorKind| cases.iter().any(|case| case.answer.2 == kind.as_str());
    let without: Vec<_> = ErrorKind::ALL.iter().filter(|kind| !in_a_row(kind)).collect();
    assert_eq!(without, [&ErrorKind::ProofRequired, &ErrorKind::CertificateMismatch]);
}

#[test]
fn valid_neighbours_of_all_rows_are_accepted() {
    let all = good().claim("scope", "orders:read orders:write").claim("roles", json!(["admin"]));
    let all = all.claim("acr", "gold").claim("auth_time", 1_767_225_600);
    let mut asked = bearer(&all.mint());
    *asked.uri_mut() = "/users/user-1".parse().unwrap();
    for case in cases() {
        // The layers of these rows have other keys, no keys, or are missing.
        if [17, 18, 19, 20, 38, 42].contains(&case.row) {
            continue;
        }
        let reply = case.ask(asked.clone());
        let at = format!("row {}, {}", case.row, case.situation);
        assert_eq!((reply.status, reply.text()), (200, "user user-1"), "{at}");
    }
}
