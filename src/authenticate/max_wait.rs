//! The limit on how long one request waits for keys, revocation and proof together.

use std::task::{Context, Poll};
use std::time::Duration;

use crate::clock::{Clock, LazyTimer, TIMER_IS_BUILT_IN};
use crate::error::{Problem, ProblemKind};

const DEFAULT: Duration = Duration::from_secs(10);
const LONGEST: Duration = Duration::from_secs(5 * 60);

/// The error details of a request that reached the limit.
const ELAPSED: &str = "there was no answer within the layer's `max_wait`";
const NO_TIMER: &str = "there is no timer for the layer's `max_wait`: build the Tokio runtime with \
                        `enable_time`, or override `Clock::sleep_until`";

/// The setting `max_wait`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum MaxWait {
    /// The default limit if there is a timer, otherwise no limit.
    #[default]
    Unset,
    /// This limit. Without a timer, requests do not wait.
    Set(Duration),
}

impl MaxWait {
    /// # Errors
    ///
    /// The limit is zero or too long, or there is no timer.
    pub(super) fn new(limit: Duration, clock: &dyn Clock) -> Result<Self, Problem> {
        if limit.is_zero() {
            return Err(zero_limit());
        }
        if limit > LONGEST {
            return Err(long_limit(limit));
        }
        // In builds with Tokio's timer, the runtime may start later. Requests report a missing timer.
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
        Limit { deadline, is_set, timer: LazyTimer::NotStarted }
    }
}

/// The limit of one request.
pub(super) struct Limit {
    deadline: Duration,
    is_set: bool,
    timer: LazyTimer,
}

impl Limit {
    /// Ready with the error detail when the request has waited too long.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, clock: &dyn Clock) -> Poll<&'static str> {
        match self.timer.poll(cx, || clock.sleep_until(self.deadline)) {
            Some(polled) => polled.map(|()| ELAPSED),
            None if self.is_set => Poll::Ready(NO_TIMER),
            None => Poll::Pending,
        }
    }
}

fn zero_limit() -> Problem {
    Problem::new(
        ProblemKind::OutOfRange,
        "`max_wait` is zero",
        "every request that must wait for keys, revocation or a proof would be rejected",
        "Pass a limit of up to 5 minutes, or omit the call to use the default of 10 s",
    )
}

fn long_limit(limit: Duration) -> Problem {
    Problem::new(
        ProblemKind::OutOfRange,
        format!("`max_wait` is {limit:?}, longer than 5 minutes"),
        "clients give up long before, and every waiting request uses memory",
        "Pass a limit of up to 5 minutes, or omit the call to use the default of 10 s",
    )
}

fn no_timer() -> Problem {
    Problem::new(
        ProblemKind::MissingFeature,
        "`max_wait` is set, but there is no timer",
        "neither this build nor the verifier's clock has timers, so every request that must wait would be rejected",
        "Enable the feature `tokio-timer`, or override `Clock::sleep_until` and pass that clock to the \
         verifier",
    )
}
