//! Long periods: a paused runtime, whose time is the clock of the keys, and a client in memory.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tokio::time::Instant;
use tower_jwt_auth::clock::Clock;
use tower_jwt_auth::jwks::{NoBody, RemoteJwks, RemoteJwksBuilder};
use tower_jwt_auth::key::KeySetState;
use tower_jwt_auth::testing::TestIssuer;

use super::fixture::{LIFETIME, SECOND};
use crate::support::failure_label;

/// The virtual time of a paused runtime.
#[derive(Debug)]
pub(super) struct Virtual(pub(super) Instant);

impl Clock for Virtual {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + self.monotonic()
    }

    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Keys in virtual time with a client that responds at once, and the number of its requests.
fn in_memory(
    answers: impl Fn(usize) -> u16 + Send + Sync + 'static,
) -> (RemoteJwksBuilder, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let (counted, document) = (Arc::clone(&asked), Bytes::from(TestIssuer::es256().jwks()));
    let answers = Arc::new(answers);
    let client = tower::service_fn(move |_: Request<NoBody>| {
        let number = counted.fetch_add(1, Ordering::SeqCst);
        let response =
            Response::builder().status(answers(number)).body(Full::new(document.clone()));
        async { Ok::<_, Infallible>(response.unwrap()) }
    });
    let keys = RemoteJwks::url("https://auth.example.com/keys").client(client);
    (keys.clock(Virtual(Instant::now())), asked)
}

#[tokio::test(start_paused = true)]
async fn keep_fresh_works_for_a_day_without_requests() {
    let (builder, asked) = in_memory(|_| 200);
    let keys = builder.build().unwrap();
    let keeping = tokio::spawn(keys.keep_fresh());
    for minute in 0..24 * 60 {
        tokio::time::sleep(60 * SECOND).await;
        assert_eq!(keys.health().state, KeySetState::Fresh, "minute {minute}");
    }
    // Every 420 to 480 seconds, plus at most one poll interval.
    let asked = asked.load(Ordering::SeqCst);
    assert!((86_400 / 481..=86_400 / 420 + 1).contains(&asked), "{asked}");
    assert!(!keeping.is_finished());
    drop(keys);
    tokio::time::sleep(31 * SECOND).await;
    assert!(keeping.is_finished(), "the keys were dropped");
}

#[tokio::test(start_paused = true)]
async fn keep_fresh_starts_at_once_and_survives_an_outage() {
    let (builder, asked) = in_memory(|number| if (1..40).contains(&number) { 500 } else { 200 });
    let keys = builder.build().unwrap();
    tokio::spawn(keys.keep_fresh());
    tokio::time::sleep(SECOND).await;
    assert_eq!(keys.health().state, KeySetState::Fresh);
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    tokio::time::sleep(2 * LIFETIME).await;
    assert_eq!(keys.health().state, KeySetState::Stale);
    // 39 failures, each at most a minute and a poll interval after the last.
    tokio::time::sleep(39 * 91 * SECOND).await;
    assert_eq!(keys.health().state, KeySetState::Fresh);
}

#[tokio::test(start_paused = true)]
async fn a_panicking_or_never_ready_client_is_a_failure() {
    let (builder, _) = in_memory(|number| if number == 0 { panic!("a bug") } else { 200 });
    let keys = builder.build().unwrap();
    assert!(keys.warm().await.is_err());
    assert_eq!(failure_label(&keys.health()), Some("aborted"));
    tokio::time::sleep(SECOND).await;
    assert!(keys.warm().await.is_ok());

    let builder = RemoteJwks::url("https://auth.example.com/keys").client(NeverReady);
    let keys = builder.clock(Virtual(Instant::now())).build().unwrap();
    let started = Instant::now();
    assert!(keys.warm().await.is_err());
    assert_eq!(started.elapsed().as_secs(), 5, "the default timeout");
    tokio::time::sleep(Duration::from_millis(10)).await;
    assert_eq!(failure_label(&keys.health()), Some("timeout"));
}

#[tokio::test(start_paused = true)]
async fn a_timed_out_fetch_reports_when_to_retry() {
    let builder = RemoteJwks::url("https://auth.example.com/keys").client(NeverReady);
    let keys = builder.clock(Virtual(Instant::now())).build().unwrap();
    let retry_after = keys.warm().await.unwrap_err().retry_after();
    // The bounds of a first backoff.
    assert!((SECOND / 10..=SECOND).contains(&retry_after), "{retry_after:?}");
}

#[derive(Clone)]
struct NeverReady;

impl tower::Service<Request<NoBody>> for NeverReady {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(
        &mut self,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), Infallible>> {
        std::task::Poll::Pending
    }

    fn call(&mut self, _: Request<NoBody>) -> Self::Future {
        unreachable!("called without being ready")
    }
}

#[tokio::test(start_paused = true)]
async fn without_keys_a_failure_is_retried_after_a_short_wait() {
    let mut waits = Vec::new();
    for _ in 0..50 {
        let (builder, asked) = in_memory(|number| if number == 0 { 500 } else { 200 });
        let keys = builder.build().unwrap();
        let started = Instant::now();
        assert!(keys.warm().await.is_ok());
        waits.push(started.elapsed());
        assert_eq!(asked.load(Ordering::SeqCst), 2);
        // With keys there is no such retry.
        let (builder, asked) = in_memory(|number| if number == 1 { 500 } else { 200 });
        let keys = builder.build().unwrap();
        assert!(keys.warm().await.is_ok());
        tokio::time::sleep(30 * SECOND).await;
        let started = Instant::now();
        assert!(keys.refresh().await.is_err());
        assert_eq!((started.elapsed(), asked.load(Ordering::SeqCst)), (Duration::ZERO, 2));
    }
    // The timers of a paused runtime have a resolution of a millisecond.
    let bounds = Duration::from_millis(100)..=Duration::from_millis(301);
    assert!(waits.iter().all(|wait| bounds.contains(wait)), "{waits:?}");
    waits.sort_unstable();
    waits.dedup();
    assert!(waits.len() > 5, "the waits are not spread: {waits:?}");
}

#[tokio::test(start_paused = true)]
async fn a_retry_stays_within_the_fetch_timeout() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let client = tower::service_fn(move |_: Request<NoBody>| {
        counted.fetch_add(1, Ordering::SeqCst);
        async {
            tokio::time::sleep(3 * SECOND).await;
            Err::<Response<Full<Bytes>>, _>("broken")
        }
    });
    let builder = RemoteJwks::url("https://auth.example.com/keys").client(client);
    let keys = builder.clock(Virtual(Instant::now())).build().unwrap();
    let started = Instant::now();
    assert!(keys.warm().await.is_err());
    assert_eq!((started.elapsed().as_secs(), asked.load(Ordering::SeqCst)), (5, 2));
}
