//! Fetches use the timers of the clock, and do not start without timers.

use std::convert::Infallible;
use std::error::Error as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::{Either, Ready, ready};
use http::{Request, Response};
use http_body_util::Full;
use tokio::runtime::{Builder, Runtime};
use tokio_test::{assert_pending, assert_ready, task};
use tower::{Layer, ServiceExt, service_fn};
use tower_jwt_auth::clock::Clock;
use tower_jwt_auth::jwks::{NoBody, RemoteJwks};
use tower_jwt_auth::key::{FetchFailure, KeySetState, KeySource, RefreshReason};
use tower_jwt_auth::testing::{FixedClock, TestIssuer};
use tower_jwt_auth::{ErrorKind, JwtAuthLayer, Verifier};

use super::fixture::{DOWN, Events, GOOD, LIFETIME, NANOSECOND, SECOND, just_before};
use crate::support::ask::{ask_layer, bearer, take_apart, who};
use crate::support::failure_label;
use crate::support::stepped_clock::SteppedClock;

/// A runtime without timers. Nothing else in these tests needs them.
fn without_timers() -> Runtime {
    Builder::new_current_thread().build().unwrap()
}

fn with_timers() -> Runtime {
    Builder::new_current_thread().enable_time().build().unwrap()
}

/// What the key server does with a request.
#[derive(Clone, Copy)]
enum Act {
    Answer(u16),
    Hang,
}

struct Setup {
    keys: RemoteJwks,
    events: Events,
    asked: Arc<AtomicUsize>,
}

impl Setup {
    fn new(clock: impl Clock, acts: fn(usize) -> Act) -> Self {
        let (events, asked) = (Events::new(), Arc::new(AtomicUsize::new(0)));
        let (counted, document) = (Arc::clone(&asked), Bytes::from(TestIssuer::es256().jwks()));
        let client = service_fn(move |_: Request<NoBody>| {
            let Act::Answer(status) = acts(counted.fetch_add(1, Ordering::SeqCst)) else {
                return Either::Right(std::future::pending());
            };
            let response = Response::builder().status(status).body(Full::new(document.clone()));
            let answered: Ready<Result<_, Infallible>> = ready(Ok(response.unwrap()));
            Either::Left(answered)
        });
        let keys = RemoteJwks::url("https://auth.example.com/keys").client(client);
        let keys = keys.clock(clock).observer(events.clone()).build().unwrap();
        Self { keys, events, asked }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

const fn always(_: usize) -> Act {
    Act::Answer(200)
}

fn failure(error: &tower_jwt_auth::Error) -> Option<FetchFailure> {
    error.source()?.downcast_ref().and_then(tower_jwt_auth::key::RefreshError::failure)
}

#[test]
fn warming_up_reports_a_runtime_without_timers() {
    let it = Setup::new(FixedClock::new(), always);
    let error = without_timers().block_on(it.keys.warm()).unwrap_err();
    assert_eq!(error.failure(), Some(FetchFailure::NoTimer));
    assert!(error.to_string().contains("enable_time"));
    assert_eq!((it.asked(), it.events.all().len()), (0, 0), "nothing was started");
    // The valid neighbour has timers.
    assert!(with_timers().block_on(it.keys.warm()).is_ok());
    assert_eq!((it.asked(), failure_label(&it.keys.health())), (1, None));
    // The keys are available now, but cannot be refreshed without timers.
    assert!(without_timers().block_on(it.keys.warm()).is_err());
}

#[test]
fn keeping_fresh_ends_and_reports_a_runtime_without_timers() {
    let it = Setup::new(FixedClock::new(), always);
    without_timers().block_on(it.keys.keep_fresh());
    assert_eq!((it.asked(), it.events.all()), (0, vec!["schedule no_timer".to_owned()]));
    assert_eq!(failure_label(&it.keys.health()), Some("no_timer"));
    // The valid neighbour has timers: it fetches and continues.
    with_timers().block_on(async {
        let keeping = tokio::spawn(it.keys.keep_fresh());
        it.events.wait_for_fetches(2).await;
        assert!(!keeping.is_finished());
    });
    assert_eq!((failure_label(&it.keys.health()), it.asked()), (None, 1));
}

#[test]
fn without_timers_requests_for_missing_keys_fail_at_once() {
    let it = Setup::new(FixedClock::new(), always);
    let verifier = Verifier::key_source(it.keys.clone()).any_issuer().any_audience();
    let verifier = verifier.build().unwrap();
    let token = TestIssuer::es256().token().mint();
    without_timers().block_on(async {
        let error = verifier.verify(&token).now_or_never().expect("at once").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::KeysUnavailable);
        assert_eq!(failure(&error), Some(FetchFailure::NoTimer));
        tokio::task::yield_now().await;
    });
    assert_eq!((it.events.all(), it.asked()), (vec!["empty no_timer".to_owned()], 0));

    // Cached keys still serve.
    let it = Setup::new(FixedClock::new(), always);
    with_timers().block_on(it.keys.warm()).unwrap();
    let verifier = Verifier::key_source(it.keys.clone()).any_issuer().any_audience();
    let verifier = verifier.build().unwrap();
    without_timers().block_on(async { assert!(verifier.verify(&token).await.is_ok()) });
}

#[test]
fn a_fetch_times_out_by_the_timers_of_the_clock() {
    let clock = SteppedClock::default();
    let it =
        Setup::new(clock.clone(), |number| if number == 0 { Act::Hang } else { Act::Answer(200) });
    // The clock has its own timers, so the runtime needs none.
    without_timers().block_on(async {
        let mut waiting = task::spawn(KeySource::refresh(&it.keys, RefreshReason::Empty));
        assert_pending!(waiting.poll());
        tokio::task::yield_now().await;
        clock.advance(just_before(5 * SECOND));
        tokio::task::yield_now().await;
        assert_pending!(waiting.poll());
        assert_eq!(it.events.all(), [""; 0]);
        clock.advance(NANOSECOND);
        tokio::task::yield_now().await;
        assert_eq!(it.events.all(), ["empty timeout"]);
        let error = assert_ready!(waiting.poll()).unwrap_err();
        assert_eq!(error.failure(), Some(FetchFailure::Timeout));
        // The next request is answered.
        clock.advance(SECOND);
        assert!(it.keys.warm().await.is_ok());
    });
    assert_eq!(it.asked(), 2);
}

#[test]
fn a_retry_waits_by_the_timers_of_the_clock() {
    let clock = SteppedClock::default();
    let it = Setup::new(clock.clone(), |number| Act::Answer(if number == 0 { 500 } else { 200 }));
    without_timers().block_on(async {
        let mut warming = task::spawn(it.keys.warm());
        assert_pending!(warming.poll());
        tokio::task::yield_now().await;
        clock.advance(Duration::from_millis(99));
        tokio::task::yield_now().await;
        assert_eq!(it.asked(), 1);
        clock.advance(Duration::from_millis(201));
        tokio::task::yield_now().await;
        assert!(assert_ready!(warming.poll()).is_ok());
    });
    assert_eq!(it.asked(), 2);
}

#[test]
fn keeping_fresh_waits_by_the_timers_of_the_clock() {
    let clock = SteppedClock::default();
    let it = Setup::new(clock.clone(), always);
    without_timers().block_on(async {
        let keeping = tokio::spawn(it.keys.keep_fresh());
        for _ in 0..60 {
            tokio::task::yield_now().await;
            assert_eq!(it.keys.health().state, KeySetState::Fresh);
            assert_eq!(clock.sleeping(), 1, "it sleeps and does not spin");
            clock.advance(30 * SECOND);
        }
        assert!(!keeping.is_finished());
    });
    // Half an hour, with a fetch at 70 to 80 % of each lifetime.
    let most = (60 * 30 * SECOND).as_secs() / (LIFETIME.as_secs() * 7 / 10);
    assert!((3..=usize::try_from(most + 1).unwrap()).contains(&it.asked()), "{}", it.asked());
}

#[test]
fn a_request_that_times_out_does_not_cancel_the_fetch() {
    let clock = SteppedClock::default();
    let it = Setup::new(clock.clone(), |number| Act::Answer(if number == 0 { 500 } else { 200 }));
    let verifier = Verifier::key_source(it.keys.clone()).any_issuer().any_audience();
    let verifier = verifier.clock(clock.clone()).build().unwrap();
    let layer = JwtAuthLayer::new(verifier).max_wait(Duration::from_millis(50)).unwrap();
    let token = TestIssuer::es256().token().subject("ada").mint();
    without_timers().block_on(async {
        let asking = layer.layer(service_fn(who)).oneshot(bearer(&token));
        let mut asking = task::spawn(asking);
        assert_pending!(asking.poll());
        tokio::task::yield_now().await;
        clock.advance(Duration::from_millis(50));
        let reply = take_apart(assert_ready!(asking.poll()).unwrap()).await;
        assert_eq!(reply.verdict(), DOWN);
        // The fetch has not been retried yet.
        assert_eq!((it.asked(), it.events.all()), (1, vec![]));
        clock.advance(Duration::from_millis(250));
        tokio::task::yield_now().await;
        assert_eq!(it.events.all(), ["empty replaced"]);
        assert_eq!(ask_layer(&layer, bearer(&token)).verdict(), GOOD);
    });
}
