//! Verification of plain signatures, for published test vectors.

use crate::jws::Algorithm;
use crate::key::{CryptoBackend, VerificationKey};

/// Returns whether `signature` is this key's signature over `message`.
///
/// `message` may be any bytes. The result is also `false` if the key is not for the algorithm or the backend is not
/// built in. It does not mean that a token is valid: use a [`Verifier`](crate::Verifier) for tokens.
///
/// ```
/// use tower_jwt_auth::key::CryptoBackend;
/// use tower_jwt_auth::VerificationKey;
/// use tower_jwt_auth::{Algorithm, testing::is_signature};
///
/// // RFC 4231 §4.3, padded with zeros to the minimum length for HS256. Zeros do not change an HMAC.
/// let key = VerificationKey::shared_secret(b"Jefe\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")?;
/// let message = b"what do ya want for nothing?";
/// let mut mac = [
///     0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e, 0x6a, 0x04, 0x24, 0x26, 0x08, 0x95, 0x75, 0xc7,
///     0x5a, 0x00, 0x3f, 0x08, 0x9d, 0x27, 0x39, 0x83, 0x9d, 0xec, 0x58, 0xb9, 0x64, 0xec, 0x38, 0x43,
/// ];
/// let backend = CryptoBackend::active().unwrap();
/// assert!(is_signature(&key, backend, Algorithm::HS256, message, &mac));
/// mac[31] ^= 1;
/// assert!(!is_signature(&key, backend, Algorithm::HS256, message, &mac));
/// # Ok::<(), tower_jwt_auth::BuildError>(())
/// ```
pub fn is_signature(
    key: &VerificationKey,
    backend: CryptoBackend,
    algorithm: Algorithm,
    message: &[u8],
    signature: &[u8],
) -> bool {
    key.is_signature(backend, algorithm, message, signature)
}
