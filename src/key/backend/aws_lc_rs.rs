//! AWS-LC, through its primitive crate. Its keys are `Send + Sync` and prepared once.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest;
use aws_lc_rs::hmac;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, ED25519,
    ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384,
    RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents, VerificationAlgorithm,
};

use crate::jws::Algorithm;
use crate::key::material::Material;

/// The length of the longest HMAC tag, that of SHA-512.
const MAX_TAG: usize = 64;

pub(super) enum Key {
    /// Boxed: the prepared state is over a kilobyte.
    Hmac(Box<hmac::Key>),
    Public(ParsedPublicKey),
}

impl Key {
    /// `None` when the library rejects the key, or the algorithm is for another kind of key.
    pub(super) fn new(material: &Material, algorithm: Algorithm) -> Option<Self> {
        match material {
            Material::Hmac(secret) => {
                let hash = match algorithm {
                    Algorithm::HS256 => hmac::HMAC_SHA256,
                    Algorithm::HS384 => hmac::HMAC_SHA384,
                    Algorithm::HS512 => hmac::HMAC_SHA512,
                    _ => return None,
                };
                Some(Self::Hmac(Box::new(hmac::Key::new(hash, secret))))
            }
            Material::Rsa { n, e } => {
                let parameters: &'static RsaParameters = match algorithm {
                    Algorithm::RS256 => &RSA_PKCS1_2048_8192_SHA256,
                    Algorithm::RS384 => &RSA_PKCS1_2048_8192_SHA384,
                    Algorithm::RS512 => &RSA_PKCS1_2048_8192_SHA512,
                    Algorithm::PS256 => &RSA_PSS_2048_8192_SHA256,
                    Algorithm::PS384 => &RSA_PSS_2048_8192_SHA384,
                    Algorithm::PS512 => &RSA_PSS_2048_8192_SHA512,
                    _ => return None,
                };
                RsaPublicKeyComponents { n, e }
                    .to_parsed_public_key(parameters)
                    .ok()
                    .map(Self::Public)
            }
            Material::P256(point) if algorithm == Algorithm::ES256 => {
                public(&ECDSA_P256_SHA256_FIXED, point)
            }
            Material::P384(point) if algorithm == Algorithm::ES384 => {
                public(&ECDSA_P384_SHA384_FIXED, point)
            }
            Material::P521(point) if algorithm == Algorithm::ES512 => {
                public(&ECDSA_P521_SHA512_FIXED, point)
            }
            Material::Ed25519(point) if algorithm == Algorithm::EdDSA => public(&ED25519, point),
            Material::P256(_) | Material::P384(_) | Material::P521(_) | Material::Ed25519(_) => {
                None
            }
        }
    }

    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Hmac(key) => verify_tag(key, message, signature),
            Self::Public(key) => key.verify_sig(message, signature).is_ok(),
        }
    }
}

/// Like `hmac::verify`, which copies the state of over a kilobyte about three times more often.
fn verify_tag(key: &hmac::Key, message: &[u8], tag: &[u8]) -> bool {
    let mut expected = [0; MAX_TAG];
    hmac::sign_to_buffer(key, message, &mut expected).is_ok_and(|expected| {
        // Compares in constant time, and accepts only tags of full length.
        verify_slices_are_equal(expected, tag).is_ok()
    })
}

pub(super) fn sha256(message: &[u8]) -> Option<[u8; 32]> {
    digest::digest(&digest::SHA256, message).as_ref().try_into().ok()
}

pub(super) fn hmac_sha256(key: &[u8], message: &[u8]) -> Option<[u8; 32]> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message).as_ref().try_into().ok()
}

fn public(algorithm: &'static dyn VerificationAlgorithm, point: &[u8]) -> Option<Key> {
    ParsedPublicKey::new(algorithm, point).ok().map(Key::Public)
}
