//! The function that receives explanations of rejected tokens.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::clock::Clock;
use crate::explain::Explanation;

/// The maximum number of explanations per second.
const MOST_PER_SECOND: u32 = 10;

/// Receives explanations of rejected tokens, at most ten per second.
pub(super) struct Rejections {
    sink: Arc<dyn Fn(&Explanation) + Send + Sync>,
    /// When the current second began, and the explanations since.
    second: Mutex<(Duration, u32)>,
}

impl Rejections {
    pub(super) fn new(sink: impl Fn(&Explanation) + Send + Sync + 'static) -> Self {
        Self { sink: Arc::new(sink), second: Mutex::new((Duration::ZERO, 0)) }
    }

    /// Passes on an explanation, unless there were too many.
    pub(super) fn report(&self, clock: &dyn Clock, explain: impl FnOnce() -> Explanation) {
        if self.admits_another(clock.monotonic()) {
            (self.sink)(&explain());
        }
    }

    fn admits_another(&self, now: Duration) -> bool {
        // A thread that holds the lock is counting another rejection.
        let Ok(mut second) = self.second.try_lock() else { return false };
        let (start, count) = &mut *second;
        if now.saturating_sub(*start) >= Duration::from_secs(1) {
            (*start, *count) = (now, 0);
        }
        *count = count.saturating_add(1);
        *count <= MOST_PER_SECOND
    }
}
