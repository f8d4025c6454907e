//! Keys that arrive between the lookup and the refresh of a request.

use std::cell::RefCell;
use std::fmt;
use std::time::{Duration, SystemTime};

use tokio::runtime::{Builder, Handle, Runtime};
use tower_jwt_auth::clock::Clock;
use tower_jwt_auth::testing::FixedClock;

use super::fixture::{COOLDOWN, Fixture, set_of};
use crate::support::answers::document;
use crate::support::key_server::Gate;

type Hook = Box<dyn FnOnce()>;

thread_local! {
    /// Runs once when this thread reads the time, after this many earlier reads.
    static HOOK: RefCell<Option<(u32, Hook)>> = const { RefCell::new(None) };
}

/// A clock that runs the hook when a thread reads the time: after the lookup of a key and before the
/// refresh.
struct HookClock(FixedClock);

impl fmt::Debug for HookClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HookClock")
    }
}

impl Clock for HookClock {
    fn now(&self) -> SystemTime {
        self.0.now()
    }

    fn monotonic(&self) -> Duration {
        let due = HOOK.with_borrow_mut(|hook| match hook {
            Some((0, _)) => hook.take().map(|(_, run)| run),
            Some((left, _)) => {
                *left -= 1;
                None
            }
            None => None,
        });
        if let Some(run) = due {
            run();
        }
        self.0.monotonic()
    }
}

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// A fixture with that clock, and a server that delays this document.
fn fixture(document_of: impl FnOnce(&Fixture) -> String, warm: bool) -> (Fixture, Gate) {
    let runtime = Handle::current();
    let plain = Fixture::start();
    let builder =
        tower_jwt_auth::jwks::RemoteJwks::url(plain.server.url("/keys")).allow_http_on_loopback();
    let Fixture { server, clock, issuer, .. } = plain;
    let fixture = Fixture::timed(server, clock.clone(), issuer, builder, HookClock(clock));
    if warm {
        runtime.block_on(fixture.keys.warm()).unwrap();
        runtime.block_on(fixture.events.wait_for_fetches(1));
        fixture.clock.advance(COOLDOWN);
    }
    let gate = Gate::closed();
    let (held, answer) = (gate.clone(), document(&document_of(&fixture)));
    fixture.server.act(move |_, _| held.then(answer.clone()));
    (fixture, gate)
}

/// Completes the fetch in flight after this many time reads of this thread.
fn complete_fetch(fixture: &Fixture, gate: &Gate, after: u32, fetches: usize) {
    let (events, gate, runtime) = (fixture.events.clone(), gate.clone(), Handle::current());
    let complete = move || {
        gate.open();
        runtime.block_on(events.wait_for_fetches(fetches));
    };
    HOOK.set(Some((after, Box::new(complete))));
}

#[test]
fn a_key_that_arrives_after_the_lookup_is_found() {
    let runtime = runtime();
    let _guard = runtime.enter();
    let (fixture, gate) =
        fixture(|fixture| set_of([&*fixture.issuer.jwk(), &fixture.next_issuer().jwk()]), true);
    // Another request has started the fetch.
    drop(fixture.verifier.verify(&fixture.unknown()));
    runtime.block_on(fixture.server.wait_for_requests(2));
    let token = fixture.next_issuer().token().mint();
    complete_fetch(&fixture, &gate, 1, 2);
    assert_eq!(fixture.verdict_now(&token), Ok(()), "rejected although its key is available");
    assert_eq!(fixture.server.asked(), 2);
}

#[test]
fn keys_that_arrive_after_the_lookup_are_not_fetched_again() {
    let runtime = runtime();
    let _guard = runtime.enter();
    let (fixture, gate) = fixture(|fixture| fixture.issuer.jwks(), false);
    drop(fixture.verifier.verify(&fixture.known()));
    runtime.block_on(fixture.server.wait_for_requests(1));
    let token = fixture.known();
    complete_fetch(&fixture, &gate, 0, 1);
    let verdict = runtime.block_on(fixture.verifier.verify(&token)).map(drop);
    assert_eq!(verdict.map_err(|error| error.kind()), Ok(()));
    assert_eq!(fixture.server.asked(), 1, "a second fetch was started");
}
