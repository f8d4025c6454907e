//! What the handles of one remote set share: what is held, and the fetches under way.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::Semaphore;

use super::discovery::Found;
use super::failure::FetchError;
use super::observers::Observers;
use super::origin::{Cargo, Document, Origin, Plan, chance};
use super::schedule::{Decision, Schedule};
use super::single_flight::{SingleFlight, Ticket, Waiting};
use super::sync::{AtomicU64, Mutex, MutexGuard, Runtime, Swap};
use crate::clock::Clock;
use crate::key::{
    FetchFailure, KeySet, KeySetState, RefreshError, RefreshReason, Refreshed, SkipReason,
};
use crate::observe::{self, Event, RefreshOutcome};
use crate::url::Url;

/// After so many failures the metadata is read again: the keys may have moved.
const FAILURES_TO_REDISCOVER: u32 = 3;
/// What a request is told to wait where nothing better is known.
pub(super) const LEAST_RETRY_AFTER: Duration = Duration::from_secs(1);

/// The monotonic clock does not run while a machine is suspended. When the wall clock has gained more than this
/// on it, the keys are older than they seem.
const SUSPENSION: Duration = Duration::from_secs(60);
/// How often requests look at the wall clock for that.
const LOOK_EVERY: Duration = Duration::from_secs(1);

pub(super) struct Inner {
    /// What requests read.
    pub(super) held: Swap<Held>,
    /// In nanoseconds: from here on a request that has its key starts a refresh behind itself.
    pub(super) ahead_at: AtomicU64,
    /// In nanoseconds: from here on a request looks at the wall clock.
    pub(super) look_at: AtomicU64,
    /// What fetching needs. Locked for moments, and never by a request whose key is held.
    pub(super) state: Mutex<State>,
    pub(super) waiting: Arc<Semaphore>,
    pub(super) origin: Origin,
    /// The issuer whose keys these are, wherever they are fetched from.
    pub(super) issuer: Option<String>,
    pub(super) refresh_on_bad_signature: bool,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) observers: Observers,
}

pub(super) struct Held {
    pub(super) set: Arc<KeySet>,
    /// In nanoseconds.
    pub(super) dies_at: u64,
    /// When the fetch started that last brought or confirmed it.
    fetched: Moment,
}

/// Both clocks at one time.
#[derive(Clone, Copy)]
struct Moment {
    monotonic: Duration,
    wall: SystemTime,
}

impl Moment {
    /// Whether the wall clock has gained so much since that the machine was probably suspended. One that was
    /// set back says nothing.
    fn is_before_suspension(self, now: Self) -> bool {
        let wall = now.wall.duration_since(self.wall).unwrap_or_default();
        let monotonic = now.monotonic.saturating_sub(self.monotonic);
        wall.saturating_sub(monotonic) > SUSPENSION
    }
}

pub(super) struct State {
    pub(super) schedule: Schedule,
    pub(super) flights: SingleFlight<Outcome>,
    pub(super) found: Option<Found>,
    /// What is held came from this URL with these words.
    pub(super) document: Option<Document>,
    pub(super) last_failure: Option<FetchError>,
}

pub(super) type Outcome = Result<Refreshed, FetchError>;

impl Inner {
    /// Nothing that is done under this lock can leave it in pieces.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn report<'a>(&'a self, event: impl FnOnce(Option<&'a str>) -> Event<'a>) {
        self.observers.report(self.issuer.as_deref(), event);
    }

    /// The host that the keys are configured to come from.
    pub(super) fn host(&self) -> &str {
        self.origin.place.first_url().host()
    }

    /// A request has its key and found that newer ones are due.
    pub(super) fn refresh_ahead(self: &Arc<Self>, now: Duration) {
        // One request goes on from here; the flight says when it is time again.
        let again = nanos(now.saturating_add(self.origin.timeout));
        let before = self.ahead_at.load(Ordering::Relaxed);
        let won =
            self.ahead_at.compare_exchange(before, again, Ordering::Relaxed, Ordering::Relaxed);
        if won.is_ok() {
            self.start_if_due(now);
        }
    }

    /// A request has its key and looks whether the machine was suspended: at most once a second, and without
    /// a lock while it was not.
    pub(super) fn look_for_suspension(self: &Arc<Self>, now: Duration) {
        let (before, again) =
            (self.look_at.load(Ordering::Relaxed), nanos(now.saturating_add(LOOK_EVERY)));
        if before > nanos(now) {
            return;
        }
        let won =
            self.look_at.compare_exchange(before, again, Ordering::Relaxed, Ordering::Relaxed);
        if won.is_ok() && self.was_suspended(now) {
            self.start_if_due(now);
        }
    }

    /// Whether the machine was suspended since the last fetch.
    fn was_suspended(&self, now: Duration) -> bool {
        let held = self.held.load();
        held.as_ref().is_some_and(|held| held.fetched.is_before_suspension(self.moment(now)))
    }

    /// After a suspension keys are stale. That they are dead is never concluded from the wall clock.
    pub(super) fn note_suspension(&self, state: &mut State, now: Duration) {
        if self.was_suspended(now) {
            state.schedule.lapse(now);
        }
    }

    fn moment(&self, monotonic: Duration) -> Moment {
        Moment { monotonic, wall: self.clock.now() }
    }

    pub(super) fn start_if_due(self: &Arc<Self>, now: Duration) {
        let mut state = self.state();
        if state.flights.join(now).is_some() {
            return;
        }
        self.note_suspension(&mut state, now);
        if state.schedule.is_due(now) {
            // Without a runtime nothing starts; a later request may have one.
            if let Some(runtime) = Runtime::current() {
                let (_, flight) = self.start(&mut state, now, RefreshReason::Schedule);
                drop(state);
                flight.take_off(&runtime);
            }
        } else {
            self.ahead_at.store(nanos(state.schedule.next_attempt()), Ordering::Relaxed);
        }
    }

    /// Makes a flight ready. It takes off once the lock is released: a runtime that is shutting down
    /// drops it at once, and it then lands here.
    pub(super) fn start(
        self: &Arc<Self>,
        state: &mut State,
        now: Duration,
        trigger: RefreshReason,
    ) -> (Waiting<Outcome>, Flight) {
        // Twice the time that a flight can take: whoever has not landed by then never will.
        let (waiting, ticket) = state.flights.start(now.saturating_add(self.origin.timeout * 2));
        let failures = state.schedule.failures();
        let plan = Plan {
            found: state.found.clone(),
            rediscover: matches!(
                state.last_failure.as_ref().map(FetchError::failure),
                Some(FetchFailure::NotFound | FetchFailure::Gone)
            ) || failures != 0 && failures.is_multiple_of(FAILURES_TO_REDISCOVER)
                // The metadata is as much older than it seems.
                || self.was_suspended(now),
            document: state.document.clone(),
            is_empty: state.schedule.state(now) == KeySetState::Empty,
            started: now,
            asked: self.origin.place.first_url().clone(),
        };
        state.schedule.started(now);
        let landing = Landing {
            inner: Arc::clone(self),
            ticket,
            trigger,
            started: self.moment(now),
            found: state.found.clone(),
            asked: self.origin.place.first_url().clone(),
            is_down: false,
        };
        (waiting, Flight { landing, plan })
    }

    /// A failure, with the time until this reason may cause the next attempt.
    pub(super) fn failed(&self, error: FetchError, reason: RefreshReason) -> RefreshError {
        let now = self.clock.monotonic();
        let retry_after = match self.state().schedule.decide(reason, now) {
            Decision::Failing { retry_after } => retry_after,
            _ => LEAST_RETRY_AFTER,
        };
        error.retry_in(retry_after)
    }

    /// Takes over what a flight brought, unless a newer one is under way.
    fn land(
        &self,
        ticket: &Ticket<Outcome>,
        started: Moment,
        found: Option<Found>,
        brought: Result<Cargo, FetchError>,
    ) -> Option<Outcome> {
        let now = self.clock.monotonic();
        let mut state = self.state();
        if !state.flights.land(ticket) {
            return None;
        }
        // What the metadata says counts even if the keys could not be fetched.
        state.found = found;
        let outcome = match brought {
            Ok(cargo) => Ok(self.take_over(&mut state, cargo, started, now)),
            Err(error) => {
                state.schedule.failed(now, error.retry_after, chance());
                state.last_failure = Some(error.clone());
                Err(error)
            }
        };
        self.ahead_at.store(nanos(state.schedule.next_attempt()), Ordering::Relaxed);
        Some(outcome)
    }

    fn take_over(
        &self,
        state: &mut State,
        cargo: Cargo,
        fetched_at: Moment,
        now: Duration,
    ) -> Refreshed {
        let Cargo { url, unconfirmed, fetched, set } = cargo;
        let life = state.schedule.succeeded(now, fetched.max_age, chance());
        state.last_failure = unconfirmed;
        let bytes = match (fetched.document, state.document.take()) {
            (Some(bytes), _) => bytes,
            (None, old) => old.map(|old| old.bytes).unwrap_or_default(),
        };
        state.document = Some(Document { url, bytes, validators: fetched.validators });
        let refreshed = if set.is_some() { Refreshed::Replaced } else { Refreshed::Unchanged };
        let old = self.held.load();
        let set = set.map(Arc::new).or_else(|| old.as_ref().map(|old| Arc::clone(&old.set)));
        if let Some(set) = set {
            self.held.store(Held { set, dies_at: nanos(life.dies_at), fetched: fetched_at });
        }
        refreshed
    }
}

/// Sees to it that a flight lands, even one whose runtime is shut down in the middle of it.
struct Landing {
    inner: Arc<Inner>,
    ticket: Ticket<Outcome>,
    trigger: RefreshReason,
    started: Moment,
    /// What the metadata says, as far as the fetch has got.
    found: Option<Found>,
    /// The URL that was asked last, as far as the fetch has got.
    asked: Url,
    is_down: bool,
}

/// A fetch of its own, which no request can cancel.
pub(super) struct Flight {
    landing: Landing,
    plan: Plan,
}

impl Flight {
    pub(super) fn take_off(self, runtime: &Runtime) {
        let Self { mut landing, mut plan } = self;
        runtime.spawn(async move {
            let brought = landing.inner.origin.fetch(&mut plan, &*landing.inner.clock).await;
            landing.found = plan.found;
            landing.asked = plan.asked;
            landing.touch_down(brought);
        });
    }
}

impl Landing {
    fn touch_down(&mut self, brought: Result<Cargo, FetchError>) {
        self.is_down = true;
        let unconfirmed = brought.as_ref().ok().and_then(|cargo| cargo.unconfirmed.clone());
        let outcome = self.inner.land(&self.ticket, self.started, self.found.take(), brought);
        if let Some(outcome) = &outcome {
            self.ticket.announce(outcome.clone());
        }
        if std::thread::panicking() {
            // The client panicked. If the observer did so, too, the process would end.
            return;
        }
        let held = self.inner.held.load();
        let set = held.as_ref().map(|held| &held.set);
        self.report(outcome.as_ref(), unconfirmed.as_ref(), set);
    }

    fn report(
        &self,
        outcome: Option<&Outcome>,
        unconfirmed: Option<&FetchError>,
        set: Option<&Arc<KeySet>>,
    ) {
        let Self { inner, trigger, .. } = self;
        let trigger = *trigger;
        let host = self.asked.host();
        if let Some(error) = unconfirmed {
            inner.report(|issuer| Event::MetadataUnavailable {
                issuer,
                host: inner.host(),
                trigger,
                reason: error.failure,
            });
            observe::cause(trigger, error);
        }
        inner.report(|issuer| Event::KeysRefreshed {
            issuer,
            host,
            trigger,
            outcome: match outcome {
                Some(Ok(Refreshed::Replaced)) => RefreshOutcome::Replaced,
                Some(Ok(_)) => RefreshOutcome::Unchanged,
                Some(Err(error)) => RefreshOutcome::Failed(error.failure),
                None => RefreshOutcome::Superseded,
            },
            keys: set.map_or(0, |set| set.len()),
            skipped: set.map_or(0, |set| set.skipped().len()),
            took: inner.clock.monotonic().saturating_sub(self.started.monotonic),
        });
        if let Some(Err(error)) = outcome {
            observe::cause(trigger, error);
        }
        if matches!(outcome, Some(Ok(Refreshed::Replaced))) {
            let skipped = set.map(|set| set.skipped()).unwrap_or_default();
            for (reason, keys) in counted(skipped) {
                let event = |issuer| Event::KeysSkipped { issuer, host, reason, keys };
                inner.report(event);
            }
        }
    }
}

/// Each reason once, with how often it is there.
fn counted(reasons: &[SkipReason]) -> impl Iterator<Item = (SkipReason, usize)> {
    let first = |(at, reason): (usize, &SkipReason)| {
        let is_first = reasons.iter().position(|other| other == reason) == Some(at);
        is_first.then(|| (*reason, reasons.iter().filter(|other| *other == reason).count()))
    };
    reasons.iter().enumerate().filter_map(first)
}

impl Drop for Landing {
    fn drop(&mut self) {
        if !self.is_down {
            self.touch_down(Err(FetchFailure::Aborted.into()));
        }
    }
}

pub(super) fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
