//! The contract of Tower, as `Require` keeps it.

use std::cell::Cell;
use std::convert::Infallible;
use std::rc::Rc;

use futures_util::FutureExt;
use http::{Request, Response};
use serde_json::json;
use tokio_test::{assert_pending, assert_ready_err, assert_ready_ok, task};
use tower::{Layer, Service, ServiceBuilder, ServiceExt};
use tower_jwt_auth::testing::FixedClock;
use tower_jwt_auth::{
    Algorithm, ErrorKind, Issuer, JwtAuthLayer, Policy, RequireLayer, Rule, Verifier,
};
use tower_test::mock::{self, Spawn};

use super::fixture::{layer, token, verified};
use crate::support::ask::{bearer, take_apart, who};
use crate::support::late_keys::LateKeys;
use crate::support::permits::Event::{Called, Cloned, Polled};
use crate::support::permits::{Broken, Gate};
use crate::support::tokens;

fn require() -> RequireLayer {
    RequireLayer::scope("read")
}

/// A request as it comes from a `JwtAuthLayer`.
fn with_scope(scope: &str) -> Request<String> {
    let user = verified(&token(&json!({"scope": scope})));
    let mut request = Request::new(String::new());
    request.extensions_mut().insert(user.identity());
    request.extensions_mut().insert(user);
    request
}

fn good() -> Request<String> {
    with_scope("read")
}

/// One for a scope, one without any identity.
fn refused() -> [Request<String>; 2] {
    [with_scope("x"), Request::default()]
}

#[test]
fn a_permitted_request_goes_to_the_very_service_that_was_polled_ready() {
    let (gate, limited) = Gate::with_permits(1);
    let mut service = Spawn::new(require().layer(limited));
    for _ in 0..3 {
        assert_ready_ok!(service.poll_ready::<Request<String>>());
        let mut called = task::spawn(service.call(good()));
        assert_eq!(assert_ready_ok!(called.poll()).status(), 200);
        assert_eq!(gate.events(), [Polled(0), Called(0)]);
    }
    assert_eq!((gate.free(), gate.alive()), (1, 1));
}

#[test]
fn behind_the_authentication_that_is_so_too() {
    let (gate, limited) = Gate::with_permits(1);
    let mut service = Spawn::new(layer().layer(require().layer(limited)));
    assert_ready_ok!(service.poll_ready::<Request<String>>());
    let mut called = task::spawn(service.call(bearer(&token(&json!({"scope": "read"})))));
    assert_eq!(assert_ready_ok!(called.poll()).status(), 200);
    assert_eq!(gate.events(), [Polled(0), Called(0)]);

    assert_ready_ok!(service.poll_ready::<Request<String>>());
    let answered = service.call(bearer(&token(&json!({}))));
    assert_eq!(gate.free(), 1, "the refused request still holds the permit");
    assert_eq!(assert_ready_ok!(task::spawn(answered).poll()).status(), 403);
    assert!(matches!(gate.events()[..], [Polled(0), Cloned(0)]));
}

#[test]
fn readiness_is_the_inner_services_and_nothing_else() {
    let (gate, limited) = Gate::with_permits(1);
    let service = require().layer(limited);
    let (mut first, mut second) = (Spawn::new(service.clone()), Spawn::new(service));
    assert_ready_ok!(first.poll_ready::<Request<String>>());
    assert_pending!(second.poll_ready::<Request<String>>());
    assert_eq!(gate.free(), 0);
    drop(first);
    assert!(second.is_woken());
    assert_ready_ok!(second.poll_ready::<Request<String>>());
}

#[test]
fn a_refusal_frees_the_permit_before_its_answer_is_even_looked_at() {
    for request in refused() {
        let (gate, limited) = Gate::with_permits(1);
        let service = require().layer(limited);
        let (mut first, mut second) = (Spawn::new(service.clone()), Spawn::new(service));
        assert_ready_ok!(first.poll_ready::<Request<String>>());
        assert_pending!(second.poll_ready::<Request<String>>());
        gate.events();

        let refused = first.call(request);
        assert_eq!(gate.free(), 1, "the refused request still holds the permit");
        assert!(second.is_woken());
        assert_ready_ok!(second.poll_ready::<Request<String>>());
        assert!(matches!(gate.events()[..], [Cloned(_), Polled(_)]));
        let mut called = task::spawn(second.call(good()));
        assert_eq!(assert_ready_ok!(called.poll()).status(), 200);
        drop(called);
        assert_ne!(assert_ready_ok!(task::spawn(refused).poll()).status(), 200);

        // The one that refused has to become ready again.
        assert_ready_ok!(first.poll_ready::<Request<String>>());
        let mut called = task::spawn(first.call(good()));
        assert_eq!(assert_ready_ok!(called.poll()).status(), 200);
        drop(called);
        assert_eq!((gate.free(), gate.alive()), (1, 2));
    }
}

#[test]
fn a_thousand_refusals_leave_nothing_behind() {
    let (gate, limited) = Gate::with_permits(1);
    let mut service = Spawn::new(require().layer(limited));
    let all = refused();
    for _ in 0..500 {
        for request in &all {
            assert_ready_ok!(service.poll_ready::<Request<String>>());
            assert_ready_ok!(task::spawn(service.call(request.clone())).poll());
        }
    }
    assert_eq!((gate.free(), gate.alive()), (1, 1));
    assert!(!gate.events().iter().any(|event| matches!(event, Called(_))));
}

#[test]
fn errors_of_the_inner_service_pass_unchanged() {
    let (gate, limited) = Gate::with_permits(1);
    let mut service = Spawn::new(require().layer(limited));
    assert_ready_ok!(service.poll_ready::<Request<String>>());
    let mut failing = good();
    *failing.uri_mut() = "/fail".parse().unwrap();
    let mut called = task::spawn(service.call(failing));
    assert_eq!(assert_ready_err!(called.poll()), Broken::Failed);
    drop(called);
    assert_eq!(gate.free(), 1);
    gate.break_down();
    assert_eq!(assert_ready_err!(service.poll_ready::<Request<String>>()), Broken::NotReady);
}

#[test]
fn a_future_that_is_polled_once_more_does_not_panic() {
    let (gate, limited) = Gate::with_permits(1);
    let mut service = Spawn::new(require().layer(limited));
    let mut failing = good();
    *failing.uri_mut() = "/fail".parse().unwrap();
    let [scopeless, nobody] = refused();
    for request in [good(), failing, scopeless, nobody] {
        assert_ready_ok!(service.poll_ready::<Request<String>>());
        let mut answered = task::spawn(service.call(request));
        assert!(answered.poll().is_ready());
        assert_pending!(answered.poll());
        assert_eq!(gate.free(), 1);
    }
}

#[tokio::test]
async fn the_mock_of_tower_sees_permitted_requests_and_no_others() {
    let (mut service, mut handle) =
        mock::spawn_layer::<Request<String>, Response<&'static str>, _>(require());
    // The mock panics when it is called without having been ready.
    handle.allow(1);
    for request in refused() {
        assert_ready_ok!(service.poll_ready());
        let mut answered = task::spawn(service.call(request));
        assert_ne!(assert_ready_ok!(answered.poll()).status(), 200);
        assert_pending!(handle.poll_request());
    }
    assert_ready_ok!(service.poll_ready());
    let mut called = task::spawn(service.call(good()));
    assert_pending!(called.poll());
    handle.next_request().await.unwrap().1.send_response(Response::new("in"));
    assert!(called.is_woken());
    assert_eq!(assert_ready_ok!(called.poll()).status(), 200);
    assert_pending!(service.poll_ready());
}

/// A body that is neither cloned nor sent anywhere.
struct Local(Rc<Cell<u8>>);

#[test]
fn bodies_need_not_be_cloned_nor_sent_nor_be_bodies() {
    let read = Rc::new(Cell::new(0));
    let inner = tower::service_fn(async |request: Request<Local>| {
        let Local(count) = request.into_body();
        count.set(count.get() + 1);
        Ok::<_, Infallible>(Response::new(Local(count)))
    });
    let service = require().layer(inner);
    for (request, status, times) in [(good(), 200, 1), (with_scope("x"), 403, 1), (good(), 200, 2)]
    {
        let request = request.map(|_| Local(Rc::clone(&read)));
        let answered = service.clone().oneshot(request).now_or_never().unwrap().unwrap();
        assert_eq!((answered.status().as_u16(), read.get()), (status, times));
    }
}

#[test]
fn it_stands_in_a_stack_and_can_be_taken_apart() {
    let mut service = ServiceBuilder::new()
        .layer(layer())
        .layer(require())
        .concurrency_limit(1)
        .service_fn(who::<String>);
    for (scope, status) in [("x", 403), ("read", 200), ("x", 403), ("x", 403), ("read", 200)] {
        let request = bearer(&token(&json!({"scope": scope})));
        let answered = service.ready().now_or_never().unwrap().unwrap().call(request);
        assert_eq!(answered.now_or_never().unwrap().unwrap().status(), status);
    }
    let mut require = require().layer(7);
    *require.get_mut() += 1;
    assert_eq!((*require.get_ref(), require.clone().into_inner()), (8, 8));
}

#[tokio::test]
async fn a_request_that_waited_for_keys_is_held_against_the_rule_too() {
    let issuer = tokens::issuer(Algorithm::ES256);
    for (scope, outcome) in
        [("read", (200, None)), ("x", (403, Some(ErrorKind::InsufficientScope)))]
    {
        let keys = LateKeys::default();
        let trusted = Issuer::unnamed(keys.clone(), Policy::new().any_audience());
        let verifier = Verifier::builder().trust(trusted).clock(FixedClock::new()).build().unwrap();
        let (gate, limited) = Gate::with_permits(1);
        let layer = JwtAuthLayer::new(verifier).realm("orders");
        let mut service = Spawn::new(layer.layer(require().layer(limited)));
        assert_ready_ok!(service.poll_ready::<Request<String>>());
        let good = issuer.token().subject("ada").claim("scope", scope).mint();
        let mut called = task::spawn(service.call(bearer(&good)));
        assert_pending!(called.poll());
        keys.arrive(&issuer.jwks());
        assert!(called.is_woken());
        let reply = take_apart(assert_ready_ok!(called.poll())).await;
        assert_eq!(reply.verdict(), outcome, "{scope}");
        let challenge = reply.header("www-authenticate");
        let names_realm = challenge.is_some_and(|it| it.starts_with("Bearer realm=\"orders\", "));
        assert_eq!(names_realm, reply.status == 403);
        drop(called);
        assert_eq!(gate.free(), 1);
    }
}

#[test]
fn the_rule_of_a_clone_is_not_the_other_ones() {
    // Settings are shared until one is changed.
    let plain = RequireLayer::new(Rule::authenticated());
    let owned = plain.clone().owner(|_| None);
    for (require, status) in [(plain, 200), (owned, 403)] {
        let service = require.layer(tower::service_fn(who::<String>));
        let answered = service.oneshot(good()).now_or_never().unwrap().unwrap();
        assert_eq!(answered.status(), status);
    }
}
