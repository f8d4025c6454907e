//! The key and the policy determine the algorithm, never the token (RFC 8725 §3.1, §3.2).

use std::sync::Arc;

use base64_simd::STANDARD;
use tower_jwt_auth::VerifierBuilder;
use tower_jwt_auth::key::{KeySet, Keys};
use tower_jwt_auth::testing::{FixedClock, TestIssuer};
use tower_jwt_auth::{Algorithm, ErrorKind, VerificationKey, Verifier};

use crate::support::late_keys::StuckKeys;
use crate::support::tokens::{
    PAYLOAD, Verdict, algorithms, decode, header, issuer, mac_token, pair, public_algorithms,
    trusting, verdict,
};

const MALFORMED: Verdict = Err(ErrorKind::MalformedToken);
const NOT_ALLOWED: Verdict = Err(ErrorKind::AlgorithmNotAllowed);
const UNAVAILABLE: Verdict = Err(ErrorKind::KeysUnavailable);

#[test]
fn a_key_accepts_only_its_own_algorithm() {
    let mut rejected = 0;
    for key in algorithms() {
        for signed in algorithms() {
            // RSA keys and secrets are the same for all their algorithms; only the name differs.
            for id in [None, Some("k")] {
                let with_id = |issuer: TestIssuer| match id {
                    Some(id) => issuer.key_id(id),
                    None => issuer.without_key_id(),
                };
                let verifier = trusting(&with_id(issuer(key))).build().unwrap();
                let token = with_id(issuer(signed)).token().mint();
                let expected = if key == signed { Ok(()) } else { NOT_ALLOWED };
                assert_eq!(verdict(&verifier, &token), expected, "{signed} under {key}");
                rejected += usize::from(expected.is_err());
            }
        }
    }
    let all = algorithms().count();
    assert_eq!(rejected, 2 * all * (all - 1));
    assert_eq!(all, 13);
}

/// The issuer's key as a JWK without an algorithm.
fn open_jwk(algorithm: Algorithm) -> VerificationKey {
    VerificationKey::jwk(without_algorithm(algorithm)).unwrap()
}

fn without_algorithm(algorithm: Algorithm) -> String {
    let jwk = issuer(algorithm).without_key_id().jwk();
    let jwk = jwk.replace(&format!("\"alg\":\"{algorithm}\","), "");
    assert!(!jwk.contains("alg"), "{jwk}");
    jwk
}

fn trusting_key(key: impl Into<Keys>, listed: &[Algorithm]) -> VerifierBuilder {
    use tower_jwt_auth::{Issuer, Policy};

    let policy = Policy::new().any_audience();
    let policy = if listed.is_empty() { policy } else { policy.algorithms(listed.to_vec()) };
    Verifier::builder().trust(Issuer::unnamed(key, policy)).clock(FixedClock::new())
}

#[test]
fn a_key_without_an_algorithm_serves_every_listed_algorithm() {
    use Algorithm::{ES256, ES384, EdDSA, HS256, HS384, HS512};
    use Algorithm::{PS256, PS384, PS512, RS256, RS384, RS512};
    let rows: [(Algorithm, &[Algorithm], &[Algorithm]); 17] = [
        // kind of key, listed algorithms, accepted algorithms
        (RS256, &[], &[RS256]),
        (RS256, &[RS256], &[RS256]),
        (RS256, &[RS512], &[RS512]),
        (RS256, &[RS384, RS512], &[RS384, RS512]),
        (RS256, &[PS256], &[PS256]),
        (RS256, &[PS256, PS384, PS512], &[PS256, PS384, PS512]),
        (RS256, &[RS256, PS256], &[RS256, PS256]),
        (RS256, &[RS384, RS512, PS384], &[RS384, RS512, PS384]),
        (
            RS256,
            &[RS256, RS384, RS512, PS256, PS384, PS512],
            &[RS256, RS384, RS512, PS256, PS384, PS512],
        ),
        (HS256, &[], &[HS256]),
        (HS256, &[HS384], &[HS384]),
        (HS256, &[HS256, HS384, HS512], &[HS256, HS384, HS512]),
        (ES256, &[], &[ES256]),
        (ES256, &[ES256], &[ES256]),
        (ES384, &[], &[ES384]),
        (EdDSA, &[], &[EdDSA]),
        (EdDSA, &[EdDSA], &[EdDSA]),
    ];
    for (kind, listed, taken) in rows {
        let mut verifiers = vec![trusting_key(open_jwk(kind), listed).build().unwrap()];
        if kind != HS256 {
            // A set from a source behaves like a fixed set, except that its secrets are not used.
            verifiers.push(trusting_key(source_of(kind), listed).build().unwrap());
        }
        for signed in algorithms() {
            let expected = if taken.contains(&signed) { Ok(()) } else { NOT_ALLOWED };
            let token = issuer(signed).without_key_id().token().mint();
            for verifier in &verifiers {
                let outcome = verdict(verifier, &token);
                // Newer keys might help, but this source has none.
                let outcome = if outcome == UNAVAILABLE { NOT_ALLOWED } else { outcome };
                assert_eq!(outcome, expected, "{signed} under {kind}, listed {listed:?}");
            }
        }
    }
}

/// The issuer's key without `alg`, in a fetched set.
fn source_of(algorithm: Algorithm) -> StuckKeys {
    let jwk = without_algorithm(algorithm);
    let set = KeySet::fetched_jwks(format!("{{\"keys\":[{jwk}]}}")).unwrap();
    StuckKeys(Arc::new(set))
}

#[test]
fn a_key_with_an_algorithm_serves_only_that_one() {
    use Algorithm::{ES256, PS256, RS256, RS512};
    for declared in [RS256, PS256] {
        let set = KeySet::fetched_jwks(issuer(declared).without_key_id().jwks()).unwrap();
        let listed = [RS256, RS512, PS256, ES256];
        let verifier = trusting_key(StuckKeys(Arc::new(set)), &listed).build().unwrap();
        for signed in listed {
            let token = issuer(signed).without_key_id().token().mint();
            let expected = if signed == declared { Ok(()) } else { UNAVAILABLE };
            assert_eq!(verdict(&verifier, &token), expected, "{signed} under {declared}");
        }
    }
}

#[test]
fn no_list_mixes_secrets_with_public_keys() {
    use Algorithm::{HS256, PS256, RS256};
    for listed in [vec![HS256, RS256], vec![RS256, PS256, HS256]] {
        assert!(trusting_key(open_jwk(RS256), &listed).build().is_err(), "{listed:?}");
        assert!(trusting_key(open_jwk(HS256), &listed).build().is_err(), "{listed:?}");
        assert!(trusting_key(source_of(RS256), &listed).build().is_err(), "{listed:?}");
    }
    assert!(trusting_key(source_of(RS256), &[HS256]).build().is_err());
    assert!(trusting_key(source_of(RS256), &[RS256, PS256]).build().is_ok());
}

#[test]
fn listed_algorithms_need_a_key_that_supports_them() {
    use Algorithm::{ES256, ES384, EdDSA, HS256, HS512, PS256, RS256, RS512};
    let declared = |algorithm| VerificationKey::jwk(issuer(algorithm).jwk()).unwrap();
    let short = || VerificationKey::shared_secret([7; 63]).unwrap();
    for (key, listed, builds) in [
        (declared(RS256), vec![RS256], true),
        (declared(RS256), vec![RS512], false),
        (declared(RS256), vec![RS256, RS512], false),
        (declared(RS256), vec![PS256], false),
        (declared(PS256), vec![PS256], true),
        (open_jwk(RS256), vec![RS256, PS256], true),
        (open_jwk(RS256), vec![RS256, ES256], false),
        (open_jwk(ES256), vec![ES384], false),
        (open_jwk(EdDSA), vec![ES256], false),
        (declared(HS256), vec![HS512], false),
        (open_jwk(HS256), vec![HS256, HS512], true),
        (short(), vec![HS512], false),
        (short(), vec![RS256], false),
    ] {
        let shown = format!("{key:?} {listed:?}");
        assert_eq!(trusting_key(key, &listed).build().is_ok(), builds, "{shown}");
    }
}

#[test]
fn alg_none_is_rejected_in_every_spelling() {
    for algorithm in algorithms() {
        let (issuer, verifier) = pair(algorithm);
        for none in [
            "none",
            "None",
            "NONE",
            "nOnE",
            "noNe",
            "n\\u006fne",
            "none ",
            " none",
            "\\u0000none",
            "",
        ] {
            let header = format!("{{\"alg\":\"{none}\"}}");
            let signed = issuer.sign(&header, PAYLOAD);
            let (unsigned, _) = signed.rsplit_once('.').unwrap();
            for (token, expected) in [
                (signed.clone(), NOT_ALLOWED),
                (format!("{unsigned}.AA"), NOT_ALLOWED),
                (format!("{unsigned}."), MALFORMED),
                (unsigned.to_owned(), MALFORMED),
            ] {
                assert_eq!(verdict(&verifier, &token), expected, "{algorithm}: {none}");
            }
        }
        assert_eq!(verdict(&verifier, &issuer.token().mint()), Ok(()));
    }
}

#[test]
fn algorithm_names_are_compared_byte_for_byte() {
    for algorithm in algorithms() {
        let (issuer, verifier) = pair(algorithm);
        let name = algorithm.name();
        let escaped = format!("\\u{:04x}{}", u32::from(name.as_bytes()[0]), &name[1..]);
        for (alg, expected) in [
            (format!("\"{name}\""), Ok(())),
            (format!("\"{escaped}\""), Ok(())),
            (format!("\"{}\"", name.to_lowercase()), NOT_ALLOWED),
            (format!("\"{name} \""), NOT_ALLOWED),
            (format!("\" {name}\""), NOT_ALLOWED),
            (format!("\"{name}\\u0000\""), NOT_ALLOWED),
            (format!("\"{name}\\n\""), NOT_ALLOWED),
            (format!("\"{name},{name}\""), NOT_ALLOWED),
            (format!("\"{}\"", &name[..4]), NOT_ALLOWED),
            (format!("\"{}\"", name.replace('S', "\u{405}")), NOT_ALLOWED), // Cyrillic
            (format!("\"{}\"", name.replace('S', "\u{ff33}")), NOT_ALLOWED), // full width
            (format!("\"{name}\u{200b}\""), NOT_ALLOWED),
            ("\"\"".into(), NOT_ALLOWED),
            ("null".into(), MALFORMED),
            ("true".into(), MALFORMED),
            ("256".into(), MALFORMED),
            (format!("[\"{name}\"]"), MALFORMED),
            (format!("{{\"{name}\":1}}"), MALFORMED),
        ] {
            let token = issuer.sign(format!("{{\"alg\":{alg}}}"), PAYLOAD);
            assert_eq!(verdict(&verifier, &token), expected, "{alg}");
        }
        for header in [format!("{{\"ALG\":\"{name}\"}}"), "{\"typ\":\"JWT\"}".into(), "{}".into()] {
            let token = issuer.sign(&header, PAYLOAD);
            assert_eq!(verdict(&verifier, &token), MALFORMED, "{header}");
        }
    }
}

#[test]
fn other_registered_algorithm_names_are_rejected() {
    for algorithm in algorithms() {
        let (issuer, verifier) = pair(algorithm);
        for name in [
            "HS1",
            "RS1",
            "HS256/64",
            "ES256K",
            "ES521",
            "ESP256",
            "Ed448",
            "ED25519",
            "ed25519",
            "EDDSA",
            "dir",
            "A128KW",
            "RSA-OAEP-256",
            "ML-DSA-65",
            "SHA256withRSA",
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
        ] {
            let token = issuer.sign(format!("{{\"alg\":\"{name}\"}}"), PAYLOAD);
            assert_eq!(verdict(&verifier, &token), NOT_ALLOWED, "{name} under {algorithm}");
        }
    }
}

#[test]
fn ed25519_is_another_name_of_eddsa() {
    let issuer = issuer(Algorithm::EdDSA);
    let renamed = issuer.jwk().replace("\"alg\":\"EdDSA\"", "\"alg\":\"Ed25519\"");
    for jwk in [issuer.jwk(), renamed] {
        let verifier = Verifier::jwks(format!("{{\"keys\":[{jwk}]}}"))
            .any_issuer()
            .any_audience()
            .algorithms([Algorithm::EdDSA])
            .clock(FixedClock::new())
            .build()
            .unwrap();
        for (name, expected) in
            [("EdDSA", Ok(())), ("Ed25519", Ok(())), ("Ed448", NOT_ALLOWED), ("ES256", NOT_ALLOWED)]
        {
            let token = issuer.token().header("alg", name).mint();
            assert_eq!(verdict(&verifier, &token), expected, "{name}");
        }
    }
    // With a key of another kind it is rejected like `EdDSA`.
    let (other, verifier) = pair(Algorithm::ES256);
    let token = other.token().header("alg", "Ed25519").mint();
    assert_eq!(verdict(&verifier, &token), NOT_ALLOWED);
}

/// The public key in every form in which an attacker may obtain its bytes.
fn forms_of(issuer: &TestIssuer) -> Vec<Vec<u8>> {
    let pem = issuer.public_pem();
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let der = STANDARD.decode_to_vec(&body).unwrap();
    let jwk = issuer.jwk();
    let member = |name: &str| {
        let jwk: serde_json::Value = serde_json::from_str(&jwk).unwrap();
        jwk[name].as_str().map(str::to_owned)
    };
    let numbers = ["n", "x", "y"].into_iter().filter_map(member).collect::<Vec<_>>();
    let mut forms: Vec<Vec<u8>> = numbers.iter().map(|number| decode(number)).collect();
    forms.push(der);
    let texts = [
        pem.to_owned(),
        pem.trim_end().to_owned(),
        format!("{pem}\n"),
        format!(" {pem}"),
        format!("\u{feff}{pem}"),
        pem.replace('\n', "\r\n"),
        body,
        jwk.clone(),
        format!("{jwk}\n"),
        issuer.jwks(),
        numbers.join(""),
    ];
    forms.extend(texts.into_iter().map(String::into_bytes));
    forms
}

#[test]
fn public_key_bytes_are_not_accepted_as_a_secret() {
    let (mut forged, mut unbelievable) = (0, 0);
    for algorithm in public_algorithms() {
        let issuer = issuer(algorithm);
        let by_jwks = trusting(&issuer).build().unwrap();
        let by_pem = Verifier::pem(algorithm, issuer.public_pem())
            .any_issuer()
            .any_audience()
            .clock(FixedClock::new())
            .build()
            .unwrap();
        for form in forms_of(&issuer) {
            for (mac, least) in
                [(Algorithm::HS256, 32), (Algorithm::HS384, 48), (Algorithm::HS512, 64)]
            {
                let named = format!("{{\"alg\":\"{mac}\",\"kid\":\"demo-{algorithm}\"}}");
                for header in [header(mac), named] {
                    let token = mac_token(mac, &form, &header, PAYLOAD);
                    assert_eq!(verdict(&by_jwks, &token), NOT_ALLOWED, "{mac} {algorithm}");
                    assert_eq!(verdict(&by_pem, &token), NOT_ALLOWED, "{mac} {algorithm}");
                    // The forgery is valid for a verifier that is configured with this secret. The text of a public
                    // key cannot be configured as one by mistake.
                    match VerificationKey::shared_secret(&form) {
                        Ok(secret) if form.len() >= least => {
                            let believer = trusting_key(secret, &[mac]).build().unwrap();
                            assert_eq!(verdict(&believer, &token), Ok(()), "{mac} {algorithm}");
                            forged += 1;
                        }
                        _ => unbelievable += 1,
                    }
                }
            }
        }
        assert_eq!(verdict(&by_pem, &issuer.token().mint()), Ok(()));
    }
    assert!(forged > 100 && unbelievable > 150, "{forged} {unbelievable}");
}
