//! In-flight fetches: shared, not cancelled by requests, and bounded in time.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join_all;
use tokio::runtime::{Builder, Runtime};
use tower_jwt_auth::jwks::RemoteJwks;
use tower_jwt_auth::key::{FetchFailure, KeySource, Refreshed};
use tower_jwt_auth::{Error, ErrorKind, Verifier};

use super::fixture::{COOLDOWN, DOWN, Fixture, GOOD, NANOSECOND, SECOND, just_before, set_of};
use crate::support::answers::document;
use crate::support::key_server::{Act, Gate};

const UNAVAILABLE: Result<(), ErrorKind> = Err(ErrorKind::KeysUnavailable);

fn failure(error: &Error) -> Option<FetchFailure> {
    error.source()?.downcast_ref().and_then(tower_jwt_auth::key::RefreshError::failure)
}

/// Makes the server delay its responses until the gate is open.
fn gated(fixture: &Fixture) -> Gate {
    let gate = Gate::closed();
    let (held, answer) = (gate.clone(), document(&fixture.issuer.jwks()));
    fixture.server.act(move |_, _| held.then(answer.clone()));
    gate
}

#[tokio::test]
async fn a_thousand_requests_without_keys_share_one_fetch() {
    let fixture = Fixture::start();
    let gate = gated(&fixture);
    let token = fixture.known();
    let waiting: Vec<_> =
        (0..1000).map(|_| fixture.verifier.verify(&token).try_now().unwrap_err()).collect();
    fixture.server.wait_for_requests(1).await;
    gate.open();
    assert!(join_all(waiting).await.iter().all(Result::is_ok));
    assert_eq!((fixture.server.asked(), fixture.server.connections()), (1, 1));
    fixture.events.wait_for_fetches(1).await;
    assert_eq!(fixture.events.all(), ["empty replaced"]);
}

#[tokio::test]
async fn a_thousand_requests_share_one_failed_fetch_and_its_retry() {
    let fixture = Fixture::start();
    fixture.server.act(|_, _| Act::Reset);
    let token = fixture.known();
    let waiting: Vec<_> =
        (0..1000).map(|_| fixture.verifier.verify(&token).try_now().unwrap_err()).collect();
    for outcome in join_all(waiting).await {
        let error = outcome.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::KeysUnavailable);
        assert_eq!(failure(&error), Some(FetchFailure::Connection));
    }
    assert_eq!(fixture.server.asked(), 2);
    // A later request fails at once.
    assert!(fixture.verifier.verify(&token).try_now().unwrap().is_err());
    assert_eq!(fixture.server.asked(), 2);
}

#[tokio::test]
async fn a_successful_retry_hides_the_first_failure() {
    let fixture = Fixture::start();
    let good = document(&fixture.issuer.jwks());
    fixture
        .server
        .act(move |_, number| if number == 0 { Act::Reset } else { Act::Send(good.clone()) });
    assert_eq!(fixture.verdict(&fixture.known()).await, GOOD);
    assert_eq!(fixture.server.asked(), 2);
    fixture.events.wait_for_fetches(1).await;
    assert_eq!(fixture.events.all(), ["empty replaced"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelling_a_request_does_not_cancel_its_fetch() {
    let fixture = Arc::new(Fixture::start());
    let gate = gated(&fixture);
    let asking = tokio::spawn({
        let (fixture, token) = (Arc::clone(&fixture), fixture.known());
        async move { fixture.verdict(&token).await }
    });
    fixture.server.wait_for_requests(1).await;
    asking.abort();
    assert!(asking.await.unwrap_err().is_cancelled());
    // Another request joins the fetch of the first one.
    let second = fixture.verifier.verify(&fixture.known()).try_now().unwrap_err();
    gate.open();
    fixture.events.wait_for_fetches(1).await;
    assert_eq!(fixture.verdict_now(&fixture.known()), Ok(()));
    assert!(second.await.is_ok());
    assert_eq!(fixture.server.asked(), 1);
}

#[tokio::test]
async fn verify_starts_the_fetch_before_it_is_polled() {
    let fixture = Fixture::start();
    drop(fixture.verifier.verify(&fixture.known()));
    fixture.events.wait_for_fetches(1).await;
    assert_eq!(fixture.verdict_now(&fixture.known()), Ok(()));

    let fixture = Fixture::start();
    assert_eq!(fixture.verdict_now(&fixture.known()), UNAVAILABLE);
    fixture.events.wait_for_fetches(1).await;
    assert_eq!(fixture.verdict_now(&fixture.known()), Ok(()));
    assert_eq!(fixture.server.asked(), 1);
}

#[tokio::test]
async fn a_request_waits_no_longer_than_the_fetch_timeout() {
    let fixture = Fixture::with(|builder| builder.timeout(Duration::from_millis(150)));
    fixture.server.hang();
    let started = std::time::Instant::now();
    let error = fixture.verifier.verify(&fixture.known()).await.unwrap_err();
    let took = started.elapsed();
    assert_eq!(failure(&error), Some(FetchFailure::Timeout));
    // The upper bound leaves room for busy machines. Without the timeout, this would wait forever.
    assert!((150..3000).contains(&took.as_millis()), "{took:?}");
}

#[tokio::test]
async fn requests_beyond_max_waiting_are_rejected_at_once() {
    let fixture = Fixture::with(|builder| builder.max_waiting(2));
    let gate = gated(&fixture);
    let verify = || fixture.verifier.verify(&fixture.known()).try_now();
    let first = verify().unwrap_err();
    let second = verify().unwrap_err();
    let error = verify().unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::KeysUnavailable);
    assert_eq!(failure(&error), Some(FetchFailure::TooManyWaiting));
    let reply = fixture.ask(&fixture.known()).await;
    assert_eq!(reply.verdict(), DOWN);
    assert_eq!(reply.header("retry-after"), Some("1"));
    assert_eq!(fixture.events.all(), ["empty too many waiting"; 2]);
    // A dropped request makes room for another one.
    drop(first);
    let third = verify().unwrap_err();
    assert!(verify().unwrap().is_err());
    gate.open();
    assert!(second.await.is_ok() && third.await.is_ok());
    assert_eq!(fixture.server.asked(), 1);
}

#[tokio::test]
async fn a_manual_refresh_joins_the_fetch_in_flight() {
    let fixture = Fixture::start();
    let gate = gated(&fixture);
    let waiting = fixture.verifier.verify(&fixture.known());
    let manual = tokio::spawn({
        let keys = fixture.keys.clone();
        async move { (keys.refresh().await.unwrap(), keys.warm().await.is_ok()) }
    });
    fixture.server.wait_for_requests(1).await;
    gate.open();
    assert!(waiting.await.is_ok());
    let (refreshed, _) = manual.await.unwrap();
    // The refresh joined the fetch, or ran after it and was suppressed.
    assert!(matches!(refreshed, Refreshed::Replaced | Refreshed::Suppressed));
    assert_eq!(fixture.server.asked(), 1);
}

#[tokio::test]
async fn an_older_response_never_overwrites_a_newer_one() {
    for cold in [true, false] {
        let fixture = Fixture::start();
        let fixture = if cold { fixture } else { fixture.warm().await };
        fixture.clock.advance(COOLDOWN);
        let before = fixture.events.fetches();
        let next = fixture.next_issuer();
        let gate = Gate::closed();
        let (held, old) = (gate.clone(), document(&set_of([&*fixture.issuer.jwk(), "{}"])));
        let new = document(&next.jwks());
        fixture.server.act(move |_, number| match number {
            0 => held.then(old.clone()),
            _ => Act::Send(new.clone()),
        });
        let token = fixture.unknown();
        let slow = fixture.verifier.verify(&token).try_now().unwrap_err();
        fixture.server.wait_for_requests(before + 1).await;
        // The first fetch now counts as lost: twice its timeout and the cooldown have passed.
        fixture.clock.advance(COOLDOWN);
        assert_eq!(fixture.verdict(&next.token().mint()).await, GOOD);
        fixture.events.wait_for_fetches(before + 1).await;
        let set = fixture.keys.current().unwrap();
        gate.open();
        // It completes when the slow response has been processed.
        assert!(slow.await.is_err());
        assert_eq!(fixture.keys.current().unwrap().generation(), set.generation());
        assert_eq!(fixture.verdict_now(&next.token().mint()), Ok(()));
        assert_eq!(fixture.verdict_now(&fixture.known()), Err(ErrorKind::UnknownKey));
        assert_eq!(fixture.server.asked(), before + 2);
        // The slow fetch is reported as superseded.
        assert_eq!(fixture.events.fetches(), before + 2, "{:?}", fixture.events.all());
        assert!(fixture.events.all().iter().any(|event| event.ends_with("superseded")));
    }
}

#[tokio::test]
async fn a_fetch_is_lost_after_exactly_twice_its_timeout() {
    let fixture = Fixture::start();
    fixture.server.hang();
    let first = fixture.verifier.verify(&fixture.known());
    fixture.server.wait_for_requests(1).await;
    fixture.clock.advance(just_before(10 * SECOND));
    let joined = fixture.verifier.verify(&fixture.known());
    assert_eq!(fixture.server.asked(), 1);
    fixture.clock.advance(NANOSECOND);
    let second = fixture.verifier.verify(&fixture.known());
    fixture.server.wait_for_requests(2).await;
    drop((first, joined, second));
}

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

#[test]
fn without_a_runtime_there_are_no_keys_and_no_panic() {
    let keys = RemoteJwks::url("https://auth.example.com/keys").build().unwrap();
    let verifier = Verifier::key_source(keys.clone()).any_issuer().any_audience().build().unwrap();
    let token = tower_jwt_auth::testing::TestIssuer::es256().token().mint();
    for _ in 0..3 {
        let error = verifier.verify(&token).now_or_never().expect("at once").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::KeysUnavailable);
        assert_eq!(failure(&error), Some(FetchFailure::Aborted));
        assert!(error.retry_after().unwrap() >= SECOND);
        assert!(verifier.verify_now(&token).is_err());
        assert!(keys.warm().now_or_never().unwrap().is_err());
    }
}

#[test]
fn cached_keys_serve_without_a_runtime() {
    let servers = runtime();
    let fixture = servers.block_on(async { Fixture::start().warm().await });
    assert_eq!(fixture.verdict_now(&fixture.known()), Ok(()));
    // A refresh is due, but there is no runtime for it.
    fixture.clock.advance(Duration::from_secs(500));
    assert_eq!(fixture.verdict_now(&fixture.known()), Ok(()));
    assert_eq!(fixture.verdict_now(&fixture.unknown()), UNAVAILABLE);
    assert_eq!(fixture.server.asked(), 1);
    // A later request with a runtime starts it, at the latest after the fetch timeout.
    fixture.clock.advance(5 * SECOND);
    servers.block_on(async {
        assert_eq!(fixture.verdict_now(&fixture.known()), Ok(()));
        fixture.events.wait_for_fetches(2).await;
    });
}

#[test]
fn a_fetch_aborted_by_runtime_shutdown_can_be_repeated() {
    let servers = runtime();
    let fixture = servers.block_on(async { Fixture::start() });
    fixture.server.hang();
    let first = runtime();
    let waiting = {
        let _guard = first.enter();
        fixture.verifier.verify(&fixture.known()).try_now().unwrap_err()
    };
    servers.block_on(fixture.server.wait_for_requests(1));
    first.shutdown_timeout(10 * SECOND);
    let second = runtime();
    fixture.server.serve(&fixture.issuer.jwks());
    second.block_on(async {
        let error = waiting.await.unwrap_err();
        assert_eq!(failure(&error), Some(FetchFailure::Aborted));
        assert_eq!(fixture.events.all(), ["empty aborted"]);
        // The backoff after a first failure is at most a second.
        fixture.clock.advance(SECOND);
        assert_eq!(fixture.verdict(&fixture.known()).await, GOOD);
    });
}
