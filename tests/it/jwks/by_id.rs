//! Keys that are fetched one by one, by the `kid` of a token.

use futures_util::future::join_all;
use http::header::HeaderName;
use tower_jwt_auth::error::{Problem, ProblemKind as P};
use tower_jwt_auth::jwks::{PemByKeyId, PemByKeyIdBuilder, RemoteJwksBuilder};
use tower_jwt_auth::key::{FetchFailure, KeySetState, KeySource};
use tower_jwt_auth::source::HeaderToken;
use tower_jwt_auth::testing::{FixedClock, TestIssuer};
use tower_jwt_auth::{Algorithm, ErrorKind, Issuer, JwtAuthLayer, Policy, Verifier};

use super::fixture::{
    COOLDOWN, DOWN, Events, GOOD, MAX_BACKOFF, NANOSECOND, SECOND, STALE_BOUND, UNKNOWN, WRONG,
    ask, just_before,
};
use crate::support::answers::{answer, document, status};
use crate::support::ask::bearer;
use crate::support::key_server::{Act, Gate, KeyServer};
use crate::support::tokens::{encode, parts};
use crate::verify::padded::padded;

/// The ids of keys that the server has begin like this one.
const ID: &str = "c2f80c8b-c05c-4068-af14-17299f7896b1";

/// Another id; the server has its key if `known`.
fn id(number: usize, known: bool) -> String {
    format!("{}-c05c-4068-af14-{number:012x}", if known { "c2f80c8b" } else { "00000000" })
}

type Change = fn(RemoteJwksBuilder) -> RemoteJwksBuilder;

struct Fixture {
    server: KeyServer,
    clock: FixedClock,
    issuer: TestIssuer,
    keys: PemByKeyId,
    events: Events,
    layer: JwtAuthLayer,
}

impl Fixture {
    fn start() -> Self {
        Self::with(|keys| keys)
    }

    fn with(settings: impl FnOnce(PemByKeyIdBuilder) -> PemByKeyIdBuilder) -> Self {
        let (clock, events) = (FixedClock::new(), Events::new());
        let issuer = TestIssuer::es256().key_id(ID).clock(clock.clone());
        let server = KeyServer::start("");
        let keys =
            PemByKeyId::url(server.url("/keys/{kid}"), Algorithm::ES256).remote_keys(|keys| {
                keys.allow_http_on_loopback().clock(clock.clone()).observer(events.clone())
            });
        let keys = settings(keys).build().unwrap();
        let verifier = Verifier::key_source(keys.clone()).any_issuer().any_audience();
        let layer = JwtAuthLayer::new(verifier.clock(clock.clone()).build().unwrap());
        let fixture = Self { server, clock, issuer, keys, events, layer };
        fixture.serve();
        fixture
    }

    /// Serves the key under every known id, and 404 under others.
    fn serve(&self) {
        let pem = self.issuer.public_pem();
        self.server.act(move |request, _| {
            let known = request.path().starts_with("/keys/c2f80c8b-");
            Act::Send(if known { document(pem) } else { status("404 Not Found") })
        });
    }

    fn token(&self, id: &str) -> String {
        self.issuer.clone().key_id(id).token().subject("ada").mint()
    }

    async fn verdict(&self, token: &str) -> (u16, Option<ErrorKind>) {
        ask(&self.layer, bearer(token)).await.verdict()
    }
}

#[tokio::test]
async fn a_key_is_fetched_once_and_bound_to_its_id() {
    let fixture = Fixture::start();
    let other = fixture.issuer.clone().with_other_key();
    let rs256 = TestIssuer::new(Algorithm::RS256).key_id(ID).clock(fixture.clock.clone());
    let hs256 = TestIssuer::hs256().key_id(ID).clock(fixture.clock.clone());
    for (token, expected, fetches) in [
        (fixture.issuer.clone().without_key_id().token().mint(), UNKNOWN, 0),
        (fixture.token("known"), UNKNOWN, 0),
        (fixture.token(&format!("../{}", &ID[3..])), UNKNOWN, 0),
        (fixture.token(&format!("{ID}?")), UNKNOWN, 0),
        (hs256.token().mint(), (401, Some(ErrorKind::AlgorithmNotAllowed)), 0),
        (fixture.token(ID), GOOD, 1),
        (fixture.token(ID), GOOD, 1),
        // The key is in memory, and a token without its id does not match it.
        (fixture.issuer.clone().without_key_id().token().mint(), UNKNOWN, 1),
        (fixture.token(&ID.to_uppercase()), UNKNOWN, 2),
        (other.token().mint(), WRONG, 2),
        (rs256.token().mint(), (401, Some(ErrorKind::AlgorithmNotAllowed)), 2),
        (fixture.token(&id(1, false)), UNKNOWN, 3),
        (fixture.token(&id(2, true)), GOOD, 4),
    ] {
        assert_eq!(fixture.verdict(&token).await, expected);
        assert_eq!(fixture.server.asked(), fetches);
    }
    let request = &fixture.server.requests()[0];
    assert_eq!((request.path(), request.header("accept")), (&*format!("/keys/{ID}"), Some("*/*")));
    assert_eq!(fixture.keys.health().keys, 2);
    assert_eq!(fixture.keys.current().unwrap().keys()[0].key_id(), Some(ID));
    assert!(fixture.keys.warm().await.is_ok());
    assert_eq!(fixture.server.asked(), 4);
}

#[tokio::test]
async fn invented_ids_cause_sixteen_fetches_per_cooldown() {
    let fixture = Fixture::start();
    assert_eq!(fixture.verdict(&fixture.token(ID)).await, GOOD);
    let mut expected = 16;
    // No invented token reaches the signature check.
    let valid = fixture.token(ID);
    let [_, payload, signature] = parts(&valid);
    for cooldowns in 0..3 {
        for number in 0..10_000 {
            let id = id(cooldowns * 10_000 + number, false);
            let header = encode(format!(r#"{{"alg":"ES256","kid":"{id}"}}"#));
            let token = format!("{header}.{payload}.{signature}");
            let verdict = fixture.verdict(&token).await;
            assert!([UNKNOWN, DOWN].contains(&verdict), "{verdict:?}");
        }
        assert_eq!(fixture.server.asked(), expected);
        // Keys in memory are not affected.
        assert_eq!(fixture.verdict(&fixture.token(ID)).await, GOOD);
        // A token whose key may not be fetched yet can be sent again.
        let valid = ask(&fixture.layer, bearer(&fixture.token(&id(1, true)))).await;
        assert_eq!((valid.verdict(), valid.header("retry-after")), (DOWN, Some("30")));
        fixture.clock.advance(just_before(COOLDOWN));
        assert_eq!(fixture.verdict(&fixture.token(&id(1, true))).await, DOWN);
        fixture.clock.advance(NANOSECOND);
        expected += 16;
    }
    assert_eq!(fixture.verdict(&fixture.token(&id(1, true))).await, GOOD);
    assert_eq!(fixture.keys.health().state, KeySetState::Fresh);
}

#[tokio::test]
async fn concurrent_requests_share_the_fetch_of_an_id() {
    let fixture = Fixture::start();
    let (gate, pem) = (Gate::closed(), fixture.issuer.public_pem());
    let closed = gate.clone();
    fixture.server.act(move |_, _| closed.then(document(pem)));
    let tokens: Vec<_> = (0..100).map(|number| fixture.token(&id(number % 2, true))).collect();
    let verdicts = join_all(tokens.iter().map(|token| fixture.verdict(token)));
    let open = async {
        while fixture.server.asked() < 2 {
            tokio::task::yield_now().await;
        }
        gate.open();
        gate.open();
    };
    let (verdicts, ()) = futures_util::future::join(verdicts, open).await;
    assert!(verdicts.iter().all(|verdict| *verdict == GOOD), "{verdicts:?}");
    assert_eq!(fixture.server.asked(), 2);
}

#[tokio::test]
async fn keys_in_memory_are_used_while_the_server_is_down() {
    let fixture = Fixture::start();
    assert_eq!(fixture.verdict(&fixture.token(ID)).await, GOOD);
    fixture.server.send(status("503 Service Unavailable"));
    assert_eq!(fixture.verdict(&fixture.token(&id(1, true))).await, DOWN);
    let health = fixture.keys.health();
    assert_eq!((health.state, health.keys), (KeySetState::Stale, 1));
    let error = health.last_error.unwrap();
    assert_eq!(error.failure(), Some(FetchFailure::ServerError));
    assert!(error.to_string().contains("/keys/{kid}` answered 503"), "{error}");
    // The backoff is for all ids.
    let asked = fixture.server.asked();
    assert_eq!(fixture.verdict(&fixture.token(&id(2, true))).await, DOWN);
    assert_eq!(fixture.server.asked(), asked);

    fixture.clock.advance(just_before(STALE_BOUND));
    assert_eq!(fixture.verdict(&fixture.token(ID)).await, GOOD);
    fixture.clock.advance(NANOSECOND);
    assert_eq!(fixture.verdict(&fixture.token(ID)).await, DOWN);
    assert_eq!(fixture.keys.health().state, KeySetState::Empty);

    fixture.serve();
    fixture.clock.advance(MAX_BACKOFF);
    assert_eq!(fixture.verdict(&fixture.token(ID)).await, GOOD);
    let health = fixture.keys.health();
    assert!(health.state == KeySetState::Fresh && health.last_error.is_none());
}

#[tokio::test]
async fn failures_of_one_id_do_not_delay_others() {
    let fixture = Fixture::start();
    let pem = fixture.issuer.public_pem();
    let other = TestIssuer::new(Algorithm::RS256).public_pem();
    let private = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----";
    let redirect = answer("302 Found", &[("location", "https://elsewhere.example/")], "");
    for (number, (response, expected, failure)) in [
        (status("404 Not Found"), UNKNOWN, None),
        (status("410 Gone"), UNKNOWN, None),
        (status("403 Forbidden"), DOWN, Some(FetchFailure::ClientError)),
        (status("204 No Content"), DOWN, Some(FetchFailure::Status)),
        (redirect, DOWN, Some(FetchFailure::Redirect)),
        (document(""), DOWN, Some(FetchFailure::NoUsableKey)),
        (document("<html></html>"), DOWN, Some(FetchFailure::NoUsableKey)),
        (document(other), DOWN, Some(FetchFailure::NoUsableKey)),
        (document(private), DOWN, Some(FetchFailure::NoUsableKey)),
        (document(&format!("{pem}{pem}")), DOWN, Some(FetchFailure::NoUsableKey)),
        (document(&"x".repeat(300_000)), DOWN, Some(FetchFailure::TooLarge)),
    ]
    .into_iter()
    .enumerate()
    {
        fixture.server.send(response);
        let token = fixture.token(&id(100 + number, true));
        assert_eq!(fixture.verdict(&token).await, expected, "{number}");
        let failed = fixture.keys.health().last_error.and_then(|error| error.failure());
        assert_eq!(failed, failure, "{number}");
        // The id is not fetched again for the cooldown, and another one is.
        let asked = fixture.server.asked();
        fixture.serve();
        assert_eq!(fixture.verdict(&token).await, expected, "{number}");
        assert_eq!(fixture.server.asked(), asked, "{number}");
        assert_eq!(fixture.verdict(&fixture.token(&id(200 + number, true))).await, GOOD);
        fixture.clock.advance(COOLDOWN);
        assert_eq!(fixture.verdict(&token).await, GOOD, "{number}");
    }
    assert!(fixture.events.all().iter().any(|event| event.ends_with("client_error")));
}

#[tokio::test]
async fn the_key_that_was_fetched_first_is_dropped() {
    let fixture = Fixture::with(|keys| keys.max_keys(2));
    for (number, fetches) in [(1, 1), (2, 2), (1, 2), (3, 3), (2, 3), (1, 4), (3, 4), (2, 5)] {
        assert_eq!(fixture.verdict(&fixture.token(&id(number, true))).await, GOOD, "{number}");
        assert_eq!(fixture.server.asked(), fetches, "{number}");
        assert!(fixture.keys.health().keys <= 2);
        if fetches >= 2 {
            fixture.clock.advance(COOLDOWN);
        }
    }
    assert!(!format!("{:?}", fixture.keys).contains("c2f80c8b"));
}

#[tokio::test]
async fn a_padded_token_of_a_load_balancer_is_verified() {
    let fixture = Fixture::start();
    let name = HeaderName::from_static("x-amzn-oidc-data");
    let policy =
        Policy::new().any_audience().allow_padded_base64().check_token("our balancer", |it| {
            it.header().member::<String>("signer").as_deref() == Some("arn:aws:ours")
        });
    let iss = "https://cognito-idp.eu-west-1.amazonaws.com/pool";
    let verifier = Verifier::builder().trust(Issuer::new(iss, fixture.keys.clone(), policy));
    let verifier = verifier.clock(fixture.clock.clone()).build().unwrap();
    let source = HeaderToken::new(name.clone()).allow_padding();
    let layer = JwtAuthLayer::new(verifier).token_source(source);
    let header = |kid: &str, signer: &str| {
        format!(
            r#"{{"typ":"JWT","kid":"{kid}","alg":"ES256","iss":"{iss}","client":"web","signer":"{signer}","exp":1767225900}}"#
        )
    };
    let payload = format!(r#"{{"sub":"ada","exp":1767225900,"iss":"{iss}"}}"#);
    for (kid, signer, expected) in [
        (ID, "arn:aws:ours", GOOD),
        (ID, "arn:aws:theirs", (401, Some(ErrorKind::CheckFailed))),
        (&*id(1, false), "arn:aws:ours", UNKNOWN),
        ("1", "arn:aws:ours", UNKNOWN),
    ] {
        let token = padded(&fixture.issuer, &header(kid, signer), &payload);
        let request = http::Request::builder().header(&name, token).body(String::new()).unwrap();
        assert_eq!(ask(&layer, request).await.verdict(), expected, "{kid} {signer}");
    }
    assert_eq!(fixture.server.asked(), 2);
}

#[test]
fn careless_settings_are_problems() {
    const URL: &str = "https://keys.example/{kid}";
    let kinds = |builder: PemByKeyIdBuilder| {
        builder.build().err().map_or_else(Vec::new, |error| {
            assert!(!error.to_string().contains("hunter2"), "{error}");
            error.problems().iter().map(Problem::kind).collect()
        })
    };
    let keys = || PemByKeyId::url(URL, Algorithm::ES256);
    for (url, expected) in [
        (URL, vec![]),
        ("https://keys.example/", vec![P::InvalidUrl]),
        ("https://keys.example/{kid}/{kid}", vec![P::InvalidUrl]),
        ("https://keys.example/?kid={kid}", vec![P::InvalidUrl]),
        ("http://keys.example/{kid}", vec![P::InsecureUrl]),
        ("http://127.0.0.1/{kid}", vec![P::InsecureUrl]),
        ("https://ada:hunter2@keys.example/{kid}", vec![P::InsecureUrl]),
        ("", vec![P::InvalidUrl]),
    ] {
        assert_eq!(kinds(PemByKeyId::url(url, Algorithm::ES256)), expected, "{url}");
    }
    assert_eq!(kinds(PemByKeyId::url(URL, Algorithm::HS256)), [P::MixedKeys]);
    for (keys, expected) in [
        (keys().max_keys(0), vec![P::OutOfRange]),
        (keys().max_keys(1), vec![]),
        (keys().max_keys(256), vec![]),
        (keys().max_keys(257), vec![P::OutOfRange]),
        (keys().max_age(59 * SECOND), vec![P::OutOfRange]),
        (keys().max_age(60 * SECOND), vec![]),
        (keys().max_age(86_400 * SECOND), vec![]),
        (keys().max_age(86_401 * SECOND), vec![P::OutOfRange]),
    ] {
        assert_eq!(kinds(keys), expected);
    }
    let changes: [(Change, Vec<P>); 11] = [
        (|keys| keys.timeout(SECOND).max_waiting(8).max_bytes(4096).header("x-key", "1"), vec![]),
        (|keys| keys.cooldown(SECOND / 2), vec![P::OutOfRange]),
        (|keys| keys.header("host", "a"), vec![P::Conflict]),
        (|keys| keys.ttl(60 * SECOND), vec![P::NoEffect]),
        (|keys| keys.max_stale(SECOND), vec![P::NoEffect]),
        (|keys| keys.seed("{}"), vec![P::NoEffect]),
        (|keys| keys.key_use("jwt-svid"), vec![P::NoEffect]),
        (|keys| keys.keys_url(URL), vec![P::NoEffect]),
        (|keys| keys.metadata_url(URL), vec![P::NoEffect]),
        (RemoteJwksBuilder::refresh_on_bad_signature, vec![P::NoEffect]),
        (RemoteJwksBuilder::require_same_origin, vec![P::NoEffect]),
    ];
    for (at, (change, expected)) in changes.into_iter().enumerate() {
        assert_eq!(kinds(keys().remote_keys(change)), expected, "{at}");
    }
}
