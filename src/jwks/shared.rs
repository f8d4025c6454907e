//! The state that the clones of a remote key set share: the current keys and the in-flight fetch.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::Semaphore;

use super::discovery::Found;
use super::failure::FetchError;
use super::origin::{Document, FetchedKeys, Origin, Plan, chance};
use super::schedule::{Decision, Schedule};
use super::single_flight::{SingleFlight, Ticket, Waiting};
use super::sync::{AtomicU64, Mutex, MutexGuard, Runtime};
use crate::clock::Clock;
use crate::key::{
    FetchFailure, KeySet, KeySetState, RefreshError, RefreshReason, Refreshed, SkipReason,
};
use crate::observe::{self, Event, Observers, RefreshOutcome};
use crate::swap::Swap;
use crate::url::Url;

/// The number of failures after which the metadata is read again, because the URL of the keys may have changed.
const FAILURES_TO_REDISCOVER: u32 = 3;
/// The `Retry-After` if the time of the next attempt is unknown.
pub(super) const MIN_RETRY_AFTER: Duration = Duration::from_secs(1);

/// The monotonic clock stops while a machine is suspended. If the wall clock is ahead of it by more than this, the keys
/// are older than the monotonic clock shows.
const SUSPENSION: Duration = Duration::from_secs(60);
/// How often requests compare the two clocks.
const SUSPENSION_CHECK_INTERVAL: Duration = Duration::from_secs(1);

pub(super) struct Inner {
    /// The current keys, which requests read.
    pub(super) held: Swap<Option<Arc<Held>>>,
    /// In nanoseconds: requests from this time on start a background refresh.
    pub(super) refresh_at: AtomicU64,
    /// In nanoseconds: requests from this time on compare the clocks.
    pub(super) suspension_check_at: AtomicU64,
    /// The state of fetching. Locked only briefly, and normally not by requests whose key is in memory.
    pub(super) state: Mutex<State>,
    pub(super) waiting: Arc<Semaphore>,
    pub(super) origin: Origin,
    /// The issuer of the keys.
    pub(super) issuer: Option<String>,
    pub(super) refresh_on_bad_signature: bool,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) observers: Observers,
}

pub(super) struct Held {
    pub(super) set: Arc<KeySet>,
    /// In nanoseconds.
    pub(super) unusable_at: u64,
    /// The start of the last fetch that returned or confirmed the set.
    fetched: Moment,
}

/// The time on both clocks.
#[derive(Clone, Copy)]
struct Moment {
    monotonic: Duration,
    wall: SystemTime,
}

impl Moment {
    /// Whether the machine was probably suspended since then, because the wall clock is far ahead of the monotonic one.
    /// A wall clock that was set back is ignored.
    fn is_before_suspension(self, now: Self) -> bool {
        let wall = now.wall.duration_since(self.wall).unwrap_or_default();
        let monotonic = now.monotonic.saturating_sub(self.monotonic);
        wall.saturating_sub(monotonic) > SUSPENSION
    }
}

pub(super) struct State {
    pub(super) schedule: Schedule,
    pub(super) in_flight: SingleFlight<Outcome>,
    pub(super) found: Option<Found>,
    /// The document of the current keys.
    pub(super) document: Option<Document>,
    pub(super) last_failure: Option<FetchError>,
}

pub(super) type Outcome = Result<Refreshed, FetchError>;

impl Inner {
    /// Ignores poisoning: no panic can leave the state inconsistent.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn report<'a>(&'a self, event: impl FnOnce(Option<&'a str>) -> Event<'a>) {
        self.observers.report(self.issuer.as_deref(), event);
    }

    /// Holds these keys as if they had been fetched now, with a refresh that is due.
    pub(super) fn seed(&self, set: KeySet) {
        let now = self.clock.monotonic();
        let life = self.state().schedule.seeded(now);
        self.refresh_at.store(nanos(life.refresh_at), Ordering::Relaxed);
        self.held.store(Some(Arc::new(Held {
            set: Arc::new(set),
            unusable_at: nanos(life.unusable_at),
            fetched: self.moment(now),
        })));
    }

    /// The host of the configured URL.
    pub(super) fn host(&self) -> &str {
        self.origin.place.first_url().host()
    }

    /// Starts a background refresh for a request that found one to be due.
    pub(super) fn refresh_ahead(self: &Arc<Self>, now: Duration) {
        // Only one request continues; the fetch sets the next time.
        let again = nanos(now.saturating_add(self.origin.timeout));
        let before = self.refresh_at.load(Ordering::Relaxed);
        let won =
            self.refresh_at.compare_exchange(before, again, Ordering::Relaxed, Ordering::Relaxed);
        if won.is_ok() {
            self.start_if_due(now);
        }
    }

    /// Checks for a request whether the machine was suspended: at most once a second, and without a lock if it was not.
    pub(super) fn check_suspension(self: &Arc<Self>, now: Duration) {
        let (before, again) = (
            self.suspension_check_at.load(Ordering::Relaxed),
            nanos(now.saturating_add(SUSPENSION_CHECK_INTERVAL)),
        );
        if before > nanos(now) {
            return;
        }
        let won = self.suspension_check_at.compare_exchange(
            before,
            again,
            Ordering::Relaxed,
            Ordering::Relaxed,
        );
        if won.is_ok() && self.was_suspended(now) {
            self.start_if_due(now);
        }
    }

    /// Whether the machine was suspended since the last fetch.
    fn was_suspended(&self, now: Duration) -> bool {
        let held = self.held.load();
        held.as_ref().is_some_and(|held| held.fetched.is_before_suspension(self.moment(now)))
    }

    /// Marks the keys as stale after a suspension. The wall clock never makes them unusable.
    pub(super) fn mark_stale_if_suspended(&self, state: &mut State, now: Duration) {
        if self.was_suspended(now) {
            state.schedule.mark_stale(now);
        }
    }

    fn moment(&self, monotonic: Duration) -> Moment {
        Moment { monotonic, wall: self.clock.now() }
    }

    pub(super) fn start_if_due(self: &Arc<Self>, now: Duration) {
        let mut state = self.state();
        if state.in_flight.join(now).is_some() {
            return;
        }
        self.mark_stale_if_suspended(&mut state, now);
        if state.schedule.is_due(now) {
            // A later request may run on a runtime.
            if let Some(runtime) = Runtime::current() {
                let (_, fetch) = self.start(&mut state, now, RefreshReason::Schedule);
                drop(state);
                fetch.spawn(&runtime);
            }
        } else {
            self.refresh_at.store(nanos(state.schedule.next_attempt()), Ordering::Relaxed);
        }
    }

    /// Prepares a fetch. Spawn it after releasing the lock: a runtime that is shutting down drops the task immediately,
    /// and dropping it locks the state.
    pub(super) fn start(
        self: &Arc<Self>,
        state: &mut State,
        now: Duration,
        trigger: RefreshReason,
    ) -> (Waiting<Outcome>, PendingFetch) {
        // A fetch that has not completed after twice its timeout never will.
        let (waiting, ticket) = state.in_flight.start(now.saturating_add(self.origin.timeout * 2));
        let failures = state.schedule.failures();
        let plan = Plan {
            found: state.found.clone(),
            rediscover: matches!(
                state.last_failure.as_ref().map(FetchError::failure),
                Some(FetchFailure::NotFound | FetchFailure::Gone)
            ) || failures != 0 && failures.is_multiple_of(FAILURES_TO_REDISCOVER)
                // The metadata is older than the monotonic clock shows.
                || self.was_suspended(now),
            document: state.document.clone(),
            is_empty: state.schedule.state(now) == KeySetState::Empty,
            started: now,
            last_url: self.origin.place.first_url().clone(),
        };
        state.schedule.started(now);
        let guard = CompletionGuard {
            inner: Arc::clone(self),
            ticket,
            trigger,
            started: self.moment(now),
            found: state.found.clone(),
            last_url: self.origin.place.first_url().clone(),
            is_complete: false,
        };
        (waiting, PendingFetch { guard, plan })
    }

    /// The error for users, with the time until this reason can cause the next attempt.
    pub(super) fn failed(&self, error: FetchError, reason: RefreshReason) -> RefreshError {
        let now = self.clock.monotonic();
        let retry_after = match self.state().schedule.decide(reason, now) {
            Decision::Failing { retry_after } => retry_after,
            _ => MIN_RETRY_AFTER,
        };
        error.retry_in(retry_after)
    }

    /// Stores the result of a fetch, unless a newer fetch has superseded it.
    fn complete(
        &self,
        ticket: &Ticket<Outcome>,
        started: Moment,
        found: Option<Found>,
        result: Result<FetchedKeys, FetchError>,
    ) -> Option<Outcome> {
        let now = self.clock.monotonic();
        let mut state = self.state();
        if !state.in_flight.complete(ticket) {
            return None;
        }
        // The metadata is valid even if the keys could not be fetched.
        state.found = found;
        let outcome = match result {
            Ok(keys) => Ok(self.store(&mut state, keys, started, now)),
            Err(error) => {
                state.schedule.failed(now, error.retry_after, chance());
                state.last_failure = Some(error.clone());
                Err(error)
            }
        };
        self.refresh_at.store(nanos(state.schedule.next_attempt()), Ordering::Relaxed);
        Some(outcome)
    }

    fn store(
        &self,
        state: &mut State,
        keys: FetchedKeys,
        fetched_at: Moment,
        now: Duration,
    ) -> Refreshed {
        let FetchedKeys { url, unconfirmed, fetched, set } = keys;
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
            self.held.store(Some(Arc::new(Held {
                set,
                unusable_at: nanos(life.unusable_at),
                fetched: fetched_at,
            })));
        }
        refreshed
    }
}

/// Completes a fetch when it is dropped, even if the runtime shuts down during the fetch.
struct CompletionGuard {
    inner: Arc<Inner>,
    ticket: Ticket<Outcome>,
    trigger: RefreshReason,
    started: Moment,
    /// The result of discovery so far.
    found: Option<Found>,
    /// The URL of the last request so far.
    last_url: Url,
    is_complete: bool,
}

/// A fetch that is ready to be spawned. No request can cancel it.
pub(super) struct PendingFetch {
    guard: CompletionGuard,
    plan: Plan,
}

impl PendingFetch {
    pub(super) fn spawn(self, runtime: &Runtime) {
        let Self { mut guard, mut plan } = self;
        runtime.spawn(async move {
            let result = guard.inner.origin.fetch(&mut plan, &*guard.inner.clock).await;
            guard.found = plan.found;
            guard.last_url = plan.last_url;
            guard.complete(result);
        });
    }
}

impl CompletionGuard {
    fn complete(&mut self, result: Result<FetchedKeys, FetchError>) {
        self.is_complete = true;
        let unconfirmed = result.as_ref().ok().and_then(|keys| keys.unconfirmed.clone());
        let outcome = self.inner.complete(&self.ticket, self.started, self.found.take(), result);
        if let Some(outcome) = &outcome {
            self.ticket.publish(outcome.clone());
        }
        if std::thread::panicking() {
            // The client panicked. A second panic in the observer would abort the process.
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
        let host = self.last_url.host();
        if let Some(error) = unconfirmed {
            inner.report(|issuer| Event::MetadataUnavailable {
                issuer,
                host: inner.host(),
                trigger,
                reason: error.failure,
                detail: error.detail(),
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
            detail: outcome.and_then(|it| it.as_ref().err()?.detail()),
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

/// Each distinct reason with its count.
fn counted(reasons: &[SkipReason]) -> impl Iterator<Item = (SkipReason, usize)> {
    let first = |(at, reason): (usize, &SkipReason)| {
        let is_first = reasons.iter().position(|other| other == reason) == Some(at);
        is_first.then(|| (*reason, reasons.iter().filter(|other| *other == reason).count()))
    };
    reasons.iter().enumerate().filter_map(first)
}

impl Drop for CompletionGuard {
    fn drop(&mut self) {
        if !self.is_complete {
            self.complete(Err(FetchFailure::Aborted.into()));
        }
    }
}

pub(super) fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
