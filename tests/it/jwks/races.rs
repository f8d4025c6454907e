//! Between looking at the keys and asking for newer ones, newer ones may have come.

use std::cell::RefCell;
use std::fmt;
use std::time::{Duration, SystemTime};

use tokio::runtime::{Builder, Handle, Runtime};
use tower_jwt_auth::clock::Clock;
use tower_jwt_auth::testing::FixedClock;

use super::fixture::{COOL_DOWN, Fixture, set_of};
use crate::support::answers::document;
use crate::support::key_server::Gate;

type Hook = Box<dyn FnOnce()>;

thread_local! {
    /// What this thread does before it reads the time again, after it has read it that often.
    static HOOK: RefCell<Option<(u32, Hook)>> = const { RefCell::new(None) };
}

/// A clock that can stop a thread where it reads the time: after it has looked at the keys, and before it
/// asks for others.
struct StopWatch(FixedClock);

impl fmt::Debug for StopWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StopWatch")
    }
}

impl Clock for StopWatch {
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

/// A fixture on that clock, and a server that holds this document back.
fn fixture(document_of: impl FnOnce(&Fixture) -> String, warm: bool) -> (Fixture, Gate) {
    let runtime = Handle::current();
    let plain = Fixture::start();
    let builder =
        tower_jwt_auth::jwks::RemoteJwks::url(plain.server.url("/keys")).allow_http_on_loopback();
    let Fixture { server, clock, issuer, .. } = plain;
    let fixture = Fixture::timed(server, clock.clone(), issuer, builder, StopWatch(clock));
    if warm {
        runtime.block_on(fixture.keys.warm()).unwrap();
        runtime.block_on(fixture.events.landed(1));
        fixture.clock.advance(COOL_DOWN);
    }
    let gate = Gate::closed();
    let (held, answer) = (gate.clone(), document(&document_of(&fixture)));
    fixture.server.act(move |_, _| held.then(answer.clone()));
    (fixture, gate)
}

/// When this thread has read the time that often, a fetch that is under way ends first.
fn land_first(fixture: &Fixture, gate: &Gate, after: u32, flights: usize) {
    let (events, gate, runtime) = (fixture.events.clone(), gate.clone(), Handle::current());
    let land = move || {
        gate.open();
        runtime.block_on(events.landed(flights));
    };
    HOOK.set(Some((after, Box::new(land))));
}

#[test]
fn a_key_that_has_just_come_is_found_by_who_looked_a_moment_too_early() {
    let runtime = runtime();
    let _guard = runtime.enter();
    let (fixture, gate) =
        fixture(|fixture| set_of([&*fixture.issuer.jwk(), &fixture.next_issuer().jwk()]), true);
    // Somebody else has made the fetch start.
    drop(fixture.verifier.verify(&fixture.unknown()));
    runtime.block_on(fixture.server.was_asked(2));
    let token = fixture.next_issuer().token().mint();
    land_first(&fixture, &gate, 1, 2);
    assert_eq!(fixture.verdict_now(&token), Ok(()), "refused although its key is here");
    assert_eq!(fixture.server.asked(), 2);
}

#[test]
fn keys_that_have_just_come_are_not_fetched_again() {
    let runtime = runtime();
    let _guard = runtime.enter();
    let (fixture, gate) = fixture(|fixture| fixture.issuer.jwks(), false);
    drop(fixture.verifier.verify(&fixture.known()));
    runtime.block_on(fixture.server.was_asked(1));
    let token = fixture.known();
    land_first(&fixture, &gate, 0, 1);
    let verdict = runtime.block_on(fixture.verifier.verify(&token)).map(drop);
    assert_eq!(verdict.map_err(|error| error.kind()), Ok(()));
    assert_eq!(fixture.server.asked(), 1, "one fetch would have done");
}
