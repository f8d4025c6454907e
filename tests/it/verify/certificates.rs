//! Keys in X.509 certificates (RFC 5280 §4.1).

use tower_jwt_auth::error::ProblemKind as Kind;
use tower_jwt_auth::{Algorithm, ErrorKind, VerificationKey};

use super::der::pem;
use super::key_forms::{assert_rejected, der_of, every_change, fits, over};
use crate::support::tokens::{Verdict, algorithms, issuer, public_algorithms, verdict};

const WRONG: Verdict = Err(ErrorKind::InvalidSignature);
const NOT_ALLOWED: Verdict = Err(ErrorKind::AlgorithmNotAllowed);

const P256: &str = include_str!("../../../src/testing/keys/p256-a.certificate.pem");

macro_rules! certificate {
    ($name:literal) => {
        include_str!(concat!("certificates/", $name, ".pem"))
    };
}

/// A certificate with the demo key of the algorithm; it expired in 2020.
fn certificate(algorithm: Algorithm) -> &'static str {
    issuer(algorithm).certificate_pem()
}

#[test]
fn every_form_of_a_certificate_verifies_the_same_tokens() {
    for algorithm in public_algorithms() {
        let issuer = issuer(algorithm).without_key_id();
        let other = issuer.clone().with_other_key();
        let certificate = certificate(algorithm);
        for key in [
            VerificationKey::certificate(algorithm, certificate),
            VerificationKey::certificate(algorithm, certificate.replace('\n', "\r\n")),
            VerificationKey::certificate(algorithm, der_of(certificate)),
        ] {
            let verifier = over(key.unwrap());
            assert_eq!(verdict(&verifier, &issuer.token().mint()), Ok(()), "{algorithm}");
            assert_eq!(verdict(&verifier, &other.token().mint()), WRONG, "{algorithm}");
        }
    }
}

#[test]
fn the_certified_key_determines_the_algorithms() {
    for asked in algorithms() {
        for kind in public_algorithms() {
            let made = VerificationKey::certificate(asked, certificate(kind));
            assert_eq!(made.is_ok(), fits(asked, kind), "{kind} for {asked}");
        }
    }
    // A key declared for one algorithm serves no other.
    let key =
        VerificationKey::certificate(Algorithm::PS256, certificate(Algorithm::PS256)).unwrap();
    let verifier = over(key);
    assert_eq!(verdict(&verifier, &issuer(Algorithm::PS256).token().mint()), Ok(()));
    assert_eq!(verdict(&verifier, &issuer(Algorithm::RS256).token().mint()), NOT_ALLOWED);
}

#[test]
fn certificate_dates_and_signers_are_not_checked() {
    // Expired in 2020 and self-signed. The clock of the tests is in 2026.
    let verifier = over(VerificationKey::certificate(Algorithm::ES256, P256).unwrap());
    assert_eq!(verdict(&verifier, &issuer(Algorithm::ES256).token().mint()), Ok(()));
    // The signature is not checked: here its last byte is changed.
    let mut bytes = der_of(P256);
    *bytes.last_mut().unwrap() ^= 1;
    let verifier = over(VerificationKey::certificate(Algorithm::ES256, bytes).unwrap());
    assert_eq!(verdict(&verifier, &issuer(Algorithm::ES256).token().mint()), Ok(()));
}

#[test]
fn the_first_certificate_of_a_chain_is_used() {
    let chain = certificate!("chain");
    let starts: Vec<_> = chain.match_indices("-----BEGIN").map(|(at, _)| at).collect();
    let [key, authority, root] =
        [starts[0]..starts[1], starts[1]..starts[2], starts[2]..chain.len()]
            .map(|range| &chain[range]);
    let made = |parts: &[&str]| VerificationKey::certificate(Algorithm::ES256, parts.concat());
    let issuer = issuer(Algorithm::ES256).without_key_id();
    let forged = issuer.clone().with_other_key().token().mint();
    let notes = "0 s:CN = an issuer\n  i:CN = an authority\n";
    for parts in [
        &[chain][..],
        &[key],
        &[key, authority],
        &[notes, key, "\n\n", notes, authority, root],
        &[&key.replace('\n', ""), authority],
        &[&chain.replace('\n', " \r\n")],
    ] {
        let verifier = over(made(parts).unwrap());
        assert_eq!(verdict(&verifier, &issuer.token().mint()), Ok(()));
        assert_eq!(verdict(&verifier, &forged), WRONG);
    }
    let several = |what: &str| format!("several blocks ({what})");
    let public = issuer.public_pem();
    for (parts, what) in [
        (&[key, root][..], several("2 `CERTIFICATE`")),
        (&[authority, key], several("2 `CERTIFICATE`")),
        (&[key, authority, key], several("3 `CERTIFICATE`")),
        (&[key, key], several("2 `CERTIFICATE`")),
        // The old and the new certificate of one name are not a chain.
        (&[root, root], several("2 `CERTIFICATE`")),
        (&[P256, certificate!("signing")], several("2 `CERTIFICATE`")),
        (&[key, public], several("1 `CERTIFICATE`, 1 `PUBLIC KEY`")),
        (&[public, key], several("1 `CERTIFICATE`, 1 `PUBLIC KEY`")),
        (&[key, &pem("CERTIFICATE", b"hunter2")], "7 bytes".into()),
        (&[&key.replace('\n', "\\n")], "in place of line breaks".into()),
        (&[&key[..200]], "does not end with a line".into()),
    ] {
        assert_rejected(made(parts), Kind::InvalidKey, &what);
    }
    let private = pem("PRIVATE KEY", b"hunter2");
    assert_rejected(made(&[key, &private]), Kind::PrivateKey, "private key");
    // `pem` names the right constructor for a chain.
    let error = VerificationKey::pem(Algorithm::ES256, chain).unwrap_err();
    assert!(error.problems()[0].fix().contains("`VerificationKey::certificate`"), "{error}");
}

#[test]
fn the_key_usage_must_allow_signatures() {
    let made = |text: &str| VerificationKey::certificate(Algorithm::ES256, text);
    assert!(made(certificate!("signing")).is_ok());
    assert!(made(certificate!("non-repudiation")).is_ok());
    assert_rejected(made(certificate!("encryption")), Kind::InvalidKey, "signatures");
    assert_rejected(made(certificate!("authority")), Kind::InvalidKey, "signatures");
}

#[test]
fn input_that_is_not_a_certificate_is_rejected_and_named() {
    let made = |bytes: &[u8]| VerificationKey::certificate(Algorithm::ES256, bytes);
    let public = issuer(Algorithm::ES256).public_pem();
    let private = pem("PRIVATE KEY", b"hunter2");
    assert!(made(P256.as_bytes()).is_ok());
    for (bytes, what) in [
        (&b""[..], "0 bytes"),
        (b"hunter2", "7 bytes"),
        (b"0", "1 bytes"),
        (b"/etc/certificate.pem", "the path of a file"),
        (&der_of(P256)[..200], "200 bytes"),
        (&[&der_of(P256)[..], b"0"].concat(), "X.509 certificate"),
        (&der_of(public), "X.509 certificate"),
        (public.as_bytes(), "`PUBLIC KEY`"),
        (format!("{P256}{P256}").as_bytes(), "several blocks"),
        (format!("{public}{P256}").as_bytes(), "several blocks"),
        (pem("CERTIFICATE", b"hunter2").as_bytes(), "7 bytes"),
        (pem("TRUSTED CERTIFICATE", &der_of(P256)).as_bytes(), "`TRUSTED CERTIFICATE`"),
        (pem("CERTIFICATE REQUEST", b"hunter2").as_bytes(), "`CERTIFICATE REQUEST`"),
    ] {
        assert_rejected(made(bytes), Kind::InvalidKey, what);
    }
    assert_rejected(made(private.as_bytes()), Kind::PrivateKey, "private key");
    // Key files that other tools read are rejected.
    let key = |text: &str| VerificationKey::pem(Algorithm::ES256, text);
    assert!(key(public).is_ok());
    assert_rejected(key(P256), Kind::InvalidKey, "certificate");
    assert_rejected(key(&format!("{public}{public}")), Kind::InvalidKey, "several blocks");
}

#[test]
fn a_corrupted_certificate_never_causes_a_panic() {
    every_change(&der_of(P256), |bytes| {
        drop(VerificationKey::certificate(Algorithm::ES256, bytes));
    });
}
