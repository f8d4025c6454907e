//! Builds public keys in DER and PEM, including invalid ones.

use base64_simd::STANDARD;

pub(super) const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
pub(super) const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
pub(super) const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
pub(super) const P384: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];
pub(super) const P521: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x23];
pub(super) const SECP256K1: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x0a];
pub(super) const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
pub(super) const ED448: &[u8] = &[0x2b, 0x65, 0x71];

/// One DER element.
pub(super) fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut element = vec![tag];
    match u16::try_from(content.len()).unwrap().to_be_bytes() {
        [0, short @ 0..128] => element.push(short),
        [0, medium] => element.extend([0x81, medium]),
        [high, low] => element.extend([0x82, high, low]),
    }
    element.extend(content);
    element
}

/// An unsigned integer with the minimal number of bytes.
fn integer(number: &[u8]) -> Vec<u8> {
    let start = number.iter().position(|byte| *byte != 0).unwrap_or(number.len());
    let mut bytes = number[start..].to_vec();
    if bytes.first().is_none_or(|first| *first >= 0x80) {
        bytes.insert(0, 0);
    }
    der(2, &bytes)
}

pub(super) fn pkcs1(n: &[u8], e: &[u8]) -> Vec<u8> {
    der(0x30, &[integer(n), integer(e)].concat())
}

/// `SubjectPublicKeyInfo` (RFC 5280 §4.1).
pub(super) fn spki(algorithm: &[u8], parameters: &[u8], key: &[u8]) -> Vec<u8> {
    let identifier = der(0x30, &[&der(6, algorithm)[..], parameters].concat());
    der(0x30, &[identifier, der(3, &[&[0], key].concat())].concat())
}

pub(super) fn pem(label: &str, der: &[u8]) -> String {
    let body = STANDARD.encode_to_string(der).into_bytes();
    let lines: Vec<_> = body.chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}
