//! Changing keys: when the verifier refreshes a key source, and how it uses the result.

use std::error::Error as _;
use std::time::Duration;

use tokio_test::{assert_pending, assert_ready, task};
use tower_jwt_auth::key::{KeySet, RefreshError, RefreshReason, Refreshed};
use tower_jwt_auth::testing::TestIssuer;
use tower_jwt_auth::{Algorithm, ErrorKind};

use super::scripted_source::{Outcome, Script, gated};
use crate::support::tokens::{Verdict, header, issuer, public_algorithms, verdict};

const UNAVAILABLE: Verdict = Err(ErrorKind::KeysUnavailable);
const UNKNOWN: Verdict = Err(ErrorKind::UnknownKey);
const WRONG: Verdict = Err(ErrorKind::InvalidSignature);
const NOT_ALLOWED: Verdict = Err(ErrorKind::AlgorithmNotAllowed);

fn set_of(issuer: &TestIssuer) -> KeySet {
    KeySet::jwks(issuer.jwks()).unwrap()
}

/// An issuer, and the same issuer with another key and another id.
fn rotated(algorithm: Algorithm) -> (TestIssuer, TestIssuer) {
    let old = issuer(algorithm).key_id("old");
    let new = old.clone().with_other_key().key_id("new");
    (old, new)
}

fn failed() -> Outcome {
    Err(RefreshError::new(Duration::from_secs(7)).with_source("connection to 10.0.0.7 refused"))
}

#[test]
fn a_known_key_never_causes_a_refresh() {
    for algorithm in public_algorithms() {
        let issuer = issuer(algorithm);
        let script = Script::holding(set_of(&issuer));
        let verifier = script.verifier();
        let named = format!("{{\"alg\":\"{algorithm}\",\"kid\":\"demo-{algorithm}\"}}");
        let no_such = format!("{{\"alg\":\"none\",\"kid\":\"demo-{algorithm}\"}}");
        let other = if algorithm == Algorithm::ES384 { Algorithm::ES256 } else { Algorithm::ES384 };
        let other = header(other).replace('}', &format!(",\"kid\":\"demo-{algorithm}\"}}"));
        for (token, expected) in [
            (issuer.token().mint(), Ok(())),
            (issuer.token().expired().mint(), Err(ErrorKind::TokenExpired)),
            (issuer.token().claim("aud", 7).mint(), Err(ErrorKind::InvalidAudience)),
            (issuer.sign(&named, "[]"), Err(ErrorKind::MalformedToken)),
            (issuer.sign(no_such, "{}"), NOT_ALLOWED),
            (issuer.sign(other, "{}"), NOT_ALLOWED),
            (issuer.sign(header(Algorithm::HS256), "{}"), NOT_ALLOWED),
            (issuer.sign("{}", "{}"), Err(ErrorKind::MalformedToken)),
            ("a.b".into(), Err(ErrorKind::MalformedToken)),
            ("a".repeat(20_000), Err(ErrorKind::TokenTooLarge)),
        ] {
            assert_eq!(verdict(&verifier, &token), expected, "{algorithm}");
        }
        assert_eq!(script.asked(), []);
    }
}

#[test]
fn without_any_keys_the_first_token_fetches_them() {
    for algorithm in public_algorithms() {
        let issuer = issuer(algorithm);
        let script = Script::default().then_replaced(set_of(&issuer));
        let verifier = script.verifier();
        assert_eq!(verdict(&verifier, &issuer.token().mint()), Ok(()), "{algorithm}");
        assert_eq!(verdict(&verifier, &issuer.token().mint()), Ok(()), "{algorithm}");
        assert_eq!(script.asked(), [RefreshReason::Empty]);
    }
}

#[test]
fn an_unknown_key_is_fetched_once_and_then_used() {
    for algorithm in public_algorithms() {
        let (old, new) = rotated(algorithm);
        let both = format!("{{\"keys\":[{},{}]}}", old.jwk(), new.jwk());
        let script = Script::holding(set_of(&old));
        let script = script.then_replaced(KeySet::jwks(both).unwrap());
        let verifier = script.verifier();
        assert_eq!(verdict(&verifier, &old.token().mint()), Ok(()));
        assert_eq!(verdict(&verifier, &new.token().mint()), Ok(()), "{algorithm}");
        assert_eq!(verdict(&verifier, &new.token().mint()), Ok(()));
        assert_eq!(verdict(&verifier, &old.token().mint()), Ok(()));
        assert_eq!(script.asked(), [RefreshReason::UnknownKey]);
    }
}

#[test]
fn a_removed_key_stops_verifying() {
    let (old, new) = rotated(Algorithm::ES256);
    let script = Script::holding(set_of(&old)).then_replaced(set_of(&new));
    let script = script.then(Ok(Refreshed::Suppressed));
    let verifier = script.verifier();
    assert_eq!(verdict(&verifier, &new.token().mint()), Ok(()));
    assert_eq!(verdict(&verifier, &old.token().mint()), UNKNOWN);
}

#[test]
fn the_error_after_a_useless_refresh_depends_on_its_reason() {
    let (old, new) = rotated(Algorithm::ES256);
    let forged = old.clone().with_other_key();
    // Without a `kid`, and of a kind for which the set has no key.
    let unfit = issuer(Algorithm::RS256).without_key_id();
    let rows: [(&TestIssuer, Option<&TestIssuer>, RefreshReason, Verdict, Verdict); 4] = [
        // signer, key in memory, reason, verdict without new keys, verdict when the source fails
        (&new, None, RefreshReason::Empty, UNAVAILABLE, UNAVAILABLE),
        (&new, Some(&old), RefreshReason::UnknownKey, UNKNOWN, UNAVAILABLE),
        (&unfit, Some(&old), RefreshReason::UnknownKey, NOT_ALLOWED, UNAVAILABLE),
        (&forged, Some(&old), RefreshReason::BadSignature, WRONG, WRONG),
    ];
    for (signer, held, reason, nothing_new, source_fails) in rows {
        for (answer, expected) in [
            (Ok(Refreshed::Suppressed), nothing_new),
            (Ok(Refreshed::Unchanged), nothing_new),
            (Ok(Refreshed::Replaced), nothing_new),
            (failed(), source_fails),
        ] {
            let script = held.map_or_else(Script::default, |held| Script::holding(set_of(held)));
            let script = script.then(answer);
            let outcome = verdict(&script.verifier(), &signer.token().mint());
            assert_eq!(outcome, expected, "{reason:?}");
            assert_eq!(script.asked(), [reason]);
        }
    }
}

#[test]
fn a_failed_source_gives_retry_after_and_operator_detail() {
    let (old, new) = rotated(Algorithm::EdDSA);
    for script in [Script::default(), Script::holding(set_of(&old))] {
        let error = script.then(failed()).verifier().verify_now(&new.token().mint()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::KeysUnavailable);
        assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
        assert!(!format!("{error} {error:?}").contains("10.0.0.7"));
        let source = error.source().and_then(std::error::Error::source).map(ToString::to_string);
        assert_eq!(source.as_deref(), Some("connection to 10.0.0.7 refused"));
    }
    let script = Script::holding(set_of(&old));
    let verifier = script.then(failed()).then(failed()).verifier();
    let forged = old.clone().with_other_key().token().mint();
    assert_eq!(verifier.verify_now(&forged).unwrap_err().retry_after(), None);
    // A failing source does not affect tokens whose key is in memory.
    assert_eq!(verdict(&verifier, &new.token().mint()), UNAVAILABLE);
    assert_eq!(verdict(&verifier, &old.token().mint()), Ok(()));
}

#[test]
fn a_reassigned_kid_is_detected_by_the_signature() {
    for algorithm in public_algorithms() {
        let old = issuer(algorithm);
        let new = old.clone().with_other_key();
        let script = Script::holding(set_of(&old)).then_replaced(set_of(&new));
        let verifier = script.verifier();
        assert_eq!(verdict(&verifier, &old.token().mint()), Ok(()));
        assert_eq!(verdict(&verifier, &new.token().mint()), Ok(()), "{algorithm}");
        assert_eq!(script.asked(), [RefreshReason::BadSignature]);
    }
}

#[test]
fn one_token_causes_at_most_one_refresh() {
    let (old, new) = rotated(Algorithm::ES256);
    let third = issuer(Algorithm::ES256).key_id("third");
    // The new set does not help either. The script has no second step, so a second refresh would fail the test.
    for came in [set_of(&old), set_of(&third), set_of(&new.clone().with_other_key())] {
        let script = Script::holding(set_of(&old)).then_replaced(came);
        assert!(script.verifier().verify_now(&new.token().mint()).is_err());
        assert_eq!(script.asked().len(), 1);
    }
    let script = Script::default().then(Ok(Refreshed::Replaced));
    assert_eq!(verdict(&script.verifier(), &new.token().mint()), UNAVAILABLE);
    assert_eq!(script.asked().len(), 1);
}

#[test]
fn secrets_from_a_key_source_are_never_used() {
    let secret = issuer(Algorithm::HS256).key_id("k");
    let public = issuer(Algorithm::ES256).key_id("k");
    let mixed = format!("{{\"keys\":[{},{}]}}", secret.jwk(), public.jwk());
    for document in [secret.jwks(), mixed] {
        let set = || KeySet::jwks(&document).unwrap();
        let script = Script::holding(set()).then(Ok(Refreshed::Suppressed));
        let outcome = verdict(&script.verifier(), &secret.token().mint());
        assert!(outcome.is_err(), "{document}");
    }
}

#[test]
fn verify_waits_for_a_slow_refresh() {
    let (old, new) = rotated(Algorithm::ES256);
    let forged = old.clone().with_other_key();
    let replaced = || (Ok(Refreshed::Replaced), Some(set_of(&new)));
    for (signer, held, (answer, set), expected) in [
        (&new, None, replaced(), Ok(())),
        (&new, Some(&old), replaced(), Ok(())),
        (&old, None, replaced(), UNKNOWN),
        (&new, Some(&old), (Ok(Refreshed::Unchanged), None), UNKNOWN),
        (&new, Some(&old), (Ok(Refreshed::Suppressed), None), UNKNOWN),
        (&new, Some(&old), (failed(), None), UNAVAILABLE),
        (&new, None, (failed(), None), UNAVAILABLE),
        (&forged, Some(&old), (failed(), None), WRONG),
    ] {
        let (open, step) = gated(answer, set);
        let script = held.map_or_else(Script::default, |held| Script::holding(set_of(held)));
        let script = script.step(step);
        let verifier = script.verifier();
        let token = signer.token().mint();
        let mut waiting = task::spawn(verifier.verify(&token));
        // The future borrows neither the token nor the verifier.
        drop((verifier, token));
        assert_pending!(waiting.poll());
        open.send(()).unwrap();
        assert!(waiting.is_woken());
        let outcome = assert_ready!(waiting.poll());
        assert_eq!(outcome.map(|_| ()).map_err(|error| error.kind()), expected);
        assert_eq!(script.asked().len(), 1);
    }
}

#[test]
fn verify_completes_immediately_with_keys_in_memory() {
    let (old, new) = rotated(Algorithm::ES256);
    let script = Script::holding(set_of(&old)).then_replaced(set_of(&new));
    let verifier = script.verifier();
    for (token, accepted) in [
        (old.token().mint(), true),
        (old.token().expired().mint(), false),
        ("a.b.c".to_owned(), false),
        (new.token().mint(), true),
    ] {
        let outcome = verifier.verify(&token).try_now().expect("nothing to wait for");
        assert_eq!(outcome.is_ok(), accepted);
    }
}

#[test]
fn verify_now_does_not_wait() {
    let (old, new) = rotated(Algorithm::ES256);
    for script in [Script::default(), Script::holding(set_of(&old))] {
        let (open, step) = gated(Ok(Refreshed::Replaced), Some(set_of(&new)));
        let script = script.step(step);
        let verifier = script.verifier();
        assert_eq!(verdict(&verifier, &new.token().mint()), UNAVAILABLE);
        assert!(open.send(()).is_err(), "the answer was dropped");
        assert_eq!(script.asked().len(), 1);
    }
}

#[test]
fn dropping_a_waiting_verification_changes_nothing() {
    let (old, new) = rotated(Algorithm::ES256);
    let (open, step) = gated(Ok(Refreshed::Replaced), Some(set_of(&new)));
    let script = Script::holding(set_of(&old)).step(step).then_replaced(set_of(&new));
    let verifier = script.verifier();
    let mut waiting = task::spawn(verifier.verify(&new.token().mint()));
    assert_pending!(waiting.poll());
    drop((waiting, open));
    assert_eq!(verdict(&verifier, &old.token().mint()), Ok(()));
    assert_eq!(verdict(&verifier, &new.token().mint()), Ok(()));
}
