//! Requests that wait for keys or a revocation list hold no permit in the meantime.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::Request;
use tokio::sync::oneshot;
use tokio_test::{assert_pending, assert_ready, assert_ready_err, assert_ready_ok, task};
use tower::{Layer, Service};
use tower_jwt_auth::middleware::JwtAuth;
use tower_jwt_auth::revocation::{Presented, Revocation, Standing};
use tower_jwt_auth::testing::TestIssuer;
use tower_jwt_auth::{Answer, Error, ErrorKind, Issuer, JwtAuthLayer, Policy, Verifier};
use tower_test::mock::Spawn;

use crate::support::ask::bearer;
use crate::support::late_keys::LateKeys;
use crate::support::permits::Event::{Called, Polled};
use crate::support::permits::{Broken, Gate, Limited};

/// The issuer with its key in memory.
fn early() -> TestIssuer {
    TestIssuer::es256().key_id("early")
}

/// The issuer whose key arrives later.
fn late() -> TestIssuer {
    TestIssuer::es256().with_other_key().key_id("late")
}

fn good(issuer: &TestIssuer) -> Request<String> {
    bearer(&issuer.token().subject("ada").mint())
}

struct Setup {
    keys: LateKeys,
    gate: Gate,
    service: Spawn<JwtAuth<Limited>>,
}

impl Setup {
    /// A service with one permit, and a source with the early key.
    fn new() -> Self {
        let keys = LateKeys::with(&early().jwks());
        let trusted = Issuer::unnamed(keys.clone(), Policy::new().any_audience());
        let verifier = Verifier::builder().trust(trusted).build().unwrap();
        let (gate, limited) = Gate::with_permits(1);
        let service = Spawn::new(JwtAuthLayer::new(verifier).layer(limited));
        Self { keys, gate, service }
    }

    fn call<B: Send + 'static>(
        &mut self,
        request: Request<B>,
    ) -> task::Spawn<<JwtAuth<Limited> as Service<Request<B>>>::Future> {
        assert_ready_ok!(self.service.poll_ready::<Request<B>>());
        task::spawn(self.service.call(request))
    }

    /// Sends a token whose key is still missing, and asserts that the request waits.
    fn wait(&mut self) -> task::Spawn<<JwtAuth<Limited> as Service<Request<String>>>::Future> {
        let mut waiting = self.call(good(&late()));
        assert_pending!(waiting.poll());
        waiting
    }
}

#[test]
fn waiting_requests_hold_no_permit() {
    let mut it = Setup::new();
    let mut waiting: Vec<_> = (0..3).map(|_| it.wait()).collect();
    assert_eq!((it.gate.free(), it.keys.waiting()), (1, 3));
    let mut other = it.call(good(&early()));
    assert_eq!(assert_ready_ok!(other.poll()).status(), 200);
    drop(other);

    it.keys.arrive(&late().jwks());
    for waiting in &mut waiting {
        assert!(waiting.is_woken());
        assert_eq!(assert_ready_ok!(waiting.poll()).status(), 200);
    }
    waiting.clear();
    assert_eq!((it.gate.free(), it.gate.alive()), (1, 1));
}

#[test]
fn no_permit_is_held_before_the_first_poll() {
    let mut it = Setup::new();
    let waiting = it.call(good(&late()));
    assert_eq!(it.gate.free(), 1);
    drop(waiting);
    assert_eq!(it.keys.waiting(), 0);
}

#[test]
fn after_waiting_the_future_calls_its_own_clone() {
    let mut it = Setup::new();
    let mut waiting = it.wait();
    it.gate.events();
    it.keys.arrive(&late().jwks());
    assert_eq!(assert_ready_ok!(waiting.poll()).status(), 200);
    let events = it.gate.events();
    let [Polled(polled), Called(called)] = events[..] else {
        panic!("{events:?}");
    };
    assert_eq!(polled, called);
    assert_ne!(called, it.service.get_ref().get_ref().id());
}

#[test]
fn an_accepted_request_waits_for_a_busy_service() {
    let mut it = Setup::new();
    let mut waiting = it.wait();
    // Another caller takes the only permit and keeps it.
    let running = it.call(good(&early()));
    assert_eq!(it.gate.free(), 0);
    it.keys.arrive(&late().jwks());
    assert!(waiting.is_woken());
    assert_pending!(waiting.poll());
    assert_pending!(waiting.poll());
    assert_eq!(it.keys.waiting(), 0, "the keys are requested once");
    drop(running);
    assert!(waiting.is_woken());
    assert_eq!(assert_ready_ok!(waiting.poll()).status(), 200);
    drop(waiting);
    assert_eq!((it.gate.free(), it.gate.alive()), (1, 1));
}

type Outcome = fn(&LateKeys);

#[test]
fn a_rejection_after_waiting_never_polls_the_service() {
    let tampered = bearer(&late().token().mint_tampered());
    // A failing source does not affect a token whose key is in memory.
    let tampered_early = bearer(&early().token().mint_tampered());
    let unknown = bearer(&late().token().header("kid", "unheard-of").mint());
    let arrive: Outcome = |keys| keys.arrive(&late().jwks());
    let fail: Outcome = |keys| keys.fail(Duration::from_secs(9));
    let rows: [(Request<String>, Outcome, ErrorKind, u16); 5] = [
        (good(&late()), fail, ErrorKind::KeysUnavailable, 503),
        (tampered_early, fail, ErrorKind::InvalidSignature, 401),
        (good(&late()), |keys| keys.arrive(&early().jwks()), ErrorKind::UnknownKey, 401),
        (tampered, arrive, ErrorKind::InvalidSignature, 401),
        (unknown, arrive, ErrorKind::UnknownKey, 401),
    ];
    for (request, outcome, kind, status) in rows {
        let mut it = Setup::new();
        let mut waiting = it.call(request);
        assert_pending!(waiting.poll());
        it.gate.events();
        outcome(&it.keys);
        assert!(waiting.is_woken());
        let response = assert_ready_ok!(waiting.poll());
        assert_eq!(response.status(), status, "{kind}");
        assert_eq!(response.extensions().get::<Error>().map(Error::kind), Some(kind));
        assert_eq!(response.headers().get("retry-after").is_some(), status == 503);
        assert_eq!(it.gate.events(), [], "{kind}");
        // A further poll stays pending and does not panic.
        assert_pending!(waiting.poll());
        drop(waiting);
        assert_eq!((it.gate.free(), it.gate.alive()), (1, 1));
    }
}

#[test]
fn a_readiness_error_after_the_verdict_is_returned() {
    let mut it = Setup::new();
    let mut waiting = it.wait();
    it.gate.break_down();
    // A readiness error does not affect the verdict: the request still waits for its keys.
    assert_pending!(waiting.poll());
    it.keys.arrive(&late().jwks());
    assert_eq!(assert_ready_err!(waiting.poll()), Broken::NotReady);
    assert_pending!(waiting.poll());
    drop(waiting);
    assert_eq!((it.gate.free(), it.gate.alive()), (1, 1));
}

#[test]
fn a_call_error_after_waiting_is_returned() {
    let mut it = Setup::new();
    let mut request = good(&late());
    *request.uri_mut() = "/fail".parse().unwrap();
    let mut waiting = it.call(request);
    assert_pending!(waiting.poll());
    it.keys.arrive(&late().jwks());
    assert_eq!(assert_ready_err!(waiting.poll()), Broken::Failed);
}

#[test]
fn dropping_a_request_waiting_for_keys_leaks_nothing() {
    let mut it = Setup::new();
    let body = Arc::new(());
    let request = good(&late()).map(|_| Arc::clone(&body));
    let mut waiting = it.call(request);
    assert_pending!(waiting.poll());
    assert_eq!((Arc::strong_count(&body), it.keys.waiting()), (2, 1));
    drop(waiting);
    assert_eq!((Arc::strong_count(&body), it.keys.waiting()), (1, 0));
    assert_eq!((it.gate.free(), it.gate.alive()), (1, 1));
    it.keys.arrive(&late().jwks());
    let mut next = it.call(good(&late()));
    assert_eq!(assert_ready_ok!(next.poll()).status(), 200);
}

#[test]
fn dropping_a_request_waiting_for_readiness_leaks_nothing() {
    let mut it = Setup::new();
    let mut waiting = it.wait();
    let mut running = it.call(good(&early()));
    it.keys.arrive(&late().jwks());
    assert_pending!(waiting.poll());
    drop(waiting);
    assert_eq!(assert_ready_ok!(running.poll()).status(), 200);
    drop(running);
    assert_eq!((it.gate.free(), it.gate.alive()), (1, 1));
    let mut next = it.call(good(&late()));
    assert_eq!(assert_ready_ok!(next.poll()).status(), 200);
}

/// A revocation list behind an asynchronous lookup.
#[derive(Debug)]
struct RemoteList(Mutex<Option<oneshot::Receiver<Result<Standing, Error>>>>);

impl Revocation for RemoteList {
    fn check(&self, _: &Presented<'_>) -> Answer<Result<Standing, Error>> {
        let receiver = self.0.lock().unwrap().take().unwrap();
        Answer::later(async move { receiver.await.unwrap() })
    }
}

#[test]
fn waiting_for_a_revocation_list_holds_no_permit() {
    for (standing, status) in [
        (Ok(Standing::Active), 200),
        (Ok(Standing::Revoked), 401),
        (Err(ErrorKind::RevocationUnavailable.into()), 503),
    ] {
        let (sender, receiver) = oneshot::channel();
        let issuer = TestIssuer::hs256();
        let verifier = Verifier::shared_secret(issuer.secret())
            .any_audience()
            .revocation(RemoteList(Mutex::new(Some(receiver))));
        let (gate, limited) = Gate::with_permits(1);
        let layer = JwtAuthLayer::new(verifier.build().unwrap());
        let mut service = Spawn::new(layer.layer(limited));
        assert_ready_ok!(service.poll_ready::<Request<String>>());
        let mut waiting = task::spawn(service.call(good(&issuer)));
        assert_pending!(waiting.poll());
        assert_eq!(gate.free(), 1);
        assert!(sender.send(standing).is_ok());
        assert!(waiting.is_woken());
        let response = assert_ready!(waiting.poll()).unwrap();
        assert_eq!(response.status(), status);
        drop((waiting, response));
        assert_eq!((gate.free(), gate.alive()), (1, 1));
    }
}
