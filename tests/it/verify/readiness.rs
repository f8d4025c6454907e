//! `warm`, `refresh` and `keep_fresh` with all kinds of keys.

use std::error::Error;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::{Duration, SystemTime};

use futures_util::FutureExt;
use tokio_test::task;
use tower_jwt_auth::clock::{Clock, SystemClock};
use tower_jwt_auth::key::KeysErrorKind;
use tower_jwt_auth::key::{
    KeyHealth, KeySet, KeySetState, KeySource, Keys, RefreshError, RefreshReason, Refreshed,
};
use tower_jwt_auth::testing::TestIssuer;
use tower_jwt_auth::{Answer, Issuer, Policy, Verifier};

use crate::support::late_keys::{LateKeys, NoKeys, StuckKeys};
use crate::support::stepped_clock::SteppedClock;

const A: &str = "https://a.example";
const B: &str = "https://b.example";

fn set() -> KeySet {
    KeySet::jwks(TestIssuer::es256().jwks()).unwrap()
}

fn of_two(a: impl Into<Keys>, b: impl Into<Keys>) -> Verifier {
    let policy = || Policy::new().any_audience();
    let builder = Verifier::builder().trust(Issuer::new(A, a, policy()));
    builder.trust(Issuer::new(B, b, policy())).build().unwrap()
}

fn states(verifier: &Verifier) -> Vec<KeySetState> {
    verifier.health().map(|it| it.state).collect()
}

#[test]
fn fixed_keys_are_ready_at_once() {
    let secret = Verifier::shared_secret(TestIssuer::hs256().secret()).any_audience();
    let jwks = Verifier::jwks(TestIssuer::es256().jwks()).any_issuer().any_audience();
    for verifier in [secret.build().unwrap(), jwks.build().unwrap(), of_two(set(), set())] {
        assert!(verifier.health().all(|it| it.state == KeySetState::Fresh));
        assert!(verifier.warm().now_or_never().unwrap().is_ok());
        assert_eq!(verifier.refresh().now_or_never().unwrap().unwrap(), Refreshed::Unchanged);
        assert_eq!(verifier.keep_fresh().now_or_never(), Some(()));
    }
}

#[test]
fn warming_fetches_all_issuers_concurrently() {
    let (a, b) = (LateKeys::default(), LateKeys::default());
    let verifier = of_two(a.clone(), b.clone());
    assert_eq!(states(&verifier), [KeySetState::Empty; 2]);
    let mut warming = task::spawn(verifier.warm());
    assert!(warming.poll().is_pending());
    assert_eq!((a.waiting(), b.waiting()), (1, 1));
    b.arrive(&TestIssuer::es256().jwks());
    assert!(warming.poll().is_pending());
    assert_eq!(states(&verifier), [KeySetState::Empty, KeySetState::Fresh]);
    a.arrive(&TestIssuer::es256().jwks());
    assert!(matches!(warming.poll(), Poll::Ready(Ok(()))));
    assert_eq!(states(&verifier), [KeySetState::Fresh; 2]);
    // Keys in memory are not fetched again.
    assert!(verifier.warm().now_or_never().unwrap().is_ok());
}

#[test]
fn a_failed_warm_names_the_issuers_without_keys() {
    let missing = || NoKeys(Duration::from_secs(7));
    let both = of_two(missing(), missing());
    for (verifier, named) in [
        (of_two(missing(), set()), &[A][..]),
        (of_two(LateKeys::with(&TestIssuer::es256().jwks()), missing()), &[B]),
        (both, &[A, B]),
    ] {
        let error = verifier.warm().now_or_never().unwrap().unwrap_err();
        let failures: Vec<_> = error.failures().collect();
        assert_eq!(failures.iter().filter_map(|it| it.0).collect::<Vec<_>>(), named);
        for (_, failure) in failures {
            assert_eq!(failure.retry_after(), Duration::from_secs(7));
        }
        assert_eq!((error.kind(), error.kind().as_str()), (KeysErrorKind::NoKeys, "no_keys"));
        let shown = format!("{error} {error:?}");
        assert!(named.iter().all(|name| shown.contains(name)), "{shown}");
        assert_eq!(shown.contains(B), named.contains(&B), "{shown}");
        // The error of a source is the `source()` of the reported error.
        assert!(!shown.contains("10.0.0.7"), "{shown}");
        let cause = error.source().and_then(Error::source).unwrap();
        assert!(cause.to_string().contains("10.0.0.7"));
    }
    // A failing source does not affect the other.
    let verifier = of_two(missing(), set());
    assert!(verifier.warm().now_or_never().unwrap().is_err());
    assert_eq!(states(&verifier), [KeySetState::Empty, KeySetState::Fresh]);
}

#[test]
fn a_failed_refresh_keeps_the_current_keys() {
    let stuck = StuckKeys(Arc::new(set()));
    let verifier = Verifier::key_source(stuck).any_issuer().any_audience().build().unwrap();
    assert!(verifier.warm().now_or_never().unwrap().is_ok());
    let error = verifier.refresh().now_or_never().unwrap().unwrap_err();
    assert_eq!(error.kind(), KeysErrorKind::NotRefreshed);
    assert_eq!(error.failures().map(|(issuer, _)| issuer).collect::<Vec<_>>(), [None]);
    assert!(error.to_string().contains("the unnamed issuer has keys"), "{error}");
    assert_eq!(states(&verifier), [KeySetState::Fresh]);
}

#[test]
fn warming_fails_when_a_source_returns_no_keys() {
    let source = Scripted::default();
    let verifier = of_two(source.clone(), set());
    let error = verifier.warm().now_or_never().unwrap().unwrap_err();
    assert_eq!(error.failures().next().unwrap().0, Some(A));
    source.hold(set());
    assert!(verifier.warm().now_or_never().unwrap().is_ok());
}

#[test]
fn a_refresh_reports_the_best_result_of_any_issuer() {
    use Refreshed::{Replaced, Suppressed, Unchanged};
    for (a, b, achieved) in [
        (Suppressed, Suppressed, Suppressed),
        (Suppressed, Unchanged, Unchanged),
        (Unchanged, Unchanged, Unchanged),
        (Replaced, Suppressed, Replaced),
        (Unchanged, Replaced, Replaced),
    ] {
        let source = |outcome| {
            let source = Scripted { outcome: Some(outcome), ..Scripted::default() };
            source.hold(set());
            source
        };
        let verifier = of_two(source(a), source(b));
        assert_eq!(verifier.refresh().now_or_never().unwrap().unwrap(), achieved, "{a:?} {b:?}");
    }
    let cooling = Scripted { outcome: Some(Suppressed), ..Scripted::default() };
    cooling.hold(set());
    let verifier = of_two(cooling, set());
    assert_eq!(verifier.refresh().now_or_never().unwrap().unwrap(), Suppressed);
}

#[test]
fn keep_fresh_refreshes_the_source_due_first() {
    let every =
        |seconds| Scripted { due_in: Some(Duration::from_secs(seconds)), ..Scripted::default() };
    let (a, b) = (every(10), every(25));
    let clock = SteppedClock::default();
    let policy = || Policy::new().any_audience();
    let verifier = Verifier::builder()
        .trust(Issuer::new(A, a.clone(), policy()))
        .trust(Issuer::new(B, Arc::new(b.clone()), policy()))
        .trust(Issuer::unnamed(set(), policy()))
        .clock(clock.clone())
        .build()
        .unwrap();
    let mut keeping = task::spawn(verifier.keep_fresh());
    assert_eq!((a.looks(), b.looks()), (0, 0)); // nothing happens before it is polled
    assert!(keeping.poll().is_pending());
    assert_eq!((a.looks(), b.looks()), (1, 1));
    clock.advance(Duration::from_secs(9));
    assert!(keeping.poll().is_pending());
    assert_eq!((a.looks(), b.looks()), (1, 1));
    clock.advance(Duration::from_secs(1));
    assert!(keeping.poll().is_pending());
    assert_eq!((a.looks(), b.looks()), (2, 2));
}

#[test]
fn keep_fresh_ends_with_the_last_clone_of_the_verifier() {
    // A source that is due in an hour is checked twice a minute, because clocks may change.
    let source = Scripted { due_in: Some(Duration::from_secs(3600)), ..Scripted::default() };
    let clock = SteppedClock::default();
    let builder = Verifier::key_source(source.clone()).any_issuer().any_audience();
    let verifier = builder.clock(clock.clone()).build().unwrap();
    let mut keeping = task::spawn(verifier.keep_fresh());
    assert!(keeping.poll().is_pending());
    let last = verifier.clone();
    drop(verifier);
    clock.advance(Duration::from_secs(30));
    assert!(keeping.poll().is_pending());
    assert_eq!(source.looks(), 2);
    drop(last);
    clock.advance(Duration::from_secs(30));
    assert!(keeping.poll().is_ready());
    assert_eq!(source.looks(), 2); // the test still holds the source
}

#[cfg(feature = "reload")]
#[test]
fn keep_fresh_follows_the_current_trust() {
    let source = || Scripted { due_in: Some(Duration::from_secs(3600)), ..Scripted::default() };
    let (first, second) = (source(), source());
    let clock = SteppedClock::default();
    let with =
        |keys: Keys| Verifier::builder().trust(Issuer::new(A, keys, Policy::new().any_audience()));
    let fixed = || with(set().into());
    let (verifier, handle) = fixed().clock(clock.clone()).reloadable().unwrap();
    let mut keeping = task::spawn(verifier.keep_fresh());
    // With fixed keys it does not end: the next trust may have others.
    assert!(keeping.poll().is_pending());

    let mut half_a_minute = || {
        clock.advance(Duration::from_secs(30));
        assert!(keeping.poll().is_pending());
        (first.looks(), second.looks())
    };
    handle.replace(with(first.clone().into())).unwrap();
    assert_eq!(half_a_minute(), (1, 0));
    assert_eq!(half_a_minute(), (2, 0));
    handle.replace(with(second.clone().into())).unwrap();
    assert_eq!(Arc::strong_count(&first.looks), 1); // nothing holds the old source
    assert_eq!(half_a_minute(), (2, 1));
    handle.replace(fixed()).unwrap();
    assert_eq!(half_a_minute(), (2, 1));

    drop(verifier);
    assert_eq!(half_a_minute(), (2, 1));
    drop(handle);
    clock.advance(Duration::from_secs(30));
    assert!(keeping.poll().is_ready());
}

#[test]
fn keep_fresh_ends_immediately_without_timers_or_due_times() {
    let due = Scripted { due_in: Some(Duration::ZERO), ..Scripted::default() };
    let builder = || Verifier::key_source(due.clone()).any_issuer().any_audience();
    let verifier = builder().clock(NoTimers::default()).build().unwrap();
    assert_eq!(verifier.keep_fresh().now_or_never(), Some(()));
    let verifier = builder().clock(SteppedClock::default()).build().unwrap();
    assert_eq!(verifier.keep_fresh().now_or_never(), None);
    let never = Verifier::key_source(Scripted::default()).any_issuer().any_audience();
    let verifier = never.clock(SteppedClock::default()).build().unwrap();
    assert_eq!(verifier.keep_fresh().now_or_never(), Some(()));
}

/// A source with this result for each refresh. It counts the checks for due refreshes.
#[derive(Clone, Debug, Default)]
struct Scripted {
    held: Arc<Mutex<Option<Arc<KeySet>>>>,
    outcome: Option<Refreshed>,
    due_in: Option<Duration>,
    looks: Arc<AtomicUsize>,
}

impl Scripted {
    fn hold(&self, set: KeySet) {
        *self.held.lock().unwrap() = Some(Arc::new(set));
    }

    fn looks(&self) -> usize {
        self.looks.load(Ordering::Relaxed)
    }
}

impl KeySource for Scripted {
    fn current(&self) -> Option<Arc<KeySet>> {
        self.held.lock().unwrap().clone()
    }

    fn refresh(&self, _: RefreshReason) -> Answer<Result<Refreshed, RefreshError>> {
        Answer::now(Ok(self.outcome.unwrap_or(Refreshed::Unchanged)))
    }

    fn health(&self) -> KeyHealth {
        KeyHealth::new(KeySetState::Empty, 0)
    }

    fn refresh_if_due(&self) -> Option<Duration> {
        self.looks.fetch_add(1, Ordering::Relaxed);
        self.due_in
    }
}

#[derive(Debug, Default)]
struct NoTimers(SystemClock);

impl Clock for NoTimers {
    fn now(&self) -> SystemTime {
        self.0.now()
    }

    fn monotonic(&self) -> Duration {
        self.0.monotonic()
    }

    fn sleep_until(&self, _: Duration) -> Option<Pin<Box<dyn Future<Output = ()> + Send + Sync>>> {
        None
    }
}
