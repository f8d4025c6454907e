//! Rejections name what the configuration requires, to operators only.

use std::collections::HashMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;
use tower_jwt_auth::key::KeySet;
use tower_jwt_auth::testing::{FixedClock, TestIssuer, TestToken};
use tower_jwt_auth::{
    Algorithm, Error, ErrorKind, Issuer, JwtAuthLayer, Policy, VerificationKey, Verifier,
};

use crate::support::ask::{ask_layer, bearer};
use crate::support::tokens::issuer;

const NAME: &str = "https://auth.example.com";

/// An issuer of tokens that [`strict`] accepts.
fn good_issuer() -> TestIssuer {
    issuer(Algorithm::ES256).issuer(NAME).audience("orders").key_id("2026")
}

fn good(issuer: &TestIssuer) -> TestToken<'_> {
    let claims = json!({"sub": "user-1", "tenant": "acme", "iat": 1_767_225_600});
    issuer.token().header("typ", "at+jwt").claims(&claims)
}

fn policy() -> Policy {
    Policy::new()
        .audience("orders")
        .audience("billing")
        .subject("user-1")
        .typ("at+jwt")
        .require_claim("tenant")
        .max_age(Duration::from_secs(600))
}

fn strict(name: &str, keys: KeySet) -> Verifier {
    let verifier = Verifier::builder().trust(Issuer::new(name, keys, policy()));
    verifier.clock(FixedClock::new()).build().unwrap()
}

#[test]
fn each_rejection_names_the_setting_that_explains_it() {
    let issuer = good_issuer();
    let verifier = strict(NAME, KeySet::jwks(issuer.jwks()).unwrap());
    assert!(verifier.verify_now(&good(&issuer).mint()).is_ok());
    let old = 1_767_225_600 - 661;
    for (token, kind, expected) in [
        (
            good(&issuer).claim("iss", "https://auth.example.com/"),
            ErrorKind::InvalidIssuer,
            Some("the issuer `https://auth.example.com`"),
        ),
        (
            good(&issuer).without("iss"),
            ErrorKind::InvalidIssuer,
            Some("the issuer `https://auth.example.com`"),
        ),
        (
            good(&issuer).claim("aud", "account"),
            ErrorKind::InvalidAudience,
            Some("the audience `orders` or `billing`"),
        ),
        (
            good(&issuer).without("aud"),
            ErrorKind::InvalidAudience,
            Some("the audience `orders` or `billing`"),
        ),
        (good(&issuer).header("typ", "JWT"), ErrorKind::InvalidType, Some("the type `at+jwt`")),
        (good(&issuer).without("tenant"), ErrorKind::MissingClaim, Some("the claim `tenant`")),
        (good(&issuer).claim("iat", old), ErrorKind::TokenTooOld, Some("an age of at most 600s")),
        (good(&issuer).header("kid", "2025"), ErrorKind::UnknownKey, Some("the key id `2026`")),
        // No setting explains these; a subject is not named.
        (good(&issuer).claim("sub", "user-2"), ErrorKind::InvalidSubject, None),
        (good(&issuer).expired(), ErrorKind::TokenExpired, None),
    ] {
        let error = verifier.verify_now(&token.mint()).unwrap_err();
        assert_eq!((error.kind(), error.expected()), (kind, expected), "{error}");
        let shown = expected.map(|expected| format!("; expected {expected}"));
        assert!(error.to_string().ends_with(&shown.unwrap_or_default()), "{error}");
    }
    let error = verifier.verify_now(&good(&issuer).mint_tampered()).unwrap_err();
    assert_eq!((error.kind(), error.expected()), (ErrorKind::InvalidSignature, None));
}

#[test]
fn a_rejected_algorithm_names_those_of_the_keys() {
    let rsa = issuer(Algorithm::RS256);
    let secret = issuer(Algorithm::HS256);
    let mixed = [issuer(Algorithm::ES256), issuer(Algorithm::EdDSA)];
    let keys = mixed.iter().map(|it| VerificationKey::jwk(it.jwk()).unwrap());
    let from = |builder: tower_jwt_auth::VerifierBuilder| {
        builder.any_audience().clock(FixedClock::new()).build().unwrap()
    };
    let two = Issuer::unnamed(KeySet::new(keys), Policy::new().any_audience());
    let two = Verifier::builder().trust(two).clock(FixedClock::new()).build().unwrap();
    for (verifier, accepted, token, expected) in [
        (from(Verifier::shared_secret(secret.secret())), &secret, &rsa, "the algorithm `HS256`"),
        (from(Verifier::jwks(rsa.jwks()).any_issuer()), &rsa, &secret, "the algorithm `RS256`"),
        (two, &mixed[0], &rsa, "the algorithm `ES256` or `EdDSA`"),
    ] {
        assert!(verifier.verify_now(&accepted.token().mint()).is_ok(), "{expected}");
        let other = token.token().header("kid", ""); // empty means absent
        let error = verifier.verify_now(&other.mint()).unwrap_err();
        let found = (error.kind(), error.expected());
        assert_eq!(found, (ErrorKind::AlgorithmNotAllowed, Some(expected)));
    }
}

#[test]
fn an_untrusted_issuer_gets_the_names_of_the_trusted_ones() {
    let issuer = good_issuer();
    let keys = || KeySet::jwks(issuer.jwks()).unwrap();
    let trusted = |name: &str| Issuer::new(name, keys(), Policy::new().audience("orders"));
    let verifier = (0..10).fold(Verifier::builder(), |verifier, number| {
        verifier.trust(trusted(&format!("https://{number}.example.com")))
    });
    let verifier = verifier.clock(FixedClock::new()).build().unwrap();
    let known = good(&issuer).claim("iss", "https://7.example.com");
    assert!(verifier.verify_now(&known.mint()).is_ok());
    let error = verifier.verify_now(&good(&issuer).mint()).unwrap_err();
    let expected = error.expected().unwrap();
    assert!(expected.starts_with("the issuer `https://0.example.com` or "), "{expected}");
    assert!(expected.ends_with("`https://7.example.com` or …"), "{expected}");
}

#[test]
fn clients_do_not_learn_what_is_expected() {
    let issuer = good_issuer();
    let verifier = strict(NAME, KeySet::jwks(issuer.jwks()).unwrap());
    let layer = JwtAuthLayer::new(verifier);
    let ask = |token: TestToken<'_>| ask_layer(&layer, bearer(&token.mint()));
    assert_eq!(ask(good(&issuer)).status, 200);
    for token in [
        good(&issuer).claim("iss", "https://other.example"),
        good(&issuer).claim("aud", "account"),
        good(&issuer).without("tenant"),
        good(&issuer).header("kid", "2025"),
    ] {
        let reply = ask(token);
        assert!(reply.error.as_ref().unwrap().expected().is_some());
        let shown = format!("{:?} {}", reply.headers, reply.text());
        for hidden in [NAME, "orders", "billing", "tenant", "2026"] {
            assert!(!shown.contains(hidden), "{shown}");
        }
    }
}

#[test]
fn only_members_of_the_claims_type_are_named() {
    #[derive(Debug, Deserialize)]
    struct Mine {
        #[serde(rename = "admin")]
        _admin: bool,
        #[serde(rename = "sessions")]
        _sessions: Option<HashMap<String, bool>>,
    }

    let issuer = issuer(Algorithm::HS256);
    let builder =
        || Verifier::shared_secret(issuer.secret()).any_audience().clock(FixedClock::new());
    let mine = builder().claims::<Mine>().build().unwrap();
    let map = builder().claims::<HashMap<String, bool>>().build().unwrap();
    let expected = |error: Error| {
        assert!(!error.to_string().contains("d3b07384"), "{error}");
        error.expected().map(str::to_owned)
    };
    for (token, wanted) in [
        (issuer.token(), Some("the claim `admin`")),
        (issuer.token().claim("admin", "yes"), Some("a boolean in `admin`")),
        (
            issuer.token().claim("admin", true).claim("sessions", json!({"d3b07384": 7})),
            Some("another value in `sessions`"),
        ),
    ] {
        let error = mine.verify_now(&token.mint()).unwrap_err();
        assert_eq!(expected(error).as_deref(), wanted);
    }
    // The names of a map are data.
    let error = map.verify_now(&issuer.token().claim("d3b07384", 7).mint()).unwrap_err();
    assert_eq!(expected(error).as_deref(), Some("a boolean"));
}

#[test]
fn key_ids_of_a_fetched_document_are_escaped() {
    let (ours, others) = (issuer(Algorithm::ES256).key_id("a\nb"), good_issuer());
    let verifier = Verifier::jwks(ours.jwks()).any_issuer().any_audience();
    let verifier = verifier.clock(FixedClock::new()).build().unwrap();
    let error = verifier.verify_now(&good(&others).mint()).unwrap_err();
    assert_eq!(error.expected(), Some(r"the key id `a\nb`"));
}
