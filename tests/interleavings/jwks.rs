//! Tests thread interleavings over one key set with thousands of random schedules:
//! `RUSTFLAGS='--cfg shuttle' cargo test --lib --features jwks,denylist,test-util interleavings`. `SHUTTLE_SCHEDULES` sets the
//! number of schedules.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame};
use shuttle::future::{block_on, yield_now};
use shuttle::rand::Rng;
use shuttle::thread;

use super::{NoBody, RemoteJwks};
use crate::key::{KeySource, RefreshReason, Refreshed};
use crate::schedules::check;
use crate::testing::{FixedClock, TestIssuer};

/// A body of one chunk.
struct Whole(Option<Bytes>);

impl Body for Whole {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.take().map(|bytes| Ok(Frame::data(bytes))))
    }
}

/// A key server whose n-th response contains a key with id n, after a delay of any length.
struct Server {
    clock: FixedClock,
    fetches: Arc<AtomicUsize>,
    keys: RemoteJwks,
}

fn server() -> Server {
    serving(|_, _| false)
}

/// Delays the first response until the count of fetches is three. The test sets it after the second fetch.
fn server_that_delays_the_first_response() -> Server {
    serving(|number, fetches| number == 1 && fetches.load(Ordering::SeqCst) < 3)
}

fn serving(held_back: fn(usize, &AtomicUsize) -> bool) -> Server {
    let (clock, fetches) = (FixedClock::new(), Arc::new(AtomicUsize::new(0)));
    let counter = Arc::clone(&fetches);
    let client = tower::service_fn(move |_: Request<NoBody>| {
        let number = counter.fetch_add(1, Ordering::SeqCst) + 1;
        let counter = Arc::clone(&counter);
        async move {
            while held_back(number, &counter) {
                yield_now().await;
            }
            for _ in 0..shuttle::rand::thread_rng().gen_range(0..3) {
                yield_now().await;
            }
            let document = TestIssuer::es256().key_id(number.to_string()).jwks();
            Ok::<_, Infallible>(Response::new(Whole(Some(document.into()))))
        }
    });
    let keys = RemoteJwks::url("https://auth.example.com/keys").client(client);
    let keys = keys.clock(clock.clone()).build().unwrap();
    Server { clock, fetches, keys }
}

/// Polls the future this many times and then drops it, like a request whose client disconnects.
async fn abandoned<F: Future>(future: F, polls: usize) {
    let mut future = pin!(future);
    for _ in 0..polls {
        let ready =
            std::future::poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx).is_ready())).await;
        if ready {
            return;
        }
        yield_now().await;
    }
}

#[test]
fn concurrent_cold_callers_share_one_fetch() {
    check(2_000, || {
        let Server { fetches, keys, .. } = server();
        let leaving = keys.clone();
        let leaver = thread::spawn(move || {
            let polls = shuttle::rand::thread_rng().gen_range(0..4);
            block_on(abandoned(KeySource::refresh(&leaving, RefreshReason::Empty), polls));
        });
        let callers: Vec<_> = (0..2)
            .map(|_| {
                let keys = keys.clone();
                thread::spawn(move || {
                    let outcome = block_on(KeySource::refresh(&keys, RefreshReason::Empty));
                    assert!(outcome.is_ok());
                    assert!(keys.current().is_some());
                })
            })
            .collect();
        leaver.join().unwrap();
        callers.into_iter().for_each(|caller| caller.join().unwrap());
        // A caller after the completion finds the keys in memory, and may refresh once more with the reason "empty".
        assert!((1..=3).contains(&fetches.load(Ordering::SeqCst)));
    });
}

#[test]
fn unknown_ids_cause_one_fetch_per_cooldown() {
    check(2_000, || {
        let Server { clock, fetches, keys } = server();
        block_on(keys.warm()).unwrap();
        clock.advance(Duration::from_secs(30));
        let callers: Vec<_> = (0..3)
            .map(|_| {
                let keys = keys.clone();
                thread::spawn(move || {
                    let outcome = block_on(KeySource::refresh(&keys, RefreshReason::UnknownKey));
                    assert!(keys.current().is_some());
                    outcome.unwrap()
                })
            })
            .collect();
        assert!(keys.current().is_some());
        let outcomes = callers.into_iter().map(|caller| caller.join().unwrap());
        let asked = outcomes.filter(|outcome| *outcome == Refreshed::Replaced).count();
        assert!(asked >= 1);
        assert_eq!(fetches.load(Ordering::SeqCst), 2);
    });
}

#[test]
fn each_early_refresh_starts_exactly_once() {
    check(2_000, || {
        let Server { clock, fetches, keys } = server();
        block_on(keys.warm()).unwrap();
        for fetched in 2..=3 {
            clock.advance(Duration::from_secs(8 * 60));
            let callers: Vec<_> = (0..2)
                .map(|_| {
                    let keys = keys.clone();
                    thread::spawn(move || assert!(keys.current().is_some()))
                })
                .collect();
            callers.into_iter().for_each(|caller| caller.join().unwrap());
            // Joins the started fetch, or finds it completed.
            let _ = block_on(KeySource::refresh(&keys, RefreshReason::UnknownKey));
            assert_eq!(fetches.load(Ordering::SeqCst), fetched);
        }
    });
}

#[test]
fn a_late_response_does_not_replace_a_newer_one() {
    check(2_000, || {
        let Server { clock, fetches, keys } = server_that_delays_the_first_response();
        let first = keys.clone();
        let first = thread::spawn(move || {
            // This fetch is superseded, so its response is ignored.
            assert!(block_on(KeySource::refresh(&first, RefreshReason::Empty)).is_err());
        });
        while fetches.load(Ordering::SeqCst) == 0 {
            thread::yield_now();
        }
        // After twice the longest fetch time, the first fetch counts as lost.
        clock.advance(Duration::from_secs(10));
        assert!(block_on(KeySource::refresh(&keys, RefreshReason::Empty)).is_ok());
        let generation = keys.current().unwrap().generation();
        fetches.fetch_add(1, Ordering::SeqCst); // releases the first response
        first.join().unwrap();
        for _ in 0..8 {
            thread::yield_now();
        }
        assert_eq!(keys.current().unwrap().generation(), generation);
    });
}
