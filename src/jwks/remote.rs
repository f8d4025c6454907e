//! Keys that live at a URL: what is held, and who may ask for more.

use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::Semaphore;

use super::failure::FetchError;
use super::observers::Observers;
use super::origin::{Origin, Place};
use super::schedule::{Decision, Schedule, Times};
use super::shared::{Inner, LEAST_RETRY_AFTER, State, nanos};
use super::single_flight::SingleFlight;
use super::sync::{AtomicU64, Mutex, Runtime, Swap, timer, within};
use crate::answer::Answer;
use crate::clock::{Clock, Timer};
use crate::key::{
    FetchFailure, KeyHealth, KeySet, KeySetState, KeySource, RefreshError, RefreshReason,
    Refreshed, refresh_if_empty,
};
use crate::observe::{Event, Observer, Observing, RefreshOutcome};

/// A key set at a URL, or at the URL that an issuer's metadata names.
///
/// A [`KeySource`] for [`Issuer::new`](crate::Issuer::new). One `Arc`: clone it to ask for
/// [`health`](KeySource::health) or to [`warm`](Self::warm) it. A key that is in memory is served without
/// a lock and without waiting, whatever the key server does meanwhile.
///
/// Fetching needs a Tokio runtime with timers (`enable_time` or `enable_all`): the one that the request or
/// [`keep_fresh`](Self::keep_fresh) runs on. Without one, keys that are not in memory are
/// [`KeysUnavailable`](crate::ErrorKind::KeysUnavailable); [`warm`](Self::warm) reports it at the start.
/// [`Clock::sleep_until`] has more, and what `panic = "abort"` makes of it.
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
/// // Any Tower HTTP client will do; this one answers itself.
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
/// assert_eq!(keys.health().state, KeySetState::Empty); // nothing was fetched yet
/// assert!(verifier.verify(&issuer.token().mint()).await.is_ok());
/// assert_eq!(keys.health().state, KeySetState::Fresh);
/// let unknown = issuer.token().header("kid", "another").mint();
/// assert_eq!(verifier.verify(&unknown).await.unwrap_err().kind(), ErrorKind::UnknownKey);
/// # Ok::<(), tower_jwt_auth::BuildError>(()) }).unwrap();
/// ```
#[derive(Clone)]
pub struct RemoteJwks(Arc<Inner>);

/// What a builder hands over.
pub(super) struct Settings {
    pub(super) origin: Origin,
    pub(super) issuer: Option<String>,
    pub(super) times: Times,
    pub(super) most_waiting: usize,
    pub(super) refresh_on_bad_signature: bool,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) observer: Observing,
}

impl RemoteJwks {
    pub(super) fn new(settings: Settings) -> Self {
        Self(Arc::new(Inner {
            held: Swap::empty(),
            ahead_at: AtomicU64::new(u64::MAX),
            look_at: AtomicU64::new(0),
            state: Mutex::new(State {
                schedule: Schedule::new(settings.times),
                flights: SingleFlight::new(),
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
        }))
    }

    /// Fetches the keys if there are none, and waits for them: for a server that wants to be ready before
    /// it takes requests.
    ///
    /// # Errors
    ///
    /// The keys could not be had. Requests will ask again; a server may start all the same. It is also an
    /// error, whether there are keys or not, that this runtime has no timers
    /// ([`FetchFailure::NoTimer`](crate::key::FetchFailure::NoTimer)): no fetch will ever start on it.
    pub async fn warm(&self) -> Result<(), RefreshError> {
        KeySource::warm(self).await
    }

    /// Asks for the keys now, unless that was done less than a cool-down ago.
    ///
    /// # Errors
    ///
    /// The keys could not be had; those that are held serve on.
    pub async fn refresh(&self) -> Result<Refreshed, RefreshError> {
        KeySource::refresh(self, RefreshReason::Manual).await
    }

    /// How the keys are: age, state, number, the last failure, the next attempt.
    pub fn health(&self) -> KeyHealth {
        KeySource::health(self)
    }

    /// A timer by the clock of these keys. Without one, that is reported as a failed refresh.
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

/// Keys that somebody else may have dropped.
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
        if now_nanos >= held.dies_at {
            return None;
        }
        if now_nanos >= self.0.look_at.load(Ordering::Relaxed) {
            self.0.look_for_suspension(now);
        }
        if now_nanos >= self.0.ahead_at.load(Ordering::Relaxed) {
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
            // They came between the look and this call.
            return Answer::now(Ok(Refreshed::Unchanged));
        }
        let (waiting, flight) = match state.flights.join(now) {
            Some(waiting) => (waiting, None),
            None => match state.schedule.decide(reason, now) {
                Decision::Fetch => {
                    let (waiting, flight) = self.0.start(&mut state, now, reason);
                    (waiting, Some(flight))
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
        if let Some(flight) = flight {
            flight.take_off(&runtime);
        }
        let Ok(permit) = Arc::clone(&self.0.waiting).try_acquire_owned() else {
            let host = self.0.host();
            let event = |issuer| Event::TooManyWaiting { issuer, host, trigger: reason };
            self.0.report(event);
            return Answer::now(Err(failed(FetchFailure::TooManyWaiting)));
        };
        // Made here, where a runtime is known to be: who polls the answer may have another, or none. A
        // little longer than the flight, which then lands first and says how it was.
        let longest = self.0.origin.timeout * 17 / 16;
        let limit = match timer(&*self.0.clock, longest) {
            Ok(limit) => limit,
            Err(failure) => return Answer::now(Err(failed(failure))),
        };
        let inner = Arc::clone(&self.0);
        Answer::later(async move {
            let outcome = within(limit, waiting.outcome()).await;
            drop(permit);
            match outcome.unwrap_or_else(|failure| Some(Err(failure.into()))) {
                Some(Ok(refreshed)) => Ok(refreshed),
                Some(Err(error)) => Err(inner.failed(error, reason)),
                None => Err(inner.failed(FetchFailure::Aborted.into(), reason)),
            }
        })
    }

    fn health(&self) -> KeyHealth {
        let now = self.0.clock.monotonic();
        let mut state = self.0.state();
        self.0.note_suspension(&mut state, now);
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

    /// `None` without timers, which is reported: no fetch could start either.
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
            // Without the query, which may hold a key of another kind.
            Place::Url(url) => debug.field("host", &url.host()).field("path", &url.path()),
            Place::Issuer(issuer) => debug.field("issuer", &issuer.name()),
        };
        debug.field("health", &self.health()).finish_non_exhaustive()
    }
}

/// A failure that is over soon.
fn failed(failure: FetchFailure) -> RefreshError {
    FetchError::from(failure).retry_in(LEAST_RETRY_AFTER)
}

#[cfg(test)]
#[cfg(not(shuttle))]
mod tests {
    use super::*;
    use crate::jwks::NoBody;
    use futures_util::FutureExt;

    /// Whose client never answers.
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
    fn a_runtime_that_is_gone_is_a_failure_and_no_deadlock() {
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
    fn a_runtime_that_ends_in_the_middle_of_a_fetch_leaves_the_next_one_free_to_try() {
        let keys = keys();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            assert!(KeySource::refresh(&keys, RefreshReason::Empty).now_or_never().is_none());
            tokio::task::yield_now().await;
        });
        assert_eq!(failure(&keys), None);
        drop(runtime);
        assert_eq!(failure(&keys), Some(FetchFailure::Aborted));
        assert!(keys.0.state().flights.join(Duration::ZERO).is_none());
    }

    #[test]
    fn debug_shows_no_query() {
        let shown = format!("{:?}", keys());
        assert!(shown.contains("auth.example.com") && !shown.contains("hunter2"), "{shown}");
    }
}
