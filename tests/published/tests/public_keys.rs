//! Public keys with a published private half, in every form of a key.

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING,
    ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
};
use published::{PAIRS, demo, file};
use serde_json::{Value, json};
use tower_jwt_auth::error::ProblemKind;
use tower_jwt_auth::key::{CryptoBackend, KeySet, SkipReason};
use tower_jwt_auth::{Algorithm, BuildError, VerificationKey, Verifier};

fn algorithms(name: &str) -> &'static [Algorithm] {
    use Algorithm::{ES256, ES384, ES512, EdDSA, PS256, RS256, RS512};
    match name.split('-').next() {
        Some("ed25519") => &[EdDSA],
        Some("p256") => &[ES256],
        Some("p384") => &[ES384],
        Some("p521") => &[ES512],
        _ => &[RS256, RS512, PS256],
    }
}

fn is_supported(algorithm: Algorithm) -> bool {
    CryptoBackend::active().unwrap().supports(algorithm)
}

/// `Ok` for an accepted key, or the error text for a rejected one.
fn verdict<T>(outcome: Result<T, BuildError>) -> Result<(), String> {
    outcome.map(drop).map_err(|error| error.to_string())
}

fn expect_published<T>(outcome: Result<T, BuildError>, at: &str) {
    let error = outcome.map(drop).expect_err(at);
    let [problem] = error.problems() else { panic!("{at}: {error}") };
    assert_eq!(problem.kind(), ProblemKind::PublishedSecret, "{at}: {error}");
}

/// Asserts that every key of the set was skipped for that reason.
fn expect_no_key(outcome: Result<KeySet, BuildError>, at: &str) {
    let error = outcome.map(drop).expect_err(at);
    let [problem] = error.problems() else { panic!("{at}: {error}") };
    assert_eq!(problem.kind(), ProblemKind::MissingKeys, "{at}: {error}");
    assert!(problem.what().contains("1 published"), "{at}: {error}");
}

fn der_of_pem(pem: &str) -> Vec<u8> {
    let text: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    base64_simd::STANDARD.decode_to_vec(text).unwrap()
}

fn pem_of_der(der: &[u8]) -> String {
    let text = base64_simd::STANDARD.encode_to_string(der);
    let lines = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap());
    let lines: Vec<_> = lines.collect();
    format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"))
}

fn fresh_der(name: &str) -> Vec<u8> {
    fn der(key: &impl AsDer<PublicKeyX509Der<'static>>) -> Vec<u8> {
        key.as_der().unwrap().as_ref().to_vec()
    }
    let ecdsa = |algorithm| der(EcdsaKeyPair::generate(algorithm).unwrap().public_key());
    match name.split('-').next() {
        Some("ed25519") => der(Ed25519KeyPair::generate().unwrap().public_key()),
        Some("p256") => ecdsa(&ECDSA_P256_SHA256_FIXED_SIGNING),
        Some("p384") => ecdsa(&ECDSA_P384_SHA384_FIXED_SIGNING),
        Some("p521") => ecdsa(&ECDSA_P521_SHA512_FIXED_SIGNING),
        _ => der(aws_lc_rs::rsa::KeyPair::generate(KeySize::Rsa2048).unwrap().public_key()),
    }
}

fn fresh_jwk(id: &str) -> Value {
    let point = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let point = point.public_key().as_ref();
    let encode = |bytes| base64_simd::URL_SAFE_NO_PAD.encode_to_string(bytes);
    json!({"kty": "EC", "crv": "P-256", "kid": id, "x": encode(&point[1..33]), "y": encode(&point[33..])})
}

#[test]
fn a_demo_key_is_rejected_in_every_form() {
    for name in PAIRS {
        let (jwk, pem) = (demo(&format!("{name}.public.jwk")), demo(&format!("{name}.public.pem")));
        let certificate = demo(&format!("{name}.certificate.pem"));
        expect_published(VerificationKey::jwk(&jwk), name);
        for algorithm in algorithms(name).iter().copied().filter(|it| is_supported(*it)) {
            let at = format!("{name} {algorithm}");
            expect_published(VerificationKey::pem(algorithm, &pem), &at);
            expect_published(VerificationKey::der(algorithm, der_of_pem(&pem)), &at);
            expect_published(VerificationKey::certificate(algorithm, &certificate), &at);
            let verifier = Verifier::pem(algorithm, &pem).any_issuer().any_audience().build();
            expect_published(verifier, &at);

            let fresh = fresh_der(name);
            let fresh_pem = pem_of_der(&fresh);
            assert_eq!(verdict(VerificationKey::der(algorithm, &fresh)), Ok(()), "{at}");
            assert_eq!(verdict(VerificationKey::pem(algorithm, &fresh_pem)), Ok(()), "{at}");
            let verifier = Verifier::pem(algorithm, &fresh_pem).any_issuer().any_audience().build();
            assert_eq!(verdict(verifier), Ok(()), "{at}");
        }
    }
}

#[test]
fn a_published_key_in_a_set_is_skipped() {
    let document = file("src/key/published/keys.json");
    let samples: Value = serde_json::from_str(&document).unwrap();
    let samples = samples["keys"].as_array().unwrap();
    assert_eq!(samples.len(), 10);
    let demos =
        PAIRS.map(|name| serde_json::from_str(&demo(&format!("{name}.public.jwk"))).unwrap());
    for published in samples.iter().chain(&demos) {
        let set = json!({"keys": [fresh_jwk("1"), published, fresh_jwk("2")]}).to_string();
        for set in [KeySet::jwks(&set).unwrap(), KeySet::fetched_jwks(&set).unwrap()] {
            assert_eq!(set.len(), 2, "{published}");
            assert_eq!(set.skipped(), [SkipReason::Published], "{published}");
        }
        let alone = json!({"keys": [published]}).to_string();
        expect_no_key(KeySet::jwks(&alone), &alone);
        expect_no_key(KeySet::fetched_jwks(&alone), &alone);
        expect_published(VerificationKey::jwk(published.to_string()), &alone);
    }
    assert_eq!(SkipReason::Published.as_str(), "published");
}

#[test]
fn another_exponent_or_id_does_not_hide_a_published_key() {
    let rsa: Value = serde_json::from_str(&demo("rsa-a.public.jwk")).unwrap();
    let named = |member: &str, value: &str| {
        let mut jwk = rsa.clone();
        jwk[member] = value.into();
        jwk.to_string()
    };
    for jwk in [named("e", "Aw"), named("kid", "2026"), named("alg", "PS256")] {
        expect_published(VerificationKey::jwk(&jwk), &jwk);
    }
}
