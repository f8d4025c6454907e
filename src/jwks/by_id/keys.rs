//! The keys in memory, and whether to fetch another: a state machine that reads no clock and does no I/O.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;

use super::key_id::KeyId;
use crate::error::BuildError;
use crate::jwks::failure::FetchError;
use crate::jwks::schedule::{self, Schedule};
use crate::jws::Algorithm;
use crate::key::{FetchFailure, KeySet, RefreshReason, VerificationKey};

/// The limits of the keys and fetches. All times are monotonic.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// The most keys in memory, and the most fetches in one `cooldown`.
    pub(super) max_keys: usize,
    pub(super) max_age: Duration,
    pub(super) cooldown: Duration,
}

pub(super) struct Keys {
    algorithm: Algorithm,
    limits: Limits,
    /// The documents, in the order in which they were fetched. A change of the set reads them again.
    held: VecDeque<Entry<Bytes>>,
    /// The ids whose fetch failed because of the id, and not because the server is down.
    missed: VecDeque<Entry<FetchError>>,
    /// When the fetches of the last `cooldown` started.
    starts: VecDeque<Duration>,
    /// The backoff while the server is down, for all ids.
    backoff: Schedule,
    last_failure: Option<FetchError>,
}

struct Entry<T> {
    id: KeyId,
    value: T,
    until: Duration,
}

/// Whether to fetch the key with an id.
#[derive(Debug)]
pub(super) enum Decision {
    Fetch,
    /// The key is in memory.
    Held,
    /// The server has no such key.
    Absent,
    /// Not yet, because of this failure, or because of too many other ids.
    Wait(Option<FetchError>, Duration),
}

impl Keys {
    pub(super) fn new(algorithm: Algorithm, limits: Limits, times: schedule::Times) -> Self {
        Self {
            algorithm,
            limits,
            held: VecDeque::new(),
            missed: VecDeque::new(),
            starts: VecDeque::new(),
            backoff: Schedule::new(times),
            last_failure: None,
        }
    }

    pub(super) fn decide(&mut self, id: &KeyId, now: Duration) -> Decision {
        self.drop_old(now);
        if self.held.iter().any(|entry| entry.id == *id) {
            return Decision::Held;
        }
        if let Some(missed) = self.missed.iter().find(|entry| entry.id == *id) {
            if is_absent(&missed.value) {
                return Decision::Absent;
            }
            let wait = missed.until.saturating_sub(now);
            return Decision::Wait(Some(missed.value.clone()), wait);
        }
        if let schedule::Decision::Failing { retry_after } =
            self.backoff.decide(RefreshReason::Empty, now)
        {
            return Decision::Wait(self.last_failure.clone(), retry_after);
        }
        match self.starts.front() {
            Some(first) if self.starts.len() >= self.limits.max_keys => {
                let wait = first.saturating_add(self.limits.cooldown).saturating_sub(now);
                Decision::Wait(None, wait)
            }
            _ => Decision::Fetch,
        }
    }

    pub(super) fn started(&mut self, now: Duration) {
        self.starts.push_back(now);
    }

    /// Records the result of a fetch; `chance` is a random number.
    pub(super) fn completed(
        &mut self,
        id: KeyId,
        result: Result<Bytes, FetchError>,
        now: Duration,
        chance: u64,
    ) {
        self.drop_old(now);
        let error = match result {
            Ok(value) => {
                self.succeeded(now);
                let until = now.saturating_add(self.limits.max_age);
                self.held.retain(|entry| entry.id != id);
                self.held.push_back(Entry { id, value, until });
                while self.held.len() > self.limits.max_keys {
                    self.held.pop_front();
                }
                return;
            }
            Err(error) => error,
        };
        if is_outage(&error) {
            self.backoff.failed(now, error.retry_after, chance);
            self.last_failure = Some(error);
            return;
        }
        self.succeeded(now);
        self.last_failure = (!is_absent(&error)).then(|| error.clone());
        let until = now.saturating_add(self.limits.cooldown);
        self.missed.push_back(Entry { id, value: error, until });
    }

    /// Records that the server answers.
    fn succeeded(&mut self, now: Duration) {
        self.backoff.succeeded(now, None, 0);
        self.last_failure = None;
    }

    fn drop_old(&mut self, now: Duration) {
        let cooldown = self.limits.cooldown;
        self.held.retain(|entry| now < entry.until);
        self.missed.retain(|entry| now < entry.until);
        self.starts.retain(|start| now < start.saturating_add(cooldown));
    }

    /// The keys in memory, and when the first of them is no longer used.
    pub(super) fn set(&mut self, now: Duration) -> (KeySet, Duration) {
        self.drop_old(now);
        let until = self.held.iter().map(|entry| entry.until).min().unwrap_or(Duration::MAX);
        let keys = self.held.iter().map(|entry| read(self.algorithm, &entry.id, &entry.value));
        (KeySet::only_by_id(keys.filter_map(Result::ok)), until)
    }

    /// The number of keys in memory.
    pub(super) fn len(&mut self, now: Duration) -> usize {
        self.drop_old(now);
        self.held.len()
    }

    /// The last failure, unless the server has answered since, and the time until the next attempt.
    pub(super) fn failure(&self, now: Duration) -> Option<(&FetchError, Duration)> {
        let wait = self.backoff.next_attempt().saturating_sub(now);
        let wait = if self.is_down() { wait } else { Duration::ZERO };
        self.last_failure.as_ref().map(|error| (error, wait))
    }

    /// Whether the last fetch failed because the server is down.
    pub(super) const fn is_down(&self) -> bool {
        self.backoff.failures() != 0
    }
}

/// Reads the document of one key.
pub(super) fn read(
    algorithm: Algorithm,
    id: &KeyId,
    document: &Bytes,
) -> Result<VerificationKey, BuildError> {
    Ok(VerificationKey::pem(algorithm, document)?.with_key_id(id.as_str()))
}

/// Whether the server has no key with the id.
pub(super) const fn is_absent(error: &FetchError) -> bool {
    matches!(error.failure(), FetchFailure::NotFound | FetchFailure::Gone)
}

/// Whether another id would fail as well. Any other failure counts for the id only, so that invented ids cannot
/// delay the fetch of a valid one.
const fn is_outage(error: &FetchError) -> bool {
    error.retry_after.is_some()
        || matches!(
            error.failure(),
            FetchFailure::Connection
                | FetchFailure::Timeout
                | FetchFailure::ServerError
                | FetchFailure::NoCredential
                | FetchFailure::NoTimer
                | FetchFailure::Aborted
        )
}
