//! Listed algorithms that no key can be used with, and tokens without a `kid` for many keys.

use std::sync::{Arc, Mutex};

use tower_jwt_auth::error::ProblemKind as Kind;
use tower_jwt_auth::key::KeySet;
use tower_jwt_auth::observe::Event;
use tower_jwt_auth::testing::{FixedClock, TestIssuer};
use tower_jwt_auth::{Algorithm, ErrorKind, Issuer, Policy, VerificationKey, Verifier};

use super::builder::expect_naming;
use crate::support::late_keys::LateKeys;
use crate::support::tokens::{Seeded, encode, issuer, verdict};

use Algorithm::{ES256, ES384, EdDSA, PS256, RS256, RS512};

const NAME: &str = "https://auth.example.com";

fn document(keys: &[TestIssuer]) -> String {
    let keys: Vec<_> = keys.iter().map(TestIssuer::jwk).collect();
    format!("{{\"keys\":[{}]}}", keys.join(","))
}

/// A key without `alg`.
fn without_alg(algorithm: Algorithm) -> String {
    issuer(algorithm).jwk().replace(&format!("\"alg\":\"{algorithm}\","), "")
}

#[test]
fn a_listed_algorithm_without_a_fixed_key_is_a_problem() {
    for (listed, unused) in [
        (&[ES256][..], None),
        (&[ES256, RS256], None),
        (&[ES256, EdDSA], Some("EdDSA")),
        (&[ES384, RS256], Some("ES384")),
        // The RSA key declares RS256.
        (&[RS256, PS256], Some("PS256")),
    ] {
        let document = document(&[issuer(ES256), issuer(RS256)]);
        let listed = listed.iter().copied();
        let built = Verifier::jwks(document).issuer(NAME).any_audience().algorithms(listed).build();
        let expected = unused.map(|unused| (Kind::UnsuitableAlgorithm, unused));
        expect_naming(built, expected.as_slice());
    }
    // Without `alg`, the key serves every listed algorithm of its type.
    let document = format!("{{\"keys\":[{}]}}", without_alg(RS256));
    let builder = || Verifier::jwks(&document).issuer(NAME).any_audience();
    expect_naming(builder().algorithms([RS256, RS512, PS256]).build(), &[]);
    let expected = [(Kind::UnsuitableAlgorithm, "ES256")];
    expect_naming(builder().algorithms([RS256, ES256]).build(), &expected);
}

/// A verifier with these keys from a source, and the events about algorithms.
fn observed(keys: &LateKeys, listed: &[Algorithm]) -> (Verifier, Arc<Mutex<Vec<String>>>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let events = Arc::clone(&seen);
    let mut policy = Policy::new().any_audience();
    if !listed.is_empty() {
        policy = policy.algorithms(listed.iter().copied());
    }
    let verifier = Verifier::builder()
        .trust(Issuer::new(NAME, keys.clone(), policy))
        .observer(move |event: &Event<'_>| {
            if let Event::AlgorithmWithoutKey { issuer, algorithm, .. } = *event {
                assert!(event.is_failure());
                events.lock().unwrap().push(format!("{} {algorithm}", issuer.unwrap_or_default()));
            }
        })
        .clock(FixedClock::new())
        .build()
        .unwrap();
    (verifier, seen)
}

fn named(algorithm: Algorithm) -> TestIssuer {
    issuer(algorithm).issuer(NAME)
}

#[test]
fn a_listed_algorithm_without_a_remote_key_is_an_event() {
    let keys = LateKeys::with(&document(&[named(ES256)]));
    let (verifier, seen) = observed(&keys, &[ES256, RS256, PS256]);
    let take = || std::mem::take(&mut *seen.lock().unwrap());
    assert!(take().is_empty());
    // Once for each set, whatever the token's algorithm.
    for _ in 0..3 {
        assert_eq!(verdict(&verifier, &named(ES256).token().mint()), Ok(()));
    }
    let event = |algorithm: Algorithm| format!("{NAME} {algorithm}");
    assert_eq!(take(), [event(RS256), event(PS256)]);
    let token = named(RS256).token().header("kid", "demo-ES256").mint();
    let rejected = verifier.verify_now(&token).unwrap_err();
    assert_eq!(rejected.kind(), ErrorKind::AlgorithmNotAllowed);
    assert!(rejected.detail().unwrap().contains("no key"), "{rejected}");
    assert!(take().is_empty());
    // A new set is reported anew, and a complete one is not.
    keys.arrive(&document(&[named(ES256), named(RS256)]));
    assert_eq!(verdict(&verifier, &named(RS256).token().mint()), Ok(()));
    assert_eq!(take(), [event(PS256)]);
    let rsa = format!("{{\"keys\":[{},{}]}}", without_alg(RS256), named(ES256).jwk());
    keys.arrive(&rsa);
    assert_eq!(verdict(&verifier, &named(RS256).token().mint()), Ok(()));
    assert!(take().is_empty());
}

#[test]
fn keys_without_listed_algorithms_cause_no_event() {
    let keys = LateKeys::with(&document(&[named(ES256)]));
    let (verifier, seen) = observed(&keys, &[]);
    assert_eq!(verdict(&verifier, &named(ES256).token().mint()), Ok(()));
    let rejected = verifier.verify_now(&named(RS256).token().header("kid", "demo-ES256").mint());
    assert_eq!(rejected.unwrap_err().kind(), ErrorKind::AlgorithmNotAllowed);
    assert!(seen.lock().unwrap().is_empty());
}

#[test]
fn many_keys_and_no_kid_name_the_missing_kid() {
    let key = |n: u8| Seeded::new([n; 32]);
    let jwk = |n: u8| key(n).jwk(&format!(",\"kid\":\"{n}\""));
    let payload = r#"{"sub":"user-1","exp":1767226500}"#;
    let with_keys = |count: u8| {
        let jwks: Vec<_> = (1..=count).map(jwk).collect();
        let set = KeySet::jwks(format!("{{\"keys\":[{}]}}", jwks.join(","))).unwrap();
        let trusted = Issuer::unnamed(set, Policy::new().any_audience());
        Verifier::builder().trust(trusted).clock(FixedClock::new()).build().unwrap()
    };
    for (count, signer, header, expected) in [
        (4, 4, r#"{"alg":"EdDSA"}"#, None),
        (5, 4, r#"{"alg":"EdDSA"}"#, None),
        (5, 5, r#"{"alg":"EdDSA","kid":"5"}"#, None),
        // The fifth key is not tried.
        (5, 5, r#"{"alg":"EdDSA"}"#, Some((ErrorKind::InvalidSignature, true))),
        (5, 5, r#"{"alg":"EdDSA","kid":""}"#, Some((ErrorKind::InvalidSignature, true))),
        (5, 5, r#"{"alg":"EdDSA","kid":null}"#, Some((ErrorKind::InvalidSignature, true))),
        (4, 9, r#"{"alg":"EdDSA"}"#, Some((ErrorKind::InvalidSignature, false))),
        (5, 4, r#"{"alg":"EdDSA","kid":"5"}"#, Some((ErrorKind::InvalidSignature, false))),
        (5, 5, r#"{"alg":"EdDSA","kid":"6"}"#, Some((ErrorKind::UnknownKey, false))),
    ] {
        let outcome = with_keys(count).verify_now(&key(signer).sign(header, payload)).err();
        let found = outcome.as_ref().map(|error| {
            (error.kind(), error.detail().is_some_and(|it| it.contains("should send a `kid`")))
        });
        assert_eq!(found, expected, "{count} {header}: {outcome:?}");
    }
}

#[test]
fn several_large_keys_and_no_kid_name_the_missing_kid() {
    let large = |id: &str| {
        let n = encode(vec![0xff; 1024]);
        format!("{{\"kty\":\"RSA\",\"n\":\"{n}\",\"e\":\"AQAB\",\"kid\":\"{id}\"}}")
    };
    let token = issuer(RS256).without_key_id().token().mint();
    for (ids, is_named) in [(&["a"][..], false), (&["a", "b"], true)] {
        let keys: Vec<_> = ids.iter().map(|id| large(id)).collect();
        let set = KeySet::jwks(format!("{{\"keys\":[{}]}}", keys.join(","))).unwrap();
        let trusted = Issuer::unnamed(set, Policy::new().any_audience());
        let verifier = Verifier::builder().trust(trusted).clock(FixedClock::new()).build().unwrap();
        let error = verifier.verify_now(&token).unwrap_err();
        assert_eq!(error.detail().is_some_and(|it| it.contains("`kid`")), is_named, "{error}");
    }
    // The same number of keys without ids is a problem of the configuration.
    let key = || VerificationKey::jwk(large("")).unwrap();
    let trusted = Issuer::unnamed(KeySet::new([key(), key()]), Policy::new().any_audience());
    expect_naming(Verifier::builder().trust(trusted).build(), &[(Kind::TooManyKeys, "4096 bits")]);
}
