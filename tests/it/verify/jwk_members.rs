//! The members of a JWK: their spelling, and the reason why a key is not used (RFC 7517, RFC 7518 §6).

use serde_json::{Value, json};
use tower_jwt_auth::error::ProblemKind as Kind;
use tower_jwt_auth::key::{KeySet, SkipReason as Skip};
use tower_jwt_auth::{Algorithm, ErrorKind, VerificationKey};

use super::key_forms::over;
use crate::support::tokens::{decode, encode, issuer, public_algorithms, verdict};

fn members(algorithm: Algorithm) -> Value {
    serde_json::from_str(&issuer(algorithm).jwk()).unwrap()
}

/// The key with these members in place of its own. `null` removes one.
fn changed(algorithm: Algorithm, changes: &Value) -> String {
    let mut jwk = members(algorithm);
    for (name, value) in changes.as_object().unwrap() {
        jwk[name] = value.clone();
    }
    jwk.to_string()
}

fn skipped(jwk: &str) -> Option<Skip> {
    // The second key is usable, so the document is a set.
    let good = issuer(Algorithm::EdDSA).jwk();
    let set = KeySet::jwks(format!("{{\"keys\":[{jwk},{good}]}}")).unwrap();
    set.skipped().first().copied()
}

#[test]
fn public_members_may_be_padded_and_in_either_alphabet() {
    for algorithm in public_algorithms() {
        let issuer = issuer(algorithm);
        let forged = issuer.clone().with_other_key().token().mint();
        for name in ["n", "e", "x", "y"] {
            let jwk = members(algorithm);
            let Some(text) = jwk[name].as_str() else { continue };
            let bytes = decode(text);
            let standard = base64_simd::STANDARD.encode_to_string(&bytes);
            let mut spellings = vec![base64_simd::URL_SAFE.encode_to_string(&bytes)];
            spellings.push(base64_simd::STANDARD_NO_PAD.encode_to_string(&bytes));
            spellings.push(standard.clone());
            for spelling in spellings {
                let jwk = changed(algorithm, &json!({ name: spelling }));
                let verifier = over(VerificationKey::jwk(&jwk).unwrap());
                assert_eq!(verdict(&verifier, &issuer.token().mint()), Ok(()), "{jwk}");
                let wrong = Err(ErrorKind::InvalidSignature);
                assert_eq!(verdict(&verifier, &forged), wrong, "{jwk}");
                assert_eq!(skipped(&jwk), None);
            }
            let padded = format!("{text}====");
            for other in ["", "=", "not base64", &format!("{text}\n"), &format!(" {text}"), &padded]
            {
                let jwk = changed(algorithm, &json!({ name: other }));
                assert!(
                    matches!(skipped(&jwk), Some(Skip::MalformedMember(it)) if it == name),
                    "{jwk}"
                );
            }
        }
    }
}

#[test]
fn the_secret_of_a_jwk_has_one_spelling() {
    let secret = [0xfb; 40];
    let jwk = |k: &str| format!("{{\"kty\":\"oct\",\"k\":\"{k}\"}}");
    assert_eq!(skipped(&jwk(&encode(secret))), None);
    for other in [
        base64_simd::URL_SAFE.encode_to_string(secret),
        base64_simd::STANDARD.encode_to_string(secret),
        base64_simd::STANDARD_NO_PAD.encode_to_string(secret),
    ] {
        assert!(VerificationKey::jwk(jwk(&other)).is_err(), "{other}");
    }
}

#[test]
fn each_unusable_key_is_skipped_for_its_own_reason() {
    use Algorithm::{ES256, ES512, EdDSA, HS256, RS256};
    let rsa = |bytes: usize| encode(vec![0xff; bytes]);
    let weak = Kind::WeakKey;
    for (algorithm, changes, reason, kind, named) in [
        // Missing members.
        (RS256, json!({"n": null}), Skip::MissingMember("n"), Kind::InvalidKey, "`n`"),
        (RS256, json!({"e": null}), Skip::MissingMember("e"), Kind::InvalidKey, "`e`"),
        (ES256, json!({"y": null}), Skip::MissingMember("y"), Kind::InvalidKey, "`y`"),
        (ES256, json!({"crv": null}), Skip::MissingMember("crv"), Kind::InvalidKey, "`crv`"),
        (EdDSA, json!({"x": null}), Skip::MissingMember("x"), Kind::InvalidKey, "`x`"),
        (HS256, json!({"k": null}), Skip::MissingMember("k"), Kind::InvalidKey, "`k`"),
        (ES256, json!({"kty": null}), Skip::MissingMember("kty"), Kind::InvalidKey, "`kty`"),
        // Malformed members.
        (RS256, json!({"n": 7}), Skip::MalformedMember("n"), Kind::InvalidKey, "`n`"),
        (RS256, json!({"n": ""}), Skip::MalformedMember("n"), Kind::InvalidKey, "`n`"),
        (RS256, json!({"e": "A"}), Skip::MalformedMember("e"), Kind::InvalidKey, "`e`"),
        (RS256, json!({"e": 65537}), Skip::MalformedMember("e"), Kind::InvalidKey, "`e`"),
        (ES256, json!({"x": "AA"}), Skip::MalformedMember("x"), Kind::InvalidKey, "`x`"),
        (ES256, json!({"y": rsa(33)}), Skip::MalformedMember("y"), Kind::InvalidKey, "`y`"),
        (ES512, json!({"y": rsa(65)}), Skip::MalformedMember("y"), Kind::InvalidKey, "`y`"),
        (EdDSA, json!({"x": rsa(31)}), Skip::MalformedMember("x"), Kind::InvalidKey, "`x`"),
        (HS256, json!({"k": "+/=="}), Skip::MalformedMember("k"), Kind::InvalidKey, "`k`"),
        (ES256, json!({"kid": 7}), Skip::MalformedMember("kid"), Kind::InvalidKey, "`kid`"),
        (ES256, json!({"use": []}), Skip::MalformedMember("use"), Kind::InvalidKey, "`use`"),
        (ES256, json!({"alg": 7}), Skip::MalformedMember("alg"), Kind::InvalidKey, "`alg`"),
        (
            ES256,
            json!({"key_ops": "verify"}),
            Skip::MalformedMember("key_ops"),
            Kind::InvalidKey,
            "`key_ops`",
        ),
        // A private key, even if other members are malformed.
        (RS256, json!({"d": "AA"}), Skip::PrivateKey, Kind::PrivateKey, ""),
        (RS256, json!({"qi": "AA", "n": 7}), Skip::PrivateKey, Kind::PrivateKey, ""),
        (EdDSA, json!({"d": "AA", "use": "enc"}), Skip::PrivateKey, Kind::PrivateKey, ""),
        // Too weak.
        (RS256, json!({"n": rsa(255)}), Skip::Weak, weak, ""),
        (RS256, json!({"e": "AQ"}), Skip::Weak, weak, ""),
        (EdDSA, json!({"x": encode([0; 32])}), Skip::Weak, weak, ""),
        (HS256, json!({"k": rsa(31)}), Skip::Weak, Kind::WeakSecret, ""),
        (HS256, json!({"k": ""}), Skip::Weak, Kind::WeakSecret, ""),
        (HS256, json!({"k": rsa(47), "alg": "HS384"}), Skip::Weak, Kind::WeakSecret, ""),
        // Too long.
        (RS256, json!({"n": rsa(1025)}), Skip::TooLong, Kind::OutOfRange, ""),
        (RS256, json!({"e": "AgAAAAE"}), Skip::TooLong, Kind::OutOfRange, ""),
        // Of another type, or for something else.
        (ES256, json!({"crv": "P-255"}), Skip::UnknownType, Kind::InvalidKey, ""),
        (ES256, json!({"kty": "ec"}), Skip::UnknownType, Kind::InvalidKey, ""),
        (ES256, json!({"alg": "ES384"}), Skip::OtherAlgorithm, Kind::UnsuitableAlgorithm, ""),
        (RS256, json!({"alg": "RSA-OAEP"}), Skip::OtherAlgorithm, Kind::UnsuitableAlgorithm, ""),
        (RS256, json!({"use": "enc"}), Skip::NotForSignatures, Kind::InvalidKey, ""),
        (ES256, json!({"key_ops": ["sign"]}), Skip::NotForSignatures, Kind::InvalidKey, ""),
        (ES256, json!({"x": encode([1; 32])}), Skip::Rejected, Kind::InvalidKey, ""),
    ] {
        let jwk = changed(algorithm, &changes);
        assert_eq!(skipped(&jwk), Some(reason), "{jwk}");
        let error = VerificationKey::jwk(&jwk).unwrap_err();
        let [problem] = error.problems() else { panic!("{error}") };
        assert_eq!(problem.kind(), kind, "{error}");
        assert!(problem.what().contains(named), "{error}");
        // The document without another key lists the reason, and the member if there is one.
        let error = KeySet::jwks(format!("{{\"keys\":[{jwk}]}}")).unwrap_err();
        assert!(error.to_string().contains(&format!("(1 {reason})")), "{error}");
    }
    for algorithm in [RS256, ES256, ES512, EdDSA, HS256] {
        assert_eq!(skipped(&issuer(algorithm).jwk()), None);
    }
}

#[test]
fn a_large_rsa_key_is_too_long_not_weak() {
    let jwk = changed(Algorithm::RS256, &json!({"n": encode(vec![0xff; 1025])}));
    let error = VerificationKey::jwk(jwk).unwrap_err();
    assert!(error.to_string().contains("longer than 8192 bits"), "{error}");
    let jwk = changed(Algorithm::RS256, &json!({"n": encode(vec![0xff; 255])}));
    let error = VerificationKey::jwk(jwk).unwrap_err();
    assert!(error.to_string().contains("shorter than 2048 bits"), "{error}");
}

#[test]
fn the_label_of_a_reason_names_no_member() {
    for (reason, label, text) in [
        (Skip::MissingMember("x"), "missing_member", "missing_member `x`"),
        (Skip::MalformedMember("n"), "malformed_member", "malformed_member `n`"),
        (Skip::TooLong, "too_long", "too_long"),
    ] {
        assert_eq!((reason.as_str(), &*reason.to_string()), (label, text));
    }
}
