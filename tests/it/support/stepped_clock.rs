//! A clock with its own timers, which complete when the test advances the time.

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::oneshot;
use tower_jwt_auth::clock::Clock;
use tower_jwt_auth::testing::FixedClock;

/// A [`FixedClock`] with timers. Clones share the time.
#[derive(Clone, Debug, Default)]
pub(crate) struct SteppedClock {
    time: FixedClock,
    timers: Arc<Mutex<Vec<Sleeper>>>,
    made: Arc<AtomicUsize>,
}

/// The deadline, and a sender that completes the timer when it is dropped.
type Sleeper = (Duration, oneshot::Sender<()>);

impl SteppedClock {
    /// Advances the time and completes the timers that are due.
    pub(crate) fn advance(&self, by: Duration) {
        self.time.advance(by);
        let now = self.time.monotonic();
        let mut timers = self.timers.lock().unwrap_or_else(PoisonError::into_inner);
        // Dropping a sender wakes its receiver.
        timers.retain(|(deadline, _)| *deadline > now);
    }

    /// Sets the wall-clock time, without completing a timer.
    pub(crate) fn set(&self, time: SystemTime) {
        self.time.set(time);
    }

    /// The number of timers that were created.
    pub(crate) fn made(&self) -> usize {
        self.made.load(Ordering::Relaxed)
    }

    /// The number of pending timers.
    pub(crate) fn sleeping(&self) -> usize {
        let timers = self.timers.lock().unwrap_or_else(PoisonError::into_inner);
        timers.iter().filter(|(_, timer)| !timer.is_closed()).count()
    }
}

impl Clock for SteppedClock {
    fn now(&self) -> SystemTime {
        self.time.now()
    }

    fn monotonic(&self) -> Duration {
        self.time.monotonic()
    }

    fn sleep_until(
        &self,
        deadline: Duration,
    ) -> Option<Pin<Box<dyn Future<Output = ()> + Send + Sync>>> {
        self.made.fetch_add(1, Ordering::Relaxed);
        let (timer, completed) = oneshot::channel();
        if self.monotonic() < deadline {
            let mut timers = self.timers.lock().unwrap_or_else(PoisonError::into_inner);
            timers.push((deadline, timer));
        }
        Some(Box::pin(async { drop(completed.await) }))
    }
}
