//! The limit on how long one request waits: over keys, revocation and proof together.

use std::task::{Context, Poll};
use std::time::Duration;

use crate::clock::{Clock, TIMER_IS_BUILT_IN, Timer};
use crate::error::{Problem, ProblemKind};

const DEFAULT: Duration = Duration::from_secs(10);
const LONGEST: Duration = Duration::from_secs(5 * 60);

/// What operators see of a request that reached the limit.
const PASSED: &str = "there was no answer within the layer's `max_wait`";
const NO_TIMER: &str = "there is no timer for the layer's `max_wait`: build the Tokio runtime with \
                        `enable_time`, or override `Clock::sleep_until`";

/// The setting.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum MaxWait {
    /// The default limit where there is a timer, and none elsewhere.
    #[default]
    Unset,
    /// This limit. Without a timer nothing is waited for.
    Set(Duration),
}

impl MaxWait {
    /// # Errors
    ///
    /// The limit is zero or too long, or there is no timer for it.
    pub(super) fn new(limit: Duration, clock: &dyn Clock) -> Result<Self, Problem> {
        if limit.is_zero() {
            return Err(no_limit());
        }
        if limit > LONGEST {
            return Err(long_limit(limit));
        }
        // In builds with Tokio's timers, the runtime may be started later: requests will report it.
        let probe = || clock.sleep_until(clock.monotonic().saturating_add(limit));
        if !TIMER_IS_BUILT_IN && probe().is_none() {
            return Err(no_timer());
        }
        Ok(Self::Set(limit))
    }

    /// The limit of a request that begins to wait now.
    pub(super) fn start(self, clock: &dyn Clock) -> Limit {
        let (limit, is_set) = match self {
            Self::Unset => (DEFAULT, false),
            Self::Set(limit) => (limit, true),
        };
        let deadline = clock.monotonic().saturating_add(limit);
        Limit { deadline, is_set, timer: MaybeTimer::Unmade }
    }
}

/// The limit of one request.
pub(super) struct Limit {
    deadline: Duration,
    is_set: bool,
    timer: MaybeTimer,
}

/// Made when it is first waited for.
enum MaybeTimer {
    Unmade,
    Running(Timer),
    /// The clock has given none.
    Missing,
}

impl Limit {
    /// Ready when the request has waited for too long, with what operators see of it.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, clock: &dyn Clock) -> Poll<&'static str> {
        if matches!(self.timer, MaybeTimer::Unmade) {
            let made = clock.sleep_until(self.deadline);
            self.timer = made.map_or(MaybeTimer::Missing, MaybeTimer::Running);
        }
        match &mut self.timer {
            MaybeTimer::Running(timer) => timer.as_mut().poll(cx).map(|()| PASSED),
            _ if self.is_set => Poll::Ready(NO_TIMER),
            _ => Poll::Pending,
        }
    }
}

fn no_limit() -> Problem {
    Problem::new(
        ProblemKind::OutOfRange,
        "`max_wait` of zero",
        "every request that must wait for keys, revocation or a proof would be rejected",
        "Pass a limit of up to 5 minutes, or leave the default of 10 s",
    )
}

fn long_limit(limit: Duration) -> Problem {
    Problem::new(
        ProblemKind::OutOfRange,
        format!("`max_wait` of {limit:?}"),
        "clients give up long before, and every request that waits uses memory",
        "Pass a limit of up to 5 minutes, or leave the default of 10 s",
    )
}

fn no_timer() -> Problem {
    Problem::new(
        ProblemKind::MissingFeature,
        "`max_wait` without a timer",
        "neither this build nor the verifier's clock has timers, so that the limit would have no effect",
        "Turn on the feature `tokio-timer`, or override `Clock::sleep_until` and pass that clock to the \
         verifier",
    )
}
