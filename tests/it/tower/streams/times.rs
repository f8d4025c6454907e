//! When a body ends: clocks and timers.

use std::pin::Pin;
use std::time::Duration;

use http_body::SizeHint;
use tower_jwt_auth::ErrorKind;
use tower_jwt_auth::clock::Clock;
use tower_jwt_auth::testing::FixedClock;

use super::fixture::{
    END, LIFETIME, NANOSECOND, SECOND, Sending, builder, good, just_before, layer,
};
use crate::support::stepped_clock::SteppedClock;

#[test]
fn a_body_that_is_always_ready_ends_without_a_timer() {
    let mut it = Sending::of_type("text/event-stream");
    for _ in 0..10 {
        it.send("data");
    }
    for _ in 0..5 {
        assert_eq!(it.next().unwrap().unwrap().into_data().unwrap(), "data");
    }
    it.clock.advance(just_before(END));
    assert_eq!(it.next().unwrap().unwrap().into_data().unwrap(), "data");
    it.clock.advance(NANOSECOND);
    assert!(it.next().is_none());
    it.assert_over();
    assert_eq!(it.clock.made(), 0);
}

#[test]
fn a_waiting_body_has_one_timer() {
    let mut it = Sending::of(&[]);
    it.assert_passes("one");
    it.assert_passes("two");
    assert_eq!(it.clock.made(), 0);
    it.assert_waits();
    it.assert_waits();
    it.assert_passes("three");
    it.assert_waits();
    assert_eq!((it.clock.made(), it.clock.sleeping()), (1, 1));
    it.clock.advance(61 * SECOND);
    it.assert_waits();
    assert_eq!((it.clock.made(), it.clock.sleeping()), (2, 1));
    let clock = it.clock.clone();
    drop(it);
    assert_eq!(clock.sleeping(), 0);
}

#[test]
fn the_leeway_is_that_of_the_policy() {
    for leeway in [Duration::ZERO, 300 * SECOND] {
        let clock = SteppedClock::default();
        let (layer, request) = (layer(builder(&clock).leeway(leeway)), good(&clock));
        let mut it = Sending::with(clock, &layer, request, &[], SizeHint::new());
        it.assert_waits();
        it.clock.advance(just_before(LIFETIME + leeway));
        it.assert_waits();
        it.clock.advance(NANOSECOND);
        it.assert_error(ErrorKind::TokenExpired);
    }
}

#[test]
fn a_clock_set_back_delays_the_end() {
    let mut it = Sending::of(&[]);
    it.assert_waits();
    let start = it.clock.now();
    it.clock.advance(END.saturating_sub(SECOND));
    it.assert_waits();
    it.clock.set(start);
    it.clock.advance(2 * SECOND);
    it.assert_waits();
    it.clock.advance(END.saturating_sub(2 * SECOND));
    it.assert_error(ErrorKind::TokenExpired);
}

#[test]
fn a_clock_set_forward_is_noticed_within_a_minute() {
    let mut it = Sending::of(&[]);
    it.assert_waits();
    it.clock.set(it.clock.now() + END);
    it.clock.advance(just_before(60 * SECOND));
    assert!(!it.body.is_woken());
    it.clock.advance(NANOSECOND);
    assert!(it.body.is_woken());
    it.assert_error(ErrorKind::TokenExpired);
}

#[test]
fn without_timers_the_token_is_checked_at_each_poll() {
    // Outside a runtime, this clock has no timers.
    let clock = FixedClock::new();
    let (layer, request) = (layer(builder(&clock)), good(&clock));
    let mut it = Sending::with(clock, &layer, request, &[], SizeHint::new());
    it.assert_waits();
    it.clock.advance(just_before(END));
    it.assert_waits();
    it.assert_passes("data");
    it.clock.advance(NANOSECOND);
    it.assert_error(ErrorKind::TokenExpired);
}

#[test]
fn timers_that_complete_at_once_do_not_hang() {
    /// A clock whose timers never wait, as in a runtime that is shut down.
    #[derive(Clone, Debug)]
    struct Hasty(FixedClock);
    impl Clock for Hasty {
        fn now(&self) -> std::time::SystemTime {
            self.0.now()
        }
        fn monotonic(&self) -> Duration {
            self.0.monotonic()
        }
        fn sleep_until(
            &self,
            _: Duration,
        ) -> Option<Pin<Box<dyn Future<Output = ()> + Send + Sync>>> {
            Some(Box::pin(std::future::ready(())))
        }
    }
    let clock = Hasty(FixedClock::new());
    let (layer, request) = (layer(builder(&clock)), good(&clock));
    let mut it = Sending::with(clock, &layer, request, &[], SizeHint::new());
    it.assert_waits();
    it.clock.0.advance(END);
    it.assert_error(ErrorKind::TokenExpired);
}
