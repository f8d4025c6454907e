//! When to fetch: a state machine over times that it is told. It reads no clock and does no I/O.

use std::time::Duration;

use crate::key::{KeySetState, RefreshReason};

/// The least wait after a failure: chance must not make it none.
const LEAST_BACK_OFF: Duration = Duration::from_millis(100);

/// The settings that a schedule follows.
#[derive(Clone, Debug)]
pub(super) struct Times {
    /// How long a set lives whose answer says nothing about it.
    pub(super) lifetime: Duration,
    /// What an answer may ask for.
    pub(super) shortest_lifetime: Duration,
    pub(super) longest_lifetime: Duration,
    /// How long a set serves after its lifetime while refreshing fails.
    pub(super) stale: Duration,
    /// The time from one attempt to the next one that a token may cause.
    pub(super) cooldown: Duration,
    pub(super) first_back_off: Duration,
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
            first_back_off: Duration::from_secs(1),
            max_backoff: Duration::from_secs(60),
        }
    }
}

/// What became of a wish for newer keys.
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

/// The times of the set that is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Life {
    /// When the source last said that this is its set.
    pub(super) confirmed: Duration,
    /// From here on the next request starts a refresh behind itself.
    pub(super) refresh_at: Duration,
    /// From here on the set is stale.
    pub(super) expires_at: Duration,
    /// From here on it counts as none.
    pub(super) dies_at: Duration,
}

/// What has been tried and held so far. All times are of the monotonic clock.
#[derive(Debug)]
pub(super) struct Schedule {
    times: Times,
    life: Option<Life>,
    last_attempt: Option<Duration>,
    /// Failures since the last success.
    failures: u32,
    /// No attempt before this, after a failure.
    retry_at: Duration,
    /// Nor before this, whatever the reason: the key server has asked for it.
    left_alone_until: Duration,
}

impl Schedule {
    pub(super) const fn new(times: Times) -> Self {
        Self {
            times,
            life: None,
            last_attempt: None,
            failures: 0,
            retry_at: Duration::ZERO,
            left_alone_until: Duration::ZERO,
        }
    }

    /// The state of what is held.
    pub(super) fn state(&self, now: Duration) -> KeySetState {
        match self.life {
            Some(life) if now < life.expires_at => KeySetState::Fresh,
            Some(life) if now < life.dies_at => KeySetState::Stale,
            _ => KeySetState::Empty,
        }
    }

    pub(super) const fn life(&self) -> Option<Life> {
        self.life
    }

    /// The set counts as stale from now on and a refresh is due. When it dies does not change.
    pub(super) fn lapse(&mut self, now: Duration) {
        if let Some(life) = &mut self.life {
            life.refresh_at = life.refresh_at.min(now);
            life.expires_at = life.expires_at.min(now);
        }
    }

    pub(super) const fn failures(&self) -> u32 {
        self.failures
    }

    /// When it is worth asking again.
    pub(super) fn next_attempt(&self) -> Duration {
        let ahead = self.life.map_or(Duration::ZERO, |life| life.refresh_at);
        if self.failures == 0 { ahead } else { ahead.max(self.retry_at) }
    }

    /// Whether a refresh ahead of expiry is due.
    pub(super) fn is_due(&self, now: Duration) -> bool {
        now >= self.next_attempt()
    }

    /// Whether to fetch for this reason.
    ///
    /// What a token can cause is counted from the last attempt, whoever caused that and whatever came of
    /// it, so that no flood and no failure makes for more.
    pub(super) fn decide(&self, reason: RefreshReason, now: Duration) -> Decision {
        let cooled = self.last_attempt.map(|last| last.saturating_add(self.times.cooldown));
        let wait_until = match reason {
            RefreshReason::Empty if self.failures == 0 => Duration::ZERO,
            RefreshReason::Empty => self.retry_at,
            _ if self.state(now) == KeySetState::Empty => self.retry_at,
            _ => cooled.unwrap_or_default(),
        };
        match wait_until.max(self.left_alone_until).checked_sub(now) {
            None | Some(Duration::ZERO) => Decision::Fetch,
            Some(_) if self.failures == 0 => Decision::Suppressed,
            Some(wait) => Decision::Failing { retry_after: wait },
        }
    }

    /// An attempt begins.
    pub(super) const fn started(&mut self, now: Duration) {
        self.last_attempt = Some(now);
    }

    /// The source has a usable set, or confirmed the one that is held. `max_age` is what the answer said
    /// about its lifetime; `chance` is any number.
    pub(super) fn succeeded(
        &mut self,
        now: Duration,
        max_age: Option<Duration>,
        chance: u64,
    ) -> Life {
        let lifetime = max_age.map_or(self.times.lifetime, |age| {
            age.min(self.times.longest_lifetime).max(self.times.shortest_lifetime)
        });
        // At 80 % of the lifetime less up to 10 %, so that a fleet does not ask as one.
        let ahead = lifetime / 5 + scaled(lifetime / 10, chance);
        let expires_at = now.saturating_add(lifetime);
        let life = Life {
            confirmed: now,
            refresh_at: expires_at.saturating_sub(ahead),
            expires_at,
            dies_at: expires_at.saturating_add(self.times.stale),
        };
        self.life = Some(life);
        self.failures = 0;
        self.retry_at = Duration::ZERO;
        self.left_alone_until = Duration::ZERO;
        life
    }

    /// The attempt came to nothing. Waits grow twofold and are cut by chance, so that a fleet does not
    /// come back as one. `told` is how long the key server asks to be left alone; that is done for as long as
    /// the longest wait, so that no answer can end the attempts.
    pub(super) fn failed(&mut self, now: Duration, told: Option<Duration>, chance: u64) {
        let doublings = self.failures.min(31);
        let longest = self.times.first_back_off.saturating_mul(1 << doublings);
        let longest = longest.min(self.times.max_backoff);
        self.failures = self.failures.saturating_add(1);
        let told = told.unwrap_or_default().min(self.times.max_backoff);
        self.left_alone_until = now.saturating_add(told);
        self.retry_at = now.saturating_add(scaled(longest, chance).max(LEAST_BACK_OFF).max(told));
    }
}

/// A part of a duration, from none to nearly all of it, as `chance` has it.
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

    /// Took a set at second 1000 that says nothing about its lifetime: ten minutes, and four hours stale.
    fn held() -> Schedule {
        let mut schedule = Schedule::new(Times::default());
        schedule.started(at(1000));
        schedule.succeeded(at(1000), None, 0);
        schedule
    }

    #[test]
    fn a_set_is_fresh_then_stale_then_none() {
        let schedule = held();
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
    fn a_lapsed_set_is_stale_and_due_and_dies_no_earlier() {
        let mut schedule = held();
        schedule.lapse(at(1010));
        assert_eq!(schedule.state(at(1009)), Fresh);
        assert_eq!(schedule.state(at(1010)), Stale);
        assert!(schedule.is_due(at(1010)));
        assert_eq!(schedule.state(at(1600 + 4 * 3600 - 1)), Stale);
        assert_eq!(schedule.state(at(1600 + 4 * 3600)), Empty);
        // Failures are spread as ever, and a success ends it.
        schedule.failed(at(1010), None, 999);
        assert!(!schedule.is_due(at(1010)) && schedule.is_due(at(1011)));
        schedule.succeeded(at(1011), None, 0);
        assert_eq!(schedule.state(at(1012)), Fresh);
        // Later than it would have been due anyway, it changes nothing.
        let mut schedule = held();
        schedule.lapse(at(1700));
        assert_eq!(schedule.state(at(1600)), Stale);
        Schedule::new(Times::default()).lapse(at(1));
    }

    #[test]
    fn the_lifetime_is_the_answers_between_its_bounds() {
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
    fn a_refresh_is_due_between_seventy_and_eighty_percent_of_the_lifetime() {
        let refresh_at = |chance| held().succeeded(at(0), None, chance).refresh_at;
        assert_eq!(refresh_at(0), at(480));
        assert_eq!(refresh_at(500), at(450));
        for chance in [1, 999, 1_000, 12_345, u64::MAX] {
            assert!((at(420)..=at(480)).contains(&refresh_at(chance)), "{chance}");
        }
        assert!(!held().is_due(at(1479)));
        assert!(held().is_due(at(1480)));
    }

    #[test]
    fn tokens_cause_one_attempt_in_a_cool_down_whatever_comes_of_it() {
        for why in [Why::UnknownKey, Why::BadSignature, Why::Manual] {
            let mut schedule = held();
            assert_eq!(schedule.decide(why, at(1029)), Decision::Suppressed);
            assert_eq!(schedule.decide(why, at(1030)), Decision::Fetch);
            schedule.started(at(1030));
            schedule.failed(at(1031), None, 999);
            let failing = Decision::Failing { retry_after: at(1) }; // the cool-down, not the back-off
            assert_eq!(schedule.decide(why, at(1059)), failing);
            assert_eq!(schedule.decide(why, at(1060)), Decision::Fetch);
        }
    }

    #[test]
    fn without_keys_the_next_attempt_is_after_the_back_off_and_not_after_the_cool_down() {
        let mut schedule = Schedule::new(Times::default());
        assert_eq!(schedule.decide(Why::Empty, at(10)), Decision::Fetch);
        schedule.started(at(10));
        schedule.failed(at(10), None, 500); // half of one second
        for why in [Why::Empty, Why::UnknownKey, Why::Manual] {
            let failing = Decision::Failing { retry_after: Duration::from_millis(500) };
            assert_eq!(schedule.decide(why, at(10)), failing);
            assert_eq!(schedule.decide(why, at(11)), Decision::Fetch);
        }
        // A set that died of age leaves no wait behind.
        assert_eq!(held().decide(Why::Empty, at(100_000)), Decision::Fetch);
    }

    #[test]
    fn the_back_off_doubles_up_to_its_bound_and_chance_never_makes_it_none() {
        let mut schedule = Schedule::new(Times::default());
        // 999 thousandths of the whole is the most that chance can make it.
        for longest in [1, 2, 4, 8, 16, 32, 60, 60, 60, 60] {
            schedule.failed(at(0), None, 999);
            assert_eq!(schedule.next_attempt(), Duration::from_millis(longest * 999));
        }
        for _ in 0..100 {
            schedule.failed(at(0), None, 0);
            assert_eq!(schedule.next_attempt(), LEAST_BACK_OFF);
        }
        schedule.succeeded(at(0), None, 0);
        schedule.failed(at(500), None, 999);
        assert_eq!(schedule.next_attempt(), Duration::from_millis(500_999));
    }

    #[test]
    fn a_key_server_that_asks_to_be_left_alone_is_for_a_minute_at_the_most() {
        for (told, wait) in [(1, 1), (40, 40), (60, 60), (61, 60), (u64::MAX, 60)] {
            let told = Some(at(told));
            let mut cold = Schedule::new(Times::default());
            cold.started(at(10));
            cold.failed(at(10), told, 0);
            assert!(!cold.is_due(at(10 + wait - 1)) && cold.is_due(at(10 + wait)));
            let mut held = held();
            held.started(at(1500));
            held.failed(at(1500), told, 0);
            // Tokens may not cause what time may not, and have their own cool-down.
            for (schedule, why, since, wait) in [
                (&cold, Why::Empty, 10, wait),
                (&cold, Why::Manual, 10, wait),
                (&held, Why::UnknownKey, 1500, wait.max(30)),
                (&held, Why::Manual, 1500, wait.max(30)),
            ] {
                let failing = Decision::Failing { retry_after: at(1) };
                assert_eq!(schedule.decide(why, at(since + wait - 1)), failing, "{told:?} {why:?}");
                assert_eq!(schedule.decide(why, at(since + wait)), Decision::Fetch);
            }
        }
    }

    #[test]
    fn times_without_end_do_not_overflow() {
        let times = Times { stale: Duration::MAX, ..Times::default() };
        let mut schedule = Schedule::new(times);
        let life = schedule.succeeded(Duration::MAX, Some(Duration::MAX), u64::MAX);
        assert_eq!(life.dies_at, Duration::MAX);
        schedule.started(Duration::MAX);
        schedule.failed(Duration::MAX, Some(Duration::MAX), u64::MAX);
        assert_eq!(schedule.state(at(0)), Fresh);
        assert_eq!(schedule.decide(Why::UnknownKey, Duration::MAX), Decision::Fetch);
    }
}
