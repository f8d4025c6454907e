//! The JWT profile for access tokens (RFC 9068).

use std::time::Duration;

use serde_json::{Value, json};
use tower_jwt_auth::VerifierBuilder;
use tower_jwt_auth::error::ProblemKind;
use tower_jwt_auth::testing::{FixedClock, TestIssuer, TestToken};
use tower_jwt_auth::{
    Algorithm, BuildError, ErrorKind, Issuer, JwtAuthLayer, Policy, RequireLayer, VerificationKey,
    Verifier,
};

use super::fixture::{Outcome, ask_both, check};
use crate::support::ask::{ask_layer, bearer};
use crate::support::tokens;

const NAME: &str = "https://auth.example";

fn issuer() -> TestIssuer {
    tokens::issuer(Algorithm::ES256).issuer(NAME).audience("orders")
}

fn builder() -> VerifierBuilder {
    Verifier::jwks(issuer().jwks()).clock(FixedClock::new()).rfc9068()
}

fn layer() -> JwtAuthLayer {
    JwtAuthLayer::new(builder().issuer(NAME).audience("orders").build().unwrap())
}

/// Everything that the profile asks for.
fn token(issuer: &TestIssuer) -> TestToken<'_> {
    let token = issuer.token().subject("ada").header("typ", "at+jwt");
    token.claim("jti", "t-1").claim("client_id", "app-1")
}

#[track_caller]
fn refused(token: TestToken<'_>, kind: ErrorKind, at: &str) {
    let reply = ask_layer(&layer(), bearer(&token.mint()));
    assert_eq!(reply.verdict(), (401, Some(kind)), "{at}");
    let challenge =
        r#"Bearer error="invalid_token", error_description="The access token is invalid""#;
    assert_eq!(reply.header("www-authenticate"), Some(challenge), "{at}");
}

#[test]
fn every_claim_of_the_profile_has_to_be_there() {
    let issuer = issuer();
    assert_eq!(ask_layer(&layer(), bearer(&token(&issuer).mint())).text(), "user ada");
    for (claim, missing, null) in [
        ("iss", ErrorKind::InvalidIssuer, ErrorKind::InvalidIssuer),
        ("aud", ErrorKind::InvalidAudience, ErrorKind::InvalidAudience),
        ("sub", ErrorKind::MissingClaim, ErrorKind::InvalidClaims),
        ("exp", ErrorKind::MissingClaim, ErrorKind::InvalidClaims),
        ("iat", ErrorKind::MissingClaim, ErrorKind::InvalidClaims),
        ("jti", ErrorKind::MissingClaim, ErrorKind::InvalidClaims),
        ("client_id", ErrorKind::MissingClaim, ErrorKind::MissingClaim),
    ] {
        refused(token(&issuer).without(claim), missing, claim);
        refused(token(&issuer).claim(claim, Value::Null), null, claim);
    }
    // Scopes and roles are up to the issuer; a rule over them works as ever.
    let scoped = token(&issuer).claim("scope", "read").mint();
    let read = RequireLayer::scope("read");
    check(&ask_both(&layer(), &read, bearer(&scoped)), Outcome::In, "with the scope");
    let plain = token(&issuer).mint();
    check(&ask_both(&layer(), &read, bearer(&plain)), Outcome::Lacks("read"), "without");
}

#[test]
fn the_type_is_that_of_an_access_token() {
    let issuer = issuer();
    for typ in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"] {
        let token = token(&issuer).header("typ", typ).mint();
        assert_eq!(ask_layer(&layer(), bearer(&token)).status, 200, "{typ}");
    }
    for typ in
        ["JWT", "id+jwt", "logout+jwt", "at+jwts", "at", "jwt+at", "", " at+jwt", "text/at+jwt"]
    {
        refused(token(&issuer).header("typ", typ), ErrorKind::InvalidType, typ);
    }
    let untyped = issuer.token().subject("ada").claim("jti", "t-1").claim("client_id", "app-1");
    refused(untyped, ErrorKind::InvalidType, "none");
    // An ID token of the same issuer, for the same audience.
    let id_token = issuer.token().subject("ada").claim("nonce", "n").header("typ", "JWT");
    refused(id_token, ErrorKind::InvalidType, "an ID token");
}

#[test]
fn times_issuer_and_audience_are_judged_as_ever() {
    let issuer = issuer();
    let expired = token(&issuer).expires_in(Duration::ZERO).claim("exp", 1_767_225_540).mint();
    let reply = ask_layer(&layer(), bearer(&expired));
    assert_eq!(reply.verdict(), (401, Some(ErrorKind::TokenExpired)));
    let nearly = token(&issuer).claim("exp", 1_767_225_541).mint();
    assert_eq!(ask_layer(&layer(), bearer(&nearly)).status, 200);
    refused(token(&issuer).claim("aud", "billing"), ErrorKind::InvalidAudience, "aud");
    refused(token(&issuer).claim("aud", json!([])), ErrorKind::InvalidAudience, "no aud");
    refused(token(&issuer).claim("iss", "https://evil.example"), ErrorKind::InvalidIssuer, "iss");
}

#[test]
fn the_profile_does_not_go_with_settings_that_undo_it() {
    let says = |built: Result<Verifier, BuildError>, expected: &[(ProblemKind, &str)]| {
        let error = built.err();
        let problems = error.as_ref().map_or(&[][..], BuildError::problems);
        assert_eq!(problems.len(), expected.len(), "{problems:?}");
        for (problem, (kind, word)) in problems.iter().zip(expected) {
            assert_eq!(problem.kind(), *kind, "{problem}");
            assert!(problem.what().contains(word), "{problem} / {word}");
        }
    };
    let undone = |setting: &'static str| (ProblemKind::ProfileConflict, setting);
    says(builder().issuer(NAME).audience("orders").build(), &[]);
    says(builder().issuer(NAME).any_audience().build(), &[undone("`any_audience`")]);
    says(builder().issuer(NAME).build(), &[(ProblemKind::MissingAudience, "")]);
    says(
        builder().issuer(NAME).audience("orders").allow_missing_expiry().build(),
        &[undone("`allow_missing_expiry`")],
    );
    says(
        builder().issuer(NAME).any_audience().allow_missing_expiry().build(),
        &[undone("`any_audience`"), undone("`allow_missing_expiry`")],
    );
    says(builder().any_issuer().audience("orders").build(), &[undone("unnamed issuer")]);
    says(builder().issuer(NAME).audience("orders").typ("JWT").build(), &[undone("`JWT`")]);
    says(builder().issuer(NAME).audience("orders").typ("application/AT+JWT").build(), &[]);
    // The order does not matter.
    let settings = Verifier::jwks(issuer().jwks()).issuer(NAME);
    says(settings.any_audience().rfc9068().build(), &[undone("`any_audience`")]);
    let settings = Verifier::jwks(issuer().jwks()).issuer(NAME).audience("orders");
    says(settings.allow_missing_expiry().rfc9068().build(), &[undone("`allow_missing_expiry`")]);

    let trusting = |issuer: Issuer| Verifier::builder().trust(issuer).build();
    let key = || VerificationKey::jwk(issuer().jwk()).unwrap();
    let policy = || Policy::new().audience("orders").rfc9068();
    says(trusting(Issuer::new(NAME, key(), policy())), &[]);
    says(trusting(Issuer::unnamed(key(), policy())), &[undone("unnamed issuer")]);
    says(trusting(Issuer::unnamed(key(), Policy::new().audience("orders"))), &[]);
}
