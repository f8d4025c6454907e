//! A remote key set: the keys in memory, and when requests may fetch newer ones.

use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::Semaphore;

use super::failure::FetchError;
use super::origin::{Origin, Place};
use super::schedule::{Decision, Schedule, Times};
use super::shared::{Inner, MIN_RETRY_AFTER, State, nanos};
use super::single_flight::SingleFlight;
use super::sync::{AtomicU64, Mutex, Runtime, timer};
use crate::answer::Answer;
use crate::clock::{Clock, Timer};
use crate::key::{
    FetchFailure, KeyHealth, KeySet, KeySetState, KeySource, RefreshError, RefreshReason,
    Refreshed, refresh_if_empty,
};
use crate::observe::{Event, Observer, Observers, Observing, RefreshOutcome};
use crate::swap::Swap;

/// A key set at a URL, or at the URL in an issuer's metadata.
///
/// Pass it as a [`KeySource`] to [`Issuer::new`](crate::Issuer::new). It is an `Arc`: keep a clone to call
/// [`health`](KeySource::health) or [`warm`](Self::warm). Reading a key in memory takes no lock and does not wait, even
/// during a fetch.
///
/// Fetching needs a Tokio runtime with timers (`enable_time` or `enable_all`): the runtime of the request or of
/// [`keep_fresh`](Self::keep_fresh). Without timers, a token whose key is not in memory is rejected with
/// [`KeysUnavailable`](crate::ErrorKind::KeysUnavailable), and [`warm`](Self::warm) returns an error at startup. See
/// [`Clock::sleep_until`], also for `panic = "abort"`.
///
/// ```
/// use bytes::Bytes;
/// use http::{Request, Response};
/// use http_body_util::Full;
/// use tower_jwt_auth::jwks::{NoBody, RemoteJwks};
/// use tower_jwt_auth::key::KeySetState;
/// use tower_jwt_auth::{ErrorKind, Issuer, Policy, Verifier, testing::TestIssuer};
///
/// # tokio_test::block_on(async {
/// let issuer = TestIssuer::es256().issuer("https://auth.example.com");
/// // Use any Tower HTTP client; this one returns a fixed response.
/// let document = Bytes::from(issuer.jwks());
/// let client = tower::service_fn(move |_: Request<NoBody>| {
///     let document = Full::new(document.clone());
///     async { Ok::<_, std::convert::Infallible>(Response::new(document)) }
/// });
/// let keys = RemoteJwks::url("https://auth.example.com/jwks.json").client(client).build()?;
/// let policy = Policy::new().any_audience();
/// let trusted = Issuer::new("https://auth.example.com", keys.clone(), policy);
/// let verifier = Verifier::builder().trust(trusted).build()?;
///
/// assert_eq!(keys.health().state, KeySetState::Empty); // nothing is fetched yet
/// assert!(verifier.verify(&issuer.token().mint()).await.is_ok());
/// assert_eq!(keys.health().state, KeySetState::Fresh);
/// let unknown = issuer.token().header("kid", "another").mint();
/// assert_eq!(verifier.verify(&unknown).await.unwrap_err().kind(), ErrorKind::UnknownKey);
/// # Ok::<(), tower_jwt_auth::BuildError>(()) }).unwrap();
/// ```
#[derive(Clone)]
pub struct RemoteJwks(Arc<Inner>);

/// The settings from the builder.
pub(super) struct Settings {
    pub(super) origin: Origin,
    pub(super) seed: Option<KeySet>,
    pub(super) issuer: Option<String>,
    pub(super) times: Times,
    pub(super) most_waiting: usize,
    pub(super) refresh_on_bad_signature: bool,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) observer: Observing,
}

impl RemoteJwks {
    pub(super) fn new(settings: Settings) -> Self {
        let keys = Self(Arc::new(Inner {
            held: Swap::new(None),
            refresh_at: AtomicU64::new(u64::MAX),
            suspension_check_at: AtomicU64::new(0),
            state: Mutex::new(State {
                schedule: Schedule::new(settings.times),
                in_flight: SingleFlight::new(),
                found: None,
                document: None,
                last_failure: None,
            }),
            waiting: Arc::new(Semaphore::new(settings.most_waiting)),
            origin: settings.origin,
            observers: Observers::new(settings.observer),
            issuer: settings.issuer,
            refresh_on_bad_signature: settings.refresh_on_bad_signature,
            clock: settings.clock,
        }));
        if let Some(seed) = settings.seed {
            keys.0.seed(seed);
        }
        keys
    }

    /// Fetches the keys if there are none, and waits for them.
    ///
    /// Call it when the server starts, so that no request waits for keys.
    ///
    /// # Errors
    ///
    /// The keys could not be fetched. The server can start anyway: later requests fetch them again.
    ///
    /// A runtime without timers is always an error, even if there are keys
    /// ([`FetchFailure::NoTimer`](crate::key::FetchFailure::NoTimer)): it cannot run a fetch.
    pub async fn warm(&self) -> Result<(), RefreshError> {
        KeySource::warm(self).await
    }

    /// Fetches the keys now, unless the last attempt is within the [`cooldown`](super::RemoteJwksBuilder::cooldown).
    ///
    /// # Errors
    ///
    /// The keys could not be fetched. The keys in memory remain in use.
    pub async fn refresh(&self) -> Result<Refreshed, RefreshError> {
        KeySource::refresh(self, RefreshReason::Manual).await
    }

    /// Returns the state and age of the keys, the last error and the next attempt.
    pub fn health(&self) -> KeyHealth {
        KeySource::health(self)
    }

    /// A timer with the clock of these keys. A missing timer is reported as a failed refresh.
    pub(super) fn timer(&self, duration: Duration) -> Option<Timer> {
        let failure = match timer(&*self.0.clock, duration) {
            Ok(timer) => return Some(timer),
            Err(failure) => failure,
        };
        self.0.state().last_failure = Some(failure.into());
        let keys = self.health().keys;
        self.0.report(|issuer| Event::KeysRefreshed {
            issuer,
            host: self.0.host(),
            trigger: RefreshReason::Schedule,
            outcome: RefreshOutcome::Failed(failure),
            detail: None,
            keys,
            skipped: 0,
            took: Duration::ZERO,
        });
        None
    }

    /// A handle that does not keep the keys alive.
    pub(super) fn downgrade(&self) -> WeakJwks {
        WeakJwks(Arc::downgrade(&self.0))
    }
}

/// A weak handle to the keys.
pub(super) struct WeakJwks(Weak<Inner>);

impl WeakJwks {
    pub(super) fn upgrade(&self) -> Option<RemoteJwks> {
        self.0.upgrade().map(RemoteJwks)
    }
}

impl KeySource for RemoteJwks {
    fn current(&self) -> Option<Arc<KeySet>> {
        let held = self.0.held.load();
        let held = held.as_ref()?;
        let now = self.0.clock.monotonic();
        let now_nanos = nanos(now);
        if now_nanos >= held.unusable_at {
            return None;
        }
        if now_nanos >= self.0.suspension_check_at.load(Ordering::Relaxed) {
            self.0.check_suspension(now);
        }
        if now_nanos >= self.0.refresh_at.load(Ordering::Relaxed) {
            self.0.refresh_ahead(now);
        }
        Some(Arc::clone(&held.set))
    }

    fn refresh(&self, reason: RefreshReason) -> Answer<Result<Refreshed, RefreshError>> {
        if reason == RefreshReason::BadSignature && !self.0.refresh_on_bad_signature {
            return Answer::now(Ok(Refreshed::Suppressed));
        }
        let Some(runtime) = Runtime::current() else {
            return Answer::now(Err(failed(FetchFailure::Aborted)));
        };
        let now = self.0.clock.monotonic();
        let mut state = self.0.state();
        if reason == RefreshReason::Empty && state.schedule.state(now) != KeySetState::Empty {
            // Another fetch completed in the meantime.
            return Answer::now(Ok(Refreshed::Unchanged));
        }
        let (waiting, fetch) = match state.in_flight.join(now) {
            Some(waiting) => (waiting, None),
            None => match state.schedule.decide(reason, now) {
                Decision::Fetch => {
                    let (waiting, fetch) = self.0.start(&mut state, now, reason);
                    (waiting, Some(fetch))
                }
                too_early => {
                    let last = state.last_failure.clone();
                    drop(state);
                    let host = self.0.host();
                    let event = |issuer| Event::RefreshSuppressed { issuer, host, trigger: reason };
                    self.0.report(event);
                    return Answer::now(match (too_early, last) {
                        (Decision::Failing { retry_after }, Some(error)) => {
                            Err(error.retry_in(retry_after))
                        }
                        _ => Ok(Refreshed::Suppressed),
                    });
                }
            },
        };
        drop(state);
        if let Some(fetch) = fetch {
            fetch.spawn(&runtime);
        }
        match waiting.limited(&self.0.waiting, &*self.0.clock, self.0.origin.timeout) {
            Ok(outcome) => {
                let inner = Arc::clone(&self.0);
                Answer::later(async move { outcome.await.map_err(|it| inner.failed(it, reason)) })
            }
            Err(failure) => {
                if failure == FetchFailure::TooManyWaiting {
                    let host = self.0.host();
                    let event = |issuer| Event::TooManyWaiting { issuer, host, trigger: reason };
                    self.0.report(event);
                }
                Answer::now(Err(failed(failure)))
            }
        }
    }

    fn health(&self) -> KeyHealth {
        let now = self.0.clock.monotonic();
        let mut state = self.0.state();
        self.0.mark_stale_if_suspended(&mut state, now);
        let keys = match state.schedule.state(now) {
            KeySetState::Empty => 0,
            _ => self.0.held.load().as_ref().map_or(0, |held| held.set.len()),
        };
        let mut health = KeyHealth::new(state.schedule.state(now), keys);
        health.age = state.schedule.life().map(|life| now.saturating_sub(life.confirmed));
        health.next_attempt = Some(state.schedule.next_attempt().saturating_sub(now));
        health.last_error = state
            .last_failure
            .as_ref()
            .map(|error| error.clone().retry_in(health.next_attempt.unwrap_or_default()));
        health
    }

    fn issuer(&self) -> Option<&str> {
        self.0.issuer.as_deref()
    }

    fn warm(&self) -> Answer<Result<(), RefreshError>> {
        if let Err(failure) = timer(&*self.0.clock, Duration::ZERO) {
            return Answer::now(Err(failed(failure)));
        }
        refresh_if_empty(self)
    }

    /// `None` without timers, which are reported as missing: no fetch can start without them.
    fn refresh_if_due(&self) -> Option<Duration> {
        drop(self.timer(Duration::ZERO)?);
        self.0.start_if_due(self.0.clock.monotonic());
        let next = self.0.state().schedule.next_attempt();
        Some(next.saturating_sub(self.0.clock.monotonic()))
    }

    fn observe_with(&self, issuer: Option<&str>, observer: &Arc<dyn Observer>) {
        self.0.observers.attach(issuer, observer);
    }
}

impl fmt::Debug for RemoteJwks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("RemoteJwks");
        match &self.0.origin.place {
            // Without the query, which may contain a credential.
            Place::Url(url) => debug.field("host", &url.host()).field("path", &url.path()),
            Place::Issuer(issuer) => debug.field("issuer", &issuer.name()),
        };
        debug.field("health", &self.health()).finish_non_exhaustive()
    }
}

/// A failure with the shortest `Retry-After`.
pub(super) fn failed(failure: FetchFailure) -> RefreshError {
    FetchError::from(failure).retry_in(MIN_RETRY_AFTER)
}

#[cfg(test)]
#[cfg(not(shuttle))]
mod tests {
    use super::*;
    use crate::jwks::NoBody;
    use futures_util::FutureExt;

    /// Keys with a client that never answers.
    fn keys() -> RemoteJwks {
        let client = tower::service_fn(|_: http::Request<NoBody>| {
            std::future::pending::<Result<http::Response<NoBody>, std::convert::Infallible>>()
        });
        RemoteJwks::url("https://auth.example.com/keys?token=hunter2")
            .client(client)
            .build()
            .unwrap()
    }

    fn failure(keys: &RemoteJwks) -> Option<FetchFailure> {
        keys.health().last_error?.failure()
    }

    #[test]
    fn a_fetch_on_a_dropped_runtime_fails_without_a_deadlock() {
        let keys = keys();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let handle = runtime.handle().clone();
        drop(runtime);
        let _guard = handle.enter();
        let outcome = KeySource::refresh(&keys, RefreshReason::Empty).now_or_never();
        assert!(matches!(outcome, Some(Err(_))), "{outcome:?}");
        assert_eq!(failure(&keys), Some(FetchFailure::Aborted));
    }

    #[test]
    fn a_runtime_that_ends_during_a_fetch_aborts_it() {
        let keys = keys();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            assert!(KeySource::refresh(&keys, RefreshReason::Empty).now_or_never().is_none());
            tokio::task::yield_now().await;
        });
        assert_eq!(failure(&keys), None);
        drop(runtime);
        assert_eq!(failure(&keys), Some(FetchFailure::Aborted));
        assert!(keys.0.state().in_flight.join(Duration::ZERO).is_none());
    }

    #[test]
    fn debug_output_does_not_contain_the_query() {
        let shown = format!("{:?}", keys());
        assert!(shown.contains("auth.example.com") && !shown.contains("hunter2"), "{shown}");
    }
}
