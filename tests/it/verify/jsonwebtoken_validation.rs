//! Policies converted from a `Validation` of `jsonwebtoken`.

use std::time::Duration;

use jsonwebtoken::{Algorithm as Theirs, AlgorithmFamily, Validation};
use serde_json::{Value, json};
use tower_jwt_auth::error::ProblemKind as Kind;
use tower_jwt_auth::testing::{FixedClock, TestIssuer};
use tower_jwt_auth::{Algorithm, BuildError, ErrorKind, Issuer, Policy, VerificationKey, Verifier};

use super::builder::{expect, expect_naming};
use crate::support::tokens::{Verdict, verdict};

const ISSUER: &str = "https://auth.example.com";
/// Times before and after that of the clock.
const PAST: u64 = 1_577_836_800;
const FUTURE: u64 = 4_102_444_800;

/// Common settings with a change.
fn validation(change: impl FnOnce(&mut Validation)) -> Validation {
    let mut validation = Validation::new(Theirs::HS256);
    validation.set_audience(&["orders"]);
    change(&mut validation);
    validation
}

fn convert(change: impl FnOnce(&mut Validation)) -> Result<Policy, BuildError> {
    Policy::try_from(&validation(change))
}

/// Trusts the issuer's key for every algorithm of its kind and under any name, so that only the policy decides.
fn over(policy: Policy) -> Result<Verifier, BuildError> {
    let key = VerificationKey::shared_secret(TestIssuer::hs256().secret())?;
    let builder = Verifier::builder().trust(Issuer::unnamed(key, policy));
    builder.clock(FixedClock::new()).build()
}

fn claims() -> Value {
    json!({ "iss": ISSUER, "aud": "orders", "sub": "ada", "exp": FUTURE, "nbf": PAST })
}

/// A token with changed claims; null removes one.
fn token(changed: &Value) -> String {
    let issuer = TestIssuer::hs256();
    let mut claims = claims();
    for (name, value) in changed.as_object().unwrap() {
        claims[name] = value.clone();
    }
    let claims = claims.as_object().unwrap().clone();
    let claims: serde_json::Map<_, _> =
        claims.into_iter().filter(|(_, value)| !value.is_null()).collect();
    issuer.sign(r#"{"alg":"HS256"}"#, Value::Object(claims).to_string())
}

#[track_caller]
fn judged(change: impl FnOnce(&mut Validation), tokens: &[(Value, Verdict)]) {
    let verifier = over(convert(change).unwrap()).unwrap();
    for (changed, expected) in tokens {
        assert_eq!(verdict(&verifier, &token(changed)), *expected, "{changed}");
    }
}

#[test]
fn the_audiences_of_a_validation_are_required() {
    let wrong = Err(ErrorKind::InvalidAudience);
    judged(
        |it| it.set_audience(&["orders", "billing"]),
        &[
            (json!({}), Ok(())),
            (json!({ "aud": ["other", "billing"] }), Ok(())),
            (json!({ "aud": "other" }), wrong),
            (json!({ "aud": null }), wrong),
        ],
    );
    judged(
        |it| (it.aud, it.validate_aud) = (None, false),
        &[(json!({ "aud": "other" }), Ok(())), (json!({ "aud": null }), Ok(()))],
    );
}

#[test]
fn a_validation_without_an_audience_is_a_problem() {
    let undecided = || convert(|it| it.aud = None).unwrap();
    expect(over(undecided()), &[Kind::MissingAudience]);
    expect(over(convert(|it| it.aud = Some([].into())).unwrap()), &[Kind::MissingAudience]);
    assert!(over(undecided().audience("orders")).is_ok());
    assert!(over(undecided().any_audience()).is_ok());
}

#[test]
fn the_issuers_of_a_validation_are_compared_under_any_issuer() {
    let wrong = Err(ErrorKind::CheckFailed);
    judged(
        |it| it.set_issuer(&["https://other.example", ISSUER]),
        &[
            (json!({}), Ok(())),
            (json!({ "iss": "https://other.example" }), Ok(())),
            (json!({ "iss": "https://evil.example" }), wrong),
            (json!({ "iss": format!("{ISSUER}/") }), wrong),
            (json!({ "iss": null }), wrong),
        ],
    );
    // With a configured issuer, both names must match.
    let policy = || convert(|it| it.set_issuer(&[ISSUER])).unwrap();
    let key = || VerificationKey::shared_secret(TestIssuer::hs256().secret()).unwrap();
    for (name, expected) in [(ISSUER, Ok(())), ("https://evil.example", wrong)] {
        let trusted = Issuer::new(name, key(), policy());
        let verifier = Verifier::builder().trust(trusted).clock(FixedClock::new()).build().unwrap();
        assert_eq!(verdict(&verifier, &token(&json!({ "iss": name }))), expected);
    }
}

#[test]
fn the_subject_of_a_validation_is_required() {
    judged(
        |it| it.sub = Some("ada".into()),
        &[
            (json!({}), Ok(())),
            (json!({ "sub": "eve" }), Err(ErrorKind::InvalidSubject)),
            (json!({ "sub": null }), Err(ErrorKind::MissingClaim)),
        ],
    );
}

#[test]
fn required_claims_of_a_validation_are_required() {
    let missing = Err(ErrorKind::MissingClaim);
    judged(
        |it| it.set_required_spec_claims(&["exp", "nbf", "iss", "sub", "aud"]),
        &[
            (json!({}), Ok(())),
            (json!({ "exp": null }), missing),
            (json!({ "nbf": null }), missing),
            (json!({ "iss": null }), missing),
            (json!({ "sub": null }), missing),
            (json!({ "aud": null }), Err(ErrorKind::InvalidAudience)),
        ],
    );
    judged(
        |it| {
            it.set_required_spec_claims(&["exp", "aud"]);
            (it.aud, it.validate_aud) = (None, false);
        },
        &[(json!({ "aud": "other" }), Ok(())), (json!({ "aud": null }), missing)],
    );
    judged(
        |it| it.required_spec_claims.clear(),
        &[
            (json!({ "exp": null, "nbf": null }), Ok(())),
            (json!({ "exp": PAST }), Err(ErrorKind::TokenExpired)),
        ],
    );
}

#[test]
fn the_leeway_of_a_validation_is_kept() {
    let now = 1_767_225_600; // of the clock
    for (leeway, since, expected) in [
        (0, 0, Err(ErrorKind::TokenExpired)),
        (0, -1, Ok(())),
        (10, 9, Ok(())),
        (10, 10, Err(ErrorKind::TokenExpired)),
        (300, 299, Ok(())),
    ] {
        let verifier = over(convert(|it| it.leeway = leeway).unwrap()).unwrap();
        assert_eq!(verdict(&verifier, &token(&json!({ "exp": now - since }))), expected);
    }
    for too_long in [301, u64::MAX] {
        let what = format!("{:?}", Duration::from_secs(too_long));
        let built = over(convert(|it| it.leeway = too_long).unwrap());
        expect_naming(built, &[(Kind::OutOfRange, &what)]);
    }
}

#[test]
fn nbf_is_checked_even_without_validate_nbf() {
    let tokens = [
        (json!({}), Ok(())),
        (json!({ "nbf": FUTURE }), Err(ErrorKind::TokenNotYetValid)),
        (json!({ "nbf": null }), Ok(())),
    ];
    judged(|it| it.validate_nbf = false, &tokens);
    judged(|it| it.validate_nbf = true, &tokens);
}

#[test]
fn the_algorithms_of_a_validation_are_the_only_ones() {
    let sign = |algorithm: Algorithm| {
        let issuer = TestIssuer::new(algorithm);
        issuer.sign(format!(r#"{{"alg":"{algorithm}"}}"#), claims().to_string())
    };
    let verifier = over(convert(|it| it.algorithms = vec![Theirs::HS384]).unwrap()).unwrap();
    assert_eq!(verdict(&verifier, &sign(Algorithm::HS384)), Ok(()));
    let not_allowed = Err(ErrorKind::AlgorithmNotAllowed);
    assert_eq!(verdict(&verifier, &sign(Algorithm::HS256)), not_allowed);
    assert_eq!(verdict(&verifier, &sign(Algorithm::ES256)), not_allowed);

    let hmac = Validation::new_for_family(AlgorithmFamily::Hmac).algorithms;
    let verifier = over(convert(|it| it.algorithms = hmac).unwrap()).unwrap();
    for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
        assert_eq!(verdict(&verifier, &sign(algorithm)), Ok(()));
    }
    expect(over(convert(|it| it.algorithms.clear()).unwrap()), &[Kind::EmptyValue]);
}

#[test]
fn settings_without_an_equivalent_are_problems() {
    type Change = fn(&mut Validation);
    let lost = Kind::UnsupportedConversion;
    let cases: [(Change, &[(Kind, &str)]); 11] = [
        (|_| {}, &[]),
        (|it| it.validate_exp = false, &[(lost, "`validate_exp`")]),
        (
            |it| it.reject_tokens_expiring_in_less_than = 30,
            &[(lost, "`reject_tokens_expiring_in_less_than` is 30")],
        ),
        (|it| it.validate_aud = false, &[(Kind::Conflict, "`validate_aud`")]),
        (|it| (it.aud, it.validate_aud) = (None, false), &[]),
        (|it| it.iss = Some([].into()), &[(Kind::EmptyValue, "`iss`")]),
        (
            |it| it.set_required_spec_claims(&["exp", "jti", "iss", "tenant"]),
            &[(lost, "`jti`"), (lost, "`tenant`")],
        ),
        (|it| it.set_required_spec_claims(&["exp", "EXP"]), &[(lost, "`EXP`")]),
        (|it| it.algorithms = vec![Theirs::RS256, Theirs::HS256], &[(lost, "families")]),
        (
            |it| it.algorithms = vec![Theirs::ES256, Theirs::ES384, Theirs::EdDSA],
            &[(lost, "families")],
        ),
        (|it| it.algorithms = vec![Theirs::RS256, Theirs::PS512, Theirs::RS256], &[]),
    ];
    for (change, problems) in cases {
        expect_naming(convert(change), problems);
    }
}

#[test]
fn every_problem_of_a_validation_is_reported_at_once() {
    let error = convert(|it| {
        it.validate_exp = false;
        it.validate_aud = false;
        it.reject_tokens_expiring_in_less_than = 1;
        it.iss = Some([].into());
        it.set_required_spec_claims(&["jti", "azp"]);
        it.algorithms = vec![Theirs::ES256, Theirs::HS256];
    });
    let lost = Kind::UnsupportedConversion;
    expect(error, &[lost, lost, lost, lost, lost, Kind::Conflict, Kind::EmptyValue]);
}
