//! Startup without an available issuer, several issuers, and the health of keys.

use std::time::Duration;

use tower_jwt_auth::jwks::RemoteJwks;
use tower_jwt_auth::key::{KeySetState, KeySource};
use tower_jwt_auth::testing::{FixedClock, TestIssuer};
use tower_jwt_auth::{Issuer, JwtAuthLayer, Policy, Verifier};

use super::fixture::{
    DOWN, Fixture, GOOD, LIFETIME, NANOSECOND, SECOND, STALE_BOUND, UNKNOWN, ask, just_before,
};
use crate::support::answers::status;
use crate::support::ask::bearer;
use crate::support::failure_label;
use crate::support::key_server::KeyServer;

#[tokio::test]
async fn building_sends_no_request() {
    let fixture = Fixture::start();
    let url = fixture.server.url("/keys");
    let keys = RemoteJwks::url(&*url).allow_http_on_loopback().build().unwrap();
    let issuer =
        RemoteJwks::issuer(fixture.server.url("")).allow_http_on_loopback().build().unwrap();
    for keys in [&keys, &issuer] {
        let verifier = Verifier::key_source(keys.clone()).any_issuer().any_audience();
        let layer = JwtAuthLayer::new(verifier.build().unwrap());
        drop((layer.clone(), format!("{layer:?} {keys:?}"), keys.health()));
        assert!(keys.current().is_none());
    }
    tokio::task::yield_now().await;
    assert_eq!(fixture.server.connections(), 0);
}

#[test]
fn url_constructors_need_no_runtime_and_no_network() {
    let url = "https://auth.invalid";
    assert!(Verifier::issuer_url(url).audience("orders").build().is_ok());
    let keys = Verifier::jwks_url("https://auth.invalid/keys");
    assert!(keys.issuer(url).audience("orders").build().is_ok());
    // Plain HTTP needs an explicit setting, even to this machine.
    for bad in ["http://auth.invalid", "http://127.0.0.1:1", "auth.invalid", ""] {
        assert!(Verifier::issuer_url(bad).audience("orders").build().is_err(), "{bad}");
        assert!(Verifier::jwks_url(bad).any_issuer().audience("orders").build().is_err(), "{bad}");
    }
}

#[tokio::test]
async fn a_server_recovers_after_starting_without_its_issuer() {
    let fixture = Fixture::start();
    fixture.server.close().await;
    for _ in 0..5 {
        let reply = fixture.ask(&fixture.known()).await;
        assert_eq!(reply.verdict(), DOWN);
        assert!(reply.header("retry-after").is_some());
        fixture.clock.advance(60 * SECOND);
    }
    assert!(fixture.keys.warm().await.is_err());
    assert_eq!(fixture.server.connections(), 0);
    fixture.server.open();
    fixture.clock.advance(60 * SECOND);
    assert_eq!(fixture.verdict(&fixture.known()).await, GOOD);
    assert_eq!(fixture.verdict(&fixture.unknown()).await, UNKNOWN);
}

#[tokio::test]
async fn warming_fetches_the_keys_only_once() {
    let fixture = Fixture::start();
    fixture.keys.warm().await.unwrap();
    fixture.keys.warm().await.unwrap();
    assert_eq!(fixture.server.asked(), 1);
    assert_eq!(fixture.verdict_now(&fixture.known()), Ok(()));
    // Stale keys count as available.
    fixture.server.close().await;
    fixture.clock.advance(just_before(LIFETIME + STALE_BOUND));
    assert!(fixture.keys.warm().await.is_ok());
    fixture.events.wait_for_fetches(2).await;
    fixture.clock.advance(60 * SECOND);
    assert!(fixture.keys.warm().await.is_err());
}

#[tokio::test]
async fn an_unavailable_issuer_does_not_affect_the_others() {
    let clock = FixedClock::new();
    let policy = || Policy::new().audience("orders");
    let mut issuers = Vec::new();
    for name in ["https://a.example", "https://b.example", "https://c.example"] {
        // All of them use the same key id.
        let issuer = TestIssuer::es256().issuer(name).audience("orders").key_id("1");
        let issuer = issuer.clock(clock.clone());
        let issuer = if name.contains('b') { issuer.with_other_key() } else { issuer };
        let server = KeyServer::start(&issuer.jwks());
        let keys = RemoteJwks::url(server.url("/keys")).allow_http_on_loopback();
        let keys = keys.clock(clock.clone()).build().unwrap();
        issuers.push((issuer, server, keys));
    }
    let trusted =
        issuers.iter().zip(["https://a.example", "https://b.example", "https://c.example"]);
    let builder = trusted.fold(Verifier::builder().clock(clock.clone()), |builder, (it, name)| {
        builder.trust(Issuer::new(name, it.2.clone(), policy()))
    });
    let layer = JwtAuthLayer::new(builder.build().unwrap());
    let [a, b, c] = &issuers[..] else { unreachable!() };
    a.1.close().await;
    b.1.hang();
    for _ in 0..3 {
        assert_eq!(ask(&layer, bearer(&a.0.token().mint())).await.verdict(), DOWN);
        assert_eq!(ask(&layer, bearer(&c.0.token().mint())).await.verdict(), GOOD);
    }
    // Only the tokens of the hanging issuer wait.
    let waiting = tokio::spawn({
        let (layer, token) = (layer.clone(), b.0.token().mint());
        async move { ask(&layer, bearer(&token)).await.verdict() }
    });
    b.1.wait_for_requests(1).await;
    assert_eq!(ask(&layer, bearer(&c.0.token().mint())).await.verdict(), GOOD);
    assert_eq!(c.1.asked(), 1);
    // A key of one issuer does not verify the tokens of another.
    let forged = c.0.clone().issuer("https://b.example").token().mint();
    b.1.close().await;
    assert_eq!(waiting.await.unwrap(), DOWN);
    assert_eq!(ask(&layer, bearer(&forged)).await.verdict().0, 503);
    b.1.open();
    b.1.serve(&b.0.jwks());
    clock.advance(60 * SECOND);
    assert_eq!(ask(&layer, bearer(&b.0.token().mint())).await.verdict(), GOOD);
    let wrong = (401, Some(tower_jwt_auth::ErrorKind::InvalidSignature));
    let forged_now = c.0.clone().issuer("https://b.example").token().mint();
    assert_eq!(ask(&layer, bearer(&forged_now)).await.verdict(), wrong);
}

#[tokio::test]
async fn health_reports_the_state_of_the_keys() {
    let fixture = Fixture::start();
    let seen = |fixture: &Fixture| {
        let health = fixture.keys.health();
        (health.state, health.keys, health.age, failure_label(&health))
    };
    assert_eq!(seen(&fixture), (KeySetState::Empty, 0, None, None));
    assert_eq!(fixture.keys.health().next_attempt, Some(Duration::ZERO));

    fixture.server.send(status("500 Internal Server Error"));
    assert!(fixture.keys.warm().await.is_err());
    assert_eq!(seen(&fixture), (KeySetState::Empty, 0, None, Some("server_error")));
    assert!(fixture.keys.health().next_attempt.unwrap() < SECOND);

    fixture.server.serve(&fixture.issuer.jwks());
    fixture.clock.advance(SECOND);
    let fixture = fixture.warm().await;
    assert_eq!(seen(&fixture), (KeySetState::Fresh, 1, Some(Duration::ZERO), None));
    let next = fixture.keys.health().next_attempt.unwrap();
    assert!((LIFETIME * 7 / 10..=LIFETIME * 8 / 10).contains(&next), "{next:?}");

    fixture.clock.advance(just_before(LIFETIME));
    assert_eq!(seen(&fixture), (KeySetState::Fresh, 1, Some(just_before(LIFETIME)), None));
    fixture.clock.advance(NANOSECOND);
    assert_eq!(seen(&fixture), (KeySetState::Stale, 1, Some(LIFETIME), None));
    fixture.server.send(status("404 Not Found"));
    assert!(fixture.keys.refresh().await.is_err());
    assert_eq!(seen(&fixture), (KeySetState::Stale, 1, Some(LIFETIME), Some("not_found")));
    assert!(fixture.keys.health().next_attempt.unwrap() < SECOND);

    fixture.clock.advance(STALE_BOUND);
    let empty = seen(&fixture);
    assert_eq!((empty.0, empty.1, empty.3), (KeySetState::Empty, 0, Some("not_found")));
    // Reading the health starts no fetch.
    assert_eq!(fixture.events.fetches(), 3);
}
