//! The one place that reads the time.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// Where the time comes from: wall time for tokens, monotonic time for the age of keys.
///
/// Inject your own to test expiry without sleeping; the feature `test-util` has a ready one.
///
/// ```
/// # #[cfg(any(feature = "aws-lc-rs", feature = "rust-crypto"))] {
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
/// # }
/// # Ok::<(), tower_jwt_auth::BuildError>(())
/// ```
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// The wall time, which `exp`, `nbf` and `iat` are compared with.
    fn now(&self) -> SystemTime;

    /// Time since an arbitrary fixed point; never goes back, whatever happens to the wall clock.
    fn monotonic(&self) -> Duration;
}

impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn now(&self) -> SystemTime {
        C::now(self)
    }

    fn monotonic(&self) -> Duration {
        C::monotonic(self)
    }
}

/// The operating system's clocks; the default.
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
    /// A clock whose monotonic time starts now.
    pub fn new() -> Self {
        Self { origin: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn monotonic(&self) -> Duration {
        self.origin.elapsed()
    }
}
