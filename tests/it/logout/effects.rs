//! What a logout token revokes.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::StatusCode;
use serde_json::json;
use tower_jwt_auth::error::{Problem, ProblemKind};
use tower_jwt_auth::logout::{BackchannelLogout, BackchannelLogoutBuilder};
use tower_jwt_auth::observe::{EntryKind, Event};
use tower_jwt_auth::revocation::{Denylist, Entry, Revoke};
use tower_jwt_auth::{Answer, Error, ErrorKind, VerificationKey};

use super::fixture::{CLIENT, NAME, REVOKED, changed, fixture, good, with};
use crate::support::tokens::NOW;

/// Records what it receives.
#[derive(Clone, Debug, Default)]
struct Recorder {
    entries: Arc<Mutex<Vec<Entry>>>,
    is_away: Arc<Mutex<bool>>,
}

impl Revoke for Recorder {
    fn revoke(&self, entry: &Entry) -> Answer<Result<(), Error>> {
        if *self.is_away.lock().unwrap() {
            let error = Error::new(ErrorKind::RevocationUnavailable);
            return Answer::now(Err(error.with_retry_after(Duration::from_secs(7))));
        }
        self.entries.lock().unwrap().push(entry.clone());
        Answer::later(async { Ok(()) })
    }
}

#[test]
fn a_session_is_revoked_whatever_its_subject() {
    for subject in [Some(json!("alice")), None] {
        let it = fixture();
        assert_eq!(it.send(&changed(good(), "sub", subject)).0, StatusCode::OK);
        assert_eq!(it.verdict(NOW, "alice", "s"), REVOKED);
        assert_eq!(it.verdict(NOW + 30, "alice", "s"), REVOKED);
        assert_eq!(it.verdict(NOW, "alice", "other"), Ok(()));
    }
}

#[test]
fn a_subject_alone_is_revoked_until_the_logout() {
    let it = fixture();
    let claims = changed(changed(good(), "sid", None), "iat", json!(NOW - 30));
    assert_eq!(it.send(&claims).0, StatusCode::OK);
    for (iat, subject, expected) in [
        (NOW - 3600, "alice", REVOKED),
        (NOW - 30, "alice", REVOKED),
        // She has signed in again meanwhile.
        (NOW - 29, "alice", Ok(())),
        (NOW - 3600, "bob", Ok(())),
    ] {
        assert_eq!(it.verdict(iat, subject, "s"), expected, "{iat} {subject}");
    }
}

#[test]
fn all_sessions_are_revoked_if_configured() {
    let it = with(BackchannelLogoutBuilder::revoke_all_sessions);
    assert_eq!(it.send(&good()).0, StatusCode::OK);
    assert_eq!(it.verdict(NOW, "alice", "other"), REVOKED);
    assert_eq!(it.verdict(NOW + 1, "alice", "s"), Ok(()));
    // Without a subject, only the session is known.
    let claims = changed(changed(good(), "sub", None), "jti", json!("2"));
    assert_eq!(it.send(&claims).0, StatusCode::OK);
    assert_eq!(it.verdict(NOW + 1, "bob", "s"), REVOKED);
    assert_eq!(it.verdict(NOW + 1, "bob", "other"), Ok(()));
}

#[test]
fn a_logout_token_is_received_once() {
    let it = fixture();
    assert_eq!(it.send(&good()).0, StatusCode::OK);
    let (status, body) = it.send(&good());
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(body.contains("was received before"), "{body}");
    assert_eq!(it.send(&changed(good(), "jti", json!("logout-2"))).0, StatusCode::OK);
    // Another token with the same id, until the first would be too old.
    it.clock.advance(Duration::from_secs(599));
    let again = changed(changed(good(), "iat", json!(NOW + 599)), "exp", json!(NOW + 700));
    assert_eq!(it.send(&again).0, StatusCode::BAD_REQUEST);
    it.clock.advance(Duration::from_secs(1));
    assert_eq!(it.send(&again).0, StatusCode::OK);
}

#[test]
fn a_token_that_was_not_stored_can_be_sent_again() {
    let recorder = Recorder::default();
    let it = with(|builder| builder.feeds(recorder.clone()));
    *recorder.is_away.lock().unwrap() = true;
    let (status, body) = it.send(&good());
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(body.contains("revocation_unavailable"), "{body}");
    *recorder.is_away.lock().unwrap() = false;
    assert_eq!(it.send(&good()).0, StatusCode::OK);
    let entries = recorder.entries.lock().unwrap();
    assert_eq!(*entries, [Entry::session(NAME, "s")]);
}

#[test]
fn every_list_receives_the_entry() {
    let (first, second) = (Recorder::default(), Recorder::default());
    let it = with(|builder| builder.feeds(first.clone()).feeds(second.clone()));
    assert_eq!(it.send(&good()).0, StatusCode::OK);
    for recorder in [first, second] {
        let entries = recorder.entries.lock().unwrap();
        assert_eq!((entries[0].kind(), entries[0].issuer()), (EntryKind::Session, NAME));
        assert_eq!((entries[0].id(), entries[0].issued_before()), ("s", None));
    }
    assert_eq!(it.denied.len(), 1);
}

#[test]
fn each_client_of_the_list_is_accepted() {
    let it = with(|builder| builder.client_id("second"));
    for (client, expected) in
        [(CLIENT, StatusCode::OK), ("second", StatusCode::OK), ("third", StatusCode::BAD_REQUEST)]
    {
        let claims = changed(changed(good(), "aud", json!(client)), "jti", json!(client));
        assert_eq!(it.send(&claims).0, expected, "{client}");
    }
}

#[test]
fn each_token_is_one_event() {
    let events = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&events);
    let it = with(|builder| {
        builder.observer(move |event: &Event<'_>| {
            if let Event::LogoutReceived { revoked, error, .. } = event {
                let reason = error.map_or("", |error| error.kind().as_str());
                let line = format!("{} {reason}", revoked.map_or("", EntryKind::as_str));
                seen.lock().unwrap().push((line, event.is_failure()));
            }
        })
    });
    let subject = changed(changed(good(), "sid", None), "jti", json!("2"));
    for claims in [good(), subject, changed(good(), "nonce", json!("n"))] {
        it.send(&claims);
    }
    let expected = ["session ", "subject ", " invalid_claims"].map(|it| (it.to_owned(), false));
    assert_eq!(*events.lock().unwrap(), expected);
}

#[test]
fn careless_settings_are_problems() {
    let issuer = fixture().issuer;
    let key = || VerificationKey::jwk(issuer.jwk()).unwrap();
    let new = || BackchannelLogout::new(NAME, key());
    let feeding = || new().feeds(Denylist::new());
    for (builder, expected) in [
        (feeding(), vec![ProblemKind::MissingAudience]),
        (new().client_id(CLIENT), vec![ProblemKind::NoEffect]),
        (new(), vec![ProblemKind::MissingAudience, ProblemKind::NoEffect]),
        (feeding().client_id(""), vec![ProblemKind::EmptyValue]),
        (
            BackchannelLogout::new("", key()).client_id(CLIENT).feeds(Denylist::new()),
            vec![ProblemKind::EmptyValue],
        ),
    ] {
        let shown = format!("{builder:?}");
        let error = builder.build().unwrap_err();
        let kinds: Vec<_> = error.problems().iter().map(Problem::kind).collect();
        assert_eq!(kinds, expected, "{shown}: {error}");
    }
    assert!(feeding().client_id(CLIENT).build().is_ok());
}
