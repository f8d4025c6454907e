//! Signing, by the `signer_factory` of jsonwebtoken's providers. Never its process-wide default.

use jsonwebtoken::EncodingKey;
#[cfg(feature = "aws-lc-rs")]
use jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER;

use crate::jws::Algorithm;

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

    /// The signature over a message. Without a crypto backend there is none.
    #[cfg(feature = "aws-lc-rs")]
    pub(super) fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Option<Vec<u8>> {
        let signer = (DEFAULT_PROVIDER.signer_factory)(&translated(algorithm), &self.0).ok()?;
        signer.try_sign(message).ok()
    }

    /// The signature over a message. Without a crypto backend there is none.
    #[cfg(not(feature = "aws-lc-rs"))]
    pub(super) fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Option<Vec<u8>> {
        let _ = (&self.0, translated(algorithm), message);
        None
    }
}

const fn translated(algorithm: Algorithm) -> jsonwebtoken::Algorithm {
    use jsonwebtoken::Algorithm as J;
    match algorithm {
        Algorithm::HS256 => J::HS256,
        Algorithm::HS384 => J::HS384,
        Algorithm::HS512 => J::HS512,
        Algorithm::RS256 => J::RS256,
        Algorithm::RS384 => J::RS384,
        Algorithm::RS512 => J::RS512,
        Algorithm::PS256 => J::PS256,
        Algorithm::PS384 => J::PS384,
        Algorithm::PS512 => J::PS512,
        Algorithm::ES256 => J::ES256,
        Algorithm::ES384 => J::ES384,
        Algorithm::EdDSA => J::EdDSA,
    }
}
