//! A timer that is created when something waits for it.

use std::pin::Pin;
use std::task::{Context, Poll};

/// The return type of [`Clock::sleep_until`](super::Clock::sleep_until).
pub(crate) type Timer = Pin<Box<dyn Future<Output = ()> + Send + Sync>>;

/// A timer that starts at the first poll.
pub(crate) enum LazyTimer {
    NotStarted,
    Running(Timer),
    /// The clock has no timers.
    Missing,
}

impl LazyTimer {
    /// Polls the timer, after creating it if that has not happened yet; `None` without timers.
    pub(crate) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        start: impl FnOnce() -> Option<Timer>,
    ) -> Option<Poll<()>> {
        if matches!(self, Self::NotStarted) {
            *self = start().map_or(Self::Missing, Self::Running);
        }
        match self {
            Self::Running(timer) => Some(timer.as_mut().poll(cx)),
            Self::NotStarted | Self::Missing => None,
        }
    }
}
