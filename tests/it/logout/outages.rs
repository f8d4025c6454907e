//! Keys, lists and clients that do not answer in time.

use std::time::Duration;

use http::{Request, StatusCode};
use http_body_util::channel::Channel;
use serde_json::json;
use tokio::sync::oneshot;
use tokio_test::{assert_pending, assert_ready_ok, task};
use tower::Service;
use tower_jwt_auth::logout::BackchannelLogout;
use tower_jwt_auth::revocation::{Denylist, Entry, Revoke};
use tower_jwt_auth::{Answer, Error};

use super::fixture::{CLIENT, NAME, changed, fixture, form, good, header};
use crate::support::late_keys::{LateKeys, NoKeys};
use crate::support::stepped_clock::SteppedClock;

/// A list that stores an entry when the test says so.
#[derive(Debug, Default)]
struct SlowList(std::sync::Mutex<Vec<oneshot::Sender<()>>>);

impl Revoke for SlowList {
    fn revoke(&self, _: &Entry) -> Answer<Result<(), Error>> {
        let (sender, stored) = oneshot::channel();
        self.0.lock().unwrap().push(sender);
        Answer::later(async move {
            drop(stored.await);
            Ok(())
        })
    }
}

#[test]
fn without_keys_the_issuer_is_asked_to_come_again() {
    let it = fixture();
    let token = it.sign(&header(), &good());
    let logout = BackchannelLogout::new(NAME, NoKeys(Duration::from_secs(7))).client_id(CLIENT);
    let logout = logout.feeds(Denylist::new()).clock(it.clock.clone()).build().unwrap();
    let response = super::fixture::answer(&logout, form(&token));
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(response.headers()["retry-after"], "7");
    let body = json!({"error": "temporarily_unavailable", "error_description": "keys_unavailable"});
    assert_eq!(response.body(), &body.to_string());
}

#[test]
fn a_token_waits_for_keys_and_for_the_list() {
    let (it, clock, denied) = (fixture(), SteppedClock::default(), Denylist::new());
    let (keys, token) = (LateKeys::default(), it.sign(&header(), &good()));
    let logout = BackchannelLogout::new(NAME, keys.clone()).client_id(CLIENT).clock(clock.clone());
    let mut logout = logout.feeds(denied.clone()).build().unwrap();
    let mut arrived = task::spawn(logout.call(form(&token)));
    assert_pending!(arrived.poll());
    keys.arrive(&it.issuer.jwks());
    assert_eq!(assert_ready_ok!(arrived.poll()).status(), StatusCode::OK);
    assert_eq!(denied.len(), 1);
}

#[test]
fn keys_or_lists_that_never_answer_end_the_wait() {
    let (it, clock) = (fixture(), SteppedClock::default());
    let token = it.sign(&header(), &good());
    let late = LateKeys::default();
    let keys = [late, LateKeys::with(&it.issuer.jwks())];
    for keys in keys {
        let logout = BackchannelLogout::new(NAME, keys).client_id(CLIENT).clock(clock.clone());
        let mut logout = logout.feeds(SlowList::default()).build().unwrap();
        let mut waiting = task::spawn(logout.call(form(&token)));
        assert_pending!(waiting.poll());
        clock.advance(Duration::from_nanos(9_999_999_999));
        assert_pending!(waiting.poll());
        clock.advance(Duration::from_nanos(1));
        let response = assert_ready_ok!(waiting.poll());
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(response.body().contains("did not answer in time"), "{}", response.body());
    }
}

#[test]
fn a_body_that_never_ends_ends_the_wait() {
    let (it, clock) = (fixture(), SteppedClock::default());
    let logout = BackchannelLogout::new(NAME, LateKeys::with(&it.issuer.jwks()));
    let logout = logout.client_id(CLIENT).clock(clock.clone()).feeds(Denylist::new());
    let mut logout = logout.build().unwrap();
    let (_sender, body) = Channel::<bytes::Bytes>::new(1);
    let request = Request::post("/").header("content-type", "application/x-www-form-urlencoded");
    let mut waiting = task::spawn(logout.call(request.body(body).unwrap()));
    assert_pending!(waiting.poll());
    clock.advance(Duration::from_secs(10));
    assert_eq!(assert_ready_ok!(waiting.poll()).status(), StatusCode::REQUEST_TIMEOUT);
}

#[test]
fn concurrent_copies_of_a_token_revoke_the_same() {
    let it = fixture();
    let claims = changed(good(), "sid", None);
    let token = it.sign(&header(), &claims);
    let mut logout = it.logout.clone();
    let mut copies = [(); 3].map(|()| task::spawn(logout.call(form(&token))));
    for (number, copy) in copies.iter_mut().enumerate() {
        let status = assert_ready_ok!(copy.poll()).status();
        let expected = if number == 0 { StatusCode::OK } else { StatusCode::BAD_REQUEST };
        assert_eq!(status, expected);
    }
    assert_eq!(it.denied.len(), 1);
}
