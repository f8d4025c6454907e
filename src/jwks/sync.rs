//! The synchronization primitives of this module. With `--cfg shuttle` they are replaced by those of an interleaving
//! checker, so that it checks the shipped code.

#[cfg(shuttle)]
pub(crate) use self::checked::{AtomicU64, Mutex, MutexGuard, Runtime, timer, within};
#[cfg(not(shuttle))]
pub(crate) use self::real::{AtomicU64, Mutex, MutexGuard, Runtime, timer, within};

#[cfg(not(shuttle))]
mod real {
    use std::pin::pin;
    pub(crate) use std::sync::atomic::AtomicU64;
    pub(crate) use std::sync::{Mutex, MutexGuard};
    use std::time::Duration;

    use futures_util::future::{Either, select};

    use crate::clock::{Clock, Timer};
    use crate::key::FetchFailure;

    /// The runtime that fetches run on.
    pub(crate) struct Runtime(tokio::runtime::Handle);

    impl Runtime {
        /// The runtime of the current thread, if any.
        pub(crate) fn current() -> Option<Self> {
            tokio::runtime::Handle::try_current().ok().map(Self)
        }

        pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
            drop(self.0.spawn(task));
        }
    }

    /// A timer with this duration. Without timers it fails, because a wait would have no limit.
    pub(crate) fn timer(clock: &dyn Clock, duration: Duration) -> Result<Timer, FetchFailure> {
        let deadline = clock.monotonic().saturating_add(duration);
        clock.sleep_until(deadline).ok_or(FetchFailure::NoTimer)
    }

    /// Waits for the task until the timer completes.
    pub(crate) async fn within<F: Future>(
        timer: Timer,
        task: F,
    ) -> Result<F::Output, FetchFailure> {
        match select(pin!(task), timer).await {
            Either::Left((output, _)) => Ok(output),
            Either::Right(_) => Err(FetchFailure::Timeout),
        }
    }
}

#[cfg(shuttle)]
mod checked {
    use std::time::Duration;

    pub(crate) use shuttle::sync::atomic::AtomicU64;
    pub(crate) use shuttle::sync::{Mutex, MutexGuard};

    use crate::clock::{Clock, Timer};
    use crate::key::FetchFailure;

    pub(crate) struct Runtime;

    impl Runtime {
        pub(crate) fn current() -> Option<Self> {
            Some(Self)
        }

        pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
            drop(shuttle::future::spawn(task));
        }
    }

    /// Time is not simulated: a timer completes at any point of the schedule.
    pub(crate) fn timer(_: &dyn Clock, _: Duration) -> Result<Timer, FetchFailure> {
        Ok(Box::pin(shuttle::future::yield_now()))
    }

    pub(crate) async fn within<F: Future>(_: Timer, task: F) -> Result<F::Output, FetchFailure> {
        Ok(task.await)
    }
}
