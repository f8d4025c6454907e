//! Keys that live at a URL: what is held, and who may ask for more.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::Semaphore;

use super::discovery::Found;
use super::failure::FetchFailure;
use super::origin::{Cargo, Document, Origin, Place, Plan, chance};
use super::schedule::{Decision, Schedule, Times};
use super::single_flight::{SingleFlight, Ticket, Waiting};
use super::sync::{AtomicU64, Mutex, MutexGuard, Runtime, Swap, timeout};
use crate::answer::Answer;
use crate::clock::Clock;
use crate::key::{
    KeySet, KeySetState, KeySource, KeySourceHealth, RefreshError, RefreshReason, Refreshed,
};
use crate::observe::{Event, Observing};

/// After so many failures the metadata is read again: the keys may have moved.
const FAILURES_TO_REDISCOVER: u32 = 3;
/// What a request is told to wait where nothing better is known.
const LEAST_RETRY_AFTER: Duration = Duration::from_secs(1);

/// A key set at a URL, or at the URL that an issuer's metadata names.
///
/// A [`KeySource`] for [`Issuer::new`](crate::Issuer::new). One `Arc`: clone it to ask for
/// [`health`](KeySource::health) or to [`warm`](Self::warm) it. A key that is in memory is served without
/// a lock and without waiting, whatever the key server does meanwhile.
///
/// Fetching needs a Tokio runtime with timers (`enable_all`), that of the request or of whoever spawned
/// [`keep_fresh`](Self::keep_fresh). Where there is none, keys that are not in memory are
/// [`KeysUnavailable`](crate::ErrorKind::KeysUnavailable).
///
/// ```
/// # #[cfg(any(feature = "aws-lc-rs", feature = "rust-crypto"))] {
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
/// # }
/// ```
#[derive(Clone)]
pub struct RemoteJwks(Arc<Inner>);

/// What a builder hands over.
pub(super) struct Settings {
    pub(super) origin: Origin,
    pub(super) times: Times,
    pub(super) most_waiting: usize,
    pub(super) refetch_on_bad_signature: bool,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) observer: Observing,
}

struct Inner {
    /// What requests read.
    held: Swap<Held>,
    /// In nanoseconds: from here on a request that has its key starts a refresh behind itself.
    ahead_at: AtomicU64,
    /// What fetching needs. Locked for moments, and never by a request whose key is held.
    state: Mutex<State>,
    waiting: Arc<Semaphore>,
    origin: Origin,
    refetch_on_bad_signature: bool,
    clock: Arc<dyn Clock>,
    observer: Observing,
}

struct Held {
    set: Arc<KeySet>,
    /// In nanoseconds.
    dies_at: u64,
}

struct State {
    schedule: Schedule,
    flights: SingleFlight<Outcome>,
    found: Option<Found>,
    /// What is held came from this URL with these words.
    document: Option<Document>,
    last_failure: Option<FetchFailure>,
}

type Outcome = Result<Refreshed, FetchFailure>;

impl RemoteJwks {
    pub(super) fn new(settings: Settings) -> Self {
        Self(Arc::new(Inner {
            held: Swap::empty(),
            ahead_at: AtomicU64::new(u64::MAX),
            state: Mutex::new(State {
                schedule: Schedule::new(settings.times),
                flights: SingleFlight::new(),
                found: None,
                document: None,
                last_failure: None,
            }),
            waiting: Arc::new(Semaphore::new(settings.most_waiting)),
            origin: settings.origin,
            refetch_on_bad_signature: settings.refetch_on_bad_signature,
            clock: settings.clock,
            observer: settings.observer,
        }))
    }

    /// Fetches the keys if there are none, and waits for them: for a server that wants to be ready before
    /// it takes requests.
    ///
    /// # Errors
    ///
    /// The keys could not be had. Requests will ask again; a server may start all the same.
    pub async fn warm(&self) -> Result<(), RefreshError> {
        if self.current().is_some() {
            return Ok(());
        }
        KeySource::refresh(self, RefreshReason::Empty).await.map(|_| ())
    }

    /// Asks for the keys now, unless that was done less than a cool-down ago.
    ///
    /// # Errors
    ///
    /// The keys could not be had; those that are held serve on.
    pub async fn refresh_now(&self) -> Result<Refreshed, RefreshError> {
        KeySource::refresh(self, RefreshReason::Manual).await
    }

    /// How the keys are: age, state, number, the last failure, the next attempt.
    pub fn health(&self) -> KeySourceHealth {
        KeySource::health(self)
    }

    /// When the next refresh ahead of expiry is due, from now on.
    pub(super) fn due_in(&self) -> Duration {
        let next = self.0.state().schedule.next_attempt();
        next.saturating_sub(self.0.clock.monotonic())
    }

    /// Starts a refresh if it is time for one.
    pub(super) fn refresh_if_due(&self) {
        self.0.start_if_due(self.0.clock.monotonic());
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
        if now_nanos >= self.0.ahead_at.load(Ordering::Relaxed) {
            self.0.refresh_ahead(now);
        }
        Some(Arc::clone(&held.set))
    }

    fn refresh(&self, reason: RefreshReason) -> Answer<Result<Refreshed, RefreshError>> {
        if reason == RefreshReason::BadSignature && !self.0.refetch_on_bad_signature {
            return Answer::now(Ok(Refreshed::CoolingDown));
        }
        let Some(runtime) = Runtime::current() else {
            return Answer::now(Err(failed(FetchFailure::Aborted, LEAST_RETRY_AFTER)));
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
                    let (waiting, flight) = self.0.start(&mut state, now, label(reason));
                    (waiting, Some(flight))
                }
                too_early => {
                    let last = state.last_failure;
                    drop(state);
                    self.0.observer.tell(&Event::RefreshSuppressed { trigger: label(reason) });
                    return Answer::now(match (too_early, last) {
                        (Decision::Failing { retry_after }, Some(failure)) => {
                            Err(failed(failure, retry_after))
                        }
                        _ => Ok(Refreshed::CoolingDown),
                    });
                }
            },
        };
        drop(state);
        if let Some(flight) = flight {
            flight.take_off(&runtime);
        }
        let Ok(permit) = Arc::clone(&self.0.waiting).try_acquire_owned() else {
            return Answer::now(Err(failed(FetchFailure::TooManyWaiting, LEAST_RETRY_AFTER)));
        };
        // Made here, where a runtime is known to be: who polls the answer may have another, or none. A
        // little longer than the flight, which then lands first and says how it was.
        let longest = self.0.origin.timeout * 17 / 16;
        let wait = AssertUnwindSafe(|| timeout(longest, waiting.outcome()));
        let Ok(outcome) = catch_unwind(wait) else {
            // The runtime was built without timers, which Tokio says by a panic.
            return Answer::now(Err(failed(FetchFailure::Aborted, LEAST_RETRY_AFTER)));
        };
        let inner = Arc::clone(&self.0);
        Answer::later(async move {
            let outcome = outcome.await;
            drop(permit);
            match outcome.unwrap_or(Some(Err(FetchFailure::Timeout))) {
                Some(Ok(refreshed)) => Ok(refreshed),
                Some(Err(failure)) => Err(inner.failed(failure, reason)),
                None => Err(inner.failed(FetchFailure::Aborted, reason)),
            }
        })
    }

    fn health(&self) -> KeySourceHealth {
        let now = self.0.clock.monotonic();
        let state = self.0.state();
        let keys = match state.schedule.state(now) {
            KeySetState::Empty => 0,
            _ => self.0.held.load().as_ref().map_or(0, |held| held.set.len()),
        };
        let mut health = KeySourceHealth::new(state.schedule.state(now), keys);
        health.age = state.schedule.life().map(|life| now.saturating_sub(life.confirmed));
        health.next_attempt = Some(state.schedule.next_attempt().saturating_sub(now));
        health.last_error = state.last_failure.map(FetchFailure::as_str);
        health
    }
}

impl Inner {
    /// Nothing that is done under this lock can leave it in pieces.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request has its key and found that newer ones are due.
    fn refresh_ahead(self: &Arc<Self>, now: Duration) {
        // One request goes on from here; the flight says when it is time again.
        let again = nanos(now.saturating_add(self.origin.timeout));
        let before = self.ahead_at.load(Ordering::Relaxed);
        let won =
            self.ahead_at.compare_exchange(before, again, Ordering::Relaxed, Ordering::Relaxed);
        if won.is_ok() {
            self.start_if_due(now);
        }
    }

    fn start_if_due(self: &Arc<Self>, now: Duration) {
        let mut state = self.state();
        if state.flights.join(now).is_some() {
            return;
        }
        if state.schedule.is_due(now) {
            // Without a runtime nothing starts; a later request may have one.
            if let Some(runtime) = Runtime::current() {
                let (_, flight) = self.start(&mut state, now, "schedule");
                drop(state);
                flight.take_off(&runtime);
            }
        } else {
            self.ahead_at.store(nanos(state.schedule.next_attempt()), Ordering::Relaxed);
        }
    }

    /// Makes a flight ready. It takes off once the lock is released: a runtime that is shutting down
    /// drops it at once, and it then lands here.
    fn start(
        self: &Arc<Self>,
        state: &mut State,
        now: Duration,
        trigger: &'static str,
    ) -> (Waiting<Outcome>, Flight) {
        // Twice the time that a flight can take: whoever has not landed by then never will.
        let (waiting, ticket) = state.flights.start(now.saturating_add(self.origin.timeout * 2));
        let failures = state.schedule.failures();
        let plan = Plan {
            found: state.found.clone(),
            rediscover: matches!(
                state.last_failure,
                Some(FetchFailure::NotFound | FetchFailure::Gone)
            ) || failures != 0 && failures.is_multiple_of(FAILURES_TO_REDISCOVER),
            document: state.document.clone(),
            is_empty: state.schedule.state(now) == KeySetState::Empty,
            started: now,
        };
        state.schedule.started(now);
        let landing =
            Landing { inner: Arc::clone(self), ticket, trigger, started: now, is_down: false };
        (waiting, Flight { landing, plan })
    }

    /// A failure, with the time until this reason may cause the next attempt.
    fn failed(&self, failure: FetchFailure, reason: RefreshReason) -> RefreshError {
        let now = self.clock.monotonic();
        let retry_after = match self.state().schedule.decide(reason, now) {
            Decision::Failing { retry_after } => retry_after,
            _ => LEAST_RETRY_AFTER,
        };
        failed(failure, retry_after)
    }

    /// Takes over what a flight brought, unless a newer one is under way.
    fn land(
        &self,
        ticket: &Ticket<Outcome>,
        brought: Result<Cargo, FetchFailure>,
    ) -> Option<Outcome> {
        let now = self.clock.monotonic();
        let mut state = self.state();
        if !state.flights.land(ticket) {
            return None;
        }
        let outcome = match brought {
            Ok(cargo) => Ok(self.take_over(&mut state, cargo, now)),
            Err(failure) => {
                state.schedule.failed(now, chance());
                state.last_failure = Some(failure);
                Err(failure)
            }
        };
        self.ahead_at.store(nanos(state.schedule.next_attempt()), Ordering::Relaxed);
        Some(outcome)
    }

    fn take_over(&self, state: &mut State, cargo: Cargo, now: Duration) -> Refreshed {
        let Cargo { url, found, fetched, set } = cargo;
        let life = state.schedule.succeeded(now, fetched.max_age, chance());
        state.last_failure = None;
        state.found = found;
        let bytes = match (fetched.document, state.document.take()) {
            (Some(bytes), _) => bytes,
            (None, old) => old.map(|old| old.bytes).unwrap_or_default(),
        };
        state.document = Some(Document { url, bytes, validators: fetched.validators });
        let refreshed = if set.is_some() { Refreshed::Replaced } else { Refreshed::Unchanged };
        let old = self.held.load();
        let set = set.map(Arc::new).or_else(|| old.as_ref().map(|old| Arc::clone(&old.set)));
        if let Some(set) = set {
            self.held.store(Held { set, dies_at: nanos(life.dies_at) });
        }
        refreshed
    }
}

/// Sees to it that a flight lands, even one whose runtime is shut down in the middle of it.
struct Landing {
    inner: Arc<Inner>,
    ticket: Ticket<Outcome>,
    trigger: &'static str,
    started: Duration,
    is_down: bool,
}

/// A fetch of its own, which no request can cancel.
struct Flight {
    landing: Landing,
    plan: Plan,
}

impl Flight {
    fn take_off(self, runtime: &Runtime) {
        let Self { mut landing, plan } = self;
        runtime.spawn(async move {
            let brought = landing.inner.origin.fetch(&plan).await;
            landing.touch_down(brought);
        });
    }
}

impl Landing {
    fn touch_down(&mut self, brought: Result<Cargo, FetchFailure>) {
        self.is_down = true;
        let outcome = self.inner.land(&self.ticket, brought);
        if let Some(outcome) = outcome {
            self.ticket.announce(outcome);
        }
        if std::thread::panicking() {
            // The client panicked. If the observer did so, too, the process would end.
            return;
        }
        let held = self.inner.held.load();
        let set = held.as_ref().map(|held| &held.set);
        self.inner.observer.tell(&Event::KeysRefreshed {
            trigger: self.trigger,
            outcome: match outcome {
                Some(Ok(Refreshed::Replaced)) => "replaced",
                Some(Ok(_)) => "unchanged",
                Some(Err(failure)) => failure.as_str(),
                None => "superseded",
            },
            keys: set.map_or(0, |set| set.len()),
            skipped: set.map_or(0, |set| set.skipped().len()),
            took: self.inner.clock.monotonic().saturating_sub(self.started),
        });
    }
}

impl Drop for Landing {
    fn drop(&mut self) {
        if !self.is_down {
            self.touch_down(Err(FetchFailure::Aborted));
        }
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

fn failed(failure: FetchFailure, retry_after: Duration) -> RefreshError {
    RefreshError::new(retry_after).with_source(failure)
}

const fn label(reason: RefreshReason) -> &'static str {
    match reason {
        RefreshReason::Empty => "cold",
        RefreshReason::UnknownKey => "unknown_key",
        RefreshReason::BadSignature => "bad_signature",
        RefreshReason::Manual => "manual",
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
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

    #[test]
    fn a_runtime_that_is_gone_is_a_failure_and_no_deadlock() {
        let keys = keys();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let handle = runtime.handle().clone();
        drop(runtime);
        let _guard = handle.enter();
        let outcome = KeySource::refresh(&keys, RefreshReason::Empty).now_or_never();
        assert!(matches!(outcome, Some(Err(_))), "{outcome:?}");
        assert_eq!(keys.health().last_error, Some("aborted"));
    }

    #[test]
    fn a_runtime_that_ends_in_the_middle_of_a_fetch_leaves_the_next_one_free_to_try() {
        let keys = keys();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            assert!(KeySource::refresh(&keys, RefreshReason::Empty).now_or_never().is_none());
            tokio::task::yield_now().await;
        });
        assert_eq!(keys.health().last_error, None);
        drop(runtime);
        assert_eq!(keys.health().last_error, Some("aborted"));
        assert!(keys.0.state().flights.join(Duration::ZERO).is_none());
    }

    #[test]
    fn debug_shows_no_query() {
        let shown = format!("{:?}", keys());
        assert!(shown.contains("auth.example.com") && !shown.contains("hunter2"), "{shown}");
    }
}
