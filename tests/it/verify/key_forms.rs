//! One key in all its forms: PEM, DER, JWK, and inside of a certificate (RFC 5280, RFC 8017).

use base64_simd::STANDARD;
use tower_jwt_auth::testing::FixedClock;
use tower_jwt_auth::{Algorithm, BuildError, ErrorKind, Issuer, Policy, VerificationKey, Verifier};

use super::der::{der, pem, pkcs1};
use crate::support::tokens::{Verdict, algorithms, decode, issuer, public_algorithms, verdict};

const WRONG: Verdict = Err(ErrorKind::InvalidSignature);
const NOT_ALLOWED: Verdict = Err(ErrorKind::AlgorithmNotAllowed);

macro_rules! certificate {
    ($name:literal) => {
        include_str!(concat!("certificates/", $name, ".pem"))
    };
}

/// Over the algorithm's demo key, expired in 2020.
fn certificate(algorithm: Algorithm) -> &'static str {
    issuer(algorithm).certificate_pem()
}

fn der_of(pem: &str) -> Vec<u8> {
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    STANDARD.decode_to_vec(body).unwrap()
}

fn over(key: VerificationKey) -> Verifier {
    let policy = Policy::new().any_audience();
    let builder = Verifier::builder().trust(Issuer::unnamed(key, policy));
    builder.clock(FixedClock::new()).build().unwrap()
}

#[track_caller]
fn refused(made: Result<VerificationKey, BuildError>, what: &str) {
    let error = made.expect_err(what);
    assert!(error.problems()[0].what().contains(what), "{error}");
}

#[test]
fn every_form_of_a_key_verifies_the_same_tokens() {
    let mut forms = 0;
    for algorithm in public_algorithms() {
        let issuer = issuer(algorithm).without_key_id();
        let (pem, certificate) = (issuer.public_pem(), certificate(algorithm));
        let mut keys = vec![
            VerificationKey::pem(algorithm, pem),
            VerificationKey::der(algorithm, der_of(pem)),
            VerificationKey::jwk(issuer.jwk()),
            VerificationKey::certificate(algorithm, certificate),
            VerificationKey::certificate(algorithm, certificate.replace('\n', "\r\n")),
            VerificationKey::certificate(algorithm, der_of(certificate)),
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
    // Six of RSA have seven forms each; the rest has six.
    assert_eq!(forms, 6 * 7 + (public_algorithms().count() - 6) * 6);
}

#[test]
fn the_key_in_a_certificate_decides_what_it_is_for_and_not_the_caller() {
    let mut crossed = 0;
    for asked in algorithms() {
        for kind in public_algorithms() {
            let rsa = |algorithm: Algorithm| {
                algorithm.name().as_bytes()[1] == b'S' && {
                    matches!(algorithm.name().as_bytes()[0], b'R' | b'P')
                }
            };
            let fits = asked == kind || rsa(asked) && rsa(kind);
            for made in [
                VerificationKey::certificate(asked, certificate(kind)),
                VerificationKey::der(asked, der_of(issuer(kind).public_pem())),
            ] {
                assert_eq!(made.is_ok(), fits, "{kind} for {asked}");
                crossed += usize::from(!fits);
            }
        }
    }
    assert!(crossed > 100, "{crossed}");
    // Declared for one algorithm, it is for no other.
    let key =
        VerificationKey::certificate(Algorithm::PS256, certificate(Algorithm::PS256)).unwrap();
    let verifier = over(key);
    assert_eq!(verdict(&verifier, &issuer(Algorithm::PS256).token().mint()), Ok(()));
    assert_eq!(verdict(&verifier, &issuer(Algorithm::RS256).token().mint()), NOT_ALLOWED);
}

#[test]
fn a_certificate_is_a_wrapping_whose_dates_and_signer_are_not_judged() {
    // Expired in 2020, signed by itself; the clock of the tests stands in 2026.
    let verifier = over(VerificationKey::certificate(Algorithm::ES256, P256).unwrap());
    assert_eq!(verdict(&verifier, &issuer(Algorithm::ES256).token().mint()), Ok(()));
    // Its signature may be anything: here its last byte is another.
    let mut bytes = der_of(P256);
    *bytes.last_mut().unwrap() ^= 1;
    let verifier = over(VerificationKey::certificate(Algorithm::ES256, bytes).unwrap());
    assert_eq!(verdict(&verifier, &issuer(Algorithm::ES256).token().mint()), Ok(()));
}

const P256: &str = include_str!("../../../src/testing/keys/p256-a.certificate.pem");

#[test]
fn a_certificate_says_whether_its_key_is_for_signatures() {
    let made = |text: &str| VerificationKey::certificate(Algorithm::ES256, text);
    assert!(made(certificate!("signing")).is_ok());
    assert!(made(certificate!("non-repudiation")).is_ok());
    refused(made(certificate!("encryption")), "not for signatures");
    refused(made(certificate!("authority")), "not for signatures");
}

#[test]
fn what_is_no_certificate_is_refused_and_named() {
    let made = |bytes: &[u8]| VerificationKey::certificate(Algorithm::ES256, bytes);
    let public = issuer(Algorithm::ES256).public_pem();
    let private = pem("PRIVATE KEY", b"hunter2");
    assert!(made(P256.as_bytes()).is_ok());
    for (bytes, what) in [
        (&b""[..], "0 bytes that are not PEM"),
        (b"hunter2", "7 bytes that are not PEM"),
        (b"0", "1 bytes that are no X.509 certificate"),
        (&der_of(P256)[..200], "200 bytes that are no X.509 certificate"),
        (&[&der_of(P256)[..], b"0"].concat(), "no X.509 certificate"),
        (&der_of(public), "no X.509 certificate"),
        (public.as_bytes(), "a PEM labelled `PUBLIC KEY` where a certificate is wanted"),
        (private.as_bytes(), "a PEM with a private key"),
        (format!("{P256}{P256}").as_bytes(), "a PEM with several blocks"),
        (format!("{public}{P256}").as_bytes(), "a PEM with several blocks"),
        (pem("CERTIFICATE", b"hunter2").as_bytes(), "7 bytes that are no X.509 certificate"),
        (pem("TRUSTED CERTIFICATE", &der_of(P256)).as_bytes(), "labelled `TRUSTED CERTIFICATE`"),
        (pem("CERTIFICATE REQUEST", b"hunter2").as_bytes(), "labelled `CERTIFICATE REQUEST`"),
    ] {
        refused(made(bytes), what);
    }
    // What is taken for a key file elsewhere is not taken for one here.
    let key = |text: &str| VerificationKey::pem(Algorithm::ES256, text);
    assert!(key(public).is_ok());
    refused(key(P256), "a PEM with a certificate");
    refused(key(&format!("{public}{public}")), "a PEM with several blocks");
}

#[test]
fn what_is_no_public_key_in_der_is_refused_and_named() {
    let made = |bytes: &[u8]| VerificationKey::der(Algorithm::ES256, bytes);
    let public = der_of(issuer(Algorithm::ES256).public_pem());
    assert!(made(&public).is_ok());
    // The beginnings of PKCS #8, of PKCS #1 and of SEC 1: a version, and then the secret.
    let version = |number: u8| der(0x30, &[der(2, &[number]), der(4, b"hunter2")].concat());
    let encrypted = der(0x30, &[der(0x30, b""), der(4, b"hunter2")].concat());
    for (bytes, what) in [
        (&b""[..], "0 bytes that are no public key in DER"),
        (b"hunter2", "7 bytes that are no public key"),
        (b"\x30", "1 bytes that are no public key"),
        (b"\x30\x80", "2 bytes that are no public key"),
        (b"\x30\x84\xff\xff\xff\xff\x02\x01\x00", "9 bytes that are no public key"),
        (&public[..public.len() - 1], "90 bytes that are no public key"),
        (&[&public[..], b"\0"].concat(), "92 bytes that are no public key"),
        (issuer(Algorithm::ES256).public_pem().as_bytes(), "no public key in DER"),
        (&der_of(P256), "no public key in DER"),
        (&version(0), "DER bytes with a private key"),
        (&version(1), "DER bytes with a private key"),
        (&version(2), "no public key in DER"),
        (&encrypted, "no public key in DER"),
        (&pkcs1(&[5; 128], &[3]), "not safe to use"),
        (&pkcs1(&[0xc5; 256], &[1, 0, 1]), "RSA public key for ES256"),
    ] {
        refused(made(bytes), what);
    }
    // No byte of a good key makes the reader do worse than refuse.
    for bytes in [&public, &der_of(P256)] {
        for at in 0..bytes.len() {
            for changed in [0, 1, 0x30, 0x7f, 0x80, 0x84, 0xff] {
                let mut bytes = bytes.clone();
                bytes[at] = changed;
                let _ = (made(&bytes), VerificationKey::certificate(Algorithm::ES256, &bytes));
                let _ = (made(&bytes[..at]), made(&bytes[at..]));
            }
        }
    }
}
