//! `Require` and the `Service` contract: bodies, stacks, waiting and clones.

use std::cell::Cell;
use std::convert::Infallible;
use std::rc::Rc;

use futures_util::FutureExt;
use http::{Request, Response};
use serde_json::json;
use tokio_test::{assert_pending, assert_ready_ok, task};
use tower::{Layer, Service, ServiceBuilder, ServiceExt};
use tower_jwt_auth::testing::FixedClock;
use tower_jwt_auth::{
    Algorithm, ErrorKind, Issuer, JwtAuthLayer, Policy, RequireLayer, Rule, Verifier,
};
use tower_test::mock::Spawn;

use super::fixture::{layer, token, verified};
use crate::support::ask::{bearer, take_apart, who};
use crate::support::late_keys::LateKeys;
use crate::support::permits::Gate;
use crate::support::tokens;

fn require() -> RequireLayer {
    RequireLayer::scope("read")
}

/// A request with the extensions that a `JwtAuthLayer` inserts.
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

/// A body that is neither `Clone` nor `Send`.
struct Local(Rc<Cell<u8>>);

#[test]
fn body_types_need_no_traits() {
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
fn require_works_in_a_stack_and_exposes_the_inner_service() {
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
async fn rules_apply_to_requests_that_waited_for_keys() {
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
fn changing_a_clone_does_not_affect_the_original() {
    // Clones share their settings until one of them changes.
    let plain = RequireLayer::new(Rule::authenticated());
    let owned = plain.clone().owner(|_| None);
    for (require, status) in [(plain, 200), (owned, 403)] {
        let service = require.layer(tower::service_fn(who::<String>));
        let answered = service.oneshot(good()).now_or_never().unwrap().unwrap();
        assert_eq!(answered.status(), status);
    }
}
