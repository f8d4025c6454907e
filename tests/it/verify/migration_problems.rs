//! Careless settings of an issuer that replaces a secret with public keys.

use tower_jwt_auth::error::ProblemKind as Kind;
use tower_jwt_auth::key::{KeySet, Settable};
use tower_jwt_auth::testing::TestIssuer;
use tower_jwt_auth::{Algorithm, Issuer, VerificationKey, Verifier};

use super::builder::expect_naming;
use super::issuers::{A, B, any, key};
use super::migration::{new, old, secret, set};
use crate::support::tokens::issuer;

use Algorithm::{ES256, HS256, HS384, HS512, RS256};

const OF: &str = "the issuer `https://a.example`";

#[track_caller]
fn expect(issuer: Issuer, expected: &[(Kind, &str)]) {
    expect_naming(Verifier::builder().trust(issuer).build(), expected);
}

fn public() -> Issuer {
    Issuer::new(A, key(&new()), any())
}

fn sourced() -> Issuer {
    Issuer::new(A, Settable::new(), any())
}

fn other_secret() -> VerificationKey {
    secret(&old().with_other_key())
}

#[test]
fn careless_migrations_are_rejected() {
    let secrets = || KeySet::new([secret(&old()), other_secret()]);
    let mixed = || KeySet::new([secret(&old()), key(&new().with_other_key())]);
    let many = |count: u8| {
        KeySet::new((0..count).map(|n| VerificationKey::shared_secret([n; 32]).unwrap()))
    };
    for keys in [public, sourced] {
        let from = |secrets: KeySet| keys().migrating_from(secrets);
        expect(keys(), &[]);
        expect(from(secret(&old()).into()), &[]);
        expect(from(secrets()), &[]);
        expect(from(KeySet::new([])), &[(Kind::MissingKeys, OF)]);
        expect(from(set(&new())), &[(Kind::MixedKeys, OF)]);
        expect(from(mixed()), &[(Kind::MixedKeys, OF)]);
        expect(from(many(4)), &[]);
        expect(from(many(5)), &[(Kind::TooManyKeys, OF)]);
        expect(from(secrets()).migrating_from(secret(&old())), &[(Kind::Conflict, OF)]);
    }
    // A secret that replaces a secret.
    let hmac = |keys: KeySet| Issuer::new(A, keys, any());
    expect(hmac(secrets()), &[]);
    let replaced = hmac(other_secret().into()).migrating_from(secret(&old()));
    expect(replaced, &[(Kind::Conflict, "secrets too")]);
    // Keys that are rejected without the setting as well.
    expect(hmac(mixed()).migrating_from(other_secret()), &[(Kind::MixedKeys, OF)]);
    expect(hmac(KeySet::new([])).migrating_from(other_secret()), &[(Kind::MissingKeys, OF)]);
}

#[test]
fn a_list_must_contain_algorithms_of_both_families() {
    let unsuitable = Kind::UnsuitableAlgorithm;
    let of_length = |length| VerificationKey::shared_secret(vec![7; length]).unwrap();
    for (listed, length, expected) in [
        (&[HS256, ES256][..], 32, &[][..]),
        (&[HS256, HS512, ES256], 64, &[]),
        (&[HS512, ES256], 64, &[]),
        (&[HS512, ES256], 32, &[(unsuitable, "HS512")]),
        (&[HS256, HS384, ES256], 32, &[(unsuitable, "HS384")]),
        (&[ES256], 32, &[(unsuitable, "without an HMAC algorithm")]),
        (&[HS256], 32, &[(unsuitable, "only HMAC algorithms")]),
        (&[], 32, &[(Kind::EmptyValue, OF)]),
    ] {
        let policy = || any().algorithms(listed.iter().copied());
        let fixed = Issuer::new(A, key(&new()), policy()).migrating_from(of_length(length));
        expect(fixed, expected);
        let sourced = Issuer::new(A, Settable::new(), policy()).migrating_from(of_length(length));
        expect(sourced, expected);
    }
    // A public algorithm without a fixed key.
    let policy = || any().algorithms([HS256, ES256, RS256]);
    let fixed = Issuer::new(A, key(&new()), policy()).migrating_from(of_length(32));
    expect(fixed, &[(unsuitable, "RS256")]);
    // Without the setting, both families in one list remain a problem.
    let policy = || any().algorithms([HS256, ES256]);
    expect_kinds(Issuer::new(A, key(&new()), policy()), &[Kind::MixedKeys, unsuitable]);
    expect_kinds(Issuer::new(A, Settable::new(), policy()), &[Kind::MixedKeys, Kind::MixedKeys]);
}

#[track_caller]
fn expect_kinds(issuer: Issuer, expected: &[Kind]) {
    let expected: Vec<_> = expected.iter().map(|kind| (*kind, OF)).collect();
    expect(issuer, &expected);
}

#[test]
fn a_secret_of_another_issuer_is_rejected() {
    let shared = Kind::SharedSecret;
    let migrating = |name: &str, from: VerificationKey| {
        Issuer::new(name, key(&issuer(ES256).without_key_id()), any()).migrating_from(from)
    };
    let build = |one: Issuer, other: Issuer| Verifier::builder().trust(one).trust(other).build();
    let plain = |secret: VerificationKey| Issuer::unnamed(secret, any());
    for (other, expected) in [
        (plain(secret(&old())), &[(shared, "")][..]),
        (plain(other_secret()), &[]),
        (migrating(B, secret(&old())), &[(shared, "")]),
        (migrating(B, other_secret()), &[]),
        (Issuer::new(B, Settable::new(), any()).migrating_from(secret(&old())), &[(shared, "")]),
    ] {
        let ours = || migrating(A, secret(&old()));
        expect_naming(build(ours(), other.clone()), expected);
        expect_naming(build(other, ours()), expected);
    }
}

#[test]
fn the_builder_rejects_careless_migrations() {
    let over = |issuer: &TestIssuer| Verifier::jwks(issuer.jwks()).issuer(A).any_audience();
    expect_naming(over(&new()).migrating_from(secret(&old())).build(), &[]);
    let listed = over(&new()).migrating_from(secret(&old())).algorithms([HS256, ES256]);
    expect_naming(listed.build(), &[]);
    let not_secret = over(&new()).migrating_from(key(&new().with_other_key()));
    expect_naming(not_secret.build(), &[(Kind::MixedKeys, OF)]);
    let twice = over(&new()).migrating_from(secret(&old())).migrating_from(other_secret());
    expect_naming(twice.build(), &[(Kind::Conflict, OF)]);
    let hmac = Verifier::shared_secret(old().secret()).any_audience();
    let replaced = hmac.migrating_from(other_secret());
    expect_naming(replaced.build(), &[(Kind::Conflict, "the unnamed issuer")]);
    // The builder has no issuer, or its keys were rejected.
    let stray = Verifier::builder().trust(public()).migrating_from(secret(&old()));
    expect_naming(stray.build(), &[(Kind::NoEffect, "")]);
    let broken = Verifier::jwks("no JSON").issuer(A).any_audience().migrating_from(secret(&old()));
    expect_naming(broken.algorithms([HS256, ES256]).build(), &[(Kind::InvalidKey, "")]);
    // Each related mistake names the setting.
    let previous = over(&new()).previous_secret(old().secret()).build().unwrap_err();
    let mixed = KeySet::new([secret(&old()), key(&new())]);
    let mixed = Verifier::builder().trust(Issuer::new(A, mixed, any())).build().unwrap_err();
    let twice = Verifier::builder().trust(public()).trust(Issuer::new(A, other_secret(), any()));
    let families = over(&new()).algorithms([HS256, ES256]).build().unwrap_err();
    for error in [previous, mixed, twice.build().unwrap_err(), families] {
        assert!(error.to_string().contains("`migrating_from`"), "{error}");
    }
}

#[cfg(feature = "jwks-client")]
#[test]
fn the_problems_of_keys_and_secrets_are_reported_together() {
    let broken = Verifier::jwks_url("not a URL").issuer(A).any_audience();
    let broken = broken.migrating_from(KeySet::new([]));
    expect_naming(broken.build(), &[(Kind::InvalidUrl, ""), (Kind::MissingKeys, OF)]);
    let fetched = Verifier::issuer_url(A).any_audience().migrating_from(secret(&old()));
    expect_naming(fetched.build(), &[]);
}
