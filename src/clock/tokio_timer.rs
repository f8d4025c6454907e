//! Tokio's timer (feature `tokio-timer`). The only file that creates one.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;

pub(super) const IS_BUILT_IN: bool = true;

/// A timer of the current runtime; `None` without a runtime, or if the runtime has no timers.
pub(super) fn sleep(duration: Duration) -> Option<Sleep> {
    tokio::runtime::Handle::try_current().ok()?;
    // Tokio has no other way to detect that the runtime was built without `enable_time`.
    let inner = catch_unwind(|| tokio::time::sleep(duration)).ok()?;
    Some(Sleep { inner })
}

pin_project! {
    /// A sleep that completes when its runtime is shut down. Tokio's own sleep would panic.
    pub(super) struct Sleep {
        #[pin]
        inner: tokio::time::Sleep,
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let polled = catch_unwind(AssertUnwindSafe(|| self.project().inner.poll(cx)));
        polled.unwrap_or(Poll::Ready(()))
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use tokio::runtime::{Builder, Runtime};

    use super::*;
    use crate::clock::{Clock, SystemClock};

    const SECOND: Duration = Duration::from_secs(1);

    fn runtime() -> Builder {
        Builder::new_current_thread()
    }

    fn paused() -> Runtime {
        runtime().enable_time().start_paused(true).build().unwrap()
    }

    #[test]
    fn a_timer_completes_at_its_deadline() {
        paused().block_on(async {
            let mut timer = Box::pin(sleep(SECOND).unwrap());
            assert_eq!((&mut timer).now_or_never(), None);
            tokio::time::advance(Duration::from_millis(999)).await;
            assert_eq!((&mut timer).now_or_never(), None);
            tokio::time::advance(Duration::from_millis(2)).await;
            assert_eq!((&mut timer).now_or_never(), Some(()));
        });
    }

    #[test]
    fn past_and_out_of_range_deadlines_do_not_panic() {
        paused().block_on(async {
            let clock = SystemClock::new();
            clock.sleep_until(Duration::ZERO).unwrap().await;
            assert_eq!(clock.sleep_until(Duration::MAX).unwrap().now_or_never(), None);
        });
    }

    #[test]
    fn there_is_no_timer_without_a_runtime_with_timers() {
        let clock = SystemClock::new();
        assert!(clock.sleep_until(SECOND).is_none());
        let without = runtime().build().unwrap();
        assert!(without.block_on(async { clock.sleep_until(SECOND).is_none() }));
        let with = runtime().enable_time().build().unwrap();
        assert!(with.block_on(async { clock.sleep_until(SECOND).is_some() }));
        // A spawned task behaves the same.
        let spawned = async move { clock.sleep_until(SECOND).is_none() };
        assert!(without.block_on(async { tokio::spawn(spawned).await.unwrap() }));
    }

    #[test]
    fn a_timer_completes_when_its_runtime_is_shut_down() {
        let runtime = paused();
        let [mut fresh, mut polled] = runtime
            .block_on(async { [sleep(SECOND), sleep(SECOND)] })
            .map(|timer| Box::pin(timer.unwrap()));
        assert_eq!((&mut polled).now_or_never(), None);
        drop(runtime);
        assert_eq!(
            ((&mut fresh).now_or_never(), (&mut polled).now_or_never()),
            (Some(()), Some(()))
        );
    }
}
