//! The synchronization primitives of this module. With `--cfg shuttle` they are replaced by those of an interleaving
//! checker, so that it checks the shipped code.

#[cfg(shuttle)]
pub(super) use self::checked::{AtomicU64, Mutex, MutexGuard, Runtime, timer, within};
#[cfg(not(shuttle))]
pub(super) use self::real::{AtomicU64, Mutex, MutexGuard, Runtime, timer, within};

#[cfg(not(shuttle))]
mod real {
    use std::pin::pin;
    pub(in crate::jwks) use std::sync::atomic::AtomicU64;
    pub(in crate::jwks) use std::sync::{Mutex, MutexGuard};
    use std::time::Duration;

    use futures_util::future::{Either, select};

    use crate::clock::{Clock, Timer};
    use crate::key::FetchFailure;

    /// The runtime that fetches run on.
    pub(in crate::jwks) struct Runtime(tokio::runtime::Handle);

    impl Runtime {
        /// The runtime of the current thread, if any.
        pub(in crate::jwks) fn current() -> Option<Self> {
            tokio::runtime::Handle::try_current().ok().map(Self)
        }

        pub(in crate::jwks) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
            drop(self.0.spawn(task));
        }
    }

    /// A timer with this duration. Without timers it fails, because a wait would have no limit.
    pub(in crate::jwks) fn timer(
        clock: &dyn Clock,
        duration: Duration,
    ) -> Result<Timer, FetchFailure> {
        let deadline = clock.monotonic().saturating_add(duration);
        clock.sleep_until(deadline).ok_or(FetchFailure::NoTimer)
    }

    /// Waits for the task until the timer completes.
    pub(in crate::jwks) async fn within<F: Future>(
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

    pub(in crate::jwks) use shuttle::sync::atomic::AtomicU64;
    pub(in crate::jwks) use shuttle::sync::{Mutex, MutexGuard};

    use crate::clock::{Clock, Timer};
    use crate::key::FetchFailure;

    pub(in crate::jwks) struct Runtime;

    impl Runtime {
        pub(in crate::jwks) fn current() -> Option<Self> {
            Some(Self)
        }

        pub(in crate::jwks) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
            drop(shuttle::future::spawn(task));
        }
    }

    /// Time is not simulated: a timer completes at any point of the schedule.
    pub(in crate::jwks) fn timer(_: &dyn Clock, _: Duration) -> Result<Timer, FetchFailure> {
        Ok(Box::pin(shuttle::future::yield_now()))
    }

    pub(in crate::jwks) async fn within<F: Future>(
        _: Timer,
        task: F,
    ) -> Result<F::Output, FetchFailure> {
        Ok(task.await)
    }
}
