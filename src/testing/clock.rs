//! A clock with a fixed time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::clock::Clock;

/// 2026-01-01T00:00:00Z.
const START: Duration = Duration::from_secs(1_767_225_600);

/// A clock whose time changes only by its methods. Clones share the time.
///
/// Its timers ([`Clock::sleep_until`]) are Tokio's and run in real time, so a fetch that hangs still times out. To
/// control the timers, pause Tokio's time (`tokio::time::pause`).
///
/// ```
/// use std::time::Duration;
/// use tower_jwt_auth::clock::Clock;
/// use tower_jwt_auth::testing::FixedClock;
///
/// let clock = FixedClock::new();
/// let before = clock.now();
/// assert_eq!(clock.now(), before);
/// clock.advance(Duration::from_secs(5));
/// assert_eq!(clock.now().duration_since(before).unwrap(), Duration::from_secs(5));
/// ```
#[derive(Clone, Debug)]
pub struct FixedClock(Arc<Times>);

#[derive(Debug)]
struct Times {
    wall_nanos: AtomicU64,
    monotonic_nanos: AtomicU64,
}

impl FixedClock {
    /// Returns a clock that is set to 2026-01-01T00:00:00Z.
    pub fn new() -> Self {
        let times = Times { wall_nanos: AtomicU64::new(0), monotonic_nanos: AtomicU64::new(0) };
        let clock = Self(Arc::new(times));
        clock.set(UNIX_EPOCH + START);
        clock
    }

    /// Advances both the wall-clock time and the monotonic time.
    pub fn advance(&self, by: Duration) {
        let by = nanos(by);
        self.0.wall_nanos.fetch_add(by, Ordering::Relaxed);
        self.0.monotonic_nanos.fetch_add(by, Ordering::Relaxed);
    }

    /// Sets the wall-clock time, without changing the monotonic time.
    ///
    /// A time before 1970 sets the clock to 1970-01-01T00:00:00Z.
    pub fn set(&self, time: SystemTime) {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        self.0.wall_nanos.store(nanos(since), Ordering::Relaxed);
    }
}

impl Default for FixedClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for FixedClock {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_nanos(self.0.wall_nanos.load(Ordering::Relaxed))
    }

    fn monotonic(&self) -> Duration {
        Duration::from_nanos(self.0.monotonic_nanos.load(Ordering::Relaxed))
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
