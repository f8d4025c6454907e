//! A result that is usually ready and sometimes has to wait.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;

/// A value that is ready now, or a future that will have it.
///
/// Verification waits for nothing but keys and revocation lists that are elsewhere. While they are
/// in memory an answer is made with [`Answer::now`] and costs nothing; only [`Answer::later`] boxes.
///
/// ```
/// use tower_jwt_auth::Answer;
///
/// assert_eq!(Answer::now(7).try_now().ok(), Some(7));
///
/// let waiting = Answer::later(async { 7 });
/// assert!(waiting.try_now().is_err()); // handed back, to be awaited
/// ```
#[must_use = "an answer does nothing until it is taken or awaited"]
pub struct Answer<T>(State<T>);

enum State<T> {
    Now(Option<T>),
    Later(BoxFuture<'static, T>),
}

impl<T> Answer<T> {
    /// An answer that is there.
    pub const fn now(value: T) -> Self {
        Self(State::Now(Some(value)))
    }

    /// An answer that has to be waited for.
    pub fn later(future: impl Future<Output = T> + Send + 'static) -> Self {
        Self(State::Later(Box::pin(future)))
    }

    /// Takes the value if it is there, without polling anything.
    ///
    /// # Errors
    ///
    /// Gives the answer back when it has to be waited for, or when polling has already taken it.
    pub fn try_now(self) -> Result<T, Self> {
        match self.0 {
            State::Now(Some(value)) => Ok(value),
            waiting => Err(Self(waiting)),
        }
    }
}

// The value is moved out whole and never pinned; the boxed future is pinned by its box.
impl<T> Unpin for Answer<T> {}

impl<T> Future for Answer<T> {
    type Output = T;

    /// Like any future, not to be polled again once it was ready: it then stays pending.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        match &mut self.0 {
            State::Now(value) => value.take().map_or(Poll::Pending, Poll::Ready),
            State::Later(future) => {
                let value = std::task::ready!(future.as_mut().poll(cx));
                // Drops the finished future: a second poll must not reach it.
                self.0 = State::Now(None);
                Poll::Ready(value)
            }
        }
    }
}

impl<T> From<T> for Answer<T> {
    fn from(value: T) -> Self {
        Self::now(value)
    }
}

impl<T> fmt::Debug for Answer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            State::Now(_) => "Answer::now(..)",
            State::Later(_) => "Answer::later(..)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[test]
    fn both_forms_can_be_awaited() {
        assert_eq!(Answer::now(1).now_or_never(), Some(1));
        assert_eq!(Answer::later(async { 2 }).now_or_never(), Some(2));
    }

    #[test]
    fn polling_again_after_the_value_was_taken_is_pending_and_not_a_panic() {
        for mut answer in [Answer::now(1), Answer::later(async { 1 })] {
            assert_eq!((&mut answer).now_or_never(), Some(1));
            assert_eq!((&mut answer).now_or_never(), None);
            assert!(answer.try_now().is_err());
        }
    }
}
