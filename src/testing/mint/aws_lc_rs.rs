//! Signing with AWS-LC.

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING,
    ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair,
    RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384,
    RSA_PSS_SHA512, RsaEncoding, RsaKeyPair,
};

use crate::jws::Algorithm;

pub(super) enum Key {
    Hmac(Box<hmac::Key>),
    Rsa(RsaKeyPair, &'static dyn RsaEncoding),
    Ecdsa(EcdsaKeyPair),
    EdDsa(Ed25519KeyPair),
}

impl Key {
    /// Prepares a secret, a PKCS #1 key for RSA, or a PKCS #8 key otherwise.
    pub(super) fn new(algorithm: Algorithm, key: &[u8]) -> Option<Self> {
        match algorithm {
            Algorithm::HS256 => Some(Self::hmac(hmac::HMAC_SHA256, key)),
            Algorithm::HS384 => Some(Self::hmac(hmac::HMAC_SHA384, key)),
            Algorithm::HS512 => Some(Self::hmac(hmac::HMAC_SHA512, key)),
            Algorithm::RS256 => Self::rsa(&RSA_PKCS1_SHA256, key),
            Algorithm::RS384 => Self::rsa(&RSA_PKCS1_SHA384, key),
            Algorithm::RS512 => Self::rsa(&RSA_PKCS1_SHA512, key),
            Algorithm::PS256 => Self::rsa(&RSA_PSS_SHA256, key),
            Algorithm::PS384 => Self::rsa(&RSA_PSS_SHA384, key),
            Algorithm::PS512 => Self::rsa(&RSA_PSS_SHA512, key),
            Algorithm::ES256 => Self::ecdsa(&ECDSA_P256_SHA256_FIXED_SIGNING, key),
            Algorithm::ES384 => Self::ecdsa(&ECDSA_P384_SHA384_FIXED_SIGNING, key),
            Algorithm::ES512 => Self::ecdsa(&ECDSA_P521_SHA512_FIXED_SIGNING, key),
            Algorithm::EdDSA => {
                Ed25519KeyPair::from_pkcs8_maybe_unchecked(key).ok().map(Self::EdDsa)
            }
        }
    }

    fn hmac(hash: hmac::Algorithm, secret: &[u8]) -> Self {
        Self::Hmac(Box::new(hmac::Key::new(hash, secret)))
    }

    fn rsa(encoding: &'static dyn RsaEncoding, key: &[u8]) -> Option<Self> {
        RsaKeyPair::from_der(key).ok().map(|pair| Self::Rsa(pair, encoding))
    }

    fn ecdsa(algorithm: &'static EcdsaSigningAlgorithm, key: &[u8]) -> Option<Self> {
        EcdsaKeyPair::from_pkcs8(algorithm, key).ok().map(Self::Ecdsa)
    }

    pub(super) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        let random = SystemRandom::new();
        match self {
            Self::Hmac(key) => Some(hmac::sign(key, message).as_ref().to_vec()),
            Self::Rsa(pair, encoding) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*encoding, &random, message, &mut signature).ok()?;
                Some(signature)
            }
            Self::Ecdsa(pair) => Some(pair.sign(&random, message).ok()?.as_ref().to_vec()),
            Self::EdDsa(pair) => Some(pair.sign(message).as_ref().to_vec()),
        }
    }
}
