//! Decides when to fetch: a state machine that receives all times as arguments, reads no clock and does no I/O.

use std::time::Duration;

use crate::key::{KeySetState, RefreshReason};

/// The minimum wait after a failure, whatever the random part.
const MIN_BACKOFF: Duration = Duration::from_millis(100);

/// The settings of a schedule.
#[derive(Clone, Debug)]
pub(super) struct Times {
    /// The lifetime of a set whose response has no `max-age`.
    pub(super) lifetime: Duration,
    /// The bounds of `max-age`.
    pub(super) shortest_lifetime: Duration,
    pub(super) longest_lifetime: Duration,
    /// How long a set is used after its lifetime.
    pub(super) stale: Duration,
    /// The minimum time from an attempt to the next one caused by a token.
    pub(super) cooldown: Duration,
    pub(super) first_backoff: Duration,
    pub(super) max_backoff: Duration,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            lifetime: Duration::from_secs(10 * 60),
            shortest_lifetime: Duration::from_secs(60),
            longest_lifetime: Duration::from_secs(60 * 60),
            stale: Duration::from_secs(4 * 60 * 60),
            cooldown: Duration::from_secs(30),
            first_backoff: Duration::from_secs(1),
            max_backoff: Duration::from_secs(60),
        }
    }
}

/// Whether to fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    Fetch,
    /// The last attempt succeeded and is too recent.
    Suppressed,
    /// The last attempt failed and is too recent.
    Failing {
        retry_after: Duration,
    },
}

/// The times of the current set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Life {
    /// When the key server last returned or confirmed this set.
    pub(super) confirmed: Duration,
    /// The next request from this time on starts a background refresh.
    pub(super) refresh_at: Duration,
    /// The set is stale from this time on.
    pub(super) expires_at: Duration,
    /// The set is no longer used from this time on.
    pub(super) unusable_at: Duration,
}

/// The attempts so far and the times of the current set. All times are monotonic.
#[derive(Debug)]
pub(super) struct Schedule {
    times: Times,
    life: Option<Life>,
    last_attempt: Option<Duration>,
    /// Failures since the last success.
    failures: u32,
    /// After a failure, the earliest next attempt.
    retry_at: Duration,
    /// The end of the key server's `Retry-After`: no attempt before, whatever the reason.
    blocked_until: Duration,
}

impl Schedule {
    pub(super) const fn new(times: Times) -> Self {
        Self {
            times,
            life: None,
            last_attempt: None,
            failures: 0,
            retry_at: Duration::ZERO,
            blocked_until: Duration::ZERO,
        }
    }

    /// The state of the current set.
    pub(super) fn state(&self, now: Duration) -> KeySetState {
        match self.life {
            Some(life) if now < life.expires_at => KeySetState::Fresh,
            Some(life) if now < life.unusable_at => KeySetState::Stale,
            _ => KeySetState::Empty,
        }
    }

    pub(super) const fn life(&self) -> Option<Life> {
        self.life
    }

    /// Marks the set as stale, which makes a refresh due. `unusable_at` does not change.
    pub(super) fn mark_stale(&mut self, now: Duration) {
        if let Some(life) = &mut self.life {
            life.refresh_at = life.refresh_at.min(now);
            life.expires_at = life.expires_at.min(now);
        }
    }

    pub(super) const fn failures(&self) -> u32 {
        self.failures
    }

    /// The time of the next scheduled attempt.
    pub(super) fn next_attempt(&self) -> Duration {
        let ahead = self.life.map_or(Duration::ZERO, |life| life.refresh_at);
        if self.failures == 0 { ahead } else { ahead.max(self.retry_at) }
    }

    /// Whether a scheduled refresh is due.
    pub(super) fn is_due(&self, now: Duration) -> bool {
        now >= self.next_attempt()
    }

    /// Whether to fetch for this reason.
    ///
    /// The cooldown starts with the last attempt, whatever its reason and outcome. So neither a flood of tokens nor
    /// failures cause more fetches.
    pub(super) fn decide(&self, reason: RefreshReason, now: Duration) -> Decision {
        let cooldown_end = self.last_attempt.map(|last| last.saturating_add(self.times.cooldown));
        let wait_until = match reason {
            RefreshReason::Empty if self.failures == 0 => Duration::ZERO,
            RefreshReason::Empty => self.retry_at,
            _ if self.state(now) == KeySetState::Empty => self.retry_at,
            _ => cooldown_end.unwrap_or_default(),
        };
        match wait_until.max(self.blocked_until).checked_sub(now) {
            None | Some(Duration::ZERO) => Decision::Fetch,
            Some(_) if self.failures == 0 => Decision::Suppressed,
            Some(wait) => Decision::Failing { retry_after: wait },
        }
    }

    /// Records the start of an attempt.
    pub(super) const fn started(&mut self, now: Duration) {
        self.last_attempt = Some(now);
    }

    /// Records that the key server returned a usable set or confirmed the current one. `chance` is a random number.
    pub(super) fn succeeded(
        &mut self,
        now: Duration,
        max_age: Option<Duration>,
        chance: u64,
    ) -> Life {
        let lifetime = max_age.map_or(self.times.lifetime, |age| {
            age.min(self.times.longest_lifetime).max(self.times.shortest_lifetime)
        });
        // Between 70 % and 80 % of the lifetime, so that many servers do not refresh at the same time.
        let ahead = lifetime / 5 + scaled(lifetime / 10, chance);
        let expires_at = now.saturating_add(lifetime);
        let life = Life {
            confirmed: now,
            refresh_at: expires_at.saturating_sub(ahead),
            expires_at,
            unusable_at: expires_at.saturating_add(self.times.stale),
        };
        self.life = Some(life);
        self.failures = 0;
        self.retry_at = Duration::ZERO;
        self.blocked_until = Duration::ZERO;
        life
    }

    /// Records a set that was not fetched: it has the lifetime of one without `max-age`, and a refresh is due at once.
    pub(super) fn seeded(&mut self, now: Duration) -> Life {
        let expires_at = now.saturating_add(self.times.lifetime);
        let unusable_at = expires_at.saturating_add(self.times.stale);
        *self.life.insert(Life { confirmed: now, refresh_at: now, expires_at, unusable_at })
    }

    /// Records a failed attempt. The backoff doubles and has a random part, so that many servers do not retry at the
    /// same time. `retry_after` is the key server's `Retry-After`; it is limited to the maximum backoff, so that a
    /// response cannot stop the attempts.
    pub(super) fn failed(&mut self, now: Duration, retry_after: Option<Duration>, chance: u64) {
        let doublings = self.failures.min(31);
        let longest = self.times.first_backoff.saturating_mul(1 << doublings);
        let longest = longest.min(self.times.max_backoff);
        self.failures = self.failures.saturating_add(1);
        let retry_after = retry_after.unwrap_or_default().min(self.times.max_backoff);
        self.blocked_until = now.saturating_add(retry_after);
        self.retry_at =
            now.saturating_add(scaled(longest, chance).max(MIN_BACKOFF).max(retry_after));
    }
}

/// A random part of a duration; `chance` is a random number.
pub(super) fn scaled(whole: Duration, chance: u64) -> Duration {
    let thousandths = u32::try_from(chance % 1000).unwrap_or_default();
    whole.saturating_mul(thousandths) / 1000
}

#[cfg(test)]
mod tests {
    use super::*;
    use KeySetState::{Empty, Fresh, Stale};
    use RefreshReason as Why;

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// Received a set without `max-age` at second 1000: fresh for ten minutes, then stale for four hours.
    fn with_set() -> Schedule {
        let mut schedule = Schedule::new(Times::default());
        schedule.started(at(1000));
        schedule.succeeded(at(1000), None, 0);
        schedule
    }

    #[test]
    fn a_set_is_fresh_then_stale_then_unused() {
        let schedule = with_set();
        for (now, state) in [
            (1000, Fresh),
            (1599, Fresh),
            (1600, Stale),
            (1600 + 4 * 3600 - 1, Stale),
            (1600 + 4 * 3600, Empty),
        ] {
            assert_eq!(schedule.state(at(now)), state, "{now}");
        }
        assert_eq!(Schedule::new(Times::default()).state(at(0)), Empty);
    }

    #[test]
    fn a_set_marked_stale_is_due_and_keeps_its_end() {
        let mut schedule = with_set();
        schedule.mark_stale(at(1010));
        assert_eq!(schedule.state(at(1009)), Fresh);
        assert_eq!(schedule.state(at(1010)), Stale);
        assert!(schedule.is_due(at(1010)));
        assert_eq!(schedule.state(at(1600 + 4 * 3600 - 1)), Stale);
        assert_eq!(schedule.state(at(1600 + 4 * 3600)), Empty);
        // Failures back off as usual, and a success makes the set fresh.
        schedule.failed(at(1010), None, 999);
        assert!(!schedule.is_due(at(1010)) && schedule.is_due(at(1011)));
        schedule.succeeded(at(1011), None, 0);
        assert_eq!(schedule.state(at(1012)), Fresh);
        // It has no effect on a set that is already stale.
        let mut schedule = with_set();
        schedule.mark_stale(at(1700));
        assert_eq!(schedule.state(at(1600)), Stale);
        Schedule::new(Times::default()).mark_stale(at(1));
    }

    #[test]
    fn max_age_is_limited_to_the_configured_bounds() {
        for (max_age, lifetime) in [
            (None, 600),
            (Some(0), 60),
            (Some(59), 60),
            (Some(61), 61),
            (Some(3599), 3599),
            (Some(3601), 3600),
            (Some(u64::MAX), 3600),
        ] {
            let mut schedule = Schedule::new(Times::default());
            let life = schedule.succeeded(at(0), max_age.map(at), 0);
            assert_eq!(life.expires_at, at(lifetime), "{max_age:?}");
        }
    }

    #[test]
    fn a_refresh_is_due_between_70_and_80_percent() {
        let refresh_at = |chance| with_set().succeeded(at(0), None, chance).refresh_at;
        assert_eq!(refresh_at(0), at(480));
        assert_eq!(refresh_at(500), at(450));
        for chance in [1, 999, 1_000, 12_345, u64::MAX] {
            assert!((at(420)..=at(480)).contains(&refresh_at(chance)), "{chance}");
        }
        assert!(!with_set().is_due(at(1479)));
        assert!(with_set().is_due(at(1480)));
    }

    #[test]
    fn tokens_cause_at_most_one_attempt_per_cooldown() {
        for why in [Why::UnknownKey, Why::BadSignature, Why::Manual] {
            let mut schedule = with_set();
            assert_eq!(schedule.decide(why, at(1029)), Decision::Suppressed);
            assert_eq!(schedule.decide(why, at(1030)), Decision::Fetch);
            schedule.started(at(1030));
            schedule.failed(at(1031), None, 999);
            let failing = Decision::Failing { retry_after: at(1) }; // the cooldown, not the backoff
            assert_eq!(schedule.decide(why, at(1059)), failing);
            assert_eq!(schedule.decide(why, at(1060)), Decision::Fetch);
        }
    }

    #[test]
    fn without_keys_the_backoff_applies_and_not_the_cooldown() {
        let mut schedule = Schedule::new(Times::default());
        assert_eq!(schedule.decide(Why::Empty, at(10)), Decision::Fetch);
        schedule.started(at(10));
        schedule.failed(at(10), None, 500); // half of one second
        for why in [Why::Empty, Why::UnknownKey, Why::Manual] {
            let failing = Decision::Failing { retry_after: Duration::from_millis(500) };
            assert_eq!(schedule.decide(why, at(10)), failing);
            assert_eq!(schedule.decide(why, at(11)), Decision::Fetch);
        }
        // After a set has become unusable, the next attempt is immediate.
        assert_eq!(with_set().decide(Why::Empty, at(100_000)), Decision::Fetch);
    }

    #[test]
    fn the_backoff_doubles_up_to_its_maximum() {
        let mut schedule = Schedule::new(Times::default());
        // A random part of 999 thousandths is the maximum.
        for longest in [1, 2, 4, 8, 16, 32, 60, 60, 60, 60] {
            schedule.failed(at(0), None, 999);
            assert_eq!(schedule.next_attempt(), Duration::from_millis(longest * 999));
        }
        for _ in 0..100 {
            schedule.failed(at(0), None, 0);
            assert_eq!(schedule.next_attempt(), MIN_BACKOFF);
        }
        schedule.succeeded(at(0), None, 0);
        schedule.failed(at(500), None, 999);
        assert_eq!(schedule.next_attempt(), Duration::from_millis(500_999));
    }

    #[test]
    fn retry_after_delays_attempts_by_at_most_a_minute() {
        for (retry_after, wait) in [(1, 1), (40, 40), (60, 60), (61, 60), (u64::MAX, 60)] {
            let retry_after = Some(at(retry_after));
            let mut cold = Schedule::new(Times::default());
            cold.started(at(10));
            cold.failed(at(10), retry_after, 0);
            assert!(!cold.is_due(at(10 + wait - 1)) && cold.is_due(at(10 + wait)));
            let mut warm = with_set();
            warm.started(at(1500));
            warm.failed(at(1500), retry_after, 0);
            // Tokens cannot cause an earlier attempt, and the cooldown also applies to them.
            for (schedule, why, since, wait) in [
                (&cold, Why::Empty, 10, wait),
                (&cold, Why::Manual, 10, wait),
                (&warm, Why::UnknownKey, 1500, wait.max(30)),
                (&warm, Why::Manual, 1500, wait.max(30)),
            ] {
                let failing = Decision::Failing { retry_after: at(1) };
                assert_eq!(
                    schedule.decide(why, at(since + wait - 1)),
                    failing,
                    "{retry_after:?} {why:?}"
                );
                assert_eq!(schedule.decide(why, at(since + wait)), Decision::Fetch);
            }
        }
    }

    #[test]
    fn maximal_times_do_not_overflow() {
        let times = Times { stale: Duration::MAX, ..Times::default() };
        let mut schedule = Schedule::new(times);
        let life = schedule.succeeded(Duration::MAX, Some(Duration::MAX), u64::MAX);
        assert_eq!(life.unusable_at, Duration::MAX);
        schedule.started(Duration::MAX);
        schedule.failed(Duration::MAX, Some(Duration::MAX), u64::MAX);
        assert_eq!(schedule.state(at(0)), Fresh);
        assert_eq!(schedule.decide(Why::UnknownKey, Duration::MAX), Decision::Fetch);
    }
}
