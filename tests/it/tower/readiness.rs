//! Verdicts that are there at once: which service is called, and who holds a permit.

use http::{Request, Response};
use tokio_test::{assert_pending, assert_ready_err, assert_ready_ok, task};
use tower::Layer;
use tower_jwt_auth::testing::TestIssuer;
use tower_jwt_auth::{JwtAuthLayer, Verifier};
use tower_test::mock::{self, Spawn};

use crate::support::ask::{bearer, request};
use crate::support::permits::Event::{Called, Cloned, Polled};
use crate::support::permits::{Broken, Gate};

fn issuer() -> TestIssuer {
    TestIssuer::hs256()
}

fn layer() -> JwtAuthLayer {
    let verifier = Verifier::shared_secret(issuer().secret()).any_audience();
    JwtAuthLayer::new(verifier.build().unwrap())
}

fn good() -> Request<String> {
    bearer(&issuer().token().subject("ada").mint())
}

/// Requests that are refused without waiting, one of each kind.
fn refused() -> [Request<String>; 4] {
    [
        request::<&str>([]),
        request(["Bearer"]),
        bearer("a.b.c"),
        bearer(&issuer().token().expired().mint()),
    ]
}

#[test]
fn an_admitted_request_goes_to_the_very_service_that_was_polled_ready() {
    let (gate, limited) = Gate::with_permits(1);
    let mut service = Spawn::new(layer().layer(limited));
    for _ in 0..3 {
        assert_ready_ok!(service.poll_ready::<Request<String>>());
        let mut called = task::spawn(service.call(good()));
        assert_eq!(assert_ready_ok!(called.poll()).status(), 200);
        assert_eq!(gate.events(), [Polled(0), Called(0)]);
    }
    assert_eq!((gate.free(), gate.alive()), (1, 1));
}

#[test]
fn anonymous_requests_go_there_too() {
    let (gate, limited) = Gate::with_permits(1);
    let mut service = Spawn::new(layer().allow_missing_token().layer(limited));
    assert_ready_ok!(service.poll_ready::<Request<String>>());
    let mut called = task::spawn(service.call(Request::<String>::default()));
    assert_eq!(assert_ready_ok!(called.poll()).status(), 200);
    assert_eq!(gate.events(), [Polled(0), Called(0)]);
}

#[test]
fn readiness_is_the_inner_services_and_nothing_else() {
    let (gate, limited) = Gate::with_permits(1);
    let service = layer().layer(limited);
    let (mut first, mut second) = (Spawn::new(service.clone()), Spawn::new(service));
    assert_ready_ok!(first.poll_ready::<Request<String>>());
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
        let service = layer().layer(limited);
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
        assert_eq!((gate.free(), gate.alive()), (1, 2));
    }
}

#[test]
fn after_a_refusal_the_service_has_to_become_ready_again() {
    for request in refused() {
        let (gate, limited) = Gate::with_permits(1);
        let mut service = Spawn::new(layer().layer(limited));
        assert_ready_ok!(service.poll_ready::<Request<String>>());
        drop(service.call(request));
        gate.events();
        for _ in 0..2 {
            assert_ready_ok!(service.poll_ready::<Request<String>>());
            let mut called = task::spawn(service.call(good()));
            assert_eq!(assert_ready_ok!(called.poll()).status(), 200);
        }
        let id = service.get_ref().get_ref().id();
        assert_eq!(gate.events(), [Polled(id), Called(id), Polled(id), Called(id)]);
    }
}

#[test]
fn a_thousand_refusals_leave_nothing_behind() {
    let (gate, limited) = Gate::with_permits(1);
    let mut service = Spawn::new(layer().layer(limited));
    for _ in 0..250 {
        for request in refused() {
            assert_ready_ok!(service.poll_ready::<Request<String>>());
            let mut answered = task::spawn(service.call(request));
            assert_ready_ok!(answered.poll());
        }
    }
    assert_eq!((gate.free(), gate.alive()), (1, 1));
    assert!(!gate.events().iter().any(|event| matches!(event, Called(_))));
}

#[test]
fn errors_of_the_inner_service_pass_unchanged() {
    let (gate, limited) = Gate::with_permits(1);
    let mut service = Spawn::new(layer().layer(limited));
    assert_ready_ok!(service.poll_ready::<Request<String>>());
    let mut failing = good();
    *failing.uri_mut() = "/fail".parse().unwrap();
    let mut called = task::spawn(service.call(failing));
    assert_eq!(assert_ready_err!(called.poll()), Broken::Failed);
    drop(called);
    assert_eq!(gate.free(), 1);

    gate.break_down();
    let error = assert_ready_err!(service.poll_ready::<Request<String>>());
    assert_eq!(error, Broken::NotReady);
}

#[test]
fn a_refusal_that_is_polled_once_more_does_not_panic() {
    let (_gate, limited) = Gate::with_permits(1);
    let mut service = Spawn::new(layer().layer(limited));
    for request in refused() {
        assert_ready_ok!(service.poll_ready::<Request<String>>());
        let mut answered = task::spawn(service.call(request));
        assert_ready_ok!(answered.poll());
        assert_pending!(answered.poll());
    }
}

#[test]
fn a_future_whose_inner_one_is_done_does_not_panic_when_polled_once_more() {
    let (gate, limited) = Gate::with_permits(1);
    let mut service = Spawn::new(layer().layer(limited));
    let mut failing = good();
    *failing.uri_mut() = "/fail".parse().unwrap();
    for request in [good(), failing] {
        assert_ready_ok!(service.poll_ready::<Request<String>>());
        let mut answered = task::spawn(service.call(request));
        assert!(answered.poll().is_ready());
        assert_pending!(answered.poll());
        assert_eq!(gate.free(), 1);
    }
}

#[tokio::test]
async fn the_mock_of_tower_sees_good_requests_and_no_others() {
    let (mut service, mut handle) =
        mock::spawn_layer::<Request<String>, Response<&'static str>, _>(layer());
    // The mock panics when it is called without having been ready.
    handle.allow(0);
    assert_pending!(service.poll_ready());
    handle.allow(1);
    assert!(service.is_woken());
    for request in refused() {
        assert_ready_ok!(service.poll_ready());
        let mut answered = task::spawn(service.call(request));
        assert_ne!(assert_ready_ok!(answered.poll()).status(), 200);
        assert_pending!(handle.poll_request());
    }
    assert_ready_ok!(service.poll_ready());
    let mut called = task::spawn(service.call(good()));
    assert_pending!(called.poll());
    let (request, respond) = handle.next_request().await.unwrap();
    assert!(request.headers().contains_key("authorization"));
    respond.send_response(Response::new("in"));
    assert!(called.is_woken());
    assert_eq!(assert_ready_ok!(called.poll()).status(), 200);
    // The one permit is used up.
    assert_pending!(service.poll_ready());
    handle.allow(1);
    assert_ready_ok!(service.poll_ready());
    let mut called = task::spawn(service.call(good()));
    handle.next_request().await.unwrap().1.send_error("broken inside");
    let error = assert_ready_err!(called.poll());
    assert_eq!(error.to_string(), "broken inside");
}
