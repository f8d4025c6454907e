//! Signing, by the `signer_factory` of jsonwebtoken's providers. Never its process-wide default.

use jsonwebtoken::EncodingKey;

use crate::jws::Algorithm;
use crate::key::CryptoBackend;

/// A private key or a secret.
#[derive(Clone)]
pub(super) struct SigningKey(EncodingKey);

impl SigningKey {
    /// A secret, or the private half in PEM: PKCS #1 for RSA, PKCS #8 otherwise.
    pub(super) fn new(algorithm: Algorithm, key: &str) -> Option<Self> {
        use crate::jws::AlgorithmFamily as F;
        let der = || x509_cert::der::pem::decode_vec(key.as_bytes()).ok().map(|(_, der)| der);
        Some(Self(match algorithm.family() {
            F::Hmac => EncodingKey::from_secret(key.as_bytes()),
            F::RsaPkcs1 | F::RsaPss => EncodingKey::from_rsa_der(&der()?),
            F::Ecdsa => EncodingKey::from_ec_der(&der()?),
            F::EdDsa => EncodingKey::from_ed_der(&der()?),
        }))
    }

    /// The signature over a message. There is none without a crypto backend, and none from one that does
    /// not have the algorithm.
    pub(super) fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Option<Vec<u8>> {
        match CryptoBackend::active()? {
            CryptoBackend::AwsLcRs if algorithm == Algorithm::ES512 => {
                aws_lc_rs_p521(&self.0, message)
            }
            CryptoBackend::AwsLcRs => aws_lc_rs(&self.0, algorithm, message),
            CryptoBackend::RustCrypto => rust_crypto(&self.0, algorithm, message),
        }
    }
}

#[cfg(feature = "aws-lc-rs")]
fn aws_lc_rs(key: &EncodingKey, algorithm: Algorithm, message: &[u8]) -> Option<Vec<u8>> {
    use jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER;
    let algorithm = algorithm.name().parse().ok()?;
    (DEFAULT_PROVIDER.signer_factory)(&algorithm, key).ok()?.try_sign(message).ok()
}

#[cfg(not(feature = "aws-lc-rs"))]
fn aws_lc_rs(_: &EncodingKey, _: Algorithm, _: &[u8]) -> Option<Vec<u8>> {
    None
}

/// `jsonwebtoken` does not know the algorithm.
#[cfg(feature = "aws-lc-rs")]
fn aws_lc_rs_p521(key: &EncodingKey, message: &[u8]) -> Option<Vec<u8>> {
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair};
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P521_SHA512_FIXED_SIGNING, key.as_bytes()).ok()?;
    Some(pair.sign(&SystemRandom::new(), message).ok()?.as_ref().to_vec())
}

#[cfg(not(feature = "aws-lc-rs"))]
fn aws_lc_rs_p521(_: &EncodingKey, _: &[u8]) -> Option<Vec<u8>> {
    None
}

#[cfg(feature = "rust-crypto")]
fn rust_crypto(key: &EncodingKey, algorithm: Algorithm, message: &[u8]) -> Option<Vec<u8>> {
    use jsonwebtoken::crypto::rust_crypto::DEFAULT_PROVIDER;
    let algorithm = algorithm.name().parse().ok()?;
    (DEFAULT_PROVIDER.signer_factory)(&algorithm, key).ok()?.try_sign(message).ok()
}

#[cfg(not(feature = "rust-crypto"))]
fn rust_crypto(_: &EncodingKey, _: Algorithm, _: &[u8]) -> Option<Vec<u8>> {
    None
}
