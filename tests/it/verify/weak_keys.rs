//! Weak, invalid and private keys are rejected (RFC 7518 §3, RFC 8725 §3.5).

use serde_json::Value;
use tower_jwt_auth::error::ProblemKind;
use tower_jwt_auth::key::{KeySet, SkipReason};
use tower_jwt_auth::testing::{FixedClock, TestIssuer};
use tower_jwt_auth::{Algorithm, VerificationKey, Verifier};

use super::der::{EC, ED448, ED25519, P256, P384, P521, RSA, SECP256K1, der, pem, pkcs1, spki};
use crate::support::tokens::{algorithms, decode, encode, issuer, verdict};

fn rsa_jwk(n: &[u8], e: &[u8]) -> String {
    format!("{{\"kty\":\"RSA\",\"n\":\"{}\",\"e\":\"{}\"}}", encode(n), encode(e))
}

fn member(issuer: &TestIssuer, name: &str) -> Vec<u8> {
    let jwk: Value = serde_json::from_str(&issuer.jwk()).unwrap();
    decode(jwk[name].as_str().unwrap())
}

#[test]
fn rsa_keys_outside_the_accepted_range_are_rejected() {
    let real = member(&issuer(Algorithm::RS256), "n");
    let of_bits = |bits: usize| {
        let mut n = vec![0xff; bits.div_ceil(8)];
        n[0] >>= (8 - bits % 8) % 8;
        n
    };
    let even = |mut n: Vec<u8>| {
        *n.last_mut().unwrap() &= 0xfe;
        n
    };
    let f4 = &[1, 0, 1][..];
    for (n, e, accepted) in [
        (real.clone(), f4, true),
        (real.clone(), &[3], true),
        (real.clone(), &[0, 1, 0, 1], true),
        (real.clone(), &[1, 0xff, 0xff, 0xff, 0xff], true), // 2^33 - 1
        (real.clone(), &[2, 0, 0, 0, 1], false),            // 2^33 + 1
        (real.clone(), &[0], false),
        (real.clone(), &[1], false),
        (real.clone(), &[2], false),
        (real.clone(), &[1, 0, 0], false),
        (real.clone(), &real, false),
        (even(real.clone()), f4, false),
        ([&[0][..], &real].concat(), f4, true),
        (of_bits(2048), f4, true),
        (of_bits(4096), f4, true),
        (of_bits(2047), f4, false),
        (of_bits(4097), f4, true),
        (of_bits(8192), f4, true),
        (of_bits(8193), f4, false),
        (of_bits(16_384), f4, false),
        (of_bits(1024), f4, false),
        (of_bits(512), f4, false),
        (vec![0; 256], f4, false),
        (vec![1], f4, false),
        (vec![0], f4, false),
    ] {
        let shown = format!("{} bytes, e {e:?}", n.len());
        let is_too_long = n.len() > 1024 || e.len() > 4;
        let kind = if is_too_long { ProblemKind::OutOfRange } else { ProblemKind::WeakKey };
        let document = format!("{{\"keys\":[{}]}}", rsa_jwk(&n, e));
        assert_eq!(VerificationKey::jwk(rsa_jwk(&n, e)).is_ok(), accepted, "{shown}");
        assert_eq!(KeySet::jwks(document).is_ok(), accepted, "{shown}");
        let info = spki(RSA, &[5, 0], &pkcs1(&n, e));
        for text in [pem("RSA PUBLIC KEY", &pkcs1(&n, e)), pem("PUBLIC KEY", &info)] {
            for algorithm in [Algorithm::RS256, Algorithm::RS512, Algorithm::PS384] {
                let made = VerificationKey::pem(algorithm, &text).err();
                let rejection = made.map(|error| error.problems()[0].kind());
                assert_eq!(rejection, (!accepted).then_some(kind), "{shown}");
            }
        }
    }
}

/// `x + p` also has the 66 bytes of a coordinate, and equals `x` after a reduction.
#[test]
fn p521_coordinates_must_be_below_the_prime() {
    let issuer = issuer(Algorithm::ES512);
    let (x, y) = (member(&issuer, "x"), member(&issuer, "y"));
    // p is 2^521 - 1.
    let beyond = |number: &[u8]| {
        let mut number = number.to_vec();
        number[0] |= 2;
        for byte in number.iter_mut().rev() {
            let borrow = *byte == 0;
            *byte = byte.wrapping_sub(1);
            if !borrow {
                break;
            }
        }
        number
    };
    for (x, y, accepted) in [
        (x.clone(), y.clone(), true),
        (beyond(&x), y.clone(), false),
        (x.clone(), beyond(&y), false),
    ] {
        let (x, y) = (encode(&x), encode(&y));
        let jwk = format!("{{\"kty\":\"EC\",\"crv\":\"P-521\",\"x\":\"{x}\",\"y\":\"{y}\"}}");
        assert_eq!(VerificationKey::jwk(jwk).is_ok(), accepted, "{x} {y}");
    }
}

#[test]
fn invalid_curve_points_and_coordinate_lengths_are_rejected() {
    let curves = [
        (Algorithm::ES256, "P-256", P256, 32),
        (Algorithm::ES384, "P-384", P384, 48),
        (Algorithm::ES512, "P-521", P521, 66),
    ];
    let other = |length| if length == 32 { 48 } else { 32 };
    for (algorithm, crv, oid, length) in curves {
        if !algorithms().any(|one| one == algorithm) {
            continue;
        }
        let issuer = issuer(algorithm);
        let (x, y) = (member(&issuer, "x"), member(&issuer, "y"));
        let mut off = y.clone();
        off[length - 1] ^= 1;
        let padded = |coordinate: &[u8]| [&[0][..], coordinate].concat();
        for (x, y, accepted) in [
            (x.clone(), y.clone(), true),
            (x.clone(), off, false),
            (y.clone(), x.clone(), false),
            (x.clone(), x.clone(), false),
            (vec![0; length], vec![0; length], false),
            (vec![0xff; length], y.clone(), false),
            (x.clone(), vec![0xff; length], false),
            (x[1..].to_vec(), y[1..].to_vec(), false),
            (padded(&x), padded(&y), false),
            (padded(&x), y[1..].to_vec(), false),
            (x.clone(), vec![], false),
            (vec![], vec![], false),
            (vec![1; other(length)], vec![1; other(length)], false),
        ] {
            let shown = format!("{crv}: {} and {} bytes", x.len(), y.len());
            let jwk = format!(
                "{{\"kty\":\"EC\",\"crv\":\"{crv}\",\"x\":\"{}\",\"y\":\"{}\"}}",
                encode(&x),
                encode(&y)
            );
            assert_eq!(VerificationKey::jwk(jwk).is_ok(), accepted, "{shown}");
            // A PEM file only shows the sum of the lengths.
            if x.len() == y.len() {
                let point = [&[4][..], &x, &y].concat();
                let text = pem("PUBLIC KEY", &spki(EC, &der(6, oid), &point));
                assert_eq!(VerificationKey::pem(algorithm, text).is_ok(), accepted, "{shown}");
            }
        }
        let point = [&[4][..], &x, &y].concat();
        let compressed = [&[2 + y[length - 1] % 2][..], &x].concat();
        for (curve, key) in [
            (oid, &compressed[..]),
            (oid, &[0]),
            (oid, &[]),
            (SECP256K1, &point),
            (if oid == P256 { P384 } else { P256 }, &point),
            (if oid == P521 { P384 } else { P521 }, &point),
        ] {
            let text = pem("PUBLIC KEY", &spki(EC, &der(6, curve), key));
            assert!(VerificationKey::pem(algorithm, text).is_err(), "{crv} {curve:?}");
        }
        for other in [
            if oid == P521 { "P-384" } else { "P-521" },
            "secp256k1",
            "p-256",
            "Ed25519",
            "P-256 ",
            "",
        ] {
            let jwk = issuer.jwk().replace(crv, other);
            assert!(VerificationKey::jwk(jwk).is_err(), "{other}");
        }
    }
}

/// The encodings of the eight points of small order, including non-canonical ones.
const SMALL_ORDER: [&str; 14] = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
];

#[test]
fn invalid_and_small_order_ed25519_keys_are_rejected() {
    let real = member(&issuer(Algorithm::EdDSA), "x");
    let mut rows: Vec<(Vec<u8>, bool)> = vec![
        (real.clone(), true),
        (real[1..].to_vec(), false),
        ([&real[..], &[0]].concat(), false),
        (real.repeat(2), false),
        (vec![], false),
    ];
    let unhex = |hex: &str| -> Vec<u8> {
        let byte = |at: usize| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap();
        (0..hex.len() / 2).map(byte).collect()
    };
    rows.extend(SMALL_ORDER.map(|hex| (unhex(hex), false)));
    for (x, accepted) in rows {
        let jwk = format!("{{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"{}\"}}", encode(&x));
        assert_eq!(VerificationKey::jwk(jwk).is_ok(), accepted, "{x:?}");
        let text = pem("PUBLIC KEY", &spki(ED25519, &[], &x));
        assert_eq!(VerificationKey::pem(Algorithm::EdDSA, text).is_ok(), accepted, "{x:?}");
    }
    for crv in ["Ed448", "X25519", "ed25519", "P-256"] {
        let jwk = issuer(Algorithm::EdDSA).jwk().replace("Ed25519", crv);
        assert!(VerificationKey::jwk(jwk).is_err(), "{crv}");
    }
    let text = pem("PUBLIC KEY", &spki(ED448, &[], &real));
    assert!(VerificationKey::pem(Algorithm::EdDSA, text).is_err());
}

#[test]
fn secrets_must_be_as_long_as_their_hash() {
    let jwk = |length: usize, alg: &str| {
        let secret = encode(vec![7; length]);
        VerificationKey::jwk(format!("{{\"kty\":\"oct\",\"k\":\"{secret}\"{alg}}}"))
    };
    for (length, accepted) in [(0, false), (1, false), (16, false), (31, false), (32, true)] {
        let made = VerificationKey::shared_secret(vec![7; length]);
        assert_eq!(made.is_ok(), accepted, "{length}");
        let made = VerificationKey::shared_secret_base64(encode(vec![7; length]));
        assert_eq!(made.is_ok(), accepted, "{length}");
        assert_eq!(jwk(length, "").is_ok(), accepted, "{length}");
        assert_eq!(jwk(length, ",\"alg\":\"HS256\"").is_ok(), accepted, "{length}");
    }
    for (alg, least) in [("HS384", 48), ("HS512", 64)] {
        let alg = format!(",\"alg\":\"{alg}\"");
        assert!(jwk(least - 1, &alg).is_err(), "{alg}");
        assert!(jwk(least, &alg).is_ok(), "{alg}");
    }
    for (length, accepted) in [(0, false), (15, false), (16, true), (31, true), (32, true)] {
        let made = VerificationKey::guessable_legacy_secret(vec![7; length]);
        assert_eq!(made.is_ok(), accepted, "{length}");
    }
}

#[test]
fn unusable_keys_of_a_set_are_skipped() {
    let issuer = issuer(Algorithm::ES256);
    let good = issuer.jwk();
    let with = |members: &str| format!("{},{members}}}", good.strip_suffix('}').unwrap());
    let rows = [
        ("7".to_owned(), SkipReason::Malformed),
        ("null".into(), SkipReason::Malformed),
        ("[]".into(), SkipReason::Malformed),
        ("\"EC\"".into(), SkipReason::Malformed),
        (with("\"kty\":\"EC\""), SkipReason::Malformed),
        (with("\"k\\u0074y\":\"EC\""), SkipReason::Malformed),
        (with("\"z\":\"\\ud800\""), SkipReason::Malformed),
        (format!("{{\"z\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000)), SkipReason::Malformed),
        ("{}".into(), SkipReason::MissingMember("kty")),
        (r#"{"kty":"EC","crv":"P-256","x":"AA"}"#.into(), SkipReason::MalformedMember("x")),
        (r#"{"kty":"RSA","e":"AQAB"}"#.into(), SkipReason::MissingMember("n")),
        (r#"{"kty":"AKP","pub":"AA"}"#.into(), SkipReason::UnknownType),
        (good.replace("\"EC\"", "\"ec\""), SkipReason::UnknownType),
        (good.replace("P-256", "secp256k1"), SkipReason::UnknownType),
        (good.replace("ES256", "ES256K"), SkipReason::OtherAlgorithm),
        (good.replace("\"ES256\"", "\"RS256\""), SkipReason::OtherAlgorithm),
        (with("\"use\":\"enc\""), SkipReason::NotForSignatures),
        (with("\"d\":\"AA\""), SkipReason::PrivateKey),
        (r#"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#.into(), SkipReason::Weak),
        (r#"{"kty":"oct","k":"c2hvcnQ"}"#.into(), SkipReason::Weak),
    ];
    let odd: Vec<_> = rows.iter().map(|(jwk, _)| jwk.as_str()).collect();
    let reasons: Vec<_> = rows.iter().map(|(_, reason)| *reason).collect();
    let document = format!("{{\"cached\":1,\"keys\":[{},{good}]}}", odd.join(","));
    let set = KeySet::jwks(&document).unwrap();
    assert_eq!((set.len(), set.skipped()), (1, &reasons[..]));
    let verifier = Verifier::jwks(document).any_issuer().any_audience().clock(FixedClock::new());
    let token = issuer.token().mint();
    assert_eq!(verdict(&verifier.build().unwrap(), &token), Ok(()));
    assert!(KeySet::jwks(format!("{{\"keys\":[{}]}}", odd.join(","))).is_err());
}

#[test]
fn at_most_1024_keys_of_a_document_are_read() {
    let jwk = issuer(Algorithm::EdDSA).jwk();
    for (count, skipped) in [(1, 0), (1_024, 0), (1_025, 1), (2_000, 976)] {
        let set = KeySet::jwks(format!("{{\"keys\":[{}]}}", vec![jwk.as_str(); count].join(",")));
        let set = set.unwrap();
        assert_eq!((set.len(), set.skipped().len()), (count - skipped, skipped));
        assert!(set.skipped().iter().all(|reason| *reason == SkipReason::TooMany));
    }
}

#[test]
fn a_document_that_is_not_a_key_set_is_rejected() {
    let jwk = issuer(Algorithm::EdDSA).jwk();
    for (document, accepted) in [
        (format!("{{\"keys\":[{jwk}]}}"), true),
        (format!("\n{{ \"x\": [], \"keys\": [ {jwk} ] }}\n"), true),
        (jwk.clone(), false),
        (format!("[{jwk}]"), false),
        (format!("{{\"keys\":{jwk}}}"), false),
        (format!("{{\"Keys\":[{jwk}]}}"), false),
        (format!("{{\"keys\":[{jwk}],\"keys\":[{jwk}]}}"), false),
        (format!("{{\"keys\":[{jwk}]}}{{}}"), false),
        (format!("\u{feff}{{\"keys\":[{jwk}]}}"), false),
        ("{\"keys\":[]}".into(), false),
        ("{\"keys\":null}".into(), false),
        ("{}".into(), false),
        (String::new(), false),
        ("<html>log in first</html>".into(), false),
    ] {
        assert_eq!(KeySet::jwks(&document).is_ok(), accepted, "{document}");
    }
}

#[test]
fn private_keys_are_rejected_without_showing_their_content() {
    for algorithm in [Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA] {
        let jwk = issuer(algorithm).jwk();
        for private in ["d", "p", "q", "dp", "dq", "qi", "oth"] {
            let leaked = format!("{},\"{private}\":\"TGVha2Vk\"}}", jwk.strip_suffix('}').unwrap());
            let error = VerificationKey::jwk(&leaked).unwrap_err();
            assert_eq!(error.problems()[0].kind(), ProblemKind::PrivateKey);
            assert!(!format!("{error} {error:?}").contains("TGVha2Vk"), "{error}");
            let error = KeySet::jwks(format!("{{\"keys\":[{leaked}]}}")).unwrap_err();
            assert!(error.to_string().contains("private_key"), "{error}");
            // A null member counts as absent.
            let public = leaked.replace("\"TGVha2Vk\"", "null");
            assert!(VerificationKey::jwk(&public).is_ok(), "{public}");
            assert!(KeySet::fetched_jwks(format!("{{\"keys\":[{public}]}}")).is_ok());
        }
        assert!(VerificationKey::jwk(jwk).is_ok());
    }
    for label in ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY"] {
        let text = pem(label, b"leaked leaked leaked leaked");
        let error = VerificationKey::pem(Algorithm::RS256, &text).unwrap_err();
        assert_eq!(error.problems()[0].kind(), ProblemKind::PrivateKey);
        assert!(!error.to_string().contains("bGVha2Vk"), "{error}");
    }
}
