//! One fetch at a time, which nobody who waits for it can cancel.

use std::time::Duration;

use tokio::sync::watch;

/// The flight that is in the air, if any. It lives under its owner's lock.
#[derive(Debug)]
pub(super) struct SingleFlight<T> {
    aloft: Option<Flight<T>>,
    /// Flights are numbered, so that a lost one that comes home late is known for what it is.
    last_number: u64,
}

#[derive(Debug)]
struct Flight<T> {
    number: u64,
    outcome: watch::Receiver<Option<T>>,
    /// Whoever flies on a runtime that nobody drives any more never lands.
    lost_at: Duration,
}

/// Waits for a flight. Dropping it leaves the flight alone.
#[derive(Debug)]
pub(super) struct Waiting<T>(watch::Receiver<Option<T>>);

/// Held by the one who flies.
#[derive(Debug)]
pub(super) struct Ticket<T> {
    number: u64,
    outcome: watch::Sender<Option<T>>,
}

impl<T: Clone> SingleFlight<T> {
    pub(super) const fn new() -> Self {
        Self { aloft: None, last_number: 0 }
    }

    /// To wait for the flight in the air.
    pub(super) fn join(&self, now: Duration) -> Option<Waiting<T>> {
        let flight = self.aloft.as_ref().filter(|flight| now < flight.lost_at)?;
        Some(Waiting(flight.outcome.clone()))
    }

    /// Starts a flight that counts as lost at `lost_at`. One that is in the air is superseded.
    pub(super) fn start(&mut self, lost_at: Duration) -> (Waiting<T>, Ticket<T>) {
        self.last_number += 1;
        let (sender, receiver) = watch::channel(None);
        let (number, outcome) = (self.last_number, receiver.clone());
        self.aloft = Some(Flight { number, outcome, lost_at });
        (Waiting(receiver), Ticket { number, outcome: sender })
    }

    /// The flight is over. Whether it was the newest: an older one has nothing to say any more.
    pub(super) fn land(&mut self, ticket: &Ticket<T>) -> bool {
        let newest = self.aloft.as_ref().is_some_and(|flight| flight.number == ticket.number);
        if newest {
            self.aloft = None;
        }
        newest
    }
}

impl<T> Ticket<T> {
    /// Tells all who wait.
    pub(super) fn announce(&self, outcome: T) {
        self.outcome.send_replace(Some(outcome));
    }
}

impl<T: Clone> Waiting<T> {
    /// The outcome; `None` when the flight ended without one.
    pub(super) async fn outcome(mut self) -> Option<T> {
        let landed = self.0.wait_for(Option::is_some).await.ok()?;
        landed.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    const SOON: Duration = Duration::from_secs(5);

    #[test]
    fn all_who_join_have_the_outcome_of_the_one_flight() {
        let mut flights = SingleFlight::new();
        assert!(flights.join(Duration::ZERO).is_none());
        let (first, ticket) = flights.start(SOON);
        let second = flights.join(Duration::ZERO).unwrap();
        let third = flights.join(Duration::ZERO).unwrap();
        drop(first); // whoever started it has gone away
        assert!(flights.land(&ticket));
        ticket.announce(7);
        assert_eq!(second.outcome().now_or_never(), Some(Some(7)));
        assert_eq!(third.outcome().now_or_never(), Some(Some(7)));
        assert!(flights.join(Duration::ZERO).is_none());
    }

    #[test]
    fn a_flight_that_ends_without_a_word_keeps_nobody_waiting() {
        let mut flights = SingleFlight::<u8>::new();
        let (waiting, ticket) = flights.start(SOON);
        drop(ticket);
        assert_eq!(waiting.outcome().now_or_never(), Some(None));
    }

    #[test]
    fn a_lost_flight_is_not_joined_and_comes_home_to_nothing() {
        let mut flights = SingleFlight::new();
        let (_, lost) = flights.start(SOON);
        assert!(flights.join(Duration::from_nanos(4_999_999_999)).is_some());
        assert!(flights.join(SOON).is_none());
        let (waiting, newer) = flights.start(SOON * 2);
        assert!(!flights.land(&lost));
        lost.announce(1);
        assert_eq!(flights.join(SOON).unwrap().outcome().now_or_never(), None);
        assert!(flights.land(&newer));
        newer.announce(2);
        assert_eq!(waiting.outcome().now_or_never(), Some(Some(2)));
    }
}
