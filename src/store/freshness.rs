//! How current the list is.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use super::health::DenylistState;
use super::store_error::StoreError;
use crate::clock::Clock;

/// After this time without an answered ping, nothing keeps the list fresh.
const FRESH_FOR: Duration = Duration::from_secs(15);

/// What is known about the contact with the store. Requests read it without a lock.
#[derive(Default)]
pub(super) struct Freshness {
    /// The time up to which the list is known to be complete, in nanoseconds and plus one; zero if it was never read.
    complete: AtomicU64,
    /// The same by the wall clock.
    complete_wall: AtomicU64,
    /// Whether the connection is lost since.
    is_lost: AtomicBool,
    last_error: Mutex<Option<StoreError>>,
}

/// A time by both clocks. While a machine is suspended, its monotonic clock may not advance, although the list gets old.
#[derive(Clone, Copy)]
pub(super) struct Moment {
    pub(super) monotonic: Duration,
    wall: Duration,
}

impl Moment {
    pub(super) fn now(clock: &dyn Clock) -> Self {
        let wall = clock.now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { monotonic: clock.monotonic(), wall }
    }
}

/// In nanoseconds and plus one.
fn stored(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX).saturating_add(1)
}

impl Freshness {
    /// Records that the list has every entry that was stored up to this time.
    pub(super) fn confirm(&self, at: Moment) {
        let complete = stored(at.monotonic);
        // Never back in time: a slow reading may end after a fast one.
        if self.complete.fetch_max(complete, Ordering::Relaxed) < complete {
            self.complete_wall.store(stored(at.wall), Ordering::Relaxed);
        }
        self.is_lost.store(false, Ordering::Relaxed);
        *self.error() = None;
    }

    /// Records that the connection was lost, or could not be made.
    pub(super) fn lose(&self, error: StoreError) {
        self.is_lost.store(true, Ordering::Relaxed);
        *self.error() = Some(error);
    }

    /// The time since the list was known to be complete; `None` if it was never read.
    pub(super) fn age(&self, now: Moment) -> Option<Duration> {
        let since = |complete: &AtomicU64, now: Duration| {
            let complete = complete.load(Ordering::Relaxed).checked_sub(1)?;
            Some(now.saturating_sub(Duration::from_nanos(complete)))
        };
        let age = since(&self.complete, now.monotonic)?;
        Some(age.max(since(&self.complete_wall, now.wall).unwrap_or_default()))
    }

    pub(super) fn state(&self, now: Moment, max_stale: Duration) -> DenylistState {
        match self.age(now) {
            None => DenylistState::Unread,
            Some(age) if age > max_stale => DenylistState::Expired,
            Some(age) if age > FRESH_FOR || self.is_lost.load(Ordering::Relaxed) => {
                DenylistState::Stale
            }
            Some(_) => DenylistState::Fresh,
        }
    }

    pub(super) fn last_error(&self) -> Option<StoreError> {
        self.error().clone()
    }

    fn error(&self) -> std::sync::MutexGuard<'_, Option<StoreError>> {
        self.last_error.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::StoreFailure;
    use DenylistState::{Expired, Fresh, Stale, Unread};

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    const fn at(time: u64) -> Moment {
        Moment { monotonic: seconds(time), wall: seconds(1_000_000 + time) }
    }

    #[test]
    fn a_list_is_unread_then_fresh_then_stale_then_expired() {
        let list = Freshness::default();
        let state = |now| list.state(at(now), seconds(300));
        assert_eq!((state(0), list.age(at(0))), (Unread, None));
        list.lose(StoreError::new(StoreFailure::Connection, "x"));
        assert_eq!(state(0), Unread);
        list.confirm(at(0));
        assert_eq!((state(0), state(15), state(16)), (Fresh, Fresh, Stale));
        assert_eq!((state(300), state(301)), (Stale, Expired));
        assert_eq!(list.last_error(), None);
        list.lose(StoreError::new(StoreFailure::Timeout, "x"));
        assert_eq!((state(0), state(15), state(301)), (Stale, Stale, Expired));
        assert_eq!(list.last_error().map(|error| error.failure()), Some(StoreFailure::Timeout));
        list.confirm(at(400));
        assert_eq!((state(401), list.age(at(401))), (Fresh, Some(seconds(1))));
    }

    #[test]
    fn the_time_of_completeness_never_goes_back() {
        let list = Freshness::default();
        list.confirm(at(10));
        list.confirm(at(5));
        assert_eq!(list.age(at(10)), Some(seconds(0)));
        list.confirm(Moment { monotonic: Duration::MAX, wall: Duration::MAX });
        assert_eq!(list.state(at(10), seconds(0)), Fresh);
    }

    #[test]
    fn time_in_suspension_counts() {
        let list = Freshness::default();
        list.confirm(at(10));
        let resumed = Moment { wall: at(400).wall, ..at(11) };
        assert_eq!(list.age(resumed), Some(seconds(390)));
        assert_eq!(list.state(resumed, seconds(300)), Expired);
        // A wall clock that was set back changes nothing.
        let set_back = Moment { wall: at(0).wall, ..at(11) };
        assert_eq!(list.age(set_back), Some(seconds(1)));
    }
}
