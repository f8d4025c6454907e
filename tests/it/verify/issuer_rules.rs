//! The policy and the key source of one issuer do not apply to other issuers.

use std::time::Duration;

use tower_jwt_auth::key::{KeySet, RefreshReason, Refreshed};
use tower_jwt_auth::testing::{TestIssuer, TestToken};
use tower_jwt_auth::{Algorithm, ErrorKind, Issuer, Policy, VerificationKey};

use super::issuers::{A, B, any, key, naming, trusting_all};
use super::scripted_source::Script;
use crate::support::late_keys::NoKeys;
use crate::support::tokens::{NOW, Verdict, issuer, public_algorithms, verdict};

const ISSUER: Verdict = Err(ErrorKind::InvalidIssuer);
const NOT_ALLOWED: Verdict = Err(ErrorKind::AlgorithmNotAllowed);
const UNAVAILABLE: Verdict = Err(ErrorKind::KeysUnavailable);
const UNKNOWN: Verdict = Err(ErrorKind::UnknownKey);
const WRONG: Verdict = Err(ErrorKind::InvalidSignature);

#[test]
fn each_issuer_has_its_own_rules() {
    let of_a = issuer(Algorithm::ES256).key_id("a");
    let of_b = issuer(Algorithm::RS256).key_id("b");
    let of_c = issuer(Algorithm::HS256);
    let verifier = trusting_all([
        Issuer::new(A, key(&of_a), Policy::new().audience("orders").typ("at+jwt")),
        Issuer::new(B, key(&of_b), Policy::new().audience("billing").allow_missing_expiry()),
        Issuer::unnamed(key(&of_c), any().require_claim("tenant")),
    ]);
    let a = || of_a.token().claim("iss", A).claim("aud", "orders").header("typ", "at+jwt");
    let b = || of_b.token().claim("iss", B).claim("aud", "billing");
    let c = || of_c.token().claim("tenant", 1);
    for (token, expected) in [
        (a(), Ok(())),
        (b(), Ok(())),
        (c(), Ok(())),
        (a().claim("aud", "billing"), Err(ErrorKind::InvalidAudience)),
        (b().claim("aud", "orders"), Err(ErrorKind::InvalidAudience)),
        (a().header("typ", "JWT"), Err(ErrorKind::InvalidType)),
        (b().header("typ", "JWT"), Ok(())),
        (a().without("exp"), Err(ErrorKind::MissingClaim)),
        (b().without("exp"), Ok(())),
        (c().without("exp"), Err(ErrorKind::MissingClaim)),
        (c().without("tenant"), Err(ErrorKind::MissingClaim)),
        (c().claim("iss", A), NOT_ALLOWED),
    ] {
        assert_eq!(verdict(&verifier, &token.mint()), expected);
    }
}

/// A token that meets the rules of all issuers.
fn token_for_all<'i>(signer: &'i TestIssuer, name: &str) -> TestToken<'i> {
    let token = signer.token().header("typ", "at+jwt").subject("user-1").claim("iss", name);
    token.claim("aud", "orders").claim("tenant", "acme").claim("jti", "1")
}

#[test]
fn rules_of_one_issuer_do_not_apply_to_others() {
    use Algorithm::{HS256, HS384};
    // Each is named after the only rule in which it is stricter than the default; the last is laxer.
    let usual = || Policy::new().audience("orders").audience("billing").algorithms([HS256, HS384]);
    let one_audience = Policy::new().audience("orders").algorithms([HS256, HS384]);
    let hour = Duration::from_secs(3_600);
    let issuers: [(&str, Policy, ErrorKind); 10] = [
        ("audience", one_audience, ErrorKind::InvalidAudience),
        ("algorithms", usual().algorithms([HS256]), ErrorKind::AlgorithmNotAllowed),
        ("typ", usual().typ("at+jwt"), ErrorKind::InvalidType),
        ("max-age", usual().max_age(hour), ErrorKind::TokenTooOld),
        ("leeway", usual().leeway(Duration::ZERO), ErrorKind::TokenExpired),
        ("subject", usual().subject("user-1"), ErrorKind::InvalidSubject),
        ("require", usual().require_claim("tenant"), ErrorKind::MissingClaim),
        (
            "rule",
            usual().check_token("no guests", |it| it.token_id() != Some("guest")),
            ErrorKind::CheckFailed,
        ),
        ("usual", usual(), ErrorKind::Internal),
        ("lax", usual().allow_missing_expiry(), ErrorKind::Internal),
    ];
    let secret = |name| format!("the secret of {name}{}", "!".repeat(64));
    let verifier = trusting_all(issuers.iter().map(|(name, policy, _)| {
        let key = VerificationKey::shared_secret(secret(name)).unwrap();
        Issuer::new(*name, key, policy.clone())
    }));
    for (name, _, kind) in &issuers {
        let signer = |algorithm| issuer(algorithm).with_secret(secret(name));
        let (signer, other) = (signer(HS256), signer(HS384));
        let good = |signer| token_for_all(signer, name);
        let faults = [
            ("audience", good(&signer).claim("aud", "billing")),
            ("algorithms", good(&other)),
            ("typ", good(&signer).header("typ", "JWT")),
            ("max-age", good(&signer).claim("iat", NOW - 3_700)),
            ("leeway", good(&signer).claim("exp", NOW - 30)),
            ("subject", good(&signer).subject("user-2")),
            ("require", good(&signer).without("tenant")),
            ("rule", good(&signer).claim("jti", "guest")),
        ];
        for (fault, token) in faults {
            let expected = if fault == *name { Err(*kind) } else { Ok(()) };
            assert_eq!(verdict(&verifier, &token.mint()), expected, "{fault} at {name}");
        }
        assert_eq!(verdict(&verifier, &good(&signer).mint()), Ok(()), "{name}");
        let endless = verdict(&verifier, &good(&signer).without("exp").mint());
        let expected = if *name == "lax" { Ok(()) } else { Err(ErrorKind::MissingClaim) };
        assert_eq!(endless, expected, "{name}");
    }
}

fn set_of(issuer: &TestIssuer) -> KeySet {
    KeySet::jwks(issuer.jwks()).unwrap()
}

#[test]
fn a_key_source_is_used_only_for_its_issuer() {
    for algorithm in public_algorithms() {
        let fixed = issuer(algorithm).key_id("k");
        let first = fixed.clone().with_other_key();
        let second = issuer(Algorithm::EdDSA).key_id("l").with_other_key();
        let secret = issuer(Algorithm::HS256).key_id("k");
        let cooling = |script: Script, times| {
            (0..times).fold(script, |script, _| script.then(Ok(Refreshed::Suppressed)))
        };
        let (asked, quiet) =
            (cooling(Script::holding(set_of(&first)), 2), Script::holding(set_of(&second)));
        let verifier = trusting_all([
            Issuer::new(A, key(&fixed), any()),
            Issuer::new(B, asked.clone(), any()),
            Issuer::new("c", quiet.clone(), any()),
            Issuer::unnamed(key(&secret), any()),
        ]);
        for (signer, name, expected) in [
            (&fixed, Some(A), Ok(())),
            (&first, Some(B), Ok(())),
            (&second, Some("c"), Ok(())),
            (&secret, None, Ok(())),
            (&first, Some(A), WRONG),
            (&secret, Some(A), NOT_ALLOWED),
            (&secret, Some(B), NOT_ALLOWED),
            (&secret, Some("c"), NOT_ALLOWED),
            (&first, None, NOT_ALLOWED),
            (&first, Some("stranger"), ISSUER),
        ] {
            assert_eq!(
                verdict(&verifier, &naming(signer, name)),
                expected,
                "{algorithm}: {name:?}"
            );
        }
        // None of these tokens caused a refresh.
        assert_eq!((asked.asked(), quiet.asked()), (vec![], vec![]), "{algorithm}");
        // These tokens do: the first source may have a new key with the old id, or a new id.
        assert_eq!(verdict(&verifier, &naming(&fixed, Some(B))), WRONG, "{algorithm}");
        assert_eq!(verdict(&verifier, &naming(&second, Some(B))), UNKNOWN, "{algorithm}");
        let reasons = [RefreshReason::BadSignature, RefreshReason::UnknownKey];
        assert_eq!((asked.asked(), quiet.asked()), (reasons.to_vec(), vec![]), "{algorithm}");
    }
}

#[test]
fn a_source_without_keys_affects_only_its_issuer() {
    let fixed = issuer(Algorithm::ES256).key_id("k");
    let held = issuer(Algorithm::EdDSA).key_id("k");
    let secret = issuer(Algorithm::HS256);
    let script = Script::holding(set_of(&held));
    let verifier = trusting_all([
        Issuer::new("empty", NoKeys(Duration::from_secs(7)), any()),
        Issuer::new(A, key(&fixed), any()),
        Issuer::new(B, script.clone(), any()),
        Issuer::unnamed(key(&secret), any()),
    ]);
    for _ in 0..3 {
        for (signer, name, expected) in [
            (&fixed, Some("empty"), UNAVAILABLE),
            (&held, Some("empty"), UNAVAILABLE),
            (&secret, Some("empty"), NOT_ALLOWED),
            (&fixed, Some(A), Ok(())),
            (&held, Some(B), Ok(())),
            (&secret, None, Ok(())),
            (&held, Some(A), NOT_ALLOWED),
            (&fixed, None, NOT_ALLOWED),
            (&fixed, Some("stranger"), ISSUER),
        ] {
            assert_eq!(verdict(&verifier, &naming(signer, name)), expected, "{name:?}");
        }
    }
    assert_eq!(script.asked(), []);
    let error = verifier.verify_now(&naming(&fixed, Some("empty"))).unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
}
