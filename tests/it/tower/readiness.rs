//! Immediate verdicts of both layers: the instance that is called, and the release of its permit.

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tokio_test::{assert_pending, assert_ready_err, assert_ready_ok, task};
use tower::util::BoxCloneService;
use tower::{BoxError, Layer, Service};
use tower_jwt_auth::middleware::ResponseBody;
use tower_jwt_auth::testing::TestIssuer;
use tower_jwt_auth::{JwtAuthLayer, RequireLayer, Verifier};
use tower_test::mock::{self, Mock, Spawn};

use crate::support::ask::{bearer, request};
use crate::support::permits::Event::{Called, Cloned, Polled};
use crate::support::permits::{Broken, Gate, Limited};

/// A layer around [`Limited`], with requests that it admits and requests that it rejects.
struct Row {
    layer: fn(Limited) -> Boxed,
    admitted: fn() -> Request<String>,
    rejected: fn() -> Vec<Request<String>>,
}

/// Boxing changes nothing: polls and clones reach the service and future of the layer.
type Boxed = BoxCloneService<Request<String>, Response<ResponseBody<Full<Bytes>>>, Broken>;

const ROWS: [Row; 3] = [
    Row {
        layer: |inner| Boxed::new(authenticate().layer(inner)),
        admitted: with_token,
        rejected: without_good_token,
    },
    Row {
        layer: |inner| Boxed::new(authenticate().allow_missing_token().layer(inner)),
        admitted: Request::default,
        rejected: || without_good_token().split_off(1),
    },
    Row {
        layer: |inner| Boxed::new(require().layer(inner)),
        admitted: || with_identity("read"),
        rejected: without_scope,
    },
];

impl Row {
    /// The layer around a service with one permit.
    fn service(&self) -> (Gate, Spawn<Boxed>) {
        let (gate, limited) = Gate::with_permits(1);
        (gate, Spawn::new((self.layer)(limited)))
    }

    /// An admitted request for which the inner service returns an error.
    fn failing(&self) -> Request<String> {
        let mut request = (self.admitted)();
        *request.uri_mut() = "/fail".parse().unwrap();
        request
    }
}

fn issuer() -> TestIssuer {
    TestIssuer::hs256()
}

fn verifier() -> Verifier {
    Verifier::shared_secret(issuer().secret()).any_audience().build().unwrap()
}

fn authenticate() -> JwtAuthLayer {
    JwtAuthLayer::new(verifier())
}

fn require() -> RequireLayer {
    RequireLayer::scope("read")
}

fn token(scope: &str) -> String {
    issuer().token().subject("ada").claim("scope", scope).mint()
}

fn with_token() -> Request<String> {
    bearer(&token("read"))
}

/// Requests that are rejected immediately, one of each kind. The first has no token.
fn without_good_token() -> Vec<Request<String>> {
    let expired = issuer().token().expired().mint();
    vec![request::<&str>([]), request(["Bearer"]), bearer("a.b.c"), bearer(&expired)]
}

/// A request as a `JwtAuthLayer` passes it on.
fn with_identity(scope: &str) -> Request<String> {
    let user = verifier().verify_now(&token(scope)).unwrap();
    let mut request = Request::new(String::new());
    request.extensions_mut().insert(user.identity());
    request.extensions_mut().insert(user);
    request
}

/// Requests with a missing scope, and without an identity.
fn without_scope() -> Vec<Request<String>> {
    vec![with_identity("x"), Request::default()]
}

#[test]
fn an_admitted_request_goes_to_the_service_polled_ready() {
    for row in ROWS {
        let (gate, mut service) = row.service();
        for _ in 0..3 {
            assert_ready_ok!(service.poll_ready::<Request<String>>());
            let mut called = task::spawn(service.call((row.admitted)()));
            assert_eq!(assert_ready_ok!(called.poll()).status(), 200);
            assert_eq!(gate.events(), [Polled(0), Called(0)]);
        }
        assert_eq!((gate.free(), gate.alive()), (1, 1));
    }
}

#[test]
fn both_layers_in_a_stack_call_the_service_polled_ready() {
    let (gate, limited) = Gate::with_permits(1);
    let mut service = Spawn::new(authenticate().layer(require().layer(limited)));
    assert_ready_ok!(service.poll_ready::<Request<String>>());
    let mut called = task::spawn(service.call(with_token()));
    assert_eq!(assert_ready_ok!(called.poll()).status(), 200);
    assert_eq!(gate.events(), [Polled(0), Called(0)]);

    assert_ready_ok!(service.poll_ready::<Request<String>>());
    let rejected = service.call(bearer(&token("x")));
    assert_eq!(gate.free(), 1, "the rejected request still holds the permit");
    assert_eq!(assert_ready_ok!(task::spawn(rejected).poll()).status(), 403);
    assert!(matches!(gate.events()[..], [Polled(0), Cloned(0)]));
}

#[test]
fn readiness_comes_from_the_inner_service() {
    for row in ROWS {
        let (gate, mut first) = row.service();
        let mut second = first.clone();
        assert_ready_ok!(first.poll_ready::<Request<String>>());
        assert_ready_ok!(first.poll_ready::<Request<String>>());
        assert_pending!(second.poll_ready::<Request<String>>());
        assert_eq!(gate.free(), 0);
        drop(first);
        assert!(second.is_woken());
        assert_ready_ok!(second.poll_ready::<Request<String>>());
    }
}

#[test]
fn a_rejection_frees_the_permit_before_its_future_is_polled() {
    for row in ROWS {
        for request in (row.rejected)() {
            let (gate, mut first) = row.service();
            let mut second = first.clone();
            assert_ready_ok!(first.poll_ready::<Request<String>>());
            assert_pending!(second.poll_ready::<Request<String>>());
            gate.events();

            let rejected = first.call(request);
            assert_eq!(gate.free(), 1, "the rejected request still holds the permit");
            assert!(second.is_woken());
            assert_ready_ok!(second.poll_ready::<Request<String>>());
            assert!(matches!(gate.events()[..], [Cloned(_), Polled(_)]));

            let mut called = task::spawn(second.call((row.admitted)()));
            assert_eq!(assert_ready_ok!(called.poll()).status(), 200);
            drop(called);
            assert_ne!(assert_ready_ok!(task::spawn(rejected).poll()).status(), 200);
            assert_eq!((gate.free(), gate.alive()), (1, 2));
        }
    }
}

#[test]
fn after_a_rejection_the_service_must_become_ready_again() {
    for row in ROWS {
        for request in (row.rejected)() {
            let (gate, mut service) = row.service();
            assert_ready_ok!(service.poll_ready::<Request<String>>());
            drop(service.call(request));
            gate.events();
            for _ in 0..2 {
                assert_ready_ok!(service.poll_ready::<Request<String>>());
                let mut called = task::spawn(service.call((row.admitted)()));
                assert_eq!(assert_ready_ok!(called.poll()).status(), 200);
            }
            // The first instance was dropped: only its clone can be polled.
            assert_eq!(gate.alive(), 1);
            assert_eq!(gate.events(), [Polled(1), Called(1), Polled(1), Called(1)]);
        }
    }
}

#[test]
fn a_thousand_rejections_leak_no_permits() {
    for row in ROWS {
        let (gate, mut service) = row.service();
        for request in (row.rejected)().iter().cycle().take(1000) {
            assert_ready_ok!(service.poll_ready::<Request<String>>());
            let mut answered = task::spawn(service.call(request.clone()));
            assert_ready_ok!(answered.poll());
        }
        assert_eq!((gate.free(), gate.alive()), (1, 1));
        assert!(!gate.events().iter().any(|event| matches!(event, Called(_))));
    }
}

#[test]
fn inner_service_errors_pass_through_unchanged() {
    for row in ROWS {
        let (gate, mut service) = row.service();
        assert_ready_ok!(service.poll_ready::<Request<String>>());
        let mut called = task::spawn(service.call(row.failing()));
        assert_eq!(assert_ready_err!(called.poll()), Broken::Failed);
        drop(called);
        assert_eq!(gate.free(), 1);

        gate.break_down();
        let error = assert_ready_err!(service.poll_ready::<Request<String>>());
        assert_eq!(error, Broken::NotReady);
    }
}

#[test]
fn a_future_polled_after_completion_does_not_panic() {
    for row in ROWS {
        let (gate, mut service) = row.service();
        let admitted = [(row.admitted)(), row.failing()];
        for request in (row.rejected)().into_iter().chain(admitted) {
            assert_ready_ok!(service.poll_ready::<Request<String>>());
            let mut answered = task::spawn(service.call(request));
            assert!(answered.poll().is_ready());
            assert_pending!(answered.poll());
            assert_eq!(gate.free(), 1);
        }
    }
}

#[tokio::test]
async fn the_tower_mock_receives_only_admitted_requests() {
    sees_admitted_only(authenticate(), with_token, without_good_token()).await;
    let optional = authenticate().allow_missing_token();
    sees_admitted_only(optional, Request::default, without_good_token().split_off(1)).await;
    sees_admitted_only(require(), || with_identity("read"), without_scope()).await;
}

async fn sees_admitted_only<L>(
    layer: L,
    admitted: fn() -> Request<String>,
    rejected: Vec<Request<String>>,
) where
    L: Layer<Mock<Request<String>, Response<&'static str>>>,
    L::Service:
        Service<Request<String>, Response = Response<ResponseBody<&'static str>>, Error = BoxError>,
{
    let (mut service, mut handle) = mock::spawn_layer(layer);
    // The mock panics if it is called before it is ready.
    handle.allow(0);
    assert_pending!(service.poll_ready());
    handle.allow(1);
    assert!(service.is_woken());
    for request in rejected {
        assert_ready_ok!(service.poll_ready());
        let mut answered = task::spawn(service.call(request));
        assert_ne!(assert_ready_ok!(answered.poll()).status(), 200);
        assert_pending!(handle.poll_request());
    }
    assert_ready_ok!(service.poll_ready());
    let sent = admitted();
    let fields = sent.headers().clone();
    let mut called = task::spawn(service.call(sent));
    assert_pending!(called.poll());
    let (request, respond) = handle.next_request().await.unwrap();
    assert_eq!(*request.headers(), fields);
    respond.send_response(Response::new("in"));
    assert!(called.is_woken());
    assert_eq!(assert_ready_ok!(called.poll()).status(), 200);
    // The only permit is taken.
    assert_pending!(service.poll_ready());
    handle.allow(1);
    assert_ready_ok!(service.poll_ready());
    let mut called = task::spawn(service.call(admitted()));
    handle.next_request().await.unwrap().1.send_error("broken inside");
    let error = assert_ready_err!(called.poll());
    assert_eq!(error.to_string(), "broken inside");
}
