//! Signing with the crypto backend that is enabled: AWS-LC if both are.

#[cfg(feature = "aws-lc-rs")]
mod aws_lc_rs;
#[cfg(not(any(feature = "aws-lc-rs", feature = "rust-crypto")))]
mod no_backend;
#[cfg(all(feature = "rust-crypto", not(feature = "aws-lc-rs")))]
mod rust_crypto;

use std::sync::Arc;

#[cfg(feature = "aws-lc-rs")]
use aws_lc_rs::Key;
#[cfg(not(any(feature = "aws-lc-rs", feature = "rust-crypto")))]
use no_backend::Key;
#[cfg(all(feature = "rust-crypto", not(feature = "aws-lc-rs")))]
use rust_crypto::Key;

use crate::jws::{Algorithm, AlgorithmFamily};

/// A private key or a secret, prepared once for one algorithm.
#[derive(Clone)]
pub(super) struct SigningKey(Arc<Key>);

impl SigningKey {
    /// Prepares a secret, or a private key in PEM form: PKCS #1 for RSA, PKCS #8 otherwise. `None` without a crypto
    /// backend.
    pub(super) fn new(algorithm: Algorithm, key: &str) -> Option<Self> {
        let prepared = match algorithm.family() {
            AlgorithmFamily::Hmac => Key::new(algorithm, key.as_bytes()),
            _ => Key::new(algorithm, &der::pem::decode_vec(key.as_bytes()).ok()?.1),
        };
        prepared.map(Arc::new).map(Self)
    }

    /// Signs a message.
    pub(super) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        self.0.sign(message)
    }
}
