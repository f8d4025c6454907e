//! Keys that the application sets, and sources that look up one key.

use std::sync::{Arc, Mutex};

use tower_jwt_auth::error::ProblemKind;
use tower_jwt_auth::key::{
    KeyHealth, KeySet, KeySetState, KeySource, RefreshError, RefreshReason, Refreshed, Settable,
};
use tower_jwt_auth::testing::TestIssuer;
use tower_jwt_auth::{Answer, ErrorKind, VerificationKey, Verifier};

fn set(issuer: &TestIssuer) -> KeySet {
    KeySet::jwks(issuer.jwks()).unwrap()
}

fn kind(verifier: &Verifier, issuer: &TestIssuer) -> Option<ErrorKind> {
    verifier.verify_now(&issuer.token().mint()).err().map(|error| error.kind())
}

#[test]
fn set_keys_replace_the_previous_ones() {
    let (first, second) = (
        TestIssuer::es256().key_id("first"),
        TestIssuer::es256().with_other_key().key_id("second"),
    );
    let keys = Settable::new();
    let verifier = Verifier::key_source(keys.clone()).any_issuer().any_audience().build().unwrap();
    assert_eq!(kind(&verifier, &first), Some(ErrorKind::KeysUnavailable));
    assert_eq!(keys.health().state, KeySetState::Empty);
    keys.set(set(&first)).unwrap();
    assert_eq!(kind(&verifier, &first), None);
    assert_eq!(kind(&verifier, &second), Some(ErrorKind::UnknownKey));
    keys.set(set(&second)).unwrap();
    assert_eq!(kind(&verifier, &first), Some(ErrorKind::UnknownKey));
    assert_eq!(kind(&verifier, &second), None);
    assert_eq!((keys.health().state, keys.health().keys), (KeySetState::Fresh, 1));
}

#[test]
fn a_shared_secret_cannot_be_set() {
    let issuer = TestIssuer::es256();
    let keys = Settable::new();
    keys.set(set(&issuer)).unwrap();
    let secret = VerificationKey::shared_secret("a secret of at least thirty-two bytes").unwrap();
    let error = keys.set(KeySet::new([secret])).unwrap_err();
    assert_eq!(error.problems()[0].kind(), ProblemKind::MixedKeys);
    // The previous keys remain, and an empty set is a way to reject every token.
    let verifier = Verifier::key_source(keys.clone()).any_issuer().any_audience().build().unwrap();
    assert_eq!(kind(&verifier, &issuer), None);
    keys.set(KeySet::new([])).unwrap();
    assert!(kind(&verifier, &issuer).is_some());
}

/// Looks up one key at a time, and records the ids.
#[derive(Clone, Debug)]
struct Lookup {
    keys: Settable,
    asked: Arc<Mutex<Vec<String>>>,
    found: TestIssuer,
}

impl KeySource for Lookup {
    fn current(&self) -> Option<Arc<KeySet>> {
        self.keys.current()
    }

    fn refresh(&self, reason: RefreshReason) -> Answer<Result<Refreshed, RefreshError>> {
        self.asked.lock().unwrap().push(reason.as_str().to_owned());
        Answer::now(Ok(Refreshed::Suppressed))
    }

    fn refresh_key(
        &self,
        key_id: &str,
        reason: RefreshReason,
    ) -> Answer<Result<Refreshed, RefreshError>> {
        self.asked.lock().unwrap().push(format!("{} {key_id}", reason.as_str()));
        if key_id == "found" {
            self.keys.set(set(&self.found)).unwrap();
            return Answer::now(Ok(Refreshed::Replaced));
        }
        Answer::now(Ok(Refreshed::Suppressed))
    }

    fn health(&self) -> KeyHealth {
        self.keys.health()
    }
}

#[test]
fn an_unknown_id_is_passed_to_the_source() {
    let known = TestIssuer::es256().key_id("known");
    let other = known.clone().with_other_key();
    let (keys, asked) = (Settable::new(), Arc::default());
    keys.set(set(&known)).unwrap();
    let found = other.clone().key_id("found");
    let source = Lookup { keys, asked: Arc::clone(&asked), found: found.clone() };
    // Also through the implementation for `Arc`.
    let verifier =
        Verifier::key_source(Arc::new(source)).any_issuer().any_audience().build().unwrap();
    assert_eq!(kind(&verifier, &known), None);
    assert_eq!(kind(&verifier, &other.clone().key_id("a`/../b")), Some(ErrorKind::UnknownKey));
    // A known id, and a token without an id, have no unknown id to look up.
    assert_eq!(kind(&verifier, &other), Some(ErrorKind::InvalidSignature));
    let unnamed = other.clone().without_key_id().token().mint();
    assert!(verifier.verify_now(&unnamed).is_err());
    assert_eq!(kind(&verifier, &found), None);
    assert_eq!(
        *asked.lock().unwrap(),
        ["unknown_key a`/../b", "bad_signature", "unknown_key", "unknown_key found"]
    );
}
