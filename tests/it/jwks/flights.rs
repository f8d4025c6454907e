//! One fetch for all, which nobody can cancel, and what becomes of those who wait.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join_all;
use tokio::runtime::{Builder, Runtime};
use tower_jwt_auth::jwks::RemoteJwks;
use tower_jwt_auth::key::{FetchFailure, KeySource, Refreshed};
use tower_jwt_auth::{Error, ErrorKind, Verifier};

use super::fixture::{COOL_DOWN, DOWN, Fixture, GOOD, NANOSECOND, SECOND, just_before, set_of};
use crate::support::answers::document;
use crate::support::key_server::{Act, Gate};

const UNAVAILABLE: Result<(), ErrorKind> = Err(ErrorKind::KeysUnavailable);

fn failure(error: &Error) -> Option<FetchFailure> {
    error.source()?.downcast_ref().and_then(tower_jwt_auth::key::RefreshError::failure)
}

/// Makes the server hold its answers back until the gate is open.
fn gated(fixture: &Fixture) -> Gate {
    let gate = Gate::closed();
    let (held, answer) = (gate.clone(), document(&fixture.issuer.jwks()));
    fixture.server.act(move |_, _| held.then(answer.clone()));
    gate
}

#[tokio::test]
async fn a_thousand_cold_callers_make_one_fetch() {
    let fixture = Fixture::start();
    let gate = gated(&fixture);
    let token = fixture.known();
    let waiting: Vec<_> =
        (0..1000).map(|_| fixture.verifier.verify(&token).try_now().unwrap_err()).collect();
    fixture.server.was_asked(1).await;
    gate.open();
    assert!(join_all(waiting).await.iter().all(Result::is_ok));
    assert_eq!((fixture.server.asked(), fixture.server.connections()), (1, 1));
    fixture.events.landed(1).await;
    assert_eq!(fixture.events.all(), ["empty replaced"]);
}

#[tokio::test]
async fn a_thousand_cold_callers_of_a_broken_server_make_one_fetch_and_one_retry() {
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
    // Who comes now is told at once.
    assert!(fixture.verifier.verify(&token).try_now().unwrap().is_err());
    assert_eq!(fixture.server.asked(), 2);
}

#[tokio::test]
async fn a_retry_that_succeeds_is_all_that_the_callers_notice() {
    let fixture = Fixture::start();
    let good = document(&fixture.issuer.jwks());
    fixture
        .server
        .act(move |_, number| if number == 0 { Act::Reset } else { Act::Send(good.clone()) });
    assert_eq!(fixture.verdict(&fixture.known()).await, GOOD);
    assert_eq!(fixture.server.asked(), 2);
    fixture.events.landed(1).await;
    assert_eq!(fixture.events.all(), ["empty replaced"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelling_the_request_that_started_the_fetch_does_not_cancel_it() {
    let fixture = Arc::new(Fixture::start());
    let gate = gated(&fixture);
    let asking = tokio::spawn({
        let (fixture, token) = (Arc::clone(&fixture), fixture.known());
        async move { fixture.verdict(&token).await }
    });
    fixture.server.was_asked(1).await;
    asking.abort();
    assert!(asking.await.unwrap_err().is_cancelled());
    // Somebody else joins what the first one started.
    let second = fixture.verifier.verify(&fixture.known()).try_now().unwrap_err();
    gate.open();
    fixture.events.landed(1).await;
    assert_eq!(fixture.verdict_now(&fixture.known()), Ok(()));
    assert!(second.await.is_ok());
    assert_eq!(fixture.server.asked(), 1);
}

#[tokio::test]
async fn an_answer_that_is_never_polled_has_started_the_fetch_all_the_same() {
    let fixture = Fixture::start();
    drop(fixture.verifier.verify(&fixture.known()));
    fixture.events.landed(1).await;
    assert_eq!(fixture.verdict_now(&fixture.known()), Ok(()));

    let fixture = Fixture::start();
    assert_eq!(fixture.verdict_now(&fixture.known()), UNAVAILABLE);
    fixture.events.landed(1).await;
    assert_eq!(fixture.verdict_now(&fixture.known()), Ok(()));
    assert_eq!(fixture.server.asked(), 1);
}

#[tokio::test]
async fn who_waits_longest_waits_as_long_as_one_fetch_may_take() {
    let fixture = Fixture::with(|builder| builder.timeout(Duration::from_millis(150)));
    fixture.server.hang();
    let started = std::time::Instant::now();
    let error = fixture.verifier.verify(&fixture.known()).await.unwrap_err();
    let took = started.elapsed();
    assert_eq!(failure(&error), Some(FetchFailure::Timeout));
    // The upper bound is for busy machines; without any, this would wait for good.
    assert!((150..3000).contains(&took.as_millis()), "{took:?}");
}

#[tokio::test]
async fn more_requests_than_may_wait_are_refused_at_once() {
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
    assert_eq!(fixture.events.all(), ["empty turned away"; 2]);
    // Whoever goes away makes room.
    drop(first);
    let third = verify().unwrap_err();
    assert!(verify().unwrap().is_err());
    gate.open();
    assert!(second.await.is_ok() && third.await.is_ok());
    assert_eq!(fixture.server.asked(), 1);
}

#[tokio::test]
async fn a_refresh_by_hand_joins_the_fetch_that_is_under_way() {
    let fixture = Fixture::start();
    let gate = gated(&fixture);
    let waiting = fixture.verifier.verify(&fixture.known());
    let by_hand = tokio::spawn({
        let keys = fixture.keys.clone();
        async move { (keys.refresh().await.unwrap(), keys.warm().await.is_ok()) }
    });
    fixture.server.was_asked(1).await;
    gate.open();
    assert!(waiting.await.is_ok());
    let (refreshed, _) = by_hand.await.unwrap();
    // Joined, or came when it was over; never a fetch of its own.
    assert!(matches!(refreshed, Refreshed::Replaced | Refreshed::Suppressed));
    assert_eq!(fixture.server.asked(), 1);
}

#[tokio::test]
async fn an_older_answer_never_overwrites_a_newer_one() {
    for cold in [true, false] {
        let fixture = Fixture::start();
        let fixture = if cold { fixture } else { fixture.warm().await };
        fixture.clock.advance(COOL_DOWN);
        let before = fixture.events.flights();
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
        fixture.server.was_asked(before + 1).await;
        // So much later that the first one counts as lost. Twice its time-out, and past the cool-down.
        fixture.clock.advance(COOL_DOWN);
        assert_eq!(fixture.verdict(&next.token().mint()).await, GOOD);
        fixture.events.landed(before + 1).await;
        let set = fixture.keys.current().unwrap();
        gate.open();
        // It ends when the slow answer is here and done with.
        assert!(slow.await.is_err());
        assert_eq!(fixture.keys.current().unwrap().generation(), set.generation());
        assert_eq!(fixture.verdict_now(&next.token().mint()), Ok(()));
        assert_eq!(fixture.verdict_now(&fixture.known()), Err(ErrorKind::UnknownKey));
        assert_eq!(fixture.server.asked(), before + 2);
        // The slow one is told of, too, as what it is.
        assert_eq!(fixture.events.flights(), before + 2, "{:?}", fixture.events.all());
        assert!(fixture.events.all().iter().any(|event| event.ends_with("superseded")));
    }
}

#[tokio::test]
async fn a_fetch_counts_as_lost_after_twice_its_time_out_and_not_before() {
    let fixture = Fixture::start();
    fixture.server.hang();
    let first = fixture.verifier.verify(&fixture.known());
    fixture.server.was_asked(1).await;
    fixture.clock.advance(just_before(10 * SECOND));
    let joined = fixture.verifier.verify(&fixture.known());
    assert_eq!(fixture.server.asked(), 1);
    fixture.clock.advance(NANOSECOND);
    let second = fixture.verifier.verify(&fixture.known());
    fixture.server.was_asked(2).await;
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
fn keys_that_are_held_serve_without_a_runtime() {
    let servers = runtime();
    let fixture = servers.block_on(async { Fixture::start().warm().await });
    assert_eq!(fixture.verdict_now(&fixture.known()), Ok(()));
    // A refresh is due, and there is nothing to run it on.
    fixture.clock.advance(Duration::from_secs(500));
    assert_eq!(fixture.verdict_now(&fixture.known()), Ok(()));
    assert_eq!(fixture.verdict_now(&fixture.unknown()), UNAVAILABLE);
    assert_eq!(fixture.server.asked(), 1);
    // A later request has one, at the latest when a fetch could have ended.
    fixture.clock.advance(5 * SECOND);
    servers.block_on(async {
        assert_eq!(fixture.verdict_now(&fixture.known()), Ok(()));
        fixture.events.landed(2).await;
    });
}

#[test]
fn a_runtime_that_is_shut_down_in_the_middle_leaves_the_next_one_a_fetch() {
    let servers = runtime();
    let fixture = servers.block_on(async { Fixture::start() });
    fixture.server.hang();
    let first = runtime();
    let waiting = {
        let _guard = first.enter();
        fixture.verifier.verify(&fixture.known()).try_now().unwrap_err()
    };
    servers.block_on(fixture.server.was_asked(1));
    first.shutdown_timeout(10 * SECOND);
    let second = runtime();
    fixture.server.serve(&fixture.issuer.jwks());
    second.block_on(async {
        let error = waiting.await.unwrap_err();
        assert_eq!(failure(&error), Some(FetchFailure::Aborted));
        assert_eq!(fixture.events.all(), ["empty aborted"]);
        // The back-off after a first failure is a second at most.
        fixture.clock.advance(SECOND);
        assert_eq!(fixture.verdict(&fixture.known()).await, GOOD);
    });
}
