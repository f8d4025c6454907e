//! Keys from every constructor of `jsonwebtoken`.

use base64_simd::STANDARD;
use jsonwebtoken::DecodingKey;
use jsonwebtoken::errors::Result as TheirResult;
use serde_json::Value;

use tower_jwt_auth::error::ProblemKind as Kind;
use tower_jwt_auth::testing::{FixedClock, TestIssuer};
use tower_jwt_auth::{Algorithm, ErrorKind, Issuer, Policy, VerificationKey, Verifier};

use super::builder::{expect, expect_naming};
use super::der::{pem, pkcs1};
use crate::support::tokens::{Verdict, algorithms, decode, issuer, public_algorithms, verdict};

const WRONG: Verdict = Err(ErrorKind::InvalidSignature);

macro_rules! private_key {
    ($name:literal) => {
        include_str!(concat!("../../../src/testing/keys/", $name, "-a.private.pem"))
    };
}

fn der_of(pem: &str) -> Vec<u8> {
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    STANDARD.decode_to_vec(body).unwrap()
}

fn is_secret(algorithm: Algorithm) -> bool {
    algorithm.name().starts_with("HS")
}

fn is_rsa(algorithm: Algorithm) -> bool {
    matches!(&algorithm.name()[..2], "RS" | "PS")
}

/// The issuer's key, from every constructor that accepts its kind.
fn made(issuer: &TestIssuer) -> Vec<(&'static str, DecodingKey)> {
    type Read = fn(&[u8]) -> TheirResult<DecodingKey>;
    let (public, certificate) = (issuer.public_pem(), issuer.certificate_pem());
    let jwk: Value = serde_json::from_str(&issuer.jwk()).unwrap();
    let member = |name: &str| jwk[name].as_str().unwrap();
    let bytes = |name: &str| decode(member(name));
    let in_pem = |read: Read| {
        [("PEM", read(public.as_bytes())), ("certificate", read(certificate.as_bytes()))]
    };
    let mut all: Vec<(_, TheirResult<_>)> = match &issuer.algorithm().name()[..2] {
        "HS" => {
            let secret = issuer.secret().as_bytes();
            let base64 = STANDARD.encode_to_string(secret);
            vec![
                ("secret", DecodingKey::from_secret(secret)),
                ("base64 secret", DecodingKey::from_base64_secret(&base64)),
            ]
        }
        "ES" => {
            let point = [vec![4], bytes("x"), bytes("y")].concat();
            let mut all = in_pem(DecodingKey::from_ec_pem).to_vec();
            all.push(("components", DecodingKey::from_ec_components(member("x"), member("y"))));
            all.push(("point", Ok(DecodingKey::from_ec_der(&point))));
            all.push(("DER", Ok(DecodingKey::from_ec_der(&der_of(public)))));
            all
        }
        "Ed" => {
            let mut all = in_pem(DecodingKey::from_ed_pem).to_vec();
            all.push(("components", DecodingKey::from_ed_components(member("x"))));
            all.push(("point", Ok(DecodingKey::from_ed_der(&bytes("x")))));
            all.push(("DER", Ok(DecodingKey::from_ed_der(&der_of(public)))));
            all
        }
        _ => {
            let (n, e) = (bytes("n"), bytes("e"));
            let pkcs1 = pkcs1(&n, &e);
            let in_pkcs1 = pem("RSA PUBLIC KEY", &pkcs1);
            let mut all = in_pem(DecodingKey::from_rsa_pem).to_vec();
            all.push(("PKCS #1 in PEM", DecodingKey::from_rsa_pem(in_pkcs1.as_bytes())));
            all.push(("components", DecodingKey::from_rsa_components(member("n"), member("e"))));
            all.push(("raw components", Ok(DecodingKey::from_rsa_raw_components(&n, &e))));
            all.push(("PKCS #1 in DER", Ok(DecodingKey::from_rsa_der(&pkcs1))));
            all.push(("DER", Ok(DecodingKey::from_rsa_der(&der_of(public)))));
            all
        }
    };
    all.push(("JWK", DecodingKey::from_jwk(&serde_json::from_value(jwk.clone()).unwrap())));
    all.into_iter().map(|(form, key)| (form, key.unwrap())).collect()
}

fn over(key: VerificationKey) -> Verifier {
    let policy = Policy::new().any_audience();
    let builder = Verifier::builder().trust(Issuer::unnamed(key, policy));
    builder.clock(FixedClock::new()).build().unwrap()
}

#[test]
fn keys_from_every_constructor_verify_tokens() {
    let mut forms = 0;
    for algorithm in algorithms() {
        let issuer = issuer(algorithm);
        let other = issuer.clone().with_other_key();
        for (form, theirs) in made(&issuer) {
            let verifier = over(VerificationKey::decoding_key(algorithm, &theirs).unwrap());
            assert_eq!(verdict(&verifier, &issuer.token().mint()), Ok(()), "{algorithm} {form}");
            assert_eq!(verdict(&verifier, &other.token().mint()), WRONG, "{algorithm} {form}");
            forms += 1;
        }
    }
    assert_eq!(forms, 3 * 3 + 6 * 8 + (algorithms().count() - 9) * 6);
}

#[test]
fn a_key_of_another_kind_is_rejected() {
    let (mut fitting, mut foreign) = (0, 0);
    for kind in algorithms() {
        for (form, theirs) in made(&issuer(kind)) {
            for asked in algorithms() {
                let fits = asked == kind
                    || is_rsa(asked) && is_rsa(kind)
                    || is_secret(asked) && is_secret(kind);
                let ours = VerificationKey::decoding_key(asked, &theirs);
                assert_eq!(ours.is_ok(), fits, "{kind} {form} for {asked}");
                *(if fits { &mut fitting } else { &mut foreign }) += 1;
            }
        }
    }
    assert!(fitting > 100 && foreign > 500, "{fitting} {foreign}");
}

#[test]
fn a_key_serves_only_the_named_algorithm() {
    let rsa = issuer(Algorithm::RS256);
    for (_, theirs) in made(&rsa) {
        let verifier = over(VerificationKey::decoding_key(Algorithm::PS256, &theirs).unwrap());
        let not_allowed = Err(ErrorKind::AlgorithmNotAllowed);
        assert_eq!(verdict(&verifier, &issuer(Algorithm::PS256).token().mint()), Ok(()));
        assert_eq!(verdict(&verifier, &rsa.token().mint()), not_allowed);
    }
}

/// The constructors of the other family accept any bytes.
#[test]
fn public_key_bytes_are_not_accepted_as_a_secret() {
    for algorithm in public_algorithms() {
        for (form, theirs) in made(&issuer(algorithm)) {
            for asked in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
                let ours = VerificationKey::decoding_key(asked, &theirs);
                assert!(ours.is_err(), "{form}");
                expect(ours, &[Kind::UnsuitableAlgorithm]);
            }
        }
        let text = DecodingKey::from_secret(issuer(algorithm).public_pem().as_bytes()).unwrap();
        let text = VerificationKey::decoding_key(Algorithm::HS256, &text);
        expect(text, &[Kind::MixedKeys]);
    }
    // A secret is not a public key either.
    let secret = DecodingKey::from_secret(&[7; 32]).unwrap();
    for algorithm in public_algorithms() {
        let made = VerificationKey::decoding_key(algorithm, &secret);
        let family = format!("the family Hmac for {algorithm}");
        expect_naming(made, &[(Kind::UnsuitableAlgorithm, &family)]);
    }
    assert!(VerificationKey::decoding_key(Algorithm::HS256, &secret).is_ok());
}

#[test]
fn der_of_another_key_kind_is_rejected() {
    let spki = |algorithm| der_of(issuer(algorithm).public_pem());
    for (asked, key, what) in [
        (Algorithm::RS256, DecodingKey::from_rsa_der(&spki(Algorithm::ES256)), "P-256 public key"),
        (Algorithm::ES256, DecodingKey::from_ec_der(&spki(Algorithm::EdDSA)), "Ed25519 public key"),
        (Algorithm::ES256, DecodingKey::from_ec_der(&spki(Algorithm::ES384)), "P-384 public key"),
        (Algorithm::EdDSA, DecodingKey::from_ed_der(&spki(Algorithm::RS256)), "RSA public key"),
    ] {
        let made = VerificationKey::decoding_key(asked, &key);
        expect_naming(made, &[(Kind::UnsuitableAlgorithm, what)]);
    }
}

#[test]
fn a_private_key_is_rejected() {
    let what = [Kind::PrivateKey];
    let rsa = private_key!("rsa");
    let by_pem = DecodingKey::from_rsa_pem(rsa.as_bytes()).unwrap();
    expect(VerificationKey::decoding_key(Algorithm::RS256, &by_pem), &what);
    for (algorithm, key) in [
        (Algorithm::RS256, DecodingKey::from_rsa_der(&der_of(rsa))),
        (Algorithm::ES256, DecodingKey::from_ec_der(&der_of(private_key!("p256")))),
        (Algorithm::EdDSA, DecodingKey::from_ed_der(&der_of(private_key!("ed25519")))),
    ] {
        expect(VerificationKey::decoding_key(algorithm, &key), &what);
    }
}

#[test]
fn a_weak_key_is_rejected_under_our_rules() {
    use Kind::{InvalidKey, WeakKey, WeakSecret};
    let not_on_curve = [vec![4], vec![1; 64]].concat();
    for (algorithm, key, kind) in [
        (Algorithm::HS256, DecodingKey::from_secret(&[7; 31]).unwrap(), WeakSecret),
        (Algorithm::HS512, DecodingKey::from_secret(&[7; 63]).unwrap(), WeakSecret),
        (Algorithm::RS256, DecodingKey::from_rsa_raw_components(&[0xc5; 128], &[3]), WeakKey),
        (Algorithm::RS256, DecodingKey::from_rsa_raw_components(&[0xc5; 256], &[2]), WeakKey),
        (Algorithm::RS256, DecodingKey::from_rsa_der(&pkcs1(&[0xc5; 128], &[3])), WeakKey),
        (Algorithm::RS256, DecodingKey::from_rsa_der(b"hunter2"), InvalidKey),
        (Algorithm::ES256, DecodingKey::from_ec_der(&not_on_curve), InvalidKey),
        (Algorithm::ES256, DecodingKey::from_ec_der(&not_on_curve[..64]), InvalidKey),
        (Algorithm::ES256, DecodingKey::from_ec_der(&[4]), InvalidKey),
        (Algorithm::ES256, DecodingKey::from_ec_der(&[2; 33]), InvalidKey),
        (Algorithm::ES256, DecodingKey::from_ec_der(b""), InvalidKey),
        (Algorithm::EdDSA, DecodingKey::from_ed_der(&[0; 32]), WeakKey),
        (Algorithm::EdDSA, DecodingKey::from_ed_der(&[7; 31]), InvalidKey),
        (Algorithm::EdDSA, DecodingKey::from_ed_der(b""), InvalidKey),
    ] {
        expect(VerificationKey::decoding_key(algorithm, &key), &[kind]);
    }
    let secret = |len| DecodingKey::from_secret(&vec![7; len]).unwrap();
    assert!(VerificationKey::decoding_key(Algorithm::HS256, &secret(32)).is_ok());
    assert!(VerificationKey::decoding_key(Algorithm::HS512, &secret(64)).is_ok());
}

/// Raw keys and DER are distinguished by their length, because both may have the same first byte.
#[test]
fn an_ed25519_key_may_begin_like_der() {
    let mut key = [0x30; 32];
    key[1] = 30;
    let theirs = DecodingKey::from_ed_der(&key);
    let ours = VerificationKey::decoding_key(Algorithm::EdDSA, &theirs);
    // The crypto library decides whether it is a point on the curve.
    let jwk =
        format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{}"}}"#, crate::support::tokens::encode(key));
    assert_eq!(ours.is_ok(), VerificationKey::jwk(jwk).is_ok());
    assert!(!ours.is_err_and(|error| error.to_string().contains("DER")));
}
