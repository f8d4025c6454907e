//! The settings that `build` rejects, by kind of problem.

use std::time::Duration;

use serde_json::Value;
use tower_jwt_auth::VerifierBuilder;
use tower_jwt_auth::error::{Problem, ProblemKind as Kind};
use tower_jwt_auth::key::KeySet;
use tower_jwt_auth::testing::FixedClock;
use tower_jwt_auth::{Algorithm, BuildError, ErrorKind, Issuer, Policy, VerificationKey, Verifier};

use crate::support::tokens::{self, issuer, verdict};

/// Part of every secret below, to detect a secret in a message.
const SECRET: &str =
    "hunter2 hunter2 hunter2 hunter2 hunter2 hunter2 hunter2 hunter2 hunter2 hunter2";

fn secret() -> VerificationKey {
    VerificationKey::shared_secret(SECRET).unwrap()
}

fn public() -> VerificationKey {
    VerificationKey::jwk(issuer(Algorithm::ES256).jwk()).unwrap()
}

fn any() -> Policy {
    Policy::new().any_audience()
}

/// A valid builder with a shared secret.
fn with_secret() -> VerifierBuilder {
    Verifier::shared_secret(SECRET).any_audience()
}

fn with_public_key() -> VerifierBuilder {
    Verifier::jwks(issuer(Algorithm::ES256).jwks())
}

fn trusting(issuers: impl IntoIterator<Item = Issuer>) -> VerifierBuilder {
    issuers.into_iter().fold(Verifier::builder(), VerifierBuilder::trust)
}

/// Asserts problems of these kinds, in any order.
#[track_caller]
pub(super) fn expect<T>(made: Result<T, BuildError>, expected: &[Kind]) {
    let expected: Vec<_> = expected.iter().map(|kind| (*kind, "")).collect();
    expect_naming(made, &expected);
}

/// Asserts problems of these kinds, each with this text in `what`, in any order.
#[track_caller]
pub(super) fn expect_naming<T>(made: Result<T, BuildError>, expected: &[(Kind, &str)]) {
    let error = made.err();
    let problems = error.as_ref().map(BuildError::problems).unwrap_or_default();
    assert_eq!(problems.len(), expected.len(), "{error:#?}\nand expected: {expected:#?}");
    let mut left: Vec<_> = problems.iter().collect();
    for (kind, text) in expected {
        let fits = |it: &&Problem| it.kind() == *kind && it.what().contains(text);
        let found = left.iter().position(fits);
        left.remove(found.unwrap_or_else(|| panic!("{kind} with `{text}` not in {left:#?}")));
    }
    for problem in problems {
        for text in [problem.what(), problem.why(), problem.fix()] {
            assert!(text.len() > 5 && !text.ends_with('.') && text == text.trim(), "{text:?}");
        }
        assert!(problem.fix().starts_with(char::is_uppercase), "{}", problem.fix());
    }
    if let Some(error) = &error {
        let printed = format!("{error} {error:?} {:?}", error.problems());
        assert!(!printed.contains("hunter2"), "{printed}");
        for problem in problems {
            assert!(error.to_string().contains(&problem.to_string()), "{error}");
        }
    }
}

#[test]
fn valid_neighbours_of_the_rejected_settings_build() {
    expect(with_secret().build(), &[]);
    expect(with_public_key().any_issuer().any_audience().build(), &[]);
    expect(with_public_key().issuer("https://auth.example").audience("orders").build(), &[]);
    expect(trusting([Issuer::new("a", public(), any())]).build(), &[]);
    expect(trusting([Issuer::unnamed(secret(), any())]).build(), &[]);
}

#[test]
fn at_least_one_issuer_is_required() {
    expect(Verifier::builder().build(), &[Kind::MissingIssuer]);
    let empty = || KeySet::new([]);
    expect(trusting([Issuer::unnamed(empty(), any())]).build(), &[Kind::MissingKeys]);
    expect(trusting([Issuer::new("a", empty(), any())]).build(), &[Kind::MissingKeys]);
}

#[test]
fn public_keys_require_an_issuer_or_any_issuer() {
    expect(with_public_key().any_audience().build(), &[Kind::MissingIssuer]);
    let pem = issuer(Algorithm::ES256).public_pem();
    expect(Verifier::pem(Algorithm::ES256, pem).any_audience().build(), &[Kind::MissingIssuer]);
    expect(with_public_key().issuer("a").any_issuer().any_audience().build(), &[Kind::Conflict]);
    expect(with_secret().any_issuer().issuer("a").build(), &[Kind::Conflict]);
    expect(with_secret().issuer("a").issuer("b").build(), &[Kind::Conflict]);
    expect(with_secret().issuer("a").issuer("a").build(), &[]);
    expect(with_secret().issuer("").build(), &[Kind::EmptyValue]);
    expect(trusting([Issuer::new("", public(), any())]).build(), &[Kind::EmptyValue]);
}

#[test]
fn an_audience_or_any_audience_is_required() {
    let undecided = || Verifier::shared_secret(SECRET);
    expect(undecided().build(), &[Kind::MissingAudience]);
    expect(undecided().issuer("a").build(), &[Kind::MissingAudience]);
    let both = Kind::Conflict;
    expect(undecided().audience("a").any_audience().build(), &[both]);
    expect(undecided().any_audience().audience("a").build(), &[both]);
    expect(undecided().any_audience().audience("a").any_audience().build(), &[both]);
    expect(undecided().any_audience().any_audience().build(), &[]);
    expect(undecided().audience("").build(), &[Kind::EmptyValue]);
    expect(undecided().audience("a").audience("").build(), &[Kind::EmptyValue]);
    expect(undecided().audience("a").audience("b").build(), &[]);
    let policy = Policy::new();
    expect(trusting([Issuer::new("a", public(), policy)]).build(), &[Kind::MissingAudience]);
}

#[test]
fn a_secret_belongs_to_one_issuer() {
    let other = || VerificationKey::shared_secret([7; 40]).unwrap();
    let named = |name: &str, key: VerificationKey| Issuer::new(name, key, any());
    expect(trusting([named("a", secret()), named("b", other())]).build(), &[]);
    expect(trusting([named("a", secret()), named("b", secret())]).build(), &[Kind::SharedSecret]);
    // Public keys may be shared, because they cannot sign.
    expect(trusting([named("a", public()), named("b", public())]).build(), &[]);
}

#[test]
fn empty_and_out_of_range_settings_are_rejected() {
    expect(with_secret().subject("").build(), &[Kind::EmptyValue]);
    expect(with_secret().typ("").build(), &[Kind::EmptyValue]);
    expect(with_secret().max_token_len(0).build(), &[Kind::OutOfRange]);
    expect(with_secret().max_token_len((1 << 20) + 1).build(), &[Kind::OutOfRange]);
    for good in [1, 1 << 20] {
        expect(with_secret().max_token_len(good).build(), &[]);
    }
    let crowd = (0..4).fold(with_secret(), |builder, n| builder.previous_secret([n; 32]));
    expect(crowd.build(), &[Kind::TooManyKeys]);
    let four = (0..3).fold(with_secret(), |builder, n| builder.previous_secret([n; 32]));
    expect(four.build(), &[]);
    let beside = Verifier::jwks(issuer(Algorithm::ES256).jwks()).any_issuer().any_audience();
    expect(beside.trust(Issuer::new("a", public(), any())).build(), &[Kind::Conflict]);
}

#[test]
fn duplicate_issuers_are_rejected() {
    let named = |name: &str| Issuer::new(name, public(), any());
    let unnamed = || Issuer::unnamed(secret(), any());
    expect(trusting([named("a"), named("b"), unnamed()]).build(), &[]);
    expect(trusting([named("a"), named("a")]).build(), &[Kind::Conflict]);
    expect(trusting([named("a"), named("b"), named("a")]).build(), &[Kind::Conflict]);
    let shared = Kind::SharedSecret;
    expect(trusting([unnamed(), unnamed()]).build(), &[shared, Kind::Conflict]);
    expect(with_secret().trust(unnamed()).build(), &[shared, Kind::Conflict]);
    expect(with_secret().issuer("a").trust(named("a")).build(), &[Kind::Conflict]);
    expect(with_secret().trust(named("a")).build(), &[]);
}

#[test]
fn one_issuer_cannot_mix_secrets_and_public_keys() {
    let together = Kind::MixedKeys;
    let mixed = || KeySet::new([secret(), public()]);
    expect(trusting([Issuer::unnamed(mixed(), any())]).build(), &[together]);
    let (oct, ec) = (issuer(Algorithm::HS256).jwk(), issuer(Algorithm::ES256).jwk());
    let document = format!("{{\"keys\":[{ec},{oct}]}}");
    expect(Verifier::jwks(document).any_issuer().any_audience().build(), &[together]);
    let stray = Kind::MixedKeys;
    expect(with_public_key().any_issuer().any_audience().previous_secret(SECRET).build(), &[stray]);
    expect(trusting([Issuer::unnamed(public(), any())]).previous_secret(SECRET).build(), &[stray]);
    expect(with_secret().previous_secret(SECRET).previous_secret(SECRET).build(), &[]);
    let apart = [Issuer::unnamed(secret(), any()), Issuer::new("a", public(), any())];
    expect(trusting(apart).build(), &[]);
}

#[test]
fn algorithm_lists_must_be_nonempty_unmixed_and_have_keys() {
    use Algorithm::{ES256, ES384, HS256, HS512, RS256};
    let mixed = Kind::MixedKeys;
    let none: [Algorithm; 0] = [];
    expect(with_secret().algorithms(none).build(), &[Kind::EmptyValue]);
    expect(with_secret().algorithms([HS256]).build(), &[]);
    expect(with_secret().algorithms([HS256, HS512]).build(), &[]);
    expect(with_secret().algorithms([HS256, RS256]).build(), &[mixed, Kind::UnsuitableAlgorithm]);
    expect(with_secret().algorithms([RS256]).build(), &[Kind::UnsuitableAlgorithm]);
    let with_public_key = || with_public_key().any_issuer().any_audience();
    expect(with_public_key().algorithms([ES256]).build(), &[]);
    expect(with_public_key().algorithms([ES384]).build(), &[Kind::UnsuitableAlgorithm]);
    expect(with_public_key().algorithms([ES256, ES384]).build(), &[Kind::UnsuitableAlgorithm]);
    expect(
        with_public_key().algorithms([ES256, HS256]).build(),
        &[mixed, Kind::UnsuitableAlgorithm],
    );
}

#[test]
fn a_secret_is_long_enough_for_every_listed_algorithm() {
    use Algorithm::{HS256, HS384, HS512};
    let of = |length: usize, listed: Algorithm| {
        let secret = "s".repeat(length);
        Verifier::shared_secret(secret).any_audience().algorithms([listed]).build()
    };
    expect(of(32, HS256), &[]);
    expect(of(47, HS384), &[Kind::UnsuitableAlgorithm]);
    expect(of(48, HS384), &[]);
    expect(of(63, HS512), &[Kind::UnsuitableAlgorithm]);
    expect(of(64, HS512), &[]);
    expect(of(31, HS256), &[Kind::WeakSecret]);
    let legacy = |listed| {
        let key = VerificationKey::guessable_legacy_secret([b's'; 16]).unwrap();
        trusting([Issuer::unnamed(key, any().algorithms([listed]))]).build()
    };
    expect(legacy(HS256), &[]);
    expect(legacy(HS384), &[Kind::UnsuitableAlgorithm]);
    expect(legacy(HS512), &[Kind::UnsuitableAlgorithm]);
}

#[test]
fn previous_secrets_need_the_same_minimum_length() {
    let previous = |length: usize| with_secret().previous_secret("s".repeat(length));
    expect(previous(31).build(), &[Kind::WeakSecret]);
    expect(previous(32).build(), &[]);
    expect(previous(64).algorithms([Algorithm::HS512]).build(), &[]);
    // If it were accepted, no token could be verified with it.
    expect(previous(63).algorithms([Algorithm::HS512]).build(), &[Kind::UnsuitableAlgorithm]);
    expect(previous(47).algorithms([Algorithm::HS384]).build(), &[Kind::UnsuitableAlgorithm]);
}

#[test]
fn leeway_is_bounded_and_required_claims_are_not() {
    let leeway = |leeway| with_secret().leeway(leeway).build();
    expect(leeway(Duration::ZERO), &[]);
    expect(leeway(Duration::from_secs(300)), &[]);
    expect(leeway(Duration::new(300, 1)), &[Kind::OutOfRange]);
    expect(leeway(Duration::from_secs(301)), &[Kind::OutOfRange]);
    expect(leeway(Duration::MAX), &[Kind::OutOfRange]);
    let requiring = |count: usize| {
        let require =
            |builder: VerifierBuilder, n| builder.require_claim(format!("claim-{}", n % count));
        // Each is required twice and counts once.
        (0..2 * count).fold(with_secret(), require).build()
    };
    expect(requiring(64), &[]);
    expect(requiring(200), &[]);
}

#[test]
fn settings_without_effect_are_rejected() {
    let stray = Kind::NoEffect;
    let builder = || trusting([Issuer::unnamed(public(), any())]);
    expect(builder().build(), &[]);
    expect(builder().clock(FixedClock::new()).max_token_len(100).build(), &[]);
    expect(builder().check("a check", |_| true).build(), &[]);
    for strayed in [
        builder().issuer("a"),
        builder().any_issuer(),
        builder().audience("a"),
        builder().any_audience(),
        builder().algorithms([Algorithm::ES256]),
        builder().subject("a"),
        builder().leeway(Duration::ZERO),
        builder().max_age(Duration::ZERO),
        builder().require_claim("a"),
        builder().typ("a"),
        builder().allow_missing_expiry(),
        builder().check_token("a rule", |_| true),
        Verifier::builder().audience("a").trust(Issuer::unnamed(public(), any())),
    ] {
        expect(strayed.build(), &[stray]);
    }
    let lost = with_secret().check("a check", |_| true).claims::<Value>();
    expect(lost.build(), &[Kind::NoEffect]);
    let kept = with_secret().claims::<Value>().check("a check", |_| true);
    expect(kept.build(), &[]);
}

#[test]
fn all_problems_are_reported_at_once() {
    let error = Verifier::pem(Algorithm::RS256, "hunter2 is no PEM")
        .issuer("a")
        .issuer("b")
        .any_issuer()
        .previous_secret(SECRET)
        .audience("")
        .any_audience()
        .audience("x")
        .leeway(Duration::from_secs(3_600))
        .algorithms([Algorithm::HS256, Algorithm::RS256])
        .trust(Issuer::new("c", KeySet::new([]), Policy::new()))
        .trust(Issuer::new("c", public(), any().algorithms([])))
        .check("a check", |_| true)
        .claims::<serde::de::IgnoredAny>()
        .build();
    expect(
        error,
        &[
            Kind::InvalidKey,
            Kind::Conflict,
            Kind::Conflict,
            Kind::MixedKeys,
            Kind::Conflict,
            Kind::OutOfRange,
            Kind::MixedKeys,
            Kind::MissingAudience,
            Kind::MissingKeys,
            Kind::EmptyValue,
            Kind::Conflict,
            Kind::NoEffect,
        ],
    );
}

#[test]
fn problems_name_the_issuer_and_the_configured_value() {
    let named = |name: &str, policy| Issuer::new(name, public(), policy);
    expect_naming(
        trusting([named("a", Policy::new()), named("b", any())]).build(),
        &[(Kind::MissingAudience, "the issuer `a`")],
    );
    expect_naming(
        trusting([Issuer::new("a", KeySet::new([]), any())]).build(),
        &[(Kind::MissingKeys, "the issuer `a`")],
    );
    expect_naming(
        trusting([named("a", any()), named("b", any()), named("a", any())]).build(),
        &[(Kind::Conflict, "the issuer `a`")],
    );
    expect_naming(
        with_secret().leeway(Duration::from_secs(301)).build(),
        &[(Kind::OutOfRange, "301s for the unnamed issuer")],
    );
    expect_naming(
        with_secret().algorithms([Algorithm::RS256]).build(),
        &[(Kind::UnsuitableAlgorithm, "RS256 for the unnamed issuer")],
    );
    let profile = || Policy::new().audience("orders").rfc9068();
    expect_naming(
        trusting([named("a", profile().typ("JWT"))]).build(),
        &[(Kind::ProfileConflict, "`JWT` for the issuer `a`")],
    );
    expect(trusting([named("a", profile())]).build(), &[]);
}

#[test]
fn clones_of_a_verifier_share_one_state() {
    let signer = issuer(Algorithm::RS256);
    let verifier = tokens::trusting(&signer).build().unwrap();
    let clone = verifier.clone();
    drop(verifier);
    assert_eq!(verdict(&clone, &signer.token().mint()), Ok(()));
}

#[test]
fn tokens_signed_before_and_after_a_rotation_verify() {
    let (new, old) = (issuer(Algorithm::HS256), issuer(Algorithm::HS256).with_other_key());
    let builder = || Verifier::shared_secret(new.secret()).any_audience().clock(FixedClock::new());
    let (both, alone) = (builder().previous_secret(old.secret()).build(), builder().build());
    let (both, alone) = (both.unwrap(), alone.unwrap());
    let third = issuer(Algorithm::HS256).with_secret("a third secret, which is not configured");
    let wrong = Err(ErrorKind::InvalidSignature);
    assert_eq!(verdict(&both, &new.token().mint()), Ok(()));
    assert_eq!(verdict(&both, &old.token().mint()), Ok(()));
    assert_eq!(verdict(&both, &third.token().mint()), wrong);
    // Secrets have no ids, whatever `kid` the tokens have.
    assert_eq!(verdict(&both, &old.token().header("kid", "2025").mint()), Ok(()));
    assert_eq!(verdict(&alone, &new.token().mint()), Ok(()));
    assert_eq!(verdict(&alone, &old.token().mint()), wrong);
}
