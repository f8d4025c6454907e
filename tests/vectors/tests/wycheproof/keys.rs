//! The keys of the groups in the forms that an issuer may publish, and rejected keys.

use base64_simd::URL_SAFE_NO_PAD;
use tower_jwt_auth::error::ProblemKind;
use tower_jwt_auth::key::{KeySet, SkipReason};
use tower_jwt_auth::{Algorithm, VerificationKey};

/// A valid key, because the error of a set without any valid key is less specific.
const FINE: &str =
    r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

pub(crate) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode_to_string(bytes)
}

/// RFC 7518 §6.3.1: without leading zeros.
pub(crate) fn rsa(algorithm: Algorithm, n: &[u8], e: &[u8]) -> String {
    let (n, e) = (encode(number(n)), encode(number(e)));
    format!(r#"{{"kty":"RSA","alg":"{algorithm}","n":"{n}","e":"{e}"}}"#)
}

/// RFC 7518 §6.2.1, of an uncompressed point.
pub(crate) fn ec(algorithm: Algorithm, curve: &str, point: &[u8]) -> String {
    let (tag, coordinates) = point.split_first().unwrap();
    assert_eq!(*tag, 4, "not in uncompressed form");
    let (x, y) = coordinates.split_at(coordinates.len() / 2);
    let (x, y) = (encode(x), encode(y));
    format!(r#"{{"kty":"EC","crv":"{curve}","alg":"{algorithm}","x":"{x}","y":"{y}"}}"#)
}

/// RFC 8037 §2.
pub(crate) fn okp(curve: &str, x: &[u8]) -> String {
    format!(r#"{{"kty":"OKP","crv":"{curve}","x":"{}"}}"#, encode(x))
}

/// RFC 7518 §6.4.
pub(crate) fn oct(algorithm: Algorithm, secret: &[u8]) -> String {
    format!(r#"{{"kty":"oct","alg":"{algorithm}","k":"{}"}}"#, encode(secret))
}

/// The number without its leading zeros.
pub(crate) fn number(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
    &bytes[start..]
}

/// Asserts that the JWK is rejected for this reason.
pub(crate) fn assert_jwk_rejected(jwk: &str, reason: SkipReason) {
    let set = KeySet::jwks(format!(r#"{{"keys":[{FINE},{jwk}]}}"#)).unwrap();
    assert_eq!(set.skipped(), [reason], "{jwk}");
    assert!(VerificationKey::jwk(jwk).is_err(), "{jwk}");
}

/// Asserts that the key is rejected in DER and in PEM because of its type.
pub(crate) fn assert_spki_rejected(algorithm: Algorithm, der: &[u8], pem: &str) {
    for rejected in [VerificationKey::der(algorithm, der), VerificationKey::pem(algorithm, pem)] {
        let error = rejected.unwrap_err();
        let [problem] = error.problems() else { panic!("{error}") };
        assert_eq!(problem.kind(), ProblemKind::InvalidKey, "{error}");
    }
}

/// The key parsed from a JWK, from DER and from PEM.
pub(crate) fn forms(
    algorithm: Algorithm,
    jwk: &str,
    der: &[u8],
    pem: &str,
) -> Vec<(&'static str, VerificationKey)> {
    vec![
        ("JWK", VerificationKey::jwk(jwk).unwrap()),
        ("DER", VerificationKey::der(algorithm, der).unwrap()),
        ("PEM", VerificationKey::pem(algorithm, pem).unwrap()),
    ]
}
