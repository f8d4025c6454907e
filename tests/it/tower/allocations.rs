//! The number of allocations of the layer, counted through `Service::call` and its future.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderName, Request, Response};
use http_body_util::Empty;
use serde::Deserialize;
use tower::{Layer, Service};

use tower_jwt_auth::Token;
use tower_jwt_auth::possession::{Confirm, Confirmation, Unconfirmed};
use tower_jwt_auth::source::{
    BearerHeader, CookieToken, HeaderToken, QueryToken, RawToken, TokenSource, WebSocketProtocol,
};
use tower_jwt_auth::testing::TestIssuer;
use tower_jwt_auth::{Algorithm, Answer as Verdict, ErrorKind, JwtAuthLayer, Verified, Verifier};

use crate::support::alloc::allocations;
use crate::support::ask::bearer;

/// Eleven owned claims, eight of them strings.
#[derive(Deserialize)]
#[allow(dead_code)] // never read; the test needs owned claims
struct Owned {
    iss: String,
    sub: String,
    aud: String,
    exp: u64,
    nbf: u64,
    iat: u64,
    jti: String,
    scope: String,
    email: String,
    name: String,
    tenant: String,
}

const ALGORITHMS: [Algorithm; 5] =
    [Algorithm::HS256, Algorithm::RS256, Algorithm::PS256, Algorithm::ES256, Algorithm::EdDSA];

fn issuer(algorithm: Algorithm) -> TestIssuer {
    let issuer = TestIssuer::new(algorithm).key_id("2025-10");
    issuer.issuer("https://auth.orders.example").audience("https://orders.example")
}

/// The payload, which is also deserialized without the layer for comparison.
fn payload() -> String {
    serde_json::json!({
        "iss": "https://auth.orders.example",
        "sub": "6a3f1c4e-7d20-4b55-9a51-0c9be2f0a7d1",
        "aud": "https://orders.example",
        "exp": 4_000_000_000_u64,
        "nbf": 1_700_000_000,
        "iat": 1_700_000_000,
        "jti": "0b8f6a52-31c4-49a8-8c1b-5d7a3f9e2c64",
        "scope": "orders:read orders:write profile",
        "email": "ada.lovelace@orders.example",
        "name": "Ada King of Lovelace",
        "tenant": "analytical-engines",
    })
    .to_string()
}

fn token(issuer: &TestIssuer) -> String {
    // Signatures differ in length. `typ` keeps all tokens within the asserted lengths.
    let typ = match &issuer.algorithm().name()[..2] {
        "RS" | "PS" => "",
        _ => r#""typ":"JWT","#,
    };
    let header = format!(r#"{{"alg":"{}",{typ}"kid":"2025-10"}}"#, issuer.algorithm());
    issuer.sign(header, payload())
}

fn verifier(issuer: &TestIssuer) -> Verifier<Owned> {
    let verifier = if issuer.algorithm() == Algorithm::HS256 {
        Verifier::shared_secret(issuer.secret())
    } else {
        Verifier::jwks(issuer.jwks())
    };
    let verifier = verifier.issuer("https://auth.orders.example");
    verifier.audience("https://orders.example").claims().build().unwrap()
}

type Answer = Result<Response<Empty<Bytes>>, Infallible>;

/// A service that responds immediately and allocates nothing.
#[allow(clippy::needless_pass_by_value)] // the signature of a service
fn bare(request: Request<String>) -> Ready<Answer> {
    black_box(request.extensions().get::<Verified<Owned>>());
    ready(Ok(Response::new(Empty::new())))
}

/// The allocations of one request, from readiness to the response, and the status.
fn counted<S, R>(service: &mut S, request: Request<String>) -> (u64, u16)
where
    S: Service<Request<String>, Response = Response<R>, Error = Infallible>,
{
    let mut context = Context::from_waker(Waker::noop());
    allocations(|| {
        assert!(service.poll_ready(&mut context).is_ready());
        let mut future = pin!(service.call(request));
        match future.as_mut().poll(&mut context) {
            Poll::Ready(Ok(response)) => response.status().as_u16(),
            Poll::Pending => panic!("the request waits although the keys are in memory"),
        }
    })
}

/// The allocations that the layer adds to the bare service. Sends one request first, for everything that is created once.
fn added(layer: &JwtAuthLayer<Owned>, request: &Request<String>, status: u16) -> u64 {
    let mut service = layer.layer(tower::service_fn(bare));
    let (alone, _) = counted(&mut tower::service_fn(bare), request.clone());
    for _ in 0..2 {
        counted(&mut service, request.clone());
    }
    let (with_layer, answered) = counted(&mut service, request.clone());
    assert_eq!(answered, status);
    with_layer - alone
}

#[test]
fn a_valid_token_allocates_seven_times_beside_its_claims() {
    let text = payload();
    let (own, read) = allocations(|| serde_json::from_str::<Owned>(&text));
    assert!(read.is_ok());
    assert_eq!(own, 8, "eight of the claims are strings");
    for algorithm in ALGORITHMS {
        let issuer = issuer(algorithm);
        let token = token(&issuer);
        assert!((560..=860).contains(&token.len()), "{algorithm}: {} bytes", token.len());
        let layer = JwtAuthLayer::new(verifier(&issuer));
        let added = added(&layer, &bearer(&token), 200);
        println!("{algorithm}, {} bytes: {added} allocations, {own} are the claims'", token.len());
        assert!(added <= own + 7, "{algorithm}: {added}");
    }
}

#[cfg(feature = "cache")]
#[test]
fn a_cached_token_allocates_only_for_the_extensions() {
    use tower_jwt_auth::TokenCache;

    for algorithm in ALGORITHMS {
        let issuer = issuer(algorithm);
        let token = token(&issuer);
        for cache in [TokenCache::new(8), TokenCache::new(8).digest_keys()] {
            let verifier = Verifier::jwks(issuer.jwks()).any_issuer().any_audience();
            let layer = JwtAuthLayer::new(verifier.claims().cache(cache).build().unwrap());
            let added = added(&layer, &bearer(&token), 200);
            println!("{algorithm}, cached: {added} allocations");
            assert!(added <= 5, "{algorithm}: {added}");
        }
    }
}

#[test]
fn finding_a_contiguous_token_allocates_nothing() {
    let token = token(&issuer(Algorithm::HS256));
    let request = Request::get(format!("/?x=1&t={token}"))
        .header("authorization", format!("Bearer {token}"))
        .header("x-assertion", &token)
        .header("cookie", format!("a=b; __Host-s={token}"))
        .header("sec-websocket-protocol", format!("bearer, {token}"));
    let (parts, ()) = request.body(()).unwrap().into_parts();
    let sources: [&dyn TokenSource; 5] = [
        &BearerHeader,
        &HeaderToken::new(HeaderName::from_static("x-assertion")),
        &CookieToken::new("s").allow_prefixes(),
        &QueryToken::new("t"),
        &WebSocketProtocol::new("bearer"),
    ];
    for source in sources {
        let (count, found) = allocations(|| source.find(&parts));
        assert_eq!(found.unwrap().unwrap().as_str(), token, "{source:?}");
        assert_eq!(count, 0, "{source:?}");
    }
}

#[test]
fn a_bad_signature_allocates_only_for_the_response() {
    for algorithm in ALGORITHMS {
        let issuer = issuer(algorithm);
        let token = token(&issuer.clone().with_other_key());
        let verifier = verifier(&issuer);
        let warm = verifier.verify_now(&token).map(|_| ()).unwrap_err();
        assert_eq!(warm.kind(), ErrorKind::InvalidSignature);
        let (verification, verdict) = allocations(|| verifier.verify_now(&token));
        assert!(verdict.is_err());
        assert_eq!(verification, 0, "{algorithm}: verifying");

        let added = added(&JwtAuthLayer::new(verifier), &bearer(&token), 401);
        println!("{algorithm}, bad signature: {added} allocations, {verification} to verify");
        assert!(added <= 5, "{algorithm}: {added}");
    }
}

#[test]
fn a_missing_token_allocates_only_for_the_response() {
    let issuer = issuer(Algorithm::HS256);
    let layer = JwtAuthLayer::new(verifier(&issuer));
    let named = JwtAuthLayer::new(verifier(&issuer)).realm("orders");
    for (name, layer) in [("plain", &layer), ("with a realm", &named)] {
        let added = added(layer, &Request::default(), 401);
        println!("no token, {name}: {added} allocations");
        assert!(added <= 5, "{name}: {added}");
    }
}

#[test]
fn attacker_input_does_not_increase_allocations() {
    let issuer = issuer(Algorithm::HS256);
    let layer = JwtAuthLayer::new(verifier(&issuer));
    let forger = issuer.clone().with_other_key();
    let long = format!(r#"{{"a":[{}1]}}"#, "1,".repeat(5_000));
    let rows = [
        ("dots", ".".repeat(16_000)),
        ("letters", "a".repeat(16_000)),
        ("too long", "a".repeat(40_000)),
        ("no signature", "a.b.".to_owned()),
        ("an unknown algorithm", forger.sign(r#"{"alg":"none"}"#, payload())),
        ("a long payload", forger.sign(r#"{"alg":"HS256"}"#, long)),
    ];
    for (name, token) in rows {
        let added = added(&layer, &bearer(&token), 401);
        println!("{name}, {} bytes: {added} allocations", token.len());
        assert!(added <= 5, "{name}: {added}");
    }
}

/// Requires no proof.
#[derive(Debug)]
struct NoProof;

impl Confirm for NoProof {
    fn confirm(
        &self,
        _: &Parts,
        _: &Token,
        _: &RawToken<'_>,
    ) -> Verdict<Result<Confirmation, Unconfirmed>> {
        Verdict::now(Ok(Confirmation::new()))
    }
}

#[test]
fn a_too_long_token_is_not_copied_for_confirm() {
    let issuer = issuer(Algorithm::HS256);
    let plain = JwtAuthLayer::new(verifier(&issuer));
    let confirming = JwtAuthLayer::new(verifier(&issuer)).confirm(NoProof);
    let too_long = bearer(&"a".repeat(40_000));
    assert_eq!(added(&confirming, &too_long, 401), added(&plain, &too_long, 401));
    // The valid neighbour is copied, because its proof is checked with the request.
    let good = bearer(&token(&issuer));
    assert!(added(&confirming, &good, 200) > added(&plain, &good, 200));
}

#[test]
fn unsigned_header_structure_does_not_increase_allocations() {
    let issuer = issuer(Algorithm::HS256);
    let layer = JwtAuthLayer::new(verifier(&issuer));
    let forger = issuer.clone().with_other_key();
    let members = |member: &dyn Fn(u32) -> String, count| -> String {
        let members: Vec<_> = (0..count).map(member).collect();
        format!(r#"{{"alg":"HS256",{}}}"#, members.join(","))
    };
    let rows = [
        ("a long id", format!(r#"{{"alg":"HS256","kid":"{}"}}"#, "k".repeat(8_000))),
        ("an escaped id", r#"{"alg":"HS256","kid":"\u0061bc"}"#.to_owned()),
        ("60 levels", format!(r#"{{"alg":"HS256","x":{}{}}}"#, "[".repeat(60), "]".repeat(60))),
        ("not JSON", r#"{"alg":"HS256",,}"#.to_owned()),
        ("16 members", members(&|it| format!(r#""m{it}":1"#), 15)),
        ("900 members", members(&|it| format!(r#""m{it}":1"#), 900)),
        ("700 escaped members", members(&|it| format!(r#""\u0061{it}":1"#), 700)),
    ];
    let counts = rows.map(|(name, header)| {
        let token = forger.sign(header, payload());
        let added = added(&layer, &bearer(&token), 401);
        println!("{name}, {} bytes: {added} allocations", token.len());
        (name, added)
    });
    // Five for the response, one for an unusually long header, and the cost of parsing. A header with more than sixteen
    // members is rejected early.
    for (name, added) in counts {
        assert!(added <= 32, "{name}: {added}");
    }
}
