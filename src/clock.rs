//! The one place that reads the time.

use std::fmt;
use std::time::{Duration, Instant, SystemTime};

/// Where the time comes from: wall time for tokens, monotonic time for the age of keys.
///
/// Inject your own to test expiry without sleeping; the feature `test-util` has a ready one.
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// The wall time, which `exp`, `nbf` and `iat` are compared with.
    fn now(&self) -> SystemTime;

    /// Time since an arbitrary fixed point; never goes back, whatever happens to the wall clock.
    fn monotonic(&self) -> Duration;
}

/// The operating system's clocks; the default.
///
/// ```
/// use tower_jwt_auth::clock::{Clock, SystemClock};
///
/// let clock = SystemClock::new();
/// assert!(clock.monotonic() <= clock.monotonic());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    origin: Instant,
}

impl SystemClock {
    /// A clock whose monotonic time starts now.
    pub fn new() -> Self {
        Self { origin: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn monotonic(&self) -> Duration {
        self.origin.elapsed()
    }
}
