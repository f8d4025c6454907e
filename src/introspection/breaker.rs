//! When the endpoint is called again after failures: a state machine that reads no clock.

use std::time::Duration;

/// The consecutive failures after which the endpoint is not called for a while.
const MOST_FAILURES: u32 = 5;
const PAUSE: Duration = Duration::from_secs(5);

/// All times are monotonic.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    /// The consecutive failures.
    failures: u32,
    paused_until: Duration,
    /// When the trial call counts as lost, if there is one.
    trial_until: Option<Duration>,
}

impl Breaker {
    /// Whether only trial calls are made.
    pub(super) const fn is_tripped(&self) -> bool {
        self.failures >= MOST_FAILURES
    }

    /// How long to wait before the next call; `None` if it may start now.
    pub(super) fn wait(&self, now: Duration) -> Option<Duration> {
        if !self.is_tripped() {
            return None;
        }
        let until = match self.trial_until {
            Some(trial) if now >= self.paused_until => trial,
            _ => self.paused_until,
        };
        (now < until).then(|| until.saturating_sub(now))
    }

    /// Records a call that counts as lost at `lost_at`. After a pause it is the trial call.
    pub(super) const fn started(&mut self, lost_at: Duration) {
        if self.is_tripped() {
            self.trial_until = Some(lost_at);
        }
    }

    /// Records that the endpoint answered.
    pub(super) fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// Records a failure. A failure during a pause does not extend it.
    pub(super) fn failed(&mut self, now: Duration) {
        self.failures = self.failures.saturating_add(1);
        if self.is_tripped() && now >= self.paused_until {
            self.paused_until = now.saturating_add(PAUSE);
            self.trial_until = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const NANOSECOND: Duration = Duration::from_nanos(1);

    fn tripped() -> Breaker {
        let mut breaker = Breaker::default();
        for _ in 0..MOST_FAILURES {
            breaker.failed(SECOND);
        }
        breaker
    }

    #[test]
    fn five_consecutive_failures_start_a_pause() {
        let mut breaker = Breaker::default();
        for _ in 0..4 {
            breaker.failed(SECOND);
            assert_eq!(breaker.wait(SECOND), None);
        }
        breaker.succeeded();
        for _ in 0..4 {
            breaker.failed(SECOND);
        }
        assert_eq!(breaker.wait(SECOND), None, "a success ended the sequence");
        breaker.failed(SECOND);
        assert_eq!(breaker.wait(SECOND), Some(PAUSE));
        assert_eq!(breaker.wait((SECOND + PAUSE).saturating_sub(NANOSECOND)), Some(NANOSECOND));
        assert_eq!(breaker.wait(SECOND + PAUSE), None);
    }

    #[test]
    fn one_trial_call_follows_a_pause() {
        let mut breaker = tripped();
        let now = SECOND + PAUSE;
        assert_eq!(breaker.wait(now), None);
        breaker.started(now + 4 * SECOND);
        assert_eq!(breaker.wait(now), Some(4 * SECOND));
        // A trial that is lost does not block the endpoint.
        assert_eq!(breaker.wait(now + 4 * SECOND), None);
        breaker.failed(now + SECOND);
        assert_eq!(breaker.wait(now + SECOND), Some(PAUSE));
        breaker.succeeded();
        assert_eq!(breaker.wait(now + SECOND), None);
    }

    #[test]
    fn late_failures_do_not_extend_a_pause() {
        let mut breaker = tripped();
        for _ in 0..95 {
            breaker.failed(SECOND * 2);
        }
        assert_eq!(breaker.wait(SECOND + PAUSE), None);
    }
}
