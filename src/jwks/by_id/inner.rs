//! The state that clones share, and one fetch.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Semaphore;

use super::key_id::{KeyId, Template};
use super::keys::{Keys, is_absent, read};
use crate::clock::Clock;
use crate::error::BuildError;
use crate::jwks::failure::FetchError;
use crate::jwks::fetch::{KeyClient, Validators};
use crate::jwks::origin::chance;
use crate::jwks::shared::nanos;
use crate::jwks::single_flight::{SingleFlight, Ticket, Waiting};
use crate::jwks::sync::{Mutex, MutexGuard, Runtime, timer, within};
use crate::jws::Algorithm;
use crate::key::{FetchFailure, KeySet, RefreshReason, Refreshed};
use crate::observe::{self, Event, Observers, RefreshOutcome};
use crate::swap::Swap;

pub(super) struct Inner {
    pub(super) template: Template,
    pub(super) algorithm: Algorithm,
    pub(super) client: KeyClient,
    pub(super) timeout: Duration,
    /// The current keys, which requests read.
    pub(super) held: Swap<Option<Arc<Held>>>,
    pub(super) state: Mutex<State>,
    pub(super) waiting: Arc<Semaphore>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) observers: Observers,
}

pub(super) struct Held {
    pub(super) set: Arc<KeySet>,
    /// In nanoseconds: from then on, one of the keys is too old.
    pub(super) until: u64,
}

pub(super) struct State {
    pub(super) keys: Keys,
    /// At most one fetch for each id.
    pub(super) in_flight: Vec<(KeyId, SingleFlight<Outcome>)>,
}

pub(super) type Outcome = Result<Refreshed, FetchError>;

impl State {
    /// Joins the in-flight fetch of this key, if any.
    pub(super) fn join(&self, id: &KeyId, now: Duration) -> Option<Waiting<Outcome>> {
        self.in_flight.iter().find(|(other, _)| other == id)?.1.join(now)
    }
}

impl Inner {
    /// Ignores poisoning: no panic can leave the state inconsistent.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn host(&self) -> &str {
        self.template.url().host()
    }

    /// Replaces the keys that requests read.
    pub(super) fn publish(&self, keys: &mut Keys, now: Duration) -> Arc<KeySet> {
        let (set, until) = keys.set(now);
        let set = Arc::new(set);
        self.held.store(Some(Arc::new(Held { set: Arc::clone(&set), until: nanos(until) })));
        set
    }

    /// Prepares the fetch of one key. Spawn it after releasing the lock: a runtime that is shutting down drops the task
    /// immediately, and dropping it locks the state.
    pub(super) fn start(
        self: &Arc<Self>,
        state: &mut State,
        id: KeyId,
        now: Duration,
        trigger: RefreshReason,
    ) -> (Waiting<Outcome>, PendingFetch) {
        state.keys.started(now);
        state.in_flight.retain(|(_, fetch)| fetch.join(now).is_some());
        let mut fetch = SingleFlight::new();
        // A fetch that has not completed after twice its timeout never will.
        let (waiting, ticket) = fetch.start(now.saturating_add(self.timeout * 2));
        state.in_flight.push((id, fetch));
        let inner = Arc::clone(self);
        (waiting, PendingFetch { inner, id, ticket, trigger, started: now, is_complete: false })
    }

    /// Fetches the document of one key. Errors name the URL with the placeholder, because the id is from a token.
    async fn fetch(&self, id: &KeyId) -> Result<Bytes, FetchError> {
        let fetch = async {
            let url = self.template.url_of(id).map_err(|_| FetchFailure::ForbiddenUrl)?;
            let limit = timer(&*self.clock, self.timeout)?;
            let fetched = within(limit, self.client.get_unnamed(&url, &Validators::NONE)).await??;
            let document = fetched.document.unwrap_or_default();
            match read(self.algorithm, id, &document) {
                Ok(_) => Ok(document),
                Err(error) => Err(not_a_key(self.algorithm, error)),
            }
        };
        fetch.await.map_err(|error: FetchError| error.at(self.template.url()))
    }
}

/// A fetch of one key. It completes when it is dropped, even if the runtime shuts down or the client panics.
pub(super) struct PendingFetch {
    inner: Arc<Inner>,
    id: KeyId,
    ticket: Ticket<Outcome>,
    trigger: RefreshReason,
    started: Duration,
    is_complete: bool,
}

impl PendingFetch {
    pub(super) fn spawn(mut self, runtime: &Runtime) {
        runtime.spawn(async move {
            let result = self.inner.fetch(&self.id).await;
            self.complete(result);
        });
    }

    fn complete(&mut self, result: Result<Bytes, FetchError>) {
        self.is_complete = true;
        let (inner, now) = (&*self.inner, self.inner.clock.monotonic());
        let outcome = match &result {
            Ok(_) => Ok(Refreshed::Replaced),
            Err(error) if is_absent(error) => Ok(Refreshed::Unchanged),
            Err(error) => Err(error.clone()),
        };
        let mut state = inner.state();
        let mut fetches = state.in_flight.iter_mut();
        if !fetches.any(|(id, fetch)| *id == self.id && fetch.complete(&self.ticket)) {
            return;
        }
        state.in_flight.retain(|(id, _)| *id != self.id);
        state.keys.completed(self.id, result, now, chance());
        let keys = inner.publish(&mut state.keys, now).len();
        drop(state);
        self.ticket.publish(outcome.clone());
        if !std::thread::panicking() {
            self.report(&outcome, keys, now);
        }
    }

    fn report(&self, outcome: &Outcome, keys: usize, now: Duration) {
        let (trigger, host) = (self.trigger, self.inner.host());
        self.inner.observers.report(None, |issuer| Event::KeysRefreshed {
            issuer,
            host,
            trigger,
            outcome: match outcome {
                Ok(Refreshed::Replaced) => RefreshOutcome::Replaced,
                Ok(_) => RefreshOutcome::Unchanged,
                Err(error) => RefreshOutcome::Failed(error.failure()),
            },
            detail: outcome.as_ref().err().and_then(FetchError::detail),
            keys,
            skipped: 0,
            took: now.saturating_sub(self.started),
        });
        if let Err(error) = outcome {
            observe::cause(trigger, error);
        }
    }
}

fn not_a_key(algorithm: Algorithm, why: BuildError) -> FetchError {
    let predicate = format!("answered with no public key in PEM form for {algorithm}");
    FetchError::caused(FetchFailure::NoUsableKey, why).with_detail(&predicate)
}

impl Drop for PendingFetch {
    fn drop(&mut self) {
        if !self.is_complete {
            self.complete(Err(FetchFailure::Aborted.into()));
        }
    }
}
