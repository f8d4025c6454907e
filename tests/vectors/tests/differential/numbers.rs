//! Arithmetic on the numbers in signatures, most significant byte first.

use base64_simd::URL_SAFE_NO_PAD;
use serde_json::Value;
use tower_jwt_auth::Algorithm;
use tower_jwt_auth::testing::TestIssuer;

/// The orders of P-256, P-384 and P-521 (FIPS 186-4 §D.1.2).
const P256: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
const P384: &str = "ffffffffffffffffffffffffffffffffffffffffffffffff\
    c7634d81f4372ddf581a0db248b0a77aecec196accc52973";
const P521: &str = "01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\
    fa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409";
/// The order of the base point of Ed25519 (RFC 8032 §5.1).
const ED25519: &str = "1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed";

/// The order of the algorithm's curve.
pub(crate) fn ecdsa_order(algorithm: Algorithm) -> Vec<u8> {
    unhex(match algorithm {
        Algorithm::ES256 => P256,
        Algorithm::ES384 => P384,
        Algorithm::ES512 => P521,
        other => panic!("{other} has no curve"),
    })
}

pub(crate) fn ed25519_order() -> Vec<u8> {
    unhex(ED25519)
}

/// The modulus of an RSA key.
pub(crate) fn modulus(issuer: &TestIssuer) -> Vec<u8> {
    let jwk: Value = serde_json::from_str(&issuer.jwk()).unwrap();
    URL_SAFE_NO_PAD.decode_to_vec(jwk["n"].as_str().unwrap()).unwrap()
}

fn unhex(hex: &str) -> Vec<u8> {
    let byte = |at: usize| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap();
    (0..hex.len() / 2).map(byte).collect()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from_digit(digit.into(), 16).unwrap()).collect()
}

/// The sum of two numbers of one length, without the last carry.
pub(crate) fn add(a: &[u8], b: &[u8]) -> Vec<u8> {
    let mut carry = 0;
    let mut sum: Vec<u8> = (a.iter().zip(b).rev())
        .map(|(a, b)| {
            let digit = u16::from(*a) + u16::from(*b) + carry;
            carry = digit >> 8;
            digit.to_le_bytes()[0]
        })
        .collect();
    sum.reverse();
    sum
}

/// `a - b`, by the complement of `b`.
pub(crate) fn subtract(a: &[u8], b: &[u8]) -> Vec<u8> {
    let complement: Vec<u8> = b.iter().map(|byte| !byte).collect();
    let mut one = vec![0; a.len()];
    *one.last_mut().unwrap() = 1;
    add(a, &add(&complement, &one))
}

/// Whether the first number is below the second, which has the same length.
pub(crate) fn is_below(a: &[u8], b: &[u8]) -> bool {
    a < b
}

pub(crate) fn zero_extended(number: &[u8]) -> Vec<u8> {
    [&[0][..], number].concat()
}

pub(crate) fn reversed(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().rev().copied().collect()
}

/// The two halves of an ECDSA signature in DER, optionally with the long form of lengths.
pub(crate) fn der(r: &[u8], s: &[u8], long_form: bool) -> Vec<u8> {
    fn integer(number: &[u8]) -> Vec<u8> {
        let start = number.iter().position(|byte| *byte != 0).unwrap();
        let sign = if number[start] < 0x80 { &[][..] } else { &[0] };
        let bytes = [sign, &number[start..]].concat();
        [&[2, u8::try_from(bytes.len()).unwrap()], &bytes[..]].concat()
    }
    let body = [integer(r), integer(s)].concat();
    let length = u8::try_from(body.len()).unwrap();
    let form = if long_form || length > 127 { &[0x81][..] } else { &[] };
    [&[0x30], form, &[length], &body].concat()
}
