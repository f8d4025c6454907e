//! Issuers that replace a secret with public keys: both sign under one name.

use std::sync::{Arc, Mutex};

use serde_json::json;
use tower_jwt_auth::error::ProblemKind as Kind;
use tower_jwt_auth::key::{KeySet, Settable};
use tower_jwt_auth::observe::Event;
use tower_jwt_auth::testing::{FixedClock, TestIssuer};
use tower_jwt_auth::{
    Algorithm, ErrorKind, Issuer, Policy, VerificationKey, Verifier, VerifierBuilder,
};

use super::builder::expect_naming;
use super::issuers::{A, B, any, key, naming, trusting_all};
use super::templates::{OURS, TEMPLATE, name};
use crate::support::tokens::{
    PAYLOAD, Verdict, encode, header, issuer, mac_token, public_algorithms, verdict, with_signature,
};

use Algorithm::{ES256, HS256, HS384, HS512, RS256};

const OK: Verdict = Ok(());
const WRONG: Verdict = Err(ErrorKind::InvalidSignature);
const NOT_ALLOWED: Verdict = Err(ErrorKind::AlgorithmNotAllowed);

pub(super) fn old() -> TestIssuer {
    issuer(HS256)
}

pub(super) fn new() -> TestIssuer {
    issuer(ES256)
}

pub(super) fn secret(issuer: &TestIssuer) -> VerificationKey {
    VerificationKey::shared_secret(issuer.secret()).unwrap()
}

pub(super) fn set(issuer: &TestIssuer) -> KeySet {
    KeySet::jwks(issuer.jwks()).unwrap()
}

fn source(issuer: &TestIssuer) -> Settable {
    let keys = Settable::new();
    keys.set(set(issuer)).unwrap();
    keys
}

fn finish(builder: VerifierBuilder) -> Verifier {
    builder.clock(FixedClock::new()).build().unwrap()
}

/// Every way to configure the secret of `old` and the keys of `new`, for tokens with the `iss` that is returned.
fn migrating(old: &TestIssuer, new: &TestIssuer) -> Vec<(Verifier, String)> {
    let named = |issuer: Issuer| (trusting_all([issuer.migrating_from(secret(old))]), A.to_owned());
    let template = Issuer::template(TEMPLATE, set(new), any()).tenants([OURS]);
    let builder = |builder: VerifierBuilder| {
        let builder = builder.migrating_from(secret(old)).issuer(A).any_audience();
        (finish(builder), A.to_owned())
    };
    vec![
        named(Issuer::new(A, key(new), any())),
        named(Issuer::new(A, source(new), any())),
        named(Issuer::unnamed(set(new), any())),
        (trusting_all([template.migrating_from(secret(old))]), name(OURS)),
        builder(Verifier::jwks(new.jwks())),
        builder(Verifier::key_source(source(new))),
    ]
}

pub(super) fn of(signer: &TestIssuer, iss: &str) -> String {
    signer.token().claim("iss", iss).claim("tid", OURS).mint()
}

#[test]
fn tokens_of_the_secret_and_of_the_keys_are_accepted() {
    for algorithm in public_algorithms() {
        let (old, new) = (old(), issuer(algorithm));
        for (verifier, iss) in migrating(&old, &new) {
            assert_eq!(verdict(&verifier, &of(&old, &iss)), OK, "{algorithm}");
            assert_eq!(verdict(&verifier, &of(&new, &iss)), OK, "{algorithm}");
            for stranger in [old.clone().with_other_key(), new.clone().with_other_key()] {
                assert_eq!(verdict(&verifier, &of(&stranger, &iss)), WRONG, "{stranger:?}");
            }
        }
    }
}

#[test]
fn without_the_setting_only_one_family_is_accepted() {
    let (old, new) = (old(), new());
    let public = trusting_all([Issuer::new(A, key(&new), any())]);
    let hmac = trusting_all([Issuer::new(A, secret(&old), any())]);
    for (verifier, of_old, of_new) in [(&public, NOT_ALLOWED, OK), (&hmac, OK, NOT_ALLOWED)] {
        assert_eq!(verdict(verifier, &of(&old, A)), of_old);
        assert_eq!(verdict(verifier, &of(&new, A)), of_new);
    }
}

#[test]
fn a_public_key_does_not_verify_hmac() {
    for algorithm in public_algorithms() {
        let (old, new) = (old(), issuer(algorithm).key_id("k"));
        let (pem, jwk) = (new.public_pem(), new.jwk());
        let lines: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let der = base64_simd::STANDARD.decode_to_vec(&lines).unwrap();
        let members: serde_json::Value = serde_json::from_str(&jwk).unwrap();
        let x = members.get("x").or(members.get("n")).unwrap().as_str().unwrap();
        let x_bytes = base64_simd::URL_SAFE_NO_PAD.decode_to_vec(x).unwrap();
        let jwks = new.jwks();
        let forms: [&[u8]; 10] = [
            pem.as_bytes(),
            pem.trim_end().as_bytes(),
            lines.as_bytes(),
            &der,
            jwk.as_bytes(),
            jwks.as_bytes(),
            x.as_bytes(),
            &x_bytes,
            b"k",
            b"",
        ];
        for (verifier, iss) in migrating(&old, &new) {
            let payload = format!(r#"{{"exp":1767226500,"iss":"{iss}","tid":"{OURS}"}}"#);
            for as_secret in forms {
                for (hmac, expected) in [(HS256, WRONG), (HS384, NOT_ALLOWED), (HS512, NOT_ALLOWED)]
                {
                    for header in [header(hmac), format!(r#"{{"alg":"{hmac}","kid":"k"}}"#)] {
                        let token = mac_token(hmac, as_secret, &header, &payload);
                        assert_eq!(verdict(&verifier, &token), expected, "{hmac} {algorithm}");
                    }
                }
            }
            let genuine = mac_token(HS256, old.secret().as_bytes(), &header(HS256), &payload);
            assert_eq!(verdict(&verifier, &genuine), OK);
        }
    }
}

#[test]
fn a_secret_does_not_verify_public_key_algorithms() {
    for algorithm in public_algorithms() {
        let (old, new) = (old(), issuer(algorithm).without_key_id());
        for (verifier, iss) in migrating(&old, &new) {
            let payload = format!(r#"{{"exp":1767226500,"iss":"{iss}","tid":"{OURS}"}}"#);
            let genuine = new.sign(header(algorithm), &payload);
            assert_eq!(verdict(&verifier, &genuine), OK);
            // The secret's signature under the name of another algorithm, and the reverse.
            let relabelled = old.sign(header(algorithm), &payload);
            assert_eq!(verdict(&verifier, &relabelled), WRONG, "{algorithm}");
            let relabelled = new.sign(header(HS256), &payload);
            assert_eq!(verdict(&verifier, &relabelled), WRONG, "{algorithm}");
            for bytes in [&b""[..], &[0; 32], &[0; 64]] {
                for token in [&genuine, &old.sign(header(HS256), &payload)] {
                    let empty = with_signature(token, bytes);
                    assert!(verdict(&verifier, &empty).is_err(), "{algorithm}");
                }
            }
        }
    }
}

#[test]
fn unsigned_tokens_are_rejected() {
    let (old, new) = (old(), new());
    for (verifier, iss) in migrating(&old, &new) {
        for alg in ["none", "None", "NONE", "nOnE", "", "hs256", "HS256 ", "ES256K"] {
            let claims = json!({"exp": 1_767_226_500, "iss": iss, "tid": OURS});
            for signer in [&old, &new] {
                let token = signer.sign(json!({"alg": alg}).to_string(), claims.to_string());
                assert_eq!(verdict(&verifier, &token), NOT_ALLOWED, "{alg:?}");
                assert!(verdict(&verifier, &with_signature(&token, "")).is_err(), "{alg:?}");
            }
        }
    }
}

#[test]
fn other_issuers_do_not_share_the_secret() {
    let (old, new) = (old(), new().without_key_id());
    let other = new.clone().with_other_key();
    let unnamed = old.clone().with_other_key();
    let verifier = trusting_all([
        Issuer::new(A, key(&new), any()).migrating_from(secret(&old)),
        Issuer::new(B, key(&other), any()),
        Issuer::unnamed(secret(&unnamed), any()),
    ]);
    for (signer, iss, expected) in [
        (&old, Some(A), OK),
        (&new, Some(A), OK),
        (&other, Some(B), OK),
        (&unnamed, None, OK),
        (&old, Some(B), NOT_ALLOWED),
        (&new, Some(B), WRONG),
        (&other, Some(A), WRONG),
        (&old, None, WRONG),
        (&new, None, NOT_ALLOWED),
        (&unnamed, Some(A), WRONG),
        (&unnamed, Some(B), NOT_ALLOWED),
    ] {
        assert_eq!(verdict(&verifier, &naming(signer, iss)), expected, "{signer:?} {iss:?}");
    }
}

#[test]
fn the_policy_applies_to_both_families() {
    let (old, new) = (old().audience("orders"), new().audience("orders"));
    let policy = Policy::new().audience("orders").require_claim("sub").access_tokens_only();
    let template = Issuer::template(TEMPLATE, set(&new), policy).tenants([OURS]);
    let verifier = trusting_all([template.migrating_from(secret(&old))]);
    let iss = Err(ErrorKind::InvalidIssuer);
    for (change, expected) in [
        (json!({}), OK),
        (json!({"aud": "billing"}), Err(ErrorKind::InvalidAudience)),
        (json!({"exp": 1_767_225_000}), Err(ErrorKind::TokenExpired)),
        (json!({"nbf": 1_767_226_000}), Err(ErrorKind::TokenNotYetValid)),
        (json!({"sub": null}), Err(ErrorKind::InvalidClaims)),
        (json!({"token_use": "refresh"}), Err(ErrorKind::InvalidType)),
        (json!({"iss": A}), iss),
        (json!({"tid": "globex"}), iss),
        (json!({"iss": name("globex"), "tid": "globex"}), iss),
        (json!({"cnf": {"jkt": "x"}}), Err(ErrorKind::ProofRequired)),
    ] {
        for signer in [&old, &new] {
            let token = signer.token().claim("iss", name(OURS)).claim("tid", OURS);
            let token = token.subject("user-1").claims(&change).mint();
            assert_eq!(verdict(&verifier, &token), expected, "{change} {signer:?}");
        }
    }
}

#[test]
fn several_secrets_and_listed_algorithms_are_possible() {
    let (first, second) = (old(), issuer(HS512).with_other_key());
    let (new, rsa) = (new(), issuer(RS256));
    let secrets = || KeySet::new([secret(&first), secret(&second)]);
    let keys = || KeySet::jwks(format!(r#"{{"keys":[{},{}]}}"#, new.jwk(), rsa.jwk())).unwrap();
    let verifier = |listed: &[Algorithm]| {
        let policy = any().algorithms(listed.iter().copied());
        trusting_all([Issuer::new(A, keys(), policy).migrating_from(secrets())])
    };
    let both = verifier(&[HS256, HS512, ES256, RS256]);
    let fewer = verifier(&[HS512, ES256]);
    let hs256 = second.clone();
    for (signer, with_all, with_fewer) in [
        (&first, OK, NOT_ALLOWED),
        (&hs256, OK, OK),
        (&new, OK, OK),
        (&rsa, OK, NOT_ALLOWED),
        (&new.clone().with_other_key(), WRONG, WRONG),
    ] {
        assert_eq!(verdict(&both, &of(signer, A)), with_all, "{signer:?}");
        assert_eq!(verdict(&fewer, &of(signer, A)), with_fewer, "{signer:?}");
    }
    // A secret without an id ignores the `kid`.
    assert_eq!(verdict(&both, &of(&first.key_id("legacy"), A)), OK);
}

#[test]
fn listed_hmac_algorithms_are_not_reported_as_unused() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let events = Arc::clone(&seen);
    let (old, new) = (old(), new());
    let policy = any().algorithms([HS256, ES256, RS256]);
    let issuer = Issuer::new(A, source(&new), policy).migrating_from(secret(&old));
    let verifier = Verifier::builder()
        .trust(issuer)
        .observer(move |event: &Event<'_>| {
            if let Event::AlgorithmWithoutKey { algorithm, .. } = *event {
                events.lock().unwrap().push(algorithm.to_owned());
            }
        })
        .clock(FixedClock::new())
        .build()
        .unwrap();
    assert_eq!([&old, &new].map(|it| verdict(&verifier, &of(it, A))), [OK, OK]);
    assert_eq!(*seen.lock().unwrap(), ["RS256"]);
}

#[test]
fn rejections_name_the_keys_of_the_token_family() {
    let (old, new) = (old(), new().key_id("2026"));
    let issuer = Issuer::new(A, set(&new), any());
    let verifier = trusting_all([issuer.migrating_from(secret(&old).with_key_id("legacy"))]);
    let both = "the algorithm `HS256` or `ES256`";
    for (signer, expected, key) in [
        (issuer_of(HS512), Some(both), "one of the keys `legacy` (HS256)"),
        (issuer_of(RS256), Some(both), "one of the keys `2026` (ES256)"),
        (old.key_id("x"), Some("the key id `legacy`"), "one of the keys `legacy` (HS256)"),
        (new.key_id("x"), Some("the key id `2026`"), "one of the keys `2026` (ES256)"),
    ] {
        let token = of(&signer, A);
        let error = verifier.verify_now(&token).unwrap_err();
        assert_eq!(error.expected(), expected, "{error}");
        let explanation = verifier.explain(&token);
        let report = explanation.to_string();
        assert!(report.contains("`HS256` or `ES256`") && report.contains(key), "{report}");
        let hints = explanation.hints();
        assert!(!hints.iter().any(|it| it.contains("is configured with")), "{hints:?}");
    }
}

fn issuer_of(algorithm: Algorithm) -> TestIssuer {
    issuer(algorithm).without_key_id()
}

#[test]
fn hints_mention_the_setting_for_one_family() {
    let (old, new) = (old(), new());
    for (keys, token) in [(key(&new), of(&old, A)), (secret(&old), of(&new, A))] {
        let verifier = trusting_all([Issuer::new(A, keys, any())]);
        let explanation = verifier.explain(&token);
        let hints = explanation.hints();
        assert!(hints.iter().any(|it| it.contains("`migrating_from`")), "{hints:?}");
    }
}

#[test]
fn debug_shows_no_secret() {
    let text = "a secret of the tests: hunter2 hunter2 hunter2";
    let key = || VerificationKey::shared_secret(text).unwrap();
    let issuer = Issuer::new(A, set(&new()), any()).migrating_from(key());
    let verifier = trusting_all([issuer.clone()]);
    let builder = Verifier::jwks(new().jwks()).migrating_from(key());
    let printed = format!("{issuer:?} {verifier:?} {builder:?}");
    let encoded = encode(text);
    assert!(!printed.contains("hunter2") && !printed.contains(&encoded[..8]), "{printed}");
    // Nor do the problems and the rejections.
    expect_naming(builder.issuer(A).build(), &[(Kind::MissingAudience, A)]);
    let token = mac_token(HS256, text.as_bytes(), &header(HS256), PAYLOAD);
    let error = verifier.verify_now(&token).unwrap_err();
    assert!(!format!("{error} {error:?} {}", verifier.explain(&token)).contains("hunter2"));
}
