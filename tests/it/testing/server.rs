//! The test server, used by a verifier over HTTP.

use std::net::TcpStream;

use http::StatusCode;
use tower_jwt_auth::key::KeySetState;
use tower_jwt_auth::testing::{FixedClock, TestIssuer, TestServer};
use tower_jwt_auth::{Algorithm, ErrorKind, Verifier};

const COOLDOWN: std::time::Duration = std::time::Duration::from_secs(30);

/// A server and a verifier of its tokens that share a clock.
fn serve(issuer: TestIssuer) -> (TestServer, Verifier, FixedClock) {
    let clock = FixedClock::new();
    let server = issuer.audience("orders").clock(clock.clone()).serve().unwrap();
    let verifier = Verifier::issuer_url(server.issuer_url()).allow_http_on_loopback();
    let verifier = verifier.audience("orders").clock(clock.clone()).build().unwrap();
    (server, verifier, clock)
}

async fn kind(verifier: &Verifier, token: &str) -> Option<ErrorKind> {
    verifier.verify(token).await.err().map(|error| error.kind())
}

#[tokio::test]
async fn issuer_url_verifies_tokens_of_the_server() {
    for algorithm in [Algorithm::RS256, Algorithm::PS512, Algorithm::ES384, Algorithm::EdDSA] {
        let (server, verifier, _) = serve(TestIssuer::new(algorithm));
        assert_eq!(kind(&verifier, &server.token().mint()).await, None, "{algorithm}");
        for (token, expected) in [
            (server.token().mint_tampered(), ErrorKind::InvalidSignature),
            (server.token().claim("iss", "https://a.example").mint(), ErrorKind::InvalidIssuer),
            (server.token().claim("aud", "billing").mint(), ErrorKind::InvalidAudience),
        ] {
            assert_eq!(kind(&verifier, &token).await, Some(expected), "{algorithm}");
        }
        // Discovery found the keys with one request each.
        assert_eq!(server.key_requests(), 1, "{algorithm}");
    }
}

#[tokio::test]
async fn after_rotation_only_the_new_key_verifies() {
    let (server, verifier, clock) = serve(TestIssuer::es256());
    let old = server.token().mint();
    assert_eq!(kind(&verifier, &old).await, None);
    server.rotate();
    let new = server.token().mint();
    assert_eq!(kind(&verifier, &new).await, Some(ErrorKind::UnknownKey)); // within the cooldown
    clock.advance(COOLDOWN);
    assert_eq!(kind(&verifier, &new).await, None);
    assert_eq!(kind(&verifier, &old).await, Some(ErrorKind::UnknownKey));
}

#[tokio::test]
async fn a_kept_previous_key_still_verifies() {
    let (server, verifier, clock) = serve(TestIssuer::es256());
    let old = server.token().mint();
    assert_eq!(kind(&verifier, &old).await, None);
    server.rotate_keeping_previous();
    clock.advance(COOLDOWN);
    assert_eq!(kind(&verifier, &server.token().mint()).await, None);
    assert_eq!(kind(&verifier, &old).await, None);
}

#[tokio::test]
async fn readiness_follows_an_outage() {
    let (server, verifier, clock) = serve(TestIssuer::es256());
    let state = || verifier.health().next().unwrap().state;
    server.answer_with(StatusCode::SERVICE_UNAVAILABLE);
    assert!(verifier.warm().await.is_err());
    assert_eq!(state(), KeySetState::Empty);
    server.recover();
    clock.advance(COOLDOWN);
    verifier.warm().await.unwrap();
    assert_eq!(state(), KeySetState::Fresh);
}

#[test]
fn keys_are_served_without_a_test_runtime() {
    let (server, verifier, _) = serve(TestIssuer::es256());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    assert_eq!(runtime.block_on(kind(&verifier, &server.token().mint())), None);
}

#[test]
fn the_port_is_closed_when_the_server_is_dropped() {
    let server = TestIssuer::es256().serve().unwrap();
    let address = server.issuer_url().strip_prefix("http://").unwrap().to_owned();
    let open = TcpStream::connect(&address).unwrap();
    drop(server);
    assert!(TcpStream::connect(&address).is_err());
    drop(open);
}

#[test]
fn each_server_has_a_unique_issuer_name() {
    let issuer = || TestIssuer::es256().issuer("https://a.example");
    let (a, b) = (issuer().serve().unwrap(), issuer().serve().unwrap());
    assert_ne!(a.issuer_url(), b.issuer_url());
    assert!(a.issuer_url().starts_with("http://127.0.0.1:"));
    assert_eq!(a.jwks_url(), format!("{}/jwks", a.issuer_url()));
    assert_ne!(a.issuer().token().mint(), b.issuer().token().mint());
}
