//! Keys that live at a URL: what is held, and who may ask for more.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::BuildHasher;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;
use http::Uri;
use tokio::sync::Semaphore;

use super::discovery::{Found, Issuer};
use super::failure::FetchFailure;
use super::fetch::{Fetch, Fetched, Validators, get};
use super::schedule::{Decision, Schedule, Times, scaled};
use super::single_flight::{SingleFlight, Ticket, Waiting};
use super::sync::{AtomicU64, Mutex, MutexGuard, Runtime, Swap, sleep, timeout};
use crate::answer::Answer;
use crate::clock::Clock;
use crate::key::{
    KeySet, KeySetState, KeySource, KeySourceHealth, NoSet, RefreshError, RefreshReason, Refreshed,
};
use crate::observe::{Event, Observing};

/// How long a retry waits when there are no keys at all.
const RETRY_AFTER: Duration = Duration::from_millis(100);
const RETRY_SPREAD: Duration = Duration::from_millis(200);
/// How long metadata is believed.
const METADATA_LIFETIME: Duration = Duration::from_secs(12 * 60 * 60);
/// After so many failures the metadata is read again: the keys may have moved.
const FAILURES_TO_REDISCOVER: u32 = 3;
/// What a request is told to wait where nothing better is known.
const LEAST_RETRY_AFTER: Duration = Duration::from_secs(1);

/// A key set at a URL, or at the URL that an issuer's metadata names.
///
/// A [`KeySource`] for [`Issuer::new`](crate::Issuer::new). One `Arc`: clone it to ask for
/// [`health`](KeySource::health) or to [`warm`](Self::warm) it. A key that is in memory is served without
/// a lock and without waiting, whatever the key server does meanwhile.
#[derive(Clone)]
pub struct RemoteJwks(Arc<Inner>);

/// What a builder hands over.
pub(super) struct Settings {
    pub(super) place: Place,
    pub(super) times: Times,
    pub(super) timeout: Duration,
    pub(super) most_bytes: usize,
    pub(super) most_waiting: usize,
    pub(super) refetch_on_bad_signature: bool,
    pub(super) client: Box<dyn Fetch>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) observer: Observing,
}

/// Where the keys are.
#[derive(Clone, Debug)]
pub(super) enum Place {
    Url(Uri),
    Issuer(Box<Issuer>),
}

struct Inner {
    /// What requests read.
    held: Swap<Held>,
    /// In nanoseconds: from here on a request that has its key starts a refresh behind itself.
    ahead_at: AtomicU64,
    /// What fetching needs. Locked for moments, and never by a request whose key is held.
    state: Mutex<State>,
    waiting: Arc<Semaphore>,
    client: Mutex<Box<dyn Fetch>>,
    place: Place,
    timeout: Duration,
    most_bytes: usize,
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

#[derive(Clone)]
struct Document {
    url: Uri,
    bytes: Bytes,
    validators: Validators,
}

type Outcome = Result<Refreshed, FetchFailure>;

/// What one flight is to do, as things stood when it started.
struct Plan {
    found: Option<Found>,
    rediscover: bool,
    document: Option<Document>,
    is_empty: bool,
    started: Duration,
}

/// What a flight brought home.
struct Cargo {
    url: Uri,
    found: Option<Found>,
    fetched: Fetched,
    /// Read from the document, if that is another than the one before.
    set: Option<KeySet>,
}

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
            client: Mutex::new(settings.client),
            place: settings.place,
            timeout: settings.timeout,
            most_bytes: settings.most_bytes,
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
        let waiting = match state.flights.join(now) {
            Some(waiting) => waiting,
            None => match state.schedule.decide(reason, now) {
                Decision::Fetch => self.0.start(&mut state, &runtime, now, label(reason)),
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
        let Ok(permit) = Arc::clone(&self.0.waiting).try_acquire_owned() else {
            return Answer::now(Err(failed(FetchFailure::TooManyWaiting, LEAST_RETRY_AFTER)));
        };
        // Made here, where a runtime is known to be: who polls the answer may have another, or none.
        let outcome = timeout(self.0.timeout, waiting.outcome());
        let inner = Arc::clone(&self.0);
        Answer::later(async move {
            let outcome = outcome.await;
            drop(permit);
            match outcome.unwrap_or(Some(Err(FetchFailure::Timeout))) {
                Some(Ok(refreshed)) => Ok(refreshed),
                Some(Err(failure)) => Err(inner.failed(failure)),
                None => Err(inner.failed(FetchFailure::Aborted)),
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
        let again = nanos(now.saturating_add(self.timeout));
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
                let _ = self.start(&mut state, &runtime, now, "schedule");
            }
        } else {
            self.ahead_at.store(nanos(state.schedule.next_attempt()), Ordering::Relaxed);
        }
    }

    /// Sets off a flight of its own, which no request can cancel.
    fn start(
        self: &Arc<Self>,
        state: &mut State,
        runtime: &Runtime,
        now: Duration,
        trigger: &'static str,
    ) -> Waiting<Outcome> {
        // Twice the time that a flight can take: whoever has not landed by then never will.
        let (waiting, ticket) = state.flights.start(now.saturating_add(self.timeout * 2));
        let failures = state.schedule.failures();
        let plan = Plan {
            found: state.found.clone(),
            rediscover: state.last_failure == Some(FetchFailure::NotFound)
                || failures != 0 && failures.is_multiple_of(FAILURES_TO_REDISCOVER),
            document: state.document.clone(),
            is_empty: state.schedule.state(now) == KeySetState::Empty,
            started: now,
        };
        state.schedule.started(now);
        let landing =
            Landing { inner: Arc::clone(self), ticket, trigger, started: now, is_down: false };
        runtime.spawn(landing.fly(plan));
        waiting
    }

    /// A failure, with the time of the next attempt.
    fn failed(&self, failure: FetchFailure) -> RefreshError {
        let next = self.state().schedule.next_attempt();
        failed(failure, next.saturating_sub(self.clock.monotonic()))
    }

    /// One flight: at most the time that was set for it, retries and discovery included.
    async fn fetch(&self, plan: &Plan) -> Result<Cargo, FetchFailure> {
        let flight = async {
            let first = self.attempt(plan).await;
            let again = matches!(first, Err(FetchFailure::Connection | FetchFailure::Status));
            if !(plan.is_empty && again) {
                return first;
            }
            // With no key in memory every request is lost: a connection that broke is worth another.
            sleep(RETRY_AFTER + scaled(RETRY_SPREAD, chance())).await;
            self.attempt(plan).await
        };
        timeout(self.timeout, flight).await.unwrap_or(Err(FetchFailure::Timeout))
    }

    async fn attempt(&self, plan: &Plan) -> Result<Cargo, FetchFailure> {
        let (url, found) = self.locate(plan).await?;
        let document = plan.document.as_ref().filter(|document| document.url == url);
        let validators = document.map_or(&Validators::NONE, |document| &document.validators);
        let fetched = get(&self.client, &url, validators, self.most_bytes).await?;
        let set = match &fetched.document {
            // The same words are the same set: nothing that hangs on its generation is thrown away.
            Some(new) if document.is_none_or(|old| old.bytes != new) => Some(read(new)?),
            _ => None,
        };
        Ok(Cargo { url, found, fetched, set })
    }

    /// The URL of the keys. Metadata that is only old is better than none.
    async fn locate(&self, plan: &Plan) -> Result<(Uri, Option<Found>), FetchFailure> {
        let issuer = match &self.place {
            Place::Url(url) => return Ok((url.clone(), None)),
            Place::Issuer(issuer) => issuer,
        };
        let age = |found: &Found| plan.started.saturating_sub(found.at);
        match &plan.found {
            Some(found) if !plan.rediscover && age(found) < METADATA_LIFETIME => {
                Ok((found.jwks_uri.clone(), Some(found.clone())))
            }
            old => match (issuer.discover(&self.client, self.most_bytes).await, old) {
                (Ok(jwks_uri), _) => {
                    let found = Found { jwks_uri: jwks_uri.clone(), at: plan.started };
                    Ok((jwks_uri, Some(found)))
                }
                (Err(_), Some(old)) if !plan.rediscover => {
                    Ok((old.jwks_uri.clone(), Some(old.clone())))
                }
                (Err(failure), _) => Err(failure),
            },
        }
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

impl Landing {
    async fn fly(mut self, plan: Plan) {
        let brought = self.inner.fetch(&plan).await;
        self.touch_down(brought);
    }

    fn touch_down(&mut self, brought: Result<Cargo, FetchFailure>) {
        self.is_down = true;
        let Some(outcome) = self.inner.land(&self.ticket, brought) else { return };
        self.ticket.announce(outcome);
        let held = self.inner.held.load();
        let set = held.as_ref().map(|held| &held.set);
        self.inner.observer.tell(&Event::KeysRefreshed {
            trigger: self.trigger,
            outcome: match outcome {
                Ok(Refreshed::Replaced) => "replaced",
                Ok(_) => "unchanged",
                Err(failure) => failure.as_str(),
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
        match &self.0.place {
            Place::Url(url) => debug.field("url", url),
            Place::Issuer(issuer) => debug.field("issuer", &issuer.name()),
        };
        debug.field("health", &self.health()).finish_non_exhaustive()
    }
}

fn read(document: &Bytes) -> Result<KeySet, FetchFailure> {
    let text = std::str::from_utf8(document).map_err(|_| FetchFailure::NotAKeySet)?;
    KeySet::try_from_fetched_jwks(text).map_err(|why| match why {
        NoSet::NotADocument => FetchFailure::NotAKeySet,
        NoSet::NoUsableKey(_) => FetchFailure::NoUsableKey,
    })
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

/// Any number. It spreads attempts in time and need not be a secret.
fn chance() -> u64 {
    RandomState::new().hash_one(())
}
