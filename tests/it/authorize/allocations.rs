//! Allocations of a rule, counted through `Service::call` and its future.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Empty;
use serde_json::json;
use tower::{Layer, Service, service_fn};
use tower_jwt_auth::testing::FixedClock;
use tower_jwt_auth::{Identity, JwtAuthLayer, RequireLayer, Rule, Verifier};

use super::fixture::{issuer, layer, to, token};
use crate::support::alloc::allocations;

/// Responds at once without allocating.
#[allow(clippy::needless_pass_by_value)] // the signature of a service
fn bare(request: Request<String>) -> Ready<Result<Response<Empty<Bytes>>, Infallible>> {
    black_box(request.extensions().get::<Identity>());
    ready(Ok(Response::new(Empty::new())))
}

/// Allocations and status of the second of two requests. The first one initializes shared state.
fn counted<S, R>(mut service: S, request: &Request<String>) -> (u64, u16)
where
    S: Service<Request<String>, Response = Response<R>, Error = Infallible>,
{
    let mut context = Context::from_waker(Waker::noop());
    let mut ask = |request| {
        allocations(|| {
            assert!(service.poll_ready(&mut context).is_ready());
            let mut future = pin!(service.call(request));
            match future.as_mut().poll(&mut context) {
                Poll::Ready(Ok(response)) => response.status().as_u16(),
                Poll::Pending => panic!("the request waits although the keys are in memory"),
            }
        })
    };
    ask(request.clone());
    ask(request.clone())
}

#[test]
fn permitting_scopes_roles_and_owners_does_not_allocate() {
    let claims = json!({"scope": "orders:read orders:write", "roles": ["clerk", "admin"]});
    let request = to("/users/ada/orders/7?page=2", &token(&claims));
    let (without, status) = counted(layer().layer(service_fn(bare)), &request);
    assert_eq!(status, 200);
    for require in [
        RequireLayer::new(Rule::authenticated()),
        RequireLayer::scope("orders:write"),
        RequireLayer::all_scopes(["orders:read", "orders:write"]),
        RequireLayer::any_scope(["x", "orders:write"]),
        RequireLayer::role("admin"),
        RequireLayer::new(Rule::scope("x").or(Rule::role("admin")).and(Rule::scope("y").not())),
        RequireLayer::owner_in_path("/users/{id}/orders").unwrap(),
    ] {
        let (with, status) = counted(layer().layer(require.layer(service_fn(bare))), &request);
        assert_eq!((with - without, status), (0, 200), "{require:?}");
    }
}

#[test]
fn permitting_tenants_does_not_allocate() {
    let verifier = Verifier::shared_secret(issuer().secret()).any_audience().tenant_claim("org_id");
    let layer = JwtAuthLayer::new(verifier.clock(FixedClock::new()).build().unwrap());
    let request = to("/orgs/acme/orders", &token(&json!({"org_id": "acme"})));
    let (without, _) = counted(layer.layer(service_fn(bare)), &request);
    let require = RequireLayer::tenant_in_path("/orgs/{org}").unwrap();
    let (with, status) = counted(layer.layer(require.layer(service_fn(bare))), &request);
    assert_eq!((with - without, status), (0, 200));
}

#[test]
fn allocations_of_a_rejection_do_not_depend_on_the_grants() {
    let require = RequireLayer::all_scopes(["orders:read", "orders:write"]);
    let counts = [1, 1_000].map(|scopes| {
        let request = to("/", &token(&json!({"scope": "x ".repeat(scopes)})));
        let (without, _) = counted(layer().layer(service_fn(bare)), &request);
        let (with, status) = counted(layer().layer(require.layer(service_fn(bare))), &request);
        assert_eq!(status, 403);
        println!("{scopes} scopes: {} allocations", with - without);
        with - without
    });
    assert_eq!(counts[0], counts[1]);
    assert!(counts[0] <= 40, "{counts:?}");
}
