//! The clock of a verifier, which tests can replace.
//!
//! Set it with [`VerifierBuilder::clock`](crate::VerifierBuilder::clock). The default is [`SystemClock`].
//!
//! 1. The dates in a token are compared with the wall time, [`Clock::now`].
//! 2. Durations, such as the age of keys and cache entries, are measured with [`Clock::monotonic`].
//! 3. Timeouts and background refreshes use the timer of [`Clock::sleep_until`].
//!
//! [`Clock`] has an example.

#[cfg(feature = "tokio-timer")]
#[path = "clock/tokio_timer.rs"]
mod timer;
#[cfg(not(feature = "tokio-timer"))]
#[path = "clock/no_timer.rs"]
mod timer;

mod lazy_timer;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

pub(crate) use lazy_timer::{LazyTimer, Timer};

/// Whether the default [`Clock::sleep_until`] can return a timer in this build.
pub(crate) const TIMER_IS_BUILT_IN: bool = timer::IS_BUILT_IN;

/// A source of time: wall time for tokens, monotonic time for durations.
///
/// Implement it to test expiry without sleeping, or use `testing::FixedClock` (feature `test-util`).
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use tower_jwt_auth::clock::{Clock, SystemClock};
/// use tower_jwt_auth::{ErrorKind, Verifier, testing::TestIssuer};
///
/// /// A server whose clock is an hour ahead.
/// #[derive(Debug, Default)]
/// struct AnHourAhead(SystemClock);
///
/// impl Clock for AnHourAhead {
///     fn now(&self) -> SystemTime {
///         self.0.now() + Duration::from_secs(3600)
///     }
///     fn monotonic(&self) -> Duration {
///         self.0.monotonic()
///     }
/// }
///
/// let issuer = TestIssuer::hs256();
/// let builder = || Verifier::shared_secret(issuer.secret()).any_audience();
/// let token = issuer.token().expires_in(Duration::from_secs(600)).mint();
/// assert!(builder().build()?.verify_now(&token).is_ok());
/// let late = builder().clock(AnHourAhead::default()).build()?;
/// assert_eq!(late.verify_now(&token).unwrap_err().kind(), ErrorKind::TokenExpired);
/// # Ok::<(), tower_jwt_auth::BuildError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a clock",
    note = "this crate has the clocks `SystemClock` and, with the feature `test-util`, `testing::FixedClock`"
)]
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// The wall time, with which `exp`, `nbf` and `iat` are compared.
    fn now(&self) -> SystemTime;

    /// The time since an arbitrary fixed point; never decreases.
    fn monotonic(&self) -> Duration;

    /// Returns a timer that ends when [`monotonic`](Self::monotonic) reaches `deadline`; `None` without timers.
    ///
    /// It is used for [`JwtAuthLayer::max_wait`](crate::JwtAuthLayer::max_wait), for streams that
    /// [end with the token](crate::JwtAuthLayer::end_streams_at_expiry), and for the timeouts and the background refresh
    /// of keys (feature `jwks`).
    ///
    /// The default is the timer of the current Tokio runtime. It is `None` outside of a Tokio runtime, in a runtime
    /// without timers, and in builds without the feature `tokio-timer`. Build the runtime with `enable_time` or
    /// `enable_all`: if the runtime has no timers, Tokio panics. This method catches that panic, but the panic hook
    /// runs, and **with `panic = "abort"` the process ends**. If the runtime is shut down, the timer completes early.
    ///
    /// Override it to use the timers of another runtime, or a timer that a test controls:
    ///
    /// ```
    /// use std::pin::Pin;
    /// use std::time::{Duration, SystemTime};
    /// use tower_jwt_auth::clock::{Clock, SystemClock};
    ///
    /// #[derive(Debug, Default)]
    /// struct Threads(SystemClock);
    ///
    /// impl Clock for Threads {
    ///     fn now(&self) -> SystemTime {
    ///         self.0.now()
    ///     }
    ///     fn monotonic(&self) -> Duration {
    ///         self.0.monotonic()
    ///     }
    ///     fn sleep_until(
    ///         &self,
    ///         deadline: Duration,
    ///     ) -> Option<Pin<Box<dyn Future<Output = ()> + Send + Sync>>> {
    ///         let left = deadline.saturating_sub(self.monotonic());
    ///         let (done, wait) = tokio::sync::oneshot::channel::<()>();
    ///         std::thread::spawn(move || {
    ///             std::thread::sleep(left);
    ///             drop(done);
    ///         });
    ///         Some(Box::pin(async move { drop(wait.await) }))
    ///     }
    /// }
    ///
    /// # tokio_test::block_on(async {
    /// let clock = Threads::default();
    /// let deadline = clock.monotonic() + Duration::from_millis(5);
    /// clock.sleep_until(deadline).expect("this clock has timers").await;
    /// assert!(clock.monotonic() >= deadline);
    /// # });
    /// // Outside of a Tokio runtime, `SystemClock` has no timers.
    /// assert!(SystemClock::new().sleep_until(Duration::from_secs(1)).is_none());
    /// ```
    fn sleep_until(
        &self,
        deadline: Duration,
    ) -> Option<Pin<Box<dyn Future<Output = ()> + Send + Sync>>> {
        let sleep = timer::sleep(deadline.saturating_sub(self.monotonic()))?;
        Some(Box::pin(sleep))
    }
}

impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn now(&self) -> SystemTime {
        C::now(self)
    }

    fn monotonic(&self) -> Duration {
        C::monotonic(self)
    }

    fn sleep_until(
        &self,
        deadline: Duration,
    ) -> Option<Pin<Box<dyn Future<Output = ()> + Send + Sync>>> {
        C::sleep_until(self, deadline)
    }
}

/// The clock of the operating system; the default.
///
/// ```
/// use tower_jwt_auth::clock::{Clock, SystemClock};
///
/// let clock = SystemClock::new();
/// assert!(clock.monotonic() <= clock.monotonic());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    origin: Instant,
}

impl SystemClock {
    /// Creates a clock whose monotonic time starts now.
    #[expect(clippy::disallowed_methods, reason = "the only module that reads the time")]
    pub fn new() -> Self {
        Self { origin: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

#[expect(clippy::disallowed_methods, reason = "the only module that reads the time")]
impl Clock for SystemClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn monotonic(&self) -> Duration {
        self.origin.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    /// A clock that overrides the timers of the runtime.
    #[derive(Debug)]
    struct CustomTimer;

    impl Clock for CustomTimer {
        fn now(&self) -> SystemTime {
            SystemTime::UNIX_EPOCH
        }

        fn monotonic(&self) -> Duration {
            Duration::ZERO
        }

        fn sleep_until(
            &self,
            deadline: Duration,
        ) -> Option<Pin<Box<dyn Future<Output = ()> + Send + Sync>>> {
            (deadline == Duration::ZERO).then(|| Box::pin(std::future::ready(())) as Timer)
        }
    }

    #[test]
    fn a_clock_in_an_arc_keeps_its_timers() {
        let clock: Arc<dyn Clock> = Arc::new(Arc::new(CustomTimer));
        let timer = clock.sleep_until(Duration::ZERO).unwrap();
        assert_eq!(timer.now_or_never(), Some(()));
        assert!(clock.sleep_until(Duration::from_secs(1)).is_none());
    }

    #[test]
    fn the_system_clock_has_no_timer_outside_a_runtime() {
        assert!(SystemClock::new().sleep_until(Duration::ZERO).is_none());
    }
}
