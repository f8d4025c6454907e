//! A result that is usually ready immediately.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;

/// A value that is ready now, or a future that returns it.
///
/// Traits whose implementations may need I/O return it: key sources, revocation and proof of possession. A value that
/// is in memory needs no future: [`Answer::now`] does not allocate, and only [`Answer::later`] boxes one.
///
/// ```
/// use tower_jwt_auth::Answer;
///
/// assert_eq!(Answer::now(7).try_now().ok(), Some(7));
///
/// let waiting = Answer::later(async { 7 });
/// assert!(waiting.try_now().is_err()); // returns the answer, which can be awaited
/// ```
#[must_use = "an answer does nothing until it is taken or awaited"]
pub struct Answer<T>(State<T>);

enum State<T> {
    Now(Option<T>),
    Later(BoxFuture<'static, T>),
}

impl<T> Answer<T> {
    /// Creates an answer that is ready.
    pub const fn now(value: T) -> Self {
        Self(State::Now(Some(value)))
    }

    /// Creates an answer from a future.
    pub fn later(future: impl Future<Output = T> + Send + 'static) -> Self {
        Self(State::Later(Box::pin(future)))
    }

    /// Returns the value if it is ready, without polling.
    ///
    /// # Errors
    ///
    /// Returns the answer itself if it must be awaited, or if polling has already returned its value.
    pub fn try_now(self) -> Result<T, Self> {
        match self.0 {
            State::Now(Some(value)) => Ok(value),
            waiting => Err(Self(waiting)),
        }
    }
}

// The value is never pinned, and the boxed future is pinned by its box.
impl<T> Unpin for Answer<T> {}

impl<T> Future for Answer<T> {
    type Output = T;

    /// Do not poll the answer again after it was ready; it then stays pending.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        match &mut self.0 {
            State::Now(value) => value.take().map_or(Poll::Pending, Poll::Ready),
            State::Later(future) => {
                let value = std::task::ready!(future.as_mut().poll(cx));
                // Drops the completed future, so that a second poll cannot reach it.
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
    fn ready_and_later_answers_can_be_awaited() {
        assert_eq!(Answer::now(1).now_or_never(), Some(1));
        assert_eq!(Answer::later(async { 2 }).now_or_never(), Some(2));
    }

    #[test]
    fn polling_after_completion_is_pending() {
        for mut answer in [Answer::now(1), Answer::later(async { 1 })] {
            assert_eq!((&mut answer).now_or_never(), Some(1));
            assert_eq!((&mut answer).now_or_never(), None);
            assert!(answer.try_now().is_err());
        }
    }
}
