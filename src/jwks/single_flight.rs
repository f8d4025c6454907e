//! One in-flight fetch at a time, which several callers can wait for and none can cancel.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{Semaphore, watch};

use super::failure::FetchError;
use super::sync::{timer, within};
use crate::clock::Clock;
use crate::key::FetchFailure;

/// The in-flight fetch, if any. The owner keeps it in a lock.
#[derive(Debug)]
pub(crate) struct SingleFlight<T> {
    current: Option<InFlight<T>>,
}

/// The number of the last fetch in this process. A superseded fetch that completes late is recognized by its number.
static LAST_NUMBER: AtomicU64 = AtomicU64::new(0);

#[derive(Debug)]
struct InFlight<T> {
    number: u64,
    outcome: watch::Receiver<Option<T>>,
    /// The time from which the fetch counts as lost: on a runtime that is no longer polled, it never completes.
    lost_at: Duration,
}

/// Waits for a fetch. Dropping it does not cancel the fetch.
#[derive(Debug)]
pub(crate) struct Waiting<T>(watch::Receiver<Option<T>>);

/// Held by the task that fetches.
#[derive(Debug)]
pub(crate) struct Ticket<T> {
    number: u64,
    outcome: watch::Sender<Option<T>>,
}

impl<T: Clone> SingleFlight<T> {
    pub(crate) const fn new() -> Self {
        Self { current: None }
    }

    /// Joins the in-flight fetch, if any.
    pub(crate) fn join(&self, now: Duration) -> Option<Waiting<T>> {
        let current = self.current.as_ref().filter(|fetch| now < fetch.lost_at)?;
        Some(Waiting(current.outcome.clone()))
    }

    /// Starts a fetch that counts as lost at `lost_at`. It supersedes the in-flight fetch, if any.
    pub(crate) fn start(&mut self, lost_at: Duration) -> (Waiting<T>, Ticket<T>) {
        let (sender, receiver) = watch::channel(None);
        let number = LAST_NUMBER.fetch_add(1, Ordering::Relaxed) + 1;
        let outcome = receiver.clone();
        self.current = Some(InFlight { number, outcome, lost_at });
        (Waiting(receiver), Ticket { number, outcome: sender })
    }

    /// Ends the fetch; `false` if a newer one has superseded it.
    pub(crate) fn complete(&mut self, ticket: &Ticket<T>) -> bool {
        let newest = self.current.as_ref().is_some_and(|fetch| fetch.number == ticket.number);
        if newest {
            self.current = None;
        }
        newest
    }
}

impl<T> Ticket<T> {
    /// Sends the outcome to all waiting callers.
    pub(crate) fn publish(&self, outcome: T) {
        self.outcome.send_replace(Some(outcome));
    }
}

impl<T: Clone> Waiting<T> {
    /// The outcome; `None` if the fetch ended without one.
    pub(crate) async fn outcome(mut self) -> Option<T> {
        let outcome = self.0.wait_for(Option::is_some).await.ok()?;
        outcome.clone()
    }
}

impl<T: Clone + Send + Sync + 'static> Waiting<Result<T, FetchError>> {
    /// Waits with one of the permits, and slightly longer than the timeout of the fetch, so that the fetch reports its own
    /// failure. Call it on the runtime; the future may be polled without one.
    ///
    /// # Errors
    ///
    /// There is no permit or no timer.
    pub(crate) fn limited(
        self,
        permits: &Arc<Semaphore>,
        clock: &dyn Clock,
        timeout: Duration,
    ) -> Result<impl Future<Output = Result<T, FetchError>> + Send + 'static, FetchFailure> {
        let permit = Arc::clone(permits).try_acquire_owned();
        let permit = permit.map_err(|_| FetchFailure::TooManyWaiting)?;
        let limit = timer(clock, timeout * 17 / 16)?;
        Ok(async move {
            let outcome = within(limit, self.outcome()).await?;
            drop(permit);
            outcome.unwrap_or_else(|| Err(FetchFailure::Aborted.into()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    const SOON: Duration = Duration::from_secs(5);

    #[test]
    fn all_waiting_callers_receive_the_same_outcome() {
        let mut fetches = SingleFlight::new();
        assert!(fetches.join(Duration::ZERO).is_none());
        let (first, ticket) = fetches.start(SOON);
        let second = fetches.join(Duration::ZERO).unwrap();
        let third = fetches.join(Duration::ZERO).unwrap();
        drop(first); // the caller that started it
        assert!(fetches.complete(&ticket));
        ticket.publish(7);
        assert_eq!(second.outcome().now_or_never(), Some(Some(7)));
        assert_eq!(third.outcome().now_or_never(), Some(Some(7)));
        assert!(fetches.join(Duration::ZERO).is_none());
    }

    #[test]
    fn dropping_the_ticket_ends_the_wait_without_an_outcome() {
        let mut fetches = SingleFlight::<u8>::new();
        let (waiting, ticket) = fetches.start(SOON);
        drop(ticket);
        assert_eq!(waiting.outcome().now_or_never(), Some(None));
    }

    #[test]
    fn a_lost_fetch_is_superseded_and_its_outcome_dropped() {
        let mut fetches = SingleFlight::new();
        let (_, lost) = fetches.start(SOON);
        assert!(fetches.join(Duration::from_nanos(4_999_999_999)).is_some());
        assert!(fetches.join(SOON).is_none());
        let (waiting, newer) = fetches.start(SOON * 2);
        assert!(!fetches.complete(&lost));
        lost.publish(1);
        assert_eq!(fetches.join(SOON).unwrap().outcome().now_or_never(), None);
        assert!(fetches.complete(&newer));
        newer.publish(2);
        assert_eq!(waiting.outcome().now_or_never(), Some(Some(2)));
    }
}
