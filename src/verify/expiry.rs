//! Waits until a verified token has expired or is revoked.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use super::verified::{AnyToken, Verified};
use crate::claims::NumericDate;
use crate::clock::{Clock, LazyTimer, Timer};
use crate::error::ErrorKind;
use crate::jwt::{Lifetime, Recheck, Revokes, Token};
use crate::revocation::Revocation;

/// How often it is checked whether the token is revoked. The documentation names this value.
const REVOCATION_INTERVAL: Duration = Duration::from_secs(5);

/// The longest sleep. The wall clock can be set forward, and monotonic time can stop while a machine is suspended.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// How many timers may complete in one poll. In a runtime that is shut down, every timer completes at once.
const MOST_TIMERS: usize = 4;

/// What the tokens of a verifier are checked with after their verification.
pub(super) fn recheck(
    clock: &Arc<dyn Clock>,
    revocation: Option<&Arc<dyn Revocation>>,
) -> Arc<Recheck> {
    let revokes = revocation.cloned().map(|revocation| -> Box<Revokes> {
        Box::new(move |token: &Token| revocation.revokes(token))
    });
    Arc::new(Recheck { clock: Arc::clone(clock), revokes })
}

/// Watches one token.
pub(crate) struct Expiry {
    token: Arc<dyn AnyToken>,
    /// The monotonic time of the next check for revocation.
    next_check: Duration,
    timer: LazyTimer,
}

impl Expiry {
    pub(crate) fn new(token: Arc<dyn AnyToken>) -> Self {
        Self { token, next_check: Duration::ZERO, timer: LazyTimer::NotStarted }
    }

    /// Why the token is no longer valid: [`ErrorKind::TokenExpired`] or [`ErrorKind::TokenRevoked`].
    pub(crate) fn check(&mut self) -> Option<ErrorKind> {
        let lifetime = self.token.lifetime()?;
        let (recheck, token) = (&*lifetime.recheck, self.token.token());
        if let Some(end) = lifetime.end_of(token)
            && NumericDate::from(recheck.clock.now()) >= end
        {
            return Some(ErrorKind::TokenExpired);
        }
        let revokes = recheck.revokes.as_ref()?;
        let now = recheck.clock.monotonic();
        if now < self.next_check {
            return None;
        }
        self.next_check = now.saturating_add(REVOCATION_INTERVAL);
        revokes(token).then_some(ErrorKind::TokenRevoked)
    }

    /// Ready when the token is no longer valid.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<ErrorKind> {
        for _ in 0..MOST_TIMERS {
            if let Some(kind) = self.check() {
                return Poll::Ready(kind);
            }
            let Some(lifetime) = self.token.lifetime() else { return Poll::Pending };
            let (token, next_check) = (self.token.token(), self.next_check);
            let start = || timer(lifetime, lifetime.end_of(token), next_check);
            match self.timer.poll(cx, start) {
                Some(Poll::Ready(())) => self.timer = LazyTimer::NotStarted,
                Some(Poll::Pending) | None => return Poll::Pending,
            }
        }
        self.timer = LazyTimer::Missing;
        Poll::Pending
    }
}

/// A timer until the next time at which the token may be no longer valid.
fn timer(lifetime: &Lifetime, end: Option<NumericDate>, next_check: Duration) -> Option<Timer> {
    let clock = &*lifetime.recheck.clock;
    let now = clock.monotonic();
    let end = end.and_then(NumericDate::to_system_time);
    let left = end.map(|end| end.duration_since(clock.now()).unwrap_or_default());
    let next_check = lifetime.recheck.revokes.is_some().then_some(next_check);
    let end = left.map(|left| now.saturating_add(left.min(LONGEST_SLEEP)));
    clock.sleep_until(end.into_iter().chain(next_check).min()?)
}

/// Completes when the token is no longer valid.
pub(crate) fn expired(
    token: Arc<dyn AnyToken>,
) -> impl Future<Output = ()> + Send + Sync + Unpin + 'static {
    let mut expiry = Expiry::new(token);
    std::future::poll_fn(move |cx| expiry.poll(cx).map(|_| ()))
}

impl<C: Send + Sync + 'static> Verified<C> {
    /// Returns a future that completes when the token has expired or is known to be revoked.
    ///
    /// Use it to end what continues after the response, such as a WebSocket. To end the bodies of responses, use
    /// [`JwtAuthLayer::end_streams_at_expiry`](crate::JwtAuthLayer::end_streams_at_expiry).
    ///
    /// The token expires when `exp` (RFC 7519 §4.1.4) and the leeway of the issuer's policy have passed on the
    /// verifier's clock. A token without `exp` does not expire. A new `exp` needs a new token: this future does not
    /// look at other tokens of the same user, at changes of the keys or of the trusted issuers, or at
    /// [`Policy::max_age`](crate::Policy::max_age).
    ///
    /// Every 5 seconds, [`Revocation::revokes`](crate::revocation::Revocation::revokes) of the verifier's revocation
    /// check is called. By default it returns `false`.
    ///
    /// The future is independent of this value, and a `&mut` to it is a future as well. It needs the timer of
    /// [`Clock::sleep_until`](crate::clock::Clock::sleep_until): with the default clock, the feature `tokio-timer` or
    /// `jwks`, and a Tokio runtime with `enable_time`. Without a timer, the future notices the end only when it is
    /// polled for another reason.
    ///
    /// ```
    /// # tokio_test::block_on(async {
    /// use std::time::Duration;
    /// use tokio::sync::mpsc;
    /// use tower_jwt_auth::testing::{FixedClock, TestIssuer};
    /// use tower_jwt_auth::{Verified, Verifier};
    ///
    /// /// Prints messages until the token expires.
    /// async fn serve(user: &Verified, messages: &mut mpsc::Receiver<String>) -> &'static str {
    ///     let mut expired = user.expired();
    ///     loop {
    ///         tokio::select! {
    ///             () = &mut expired => return "the token expired",
    ///             message = messages.recv() => match message {
    ///                 Some(message) => println!("{message}"),
    ///                 None => return "the client is gone",
    ///             },
    ///         }
    ///     }
    /// }
    ///
    /// let clock = FixedClock::new();
    /// let issuer = TestIssuer::hs256().clock(clock.clone());
    /// let verifier =
    ///     Verifier::shared_secret(issuer.secret()).any_audience().clock(clock.clone()).build()?;
    /// let valid_for = |time| verifier.verify_now(&issuer.token().expires_in(time).mint());
    /// let short = valid_for(Duration::from_secs(600))?;
    /// let long = valid_for(Duration::from_secs(3600))?;
    ///
    /// clock.advance(Duration::from_secs(660)); // the leeway is 60 seconds
    /// let (sender, mut messages) = mpsc::channel(1);
    /// assert_eq!(serve(&short, &mut messages).await, "the token expired");
    /// drop(sender);
    /// assert_eq!(serve(&long, &mut messages).await, "the client is gone");
    /// # Ok::<(), Box<dyn std::error::Error>>(()) })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn expired(&self) -> impl Future<Output = ()> + Send + Sync + Unpin + 'static + use<C> {
        expired(self.any_token())
    }
}

impl fmt::Debug for Expiry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Expiry").field("token", self.token.token()).finish_non_exhaustive()
    }
}
