//! What the clones of a shared denylist have in common.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::{Either, select};

use super::connection::{Commands, Connector};
use super::freshness::Freshness;
use super::layout::Written;
use super::store_error::StoreError;
use crate::claims::NumericDate;
use crate::clock::{Clock, Timer};
use crate::observe::{Event, Observing, StoreFailure};
use crate::revocation::{Denylist, Entry, Revoke};

/// The time limit of a command, and of the writing of an entry.
pub(super) const LIMIT: Duration = Duration::from_secs(2);
/// How much longer than it is needed an entry stays in the set: for the leeway of policies, and for clocks that differ.
const KEPT_FOR: Duration = Duration::from_secs(24 * 60 * 60);

pub(super) struct Shared {
    /// What requests are checked against.
    pub(super) list: Denylist,
    pub(super) connector: Connector,
    /// The connection on which entries are written, once there was one.
    pub(super) writer: Mutex<Option<Commands>>,
    /// The entries that could not be written, in order. They are written with the next contact.
    pub(super) unwritten: Mutex<VecDeque<Written>>,
    pub(super) freshness: Freshness,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) observing: Observing,
    pub(super) max_stale: Duration,
    pub(super) allow_when_stale: bool,
    pub(super) lifetime: Option<Duration>,
}

impl Shared {
    /// A timer that completes after this time.
    pub(super) fn timer(&self, after: Duration) -> Result<Timer, StoreError> {
        let deadline = self.clock.monotonic().saturating_add(after);
        let timer = self.clock.sleep_until(deadline);
        timer.ok_or_else(|| StoreError::new(StoreFailure::NoTimer, "waiting"))
    }

    /// The result of the future, or an error after [`LIMIT`].
    pub(super) async fn limited<T>(
        &self,
        during: &str,
        future: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let timer = self.timer(LIMIT)?;
        match select(pin!(future), timer).await {
            Either::Left((result, _)) => result,
            Either::Right(((), _)) => Err(StoreError::new(StoreFailure::Timeout, during)),
        }
    }

    /// Entries that were needed until before this time are removed and not read.
    pub(super) fn expired(&self) -> NumericDate {
        let now: NumericDate = self.clock.now().into();
        let kept_for = i64::try_from(KEPT_FOR.as_secs()).unwrap_or(i64::MAX);
        NumericDate::from_seconds(now.seconds().saturating_sub(kept_for))
    }

    /// Applies an entry to the list in memory.
    pub(super) fn apply(&self, entry: &Entry) {
        // The list is in memory, so the entry is added before the answer is awaited.
        drop(self.list.revoke(entry));
    }

    pub(super) fn report<'a>(&'a self, event: impl FnOnce(&'a str) -> Event<'a>) {
        self.observing.report(&event(self.connector.key()));
    }
}
