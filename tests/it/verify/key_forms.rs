//! One key in all its forms: PEM, DER and JWK (RFC 5280, RFC 7517, RFC 8017). Certificates are in a separate file.

use base64_simd::STANDARD;
use tower_jwt_auth::error::ProblemKind as Kind;
use tower_jwt_auth::testing::FixedClock;
use tower_jwt_auth::{Algorithm, BuildError, ErrorKind, Issuer, Policy, VerificationKey, Verifier};

use super::der::{der, pkcs1};
use crate::support::tokens::{Verdict, algorithms, decode, issuer, public_algorithms, verdict};

const WRONG: Verdict = Err(ErrorKind::InvalidSignature);

pub(super) fn der_of(pem: &str) -> Vec<u8> {
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    STANDARD.decode_to_vec(body).unwrap()
}

pub(super) fn over(key: VerificationKey) -> Verifier {
    let policy = Policy::new().any_audience();
    let builder = Verifier::builder().trust(Issuer::unnamed(key, policy));
    builder.clock(FixedClock::new()).build().unwrap()
}

#[track_caller]
pub(super) fn assert_rejected(made: Result<VerificationKey, BuildError>, kind: Kind, what: &str) {
    let error = made.expect_err(what);
    let [problem] = error.problems() else { panic!("{error}") };
    assert_eq!(problem.kind(), kind, "{error}");
    assert!(problem.what().contains(what), "{error}");
}

#[test]
fn every_form_of_a_key_verifies_the_same_tokens() {
    let mut forms = 0;
    for algorithm in public_algorithms() {
        let issuer = issuer(algorithm).without_key_id();
        let pem = issuer.public_pem();
        let mut keys = vec![
            VerificationKey::pem(algorithm, pem),
            VerificationKey::der(algorithm, der_of(pem)),
            VerificationKey::jwk(issuer.jwk()),
        ];
        let jwk: serde_json::Value = serde_json::from_str(&issuer.jwk()).unwrap();
        if let (Some(n), Some(e)) = (jwk["n"].as_str(), jwk["e"].as_str()) {
            keys.push(VerificationKey::der(algorithm, pkcs1(&decode(n), &decode(e))));
        }
        let other = issuer.clone().with_other_key();
        for key in keys {
            let verifier = over(key.unwrap());
            assert_eq!(verdict(&verifier, &issuer.token().mint()), Ok(()), "{algorithm}");
            assert_eq!(verdict(&verifier, &other.token().mint()), WRONG, "{algorithm}");
            forms += 1;
        }
    }
    // The six RSA algorithms have four forms each, the others three.
    assert_eq!(forms, 6 * 4 + (public_algorithms().count() - 6) * 3);
}

#[test]
fn the_key_determines_its_algorithms() {
    for asked in algorithms() {
        for kind in public_algorithms() {
            let made = VerificationKey::der(asked, der_of(issuer(kind).public_pem()));
            assert_eq!(made.is_ok(), fits(asked, kind), "{kind} for {asked}");
        }
    }
}

/// Whether a key for one algorithm can be used with the other.
pub(super) fn fits(asked: Algorithm, kind: Algorithm) -> bool {
    let is_rsa = |algorithm: Algorithm| algorithm.name().starts_with(['R', 'P']);
    asked == kind || is_rsa(asked) && is_rsa(kind)
}

#[test]
fn a_certificate_passed_as_pem_names_the_right_constructor() {
    let issuer = issuer(Algorithm::ES256);
    assert!(VerificationKey::pem(Algorithm::ES256, issuer.public_pem()).is_ok());
    let error = VerificationKey::pem(Algorithm::ES256, issuer.certificate_pem()).unwrap_err();
    let [problem] = error.problems() else { panic!("{error}") };
    assert_eq!(problem.kind(), Kind::InvalidKey);
    assert!(problem.fix().contains("`VerificationKey::certificate`"), "{error}");
    // Builds without the feature do not have the method.
    let names_the_feature = problem.fix().contains("the feature `x509`");
    assert_eq!(names_the_feature, !cfg!(feature = "x509"), "{error}");
}

#[test]
fn der_other_than_a_public_key_is_rejected_and_named() {
    let made = |bytes: &[u8]| VerificationKey::der(Algorithm::ES256, bytes);
    let public = der_of(issuer(Algorithm::ES256).public_pem());
    let certificate = der_of(issuer(Algorithm::ES256).certificate_pem());
    assert!(made(&public).is_ok());
    // The beginnings of PKCS #8, PKCS #1 and SEC 1 private keys: a version, then the secret.
    let version = |number: u8| der(0x30, &[der(2, &[number]), der(4, b"hunter2")].concat());
    let encrypted = der(0x30, &[der(0x30, b""), der(4, b"hunter2")].concat());
    for (bytes, kind, what) in [
        (&b""[..], Kind::InvalidKey, "0 bytes"),
        (b"hunter2", Kind::InvalidKey, "7 bytes"),
        (b"\x30", Kind::InvalidKey, "1 bytes"),
        (b"\x30\x80", Kind::InvalidKey, "2 bytes"),
        (b"\x30\x84\xff\xff\xff\xff\x02\x01\x00", Kind::InvalidKey, "9 bytes"),
        (&public[..public.len() - 1], Kind::InvalidKey, "90 bytes"),
        (&[&public[..], b"\0"].concat(), Kind::InvalidKey, "92 bytes"),
        (issuer(Algorithm::ES256).public_pem().as_bytes(), Kind::InvalidKey, "in DER"),
        (&certificate, Kind::InvalidKey, "in DER"),
        (&version(0), Kind::PrivateKey, "DER bytes"),
        (&version(1), Kind::PrivateKey, "DER bytes"),
        (&version(2), Kind::InvalidKey, "in DER"),
        (&encrypted, Kind::InvalidKey, "in DER"),
        (&pkcs1(&[5; 128], &[3]), Kind::WeakKey, ""),
        (&pkcs1(&[0xc5; 256], &[1, 0, 1]), Kind::UnsuitableAlgorithm, "RSA public key for ES256"),
    ] {
        assert_rejected(made(bytes), kind, what);
    }
    // A changed byte of a valid key never causes more than a rejection.
    for bytes in [&public, &certificate] {
        every_change(bytes, |bytes| drop(made(bytes)));
    }
}

/// Reads the bytes truncated at every position, and with each byte changed.
pub(super) fn every_change(good: &[u8], read: impl Fn(&[u8])) {
    for at in 0..good.len() {
        for changed in [0, 1, 0x30, 0x7f, 0x80, 0x84, 0xff] {
            let mut bytes = good.to_vec();
            bytes[at] = changed;
            read(&bytes);
            read(&bytes[..at]);
            read(&bytes[at..]);
        }
    }
}
