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

/// A token with every claim of the profile.
fn token(issuer: &TestIssuer) -> TestToken<'_> {
    let token = issuer.token().subject("ada").header("typ", "at+jwt");
    token.claim("jti", "t-1").claim("client_id", "app-1")
}

#[track_caller]
fn rejected(token: TestToken<'_>, kind: ErrorKind, at: &str) {
    let reply = ask_layer(&layer(), bearer(&token.mint()));
    assert_eq!(reply.verdict(), (401, Some(kind)), "{at}");
    let challenge =
        r#"Bearer error="invalid_token", error_description="The access token is invalid""#;
    assert_eq!(reply.header("www-authenticate"), Some(challenge), "{at}");
}

#[test]
fn every_claim_of_the_profile_is_required() {
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
        rejected(token(&issuer).without(claim), missing, claim);
        rejected(token(&issuer).claim(claim, Value::Null), null, claim);
    }
    // Scopes and roles are optional in the profile; rules on them still apply.
    let scoped = token(&issuer).claim("scope", "read").mint();
    let read = RequireLayer::scope("read");
    check(&ask_both(&layer(), &read, bearer(&scoped)), Outcome::Allowed, "with the scope");
    let plain = token(&issuer).mint();
    check(&ask_both(&layer(), &read, bearer(&plain)), Outcome::Lacks("read"), "without");
}

#[test]
fn only_access_token_types_are_accepted() {
    let issuer = issuer();
    for typ in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"] {
        let token = token(&issuer).header("typ", typ).mint();
        assert_eq!(ask_layer(&layer(), bearer(&token)).status, 200, "{typ}");
    }
    for typ in
        ["JWT", "id+jwt", "logout+jwt", "at+jwts", "at", "jwt+at", "", " at+jwt", "text/at+jwt"]
    {
        rejected(token(&issuer).header("typ", typ), ErrorKind::InvalidType, typ);
    }
    let untyped = issuer.token().subject("ada").claim("jti", "t-1").claim("client_id", "app-1");
    rejected(untyped, ErrorKind::InvalidType, "none");
    // An ID token of the same issuer for the same audience.
    let id_token = issuer.token().subject("ada").claim("nonce", "n").header("typ", "JWT");
    rejected(id_token, ErrorKind::InvalidType, "an ID token");
}

#[test]
fn the_profile_still_checks_times_issuer_and_audience() {
    let issuer = issuer();
    let expired = token(&issuer).expires_in(Duration::ZERO).claim("exp", 1_767_225_540).mint();
    let reply = ask_layer(&layer(), bearer(&expired));
    assert_eq!(reply.verdict(), (401, Some(ErrorKind::TokenExpired)));
    let nearly = token(&issuer).claim("exp", 1_767_225_541).mint();
    assert_eq!(ask_layer(&layer(), bearer(&nearly)).status, 200);
    rejected(token(&issuer).claim("aud", "billing"), ErrorKind::InvalidAudience, "aud");
    rejected(token(&issuer).claim("aud", json!([])), ErrorKind::InvalidAudience, "no aud");
    rejected(token(&issuer).claim("iss", "https://evil.example"), ErrorKind::InvalidIssuer, "iss");
}

#[test]
fn settings_that_contradict_the_profile_do_not_build() {
    let expect_problems = |built: Result<Verifier, BuildError>,
                           expected: &[(ProblemKind, &str)]| {
        let error = built.err();
        let problems = error.as_ref().map_or(&[][..], BuildError::problems);
        assert_eq!(problems.len(), expected.len(), "{problems:?}");
        for (problem, (kind, word)) in problems.iter().zip(expected) {
            assert_eq!(problem.kind(), *kind, "{problem}");
            assert!(problem.what().contains(word), "{problem} / {word}");
        }
    };
    let conflict = |setting: &'static str| (ProblemKind::ProfileConflict, setting);
    expect_problems(builder().issuer(NAME).audience("orders").build(), &[]);
    expect_problems(builder().issuer(NAME).any_audience().build(), &[conflict("`any_audience`")]);
    expect_problems(builder().issuer(NAME).build(), &[(ProblemKind::MissingAudience, "")]);
    expect_problems(
        builder().issuer(NAME).audience("orders").allow_missing_expiry().build(),
        &[conflict("`allow_missing_expiry`")],
    );
    expect_problems(
        builder().issuer(NAME).any_audience().allow_missing_expiry().build(),
        &[conflict("`any_audience`"), conflict("`allow_missing_expiry`")],
    );
    expect_problems(
        builder().any_issuer().audience("orders").build(),
        &[conflict("unnamed issuer")],
    );
    expect_problems(
        builder().issuer(NAME).audience("orders").typ("JWT").build(),
        &[conflict("`JWT`")],
    );
    expect_problems(
        builder().issuer(NAME).audience("orders").typ("application/AT+JWT").build(),
        &[],
    );
    // The order does not matter.
    let settings = Verifier::jwks(issuer().jwks()).issuer(NAME);
    expect_problems(settings.any_audience().rfc9068().build(), &[conflict("`any_audience`")]);
    let settings = Verifier::jwks(issuer().jwks()).issuer(NAME).audience("orders");
    expect_problems(
        settings.allow_missing_expiry().rfc9068().build(),
        &[conflict("`allow_missing_expiry`")],
    );

    let trusting = |issuer: Issuer| Verifier::builder().trust(issuer).build();
    let key = || VerificationKey::jwk(issuer().jwk()).unwrap();
    let policy = || Policy::new().audience("orders").rfc9068();
    expect_problems(trusting(Issuer::new(NAME, key(), policy())), &[]);
    expect_problems(trusting(Issuer::unnamed(key(), policy())), &[conflict("unnamed issuer")]);
    expect_problems(trusting(Issuer::unnamed(key(), Policy::new().audience("orders"))), &[]);
}
