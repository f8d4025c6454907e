//! The selection of the key for a token: `use`, `key_ops` and `alg` of the key, `kid` of the token (RFC 7517 §4,
//! RFC 7515 §4.1.4).

use tokio_test::{assert_pending, assert_ready, task};
use tower_jwt_auth::key::{KeySet, Keys};
use tower_jwt_auth::testing::{FixedClock, TestIssuer};
use tower_jwt_auth::{Algorithm, ErrorKind, Issuer, Policy, VerificationKey, Verifier};

use crate::support::late_keys::LateKeys;
use crate::support::tokens::{
    PAYLOAD, Verdict, algorithms, encode, header, issuer, public_algorithms, trusting, verdict,
};

const MALFORMED: Verdict = Err(ErrorKind::MalformedToken);
const UNKNOWN: Verdict = Err(ErrorKind::UnknownKey);
const NOT_ALLOWED: Verdict = Err(ErrorKind::AlgorithmNotAllowed);
const WRONG: Verdict = Err(ErrorKind::InvalidSignature);

/// A verifier with these JWKs, as read from a document.
fn over(jwks: &[String]) -> Verifier {
    let document = format!("{{\"keys\":[{}]}}", jwks.join(","));
    trust(KeySet::jwks(document).unwrap())
}

fn trust(keys: impl Into<Keys>) -> Verifier {
    let issuer = Issuer::unnamed(keys, Policy::new().any_audience());
    Verifier::builder().trust(issuer).clock(FixedClock::new()).build().unwrap()
}

/// The JWK with more members.
fn extended(jwk: &str, members: &str) -> String {
    format!("{},{members}}}", jwk.strip_suffix('}').unwrap())
}

#[test]
fn keys_for_other_uses_are_not_used() {
    for algorithm in algorithms() {
        let issuer = issuer(algorithm);
        let token = issuer.token().mint();
        let bare = issuer.jwk().replace(&format!("\"alg\":\"{algorithm}\","), "");
        let named = |alg: &str| extended(&bare, &format!("\"alg\":\"{alg}\""));
        for (jwk, usable) in [
            (issuer.jwk(), true),
            (extended(&issuer.jwk(), r#""use":"sig""#), true),
            (extended(&issuer.jwk(), r#""key_ops":["verify"]"#), true),
            (extended(&issuer.jwk(), r#""key_ops":["sign","verify"]"#), true),
            (extended(&issuer.jwk(), r#""use":"sig","key_ops":["verify"]"#), true),
            (extended(&issuer.jwk(), r#""x-vendor":{"deep":[[1]]},"x5t":"AA""#), true),
            (extended(&issuer.jwk(), r#""use":"enc""#), false),
            (extended(&issuer.jwk(), r#""use":"SIG""#), false),
            (extended(&issuer.jwk(), r#""use":"""#), false),
            (extended(&issuer.jwk(), r#""use":null,"key_ops":null"#), true),
            (extended(&issuer.jwk(), r#""use":["sig"]"#), false),
            (extended(&issuer.jwk(), r#""key_ops":[]"#), false),
            (extended(&issuer.jwk(), r#""key_ops":["sign"]"#), false),
            (extended(&issuer.jwk(), r#""key_ops":["encrypt","wrapKey"]"#), false),
            (extended(&issuer.jwk(), r#""key_ops":"verify""#), false),
            (extended(&issuer.jwk(), r#""use":"enc","key_ops":["verify"]"#), false),
            (extended(&issuer.jwk(), r#""use":"sig","key_ops":["encrypt"]"#), false),
            (named("RSA-OAEP"), false),
            (named("ECDH-ES"), false),
            (named("A256KW"), false),
            (named("none"), false),
            (named("dir"), false),
        ] {
            let document = format!("{{\"keys\":[{jwk}]}}");
            assert_eq!(VerificationKey::jwk(&jwk).is_ok(), usable, "{jwk}");
            assert_eq!(KeySet::jwks(document).is_ok(), usable, "{jwk}");
            if usable {
                assert_eq!(verdict(&over(std::slice::from_ref(&jwk)), &token), Ok(()), "{jwk}");
            }
        }
    }
}

#[test]
fn an_encryption_key_does_not_hide_a_signing_key() {
    let issuer = issuer(Algorithm::RS256);
    let encryption = extended(&issuer.clone().with_other_key().jwk(), r#""use":"enc""#);
    let verifier = over(&[encryption, issuer.jwk()]);
    assert_eq!(verdict(&verifier, &issuer.token().mint()), Ok(()));
    let other = issuer.clone().with_other_key();
    assert_eq!(verdict(&verifier, &other.token().mint()), WRONG);
}

/// Two keys of one algorithm, `a` and `b`.
fn two(algorithm: Algorithm) -> (TestIssuer, TestIssuer, Verifier) {
    let a = issuer(algorithm).key_id("a");
    let b = issuer(algorithm).with_other_key().key_id("b");
    let verifier = over(&[a.jwk(), b.jwk()]);
    (a, b, verifier)
}

#[test]
fn kids_are_compared_exactly_and_unknown_kids_are_rejected() {
    for algorithm in algorithms() {
        let (a, b, verifier) = two(algorithm);
        let long = format!("\"{}\"", "a".repeat(4_000));
        for (kid, expected) in [
            ("\"a\"", Ok(())),
            (r#""\u0061""#, Ok(())),
            ("\"b\"", WRONG), // the right key is in the set, but the token names another
            ("\"c\"", UNKNOWN),
            ("\"\"", Ok(())), // counts as absent: each key is tried
            ("null", Ok(())),
            ("\"A\"", UNKNOWN),
            ("\"a \"", UNKNOWN),
            ("\" a\"", UNKNOWN),
            ("\"aa\"", UNKNOWN),
            ("\"a\\u0000\"", UNKNOWN),
            ("\"a,b\"", UNKNOWN),
            ("\"%61\"", UNKNOWN),
            ("\"\u{430}\"", UNKNOWN), // Cyrillic
            ("\"./a\"", UNKNOWN),
            ("\"../../../../dev/null\"", UNKNOWN),
            ("\"/proc/sys/kernel/randomize_va_space\"", UNKNOWN),
            ("\"file:///etc/hostname\"", UNKNOWN),
            ("\"https://evil.example/jwks.json\"", UNKNOWN),
            ("\"a' OR '1'='1\"", UNKNOWN),
            ("\"a' UNION SELECT 'secret';--\"", UNKNOWN),
            ("\"$(id)\"", UNKNOWN),
            ("\"{{7*7}}\"", UNKNOWN),
            (&long, UNKNOWN),
            ("7", MALFORMED),
            ("true", MALFORMED),
            ("[\"a\"]", MALFORMED),
            ("{\"a\":1}", MALFORMED),
        ] {
            let header = format!("{{\"alg\":\"{algorithm}\",\"kid\":{kid}}}");
            assert_eq!(verdict(&verifier, &a.sign(&header, PAYLOAD)), expected, "{kid}");
        }
        assert_eq!(verdict(&verifier, &b.token().mint()), Ok(()));
    }
}

#[test]
fn a_numeric_kid_does_not_match_its_text() {
    let issuer = issuer(Algorithm::ES256).key_id("1");
    let verifier = over(&[issuer.jwk()]);
    assert_eq!(verdict(&verifier, &issuer.token().mint()), Ok(()));
    assert_eq!(verdict(&verifier, &issuer.token().header("kid", 1).mint()), MALFORMED);
    assert!(VerificationKey::jwk(issuer.jwk().replace("\"1\"", "1")).is_err());
}

#[test]
fn a_known_kid_never_falls_back_to_another_key() {
    let (rsa, ec) = (issuer(Algorithm::RS256).key_id("rsa"), issuer(Algorithm::ES256).key_id("ec"));
    let verifier = over(&[rsa.jwk(), ec.jwk()]);
    for (issuer, kid, expected) in [
        (&rsa, "rsa", Ok(())),
        (&ec, "ec", Ok(())),
        (&rsa, "ec", NOT_ALLOWED),
        (&ec, "rsa", NOT_ALLOWED),
        (&ec, "other", UNKNOWN),
    ] {
        let token = issuer.token().header("kid", kid).mint();
        assert_eq!(verdict(&verifier, &token), expected, "{kid}");
    }
}

#[test]
fn a_configured_key_without_kid_accepts_any_kid() {
    for algorithm in algorithms() {
        let issuer = issuer(algorithm).without_key_id();
        let alone = VerificationKey::jwk(issuer.jwk()).unwrap();
        let mut verifiers = vec![trust(alone)];
        if !issuer.public_pem().is_empty() {
            verifiers.push(trust(VerificationKey::pem(algorithm, issuer.public_pem()).unwrap()));
        } else if algorithm == Algorithm::HS256 {
            verifiers.push(trust(VerificationKey::shared_secret(issuer.secret()).unwrap()));
        }
        for verifier in verifiers {
            for (members, expected) in [
                ("", Ok(())),
                (",\"kid\":\"a\"", Ok(())),
                (",\"kid\":\"\"", Ok(())),
                (",\"kid\":\"../../dev/null\"", Ok(())),
                (",\"kid\":7", MALFORMED),
                (",\"kid\":null", Ok(())),
                (",\"kid\":[null]", MALFORMED),
            ] {
                let header = format!("{{\"alg\":\"{algorithm}\"{members}}}");
                let token = issuer.sign(&header, PAYLOAD);
                assert_eq!(verdict(&verifier, &token), expected, "{header}");
                let forged = issuer.clone().with_other_key().sign(&header, PAYLOAD);
                let rejected = if expected.is_ok() { WRONG } else { expected };
                assert_eq!(verdict(&verifier, &forged), rejected, "{header}");
            }
        }
    }
}

#[test]
fn a_key_with_kid_accepts_that_kid_or_none() {
    for algorithm in algorithms() {
        let issuer = issuer(algorithm).without_key_id();
        let key = VerificationKey::jwk(issuer.jwk()).unwrap().with_key_id("a");
        let alone = trust(key);
        let in_document = over(&[issuer.clone().key_id("a").jwk()]);
        let without_id = over(&[issuer.jwk()]);
        let token = |kid| issuer.token().header("kid", kid).mint();
        for verifier in [&alone, &in_document] {
            assert_eq!(verdict(verifier, &token("a")), Ok(()));
            assert_eq!(verdict(verifier, &issuer.token().mint()), Ok(()));
            assert_eq!(verdict(verifier, &token("b")), UNKNOWN);
        }
        // In a document, an unknown `kid` may match the only key without an id, but never a secret.
        let is_secret = issuer.public_pem().is_empty();
        let expected = if is_secret { UNKNOWN } else { Ok(()) };
        assert_eq!(verdict(&without_id, &token("a")), expected);
        assert_eq!(verdict(&without_id, &issuer.token().mint()), Ok(()));
    }
}

#[test]
fn an_unknown_kid_may_match_the_only_key_without_kid() {
    for algorithm in public_algorithms() {
        let unnamed = issuer(algorithm).without_key_id();
        let named = issuer(algorithm).with_other_key().key_id("a");
        let verifier = over(&[unnamed.jwk(), named.jwk()]);
        let token = |issuer: &TestIssuer, kid| issuer.token().header("kid", kid).mint();
        assert_eq!(verdict(&verifier, &token(&unnamed, "z")), Ok(()), "{algorithm}");
        assert_eq!(verdict(&verifier, &token(&named, "a")), Ok(()));
        // A known `kid` never falls back to the key without an id, and no other key is tried for an unknown one.
        assert_eq!(verdict(&verifier, &token(&unnamed, "a")), WRONG);
        assert_eq!(verdict(&verifier, &token(&named, "z")), UNKNOWN);
        // With two keys without an id, an unknown `kid` matches neither.
        let other = issuer(algorithm).with_other_key().without_key_id();
        let two = over(&[unnamed.jwk(), other.jwk()]);
        assert_eq!(verdict(&two, &token(&unnamed, "z")), UNKNOWN);
        assert_eq!(verdict(&two, &unnamed.token().mint()), Ok(()));
    }
}

#[test]
fn a_wrong_signature_under_a_key_without_kid_refreshes_keys() {
    let unnamed = issuer(Algorithm::ES256).without_key_id();
    let new = issuer(Algorithm::ES256).with_other_key().key_id("new");
    let keys = LateKeys::with(&unnamed.jwks());
    let trusted = Issuer::unnamed(keys.clone(), Policy::new().any_audience());
    let verifier = Verifier::builder().trust(trusted).clock(FixedClock::new()).build().unwrap();
    assert_eq!(verdict(&verifier, &unnamed.token().header("kid", "old").mint()), Ok(()));
    assert_eq!(keys.waiting(), 0);
    let token = new.token().mint();
    let mut waiting = task::spawn(verifier.verify(&token));
    assert_pending!(waiting.poll());
    assert_eq!(keys.waiting(), 1);
    keys.arrive(&new.jwks());
    assert!(assert_ready!(waiting.poll()).is_ok());
}

#[test]
fn an_empty_or_null_jwk_kid_counts_as_absent() {
    for algorithm in algorithms() {
        let issuer = issuer(algorithm).without_key_id();
        for kid in ["null", "\"\""] {
            let jwk = extended(&issuer.jwk(), &format!("\"kid\":{kid}"));
            let key = VerificationKey::jwk(&jwk).unwrap();
            assert_eq!(key.key_id(), None);
            // It does not require a `kid` in tokens; a key with an id does.
            let token = issuer.token().header("kid", "any").mint();
            assert_eq!(verdict(&trust(key), &token), Ok(()), "{algorithm}");
            let named = VerificationKey::jwk(&jwk).unwrap().with_key_id("a");
            assert_eq!(verdict(&trust(named), &token), UNKNOWN, "{algorithm}");
        }
    }
}

#[test]
fn keys_with_one_kid_are_filtered_by_kind() {
    let of_each_kind = [Algorithm::RS256, Algorithm::PS256, Algorithm::ES256, Algorithm::EdDSA];
    let issuers = of_each_kind.map(|algorithm| issuer(algorithm).key_id("k"));
    let verifier = over(&issuers.clone().map(|issuer| issuer.jwk()));
    for issuer in issuers {
        assert_eq!(verdict(&verifier, &issuer.token().mint()), Ok(()));
        let other = issuer.with_other_key();
        assert_eq!(verdict(&verifier, &other.token().mint()), WRONG);
    }
    for algorithm in algorithms() {
        let first = issuer(algorithm).key_id("k");
        let second = first.clone().with_other_key();
        let both = over(&[first.jwk(), second.jwk()]);
        assert_eq!(verdict(&both, &first.token().mint()), Ok(()));
        assert_eq!(verdict(&both, &second.token().mint()), Ok(()));
        assert_eq!(verdict(&over(&[first.jwk()]), &second.token().mint()), WRONG);
    }
}

#[test]
fn at_most_four_keys_are_tried_per_token() {
    for algorithm in algorithms() {
        let right = issuer(algorithm);
        let wrong = right.clone().with_other_key();
        let unrelated = match algorithm {
            // Secrets and public keys cannot be in one set.
            Algorithm::HS256 => issuer(Algorithm::HS384),
            Algorithm::HS384 | Algorithm::HS512 => issuer(Algorithm::HS256),
            Algorithm::ES384 => issuer(Algorithm::EdDSA),
            _ => issuer(Algorithm::ES384),
        };
        for (wrong_keys, expected) in [(0, Ok(())), (3, Ok(())), (4, WRONG), (20, WRONG)] {
            // With one id for all keys and a token that names it; with different ids and a token without `kid`.
            for same_id in [true, false] {
                let id = |n: usize| if same_id { "k".to_owned() } else { format!("k{n}") };
                let mut jwks: Vec<_> =
                    (0..10).map(|n| unrelated.clone().key_id(id(100 + n)).jwk()).collect();
                jwks.extend((0..wrong_keys).map(|n| wrong.clone().key_id(id(n)).jwk()));
                jwks.push(right.clone().key_id(id(200)).jwk());
                let signer = right.clone();
                let signer = if same_id { signer.key_id("k") } else { signer.without_key_id() };
                let token = signer.token().mint();
                let outcome = verdict(&over(&jwks), &token);
                assert_eq!(outcome, expected, "{algorithm}: {wrong_keys} {same_id}");
            }
        }
    }
}

#[test]
fn keys_and_key_urls_in_a_token_are_ignored() {
    for algorithm in algorithms() {
        let issuer = issuer(algorithm);
        let verifier = trusting(&issuer).build().unwrap();
        let attacker = issuer.clone().with_other_key();
        let jwk: serde_json::Value = serde_json::from_str(&attacker.jwk()).unwrap();
        let address = "http://127.0.0.1:1/never-fetched";
        let members = [
            ("jwk", jwk),
            ("jwk", "not even a key".into()),
            ("jku", address.into()),
            ("x5u", address.into()),
            ("x5u", 7.into()),
            ("x5c", vec!["MIIB"].into()),
            ("x5t", "AAAA".into()),
            ("x5t#S256", "AAAA".into()),
            ("iss", "https://evil.example".into()),
        ];
        for (name, value) in members {
            let forged = attacker.token().header(name, value.clone()).mint();
            assert_eq!(verdict(&verifier, &forged), WRONG, "{name}");
            let honest = issuer.token().header(name, value).mint();
            assert_eq!(verdict(&verifier, &honest), Ok(()), "{name}");
        }
        // Keys in the payload are ignored, like those in the header.
        let in_claims = attacker.token().claim("jwks", attacker.jwks()).claim("jku", address);
        assert_eq!(verdict(&verifier, &in_claims.mint()), WRONG);
    }
}

#[test]
fn nothing_prints_a_secret() {
    let secret = "correct horse battery staple, correct horse battery staple, correct horse";
    let key = || VerificationKey::shared_secret(secret).unwrap();
    let jwk = VerificationKey::jwk(format!("{{\"kty\":\"oct\",\"k\":\"{}\"}}", encode(secret)));
    let builder = || Verifier::shared_secret(secret).previous_secret(secret).any_audience();
    let verifier = builder().build().unwrap();
    let issuer = issuer(Algorithm::HS256);
    let token = issuer.sign(header(Algorithm::HS256), PAYLOAD);
    let accepted = trusting(&issuer).build().unwrap().verify_now(&token).unwrap();
    let error = verifier.verify_now(&token).unwrap_err();
    for printed in [
        format!("{:?}", key()),
        format!("{jwk:?}"),
        format!("{:?}", KeySet::new([key(), key()])),
        format!("{:?}", Keys::from(key())),
        format!("{:?}", Issuer::unnamed(key(), Policy::new())),
        format!("{:?}", builder()),
        format!("{verifier:?}"),
        format!("{error:?} {error}"),
        format!("{accepted:?} {:?} {:?}", accepted.token(), accepted.identity()),
        format!("{:?}", accepted.claims().clone()),
        format!("{issuer:?} {:?}", accepted.token().header()),
    ] {
        for hidden in ["horse", &encode("correct"), "user-1", "published"] {
            assert!(!printed.contains(hidden), "{hidden} in {printed}");
        }
        assert!(!printed.contains(&token), "{printed}");
        // The list of bytes does not appear either: `correct` begins with `[99, 111, 114`.
        assert!(!printed.contains("99, 111, 114"), "{printed}");
    }
}
