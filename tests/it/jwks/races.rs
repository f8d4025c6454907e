//! Between looking at the keys and asking for newer ones, newer ones may have come.

use std::cell::RefCell;
use std::fmt;
use std::time::{Duration, SystemTime};

use tokio::runtime::{Builder, Handle, Runtime};
use tower_jwt_auth::clock::Clock;
use tower_jwt_auth::testing::FixedClock;

use super::rig::{COOL_DOWN, Rig, set_of};
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

/// A rig on that clock, and a server that holds this document back.
fn rig(document_of: impl FnOnce(&Rig) -> String, warm: bool) -> (Rig, Gate) {
    let runtime = Handle::current();
    let plain = Rig::start();
    let builder =
        tower_jwt_auth::jwks::RemoteJwks::url(plain.server.url("/keys")).allow_http_on_loopback();
    let Rig { server, clock, issuer, .. } = plain;
    let rig = Rig::timed(server, clock.clone(), issuer, builder, StopWatch(clock));
    if warm {
        runtime.block_on(rig.keys.warm()).unwrap();
        runtime.block_on(rig.events.landed(1));
        rig.clock.advance(COOL_DOWN);
    }
    let gate = Gate::closed();
    let (held, answer) = (gate.clone(), document(&document_of(&rig)));
    rig.server.act(move |_, _| held.then(answer.clone()));
    (rig, gate)
}

/// When this thread has read the time that often, a fetch that is under way ends first.
fn land_first(rig: &Rig, gate: &Gate, after: u32, flights: usize) {
    let (events, gate, runtime) = (rig.events.clone(), gate.clone(), Handle::current());
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
    let (rig, gate) = rig(|rig| set_of([&*rig.issuer.jwk(), &rig.next_issuer().jwk()]), true);
    // Somebody else has made the fetch start.
    drop(rig.verifier.verify(&rig.unknown()));
    runtime.block_on(rig.server.was_asked(2));
    let token = rig.next_issuer().token().mint();
    land_first(&rig, &gate, 1, 2);
    assert_eq!(rig.verdict_now(&token), Ok(()), "refused although its key is here");
    assert_eq!(rig.server.asked(), 2);
}

#[test]
fn keys_that_have_just_come_are_not_fetched_again() {
    let runtime = runtime();
    let _guard = runtime.enter();
    let (rig, gate) = rig(|rig| rig.issuer.jwks(), false);
    drop(rig.verifier.verify(&rig.known()));
    runtime.block_on(rig.server.was_asked(1));
    let token = rig.known();
    land_first(&rig, &gate, 0, 1);
    let verdict = runtime.block_on(rig.verifier.verify(&token)).map(drop);
    assert_eq!(verdict.map_err(|error| error.kind()), Ok(()));
    assert_eq!(rig.server.asked(), 1, "one fetch would have done");
}
