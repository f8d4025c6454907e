//! JSON Web Keys and sets that `jsonwebtoken` has read.

use jsonwebtoken::jwk::{Jwk, JwkSet};
use serde_json::{Value, json};
use tower_jwt_auth::error::ProblemKind as Kind;
use tower_jwt_auth::key::{KeySet, SkipReason};
use tower_jwt_auth::testing::FixedClock;
use tower_jwt_auth::{Algorithm, ErrorKind, Issuer, Policy, VerificationKey, Verifier};

use super::builder::{expect, expect_naming};
use crate::support::tokens::{algorithms, issuer, public_algorithms, verdict};

/// The issuer's public key with changed members; null removes one.
fn jwk(algorithm: Algorithm, members: &Value) -> Value {
    let mut jwk: Value = serde_json::from_str(&issuer(algorithm).jwk()).unwrap();
    for (name, value) in members.as_object().unwrap() {
        jwk[name] = value.clone();
    }
    jwk
}

fn convert(jwk: &Value) -> Result<VerificationKey, tower_jwt_auth::BuildError> {
    let theirs: Jwk = serde_json::from_value(jwk.clone()).unwrap();
    VerificationKey::try_from(&theirs)
}

fn set(keys: &[Value]) -> JwkSet {
    serde_json::from_value(json!({ "keys": keys })).unwrap()
}

fn over(keys: impl Into<tower_jwt_auth::key::Keys>, listed: Algorithm) -> Verifier {
    let policy = Policy::new().any_audience().algorithms([listed]);
    let builder = Verifier::builder().trust(Issuer::unnamed(keys, policy));
    builder.clock(FixedClock::new()).build().unwrap()
}

/// `jsonwebtoken` does not know ES512. Without `alg`, the curve determines the algorithm.
fn members(algorithm: Algorithm) -> Value {
    if algorithm == Algorithm::ES512 { json!({ "alg": null }) } else { json!({}) }
}

#[test]
fn a_jwk_of_every_algorithm_verifies_tokens() {
    for algorithm in algorithms() {
        let issuer = issuer(algorithm);
        let key = convert(&jwk(algorithm, &members(algorithm))).unwrap();
        let kid: Value = serde_json::from_str(&issuer.jwk()).unwrap();
        assert_eq!(key.key_id(), kid["kid"].as_str());
        let verifier = over(key, algorithm);
        assert_eq!(verdict(&verifier, &issuer.token().mint()), Ok(()), "{algorithm}");
        let other = issuer.clone().with_other_key().token().mint();
        let wrong = Err(ErrorKind::InvalidSignature);
        assert_eq!(verdict(&verifier, &other), wrong, "{algorithm}");
    }
}

#[test]
fn a_jwk_is_read_under_the_json_rules() {
    let invalid = &[Kind::InvalidKey][..];
    let unsuitable = &[Kind::UnsuitableAlgorithm][..];
    for (algorithm, members, problems) in [
        (Algorithm::ES256, json!({ "use": "sig", "key_ops": ["verify", "sign"] }), &[][..]),
        (Algorithm::ES256, json!({ "use": "enc" }), invalid),
        (Algorithm::ES256, json!({ "use": "signature" }), invalid),
        (Algorithm::ES256, json!({ "key_ops": ["sign"] }), invalid),
        (Algorithm::ES256, json!({ "key_ops": ["sign", "VERIFY"] }), invalid),
        (Algorithm::ES256, json!({ "key_ops": [] }), invalid),
        (Algorithm::ES256, json!({ "alg": "ES384" }), unsuitable),
        (Algorithm::ES256, json!({ "alg": "HS256" }), unsuitable),
        (Algorithm::ES256, json!({ "alg": "RSA-OAEP" }), unsuitable),
        (Algorithm::ES256, json!({ "crv": "P-384" }), invalid),
        (Algorithm::ES256, json!({ "crv": "Ed25519" }), invalid),
        (Algorithm::ES256, json!({ "crv": "secp256k1", "alg": null }), invalid),
        (Algorithm::ES256, json!({ "x": "AA" }), invalid),
        (Algorithm::ES256, json!({ "x": "not base64url" }), invalid),
        (Algorithm::EdDSA, json!({ "x": "A".repeat(43) }), &[Kind::WeakKey]),
        (Algorithm::RS256, json!({ "n": "u".repeat(171) }), invalid),
        (Algorithm::RS256, json!({ "e": "AQ" }), &[Kind::WeakKey]),
        (Algorithm::RS256, json!({ "alg": "PS512" }), &[]),
        (Algorithm::HS256, json!({ "k": "AAAA" }), &[Kind::WeakSecret]),
        (Algorithm::HS256, json!({ "kty": "other" }), invalid),
    ] {
        let jwk = jwk(algorithm, &members);
        expect(convert(&jwk), problems);
        // With the JSON itself the verdict is the same.
        expect(VerificationKey::jwk(jwk.to_string()), problems);
    }
}

#[test]
fn an_alg_that_jsonwebtoken_cannot_name_is_rejected() {
    let lost = &[Kind::UnsupportedConversion][..];
    for (algorithm, alg) in [
        (Algorithm::ES512, "ES512"),
        (Algorithm::EdDSA, "Ed25519"),
        (Algorithm::ES256, "ECDH-ES"),
        (Algorithm::ES256, "none"),
    ] {
        expect(convert(&jwk(algorithm, &json!({ "alg": alg }))), lost);
        expect(convert(&jwk(algorithm, &json!({ "alg": null }))), &[]);
    }
}

/// Members that `jsonwebtoken` drops cannot be checked; the documentation warns of this.
#[test]
fn a_private_key_is_recognized_only_in_the_json() {
    let private = jwk(Algorithm::EdDSA, &json!({ "d": "A".repeat(43) }));
    expect(convert(&private), &[]);
    expect(VerificationKey::jwk(private.to_string()), &[Kind::PrivateKey]);
    // `jsonwebtoken` keeps all members of an unknown kind of key.
    let other = jwk(Algorithm::EdDSA, &json!({ "d": "AA", "crv": "Ed448" }));
    let set = KeySet::try_from(&set(&[other, jwk(Algorithm::EdDSA, &json!({}))])).unwrap();
    assert_eq!(set.skipped(), [SkipReason::PrivateKey]);
}

#[test]
fn a_set_skips_unusable_keys() {
    let keys: Vec<_> = public_algorithms()
        .map(|algorithm| {
            let mut jwk = jwk(algorithm, &members(algorithm));
            jwk["kid"] = json!(algorithm.name());
            jwk
        })
        .collect();
    let usable = keys.len();
    let bad = jwk(Algorithm::ES256, &json!({ "use": "enc", "kid": "ES256" }));
    let unknown = jwk(Algorithm::ES256, &json!({ "alg": "ECDH-ES", "kid": "ES256" }));
    let secret = jwk(Algorithm::HS256, &json!({ "kid": "ES256" }));
    let all = [vec![bad, unknown, secret], keys].concat();
    let converted = || KeySet::try_from(&set(&all)).unwrap();
    assert_eq!(converted().len(), usable);
    let skipped = [SkipReason::NotForSignatures, SkipReason::OtherAlgorithm, SkipReason::Secret];
    assert_eq!(converted().skipped(), skipped);
    for algorithm in public_algorithms() {
        let issuer = issuer(algorithm).key_id(algorithm.name());
        let verifier = over(converted(), algorithm);
        assert_eq!(verdict(&verifier, &issuer.token().mint()), Ok(()), "{algorithm}");
        let other = issuer.clone().with_other_key().token().mint();
        let wrong = Err(ErrorKind::InvalidSignature);
        assert_eq!(verdict(&verifier, &other), wrong, "{algorithm}");
        let unknown = issuer.clone().key_id("other").token().mint();
        assert_eq!(verdict(&verifier, &unknown), Err(ErrorKind::UnknownKey), "{algorithm}");
    }
}

#[test]
fn a_set_without_a_usable_key_is_rejected() {
    expect(KeySet::try_from(&JwkSet::default()), &[Kind::MissingKeys]);
    let secrets = set(&[jwk(Algorithm::HS256, &json!({}))]);
    expect_naming(KeySet::try_from(&secrets), &[(Kind::MissingKeys, "(1 secret)")]);
    // A configured secret converts on its own.
    assert!(VerificationKey::try_from(&secrets.keys[0]).is_ok());
}
