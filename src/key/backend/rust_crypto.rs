//! RustCrypto, through the verifiers of `jsonwebtoken`. They are neither `Send` nor nameable, so that
//! one is built per signature; the key that it is built from was checked and tried beforehand.

use jsonwebtoken::crypto::rust_crypto::DEFAULT_PROVIDER;
use jsonwebtoken::{Algorithm as JwtAlgorithm, DecodingKey};
use sha2::{Digest, Sha256};

use crate::jws::Algorithm;
use crate::key::material::Material;

/// The key wipes itself when it is dropped.
pub(super) struct Key {
    algorithm: JwtAlgorithm,
    material: DecodingKey,
    /// Of an RSA key: the modulus.
    modulus: Option<Vec<u8>>,
}

impl Key {
    /// `None` when the library rejects the key, or the algorithm is for another kind of key.
    pub(super) fn new(material: &Material, algorithm: Algorithm) -> Option<Self> {
        if !material.algorithms().contains(algorithm) {
            return None;
        }
        let key = match material {
            Material::Hmac(secret) => DecodingKey::from_secret(secret),
            Material::Rsa { n, e } => DecodingKey::from_rsa_raw_components(n, e),
            Material::P256(point) => DecodingKey::from_ec_der(point),
            Material::P384(point) => DecodingKey::from_ec_der(point),
            // `jsonwebtoken` has no verifier for it. Unbound, the field would be dead code without AWS-LC.
            Material::P521(_point) => return None,
            Material::Ed25519(point) => DecodingKey::from_ed_der(point),
        };
        let algorithm = algorithm.name().parse().ok()?;
        // Here a point that is not on its curve comes to light.
        (DEFAULT_PROVIDER.verifier_factory)(&algorithm, &key).ok()?;
        let modulus = match material {
            Material::Rsa { n, .. } => Some(n.clone()),
            _ => None,
        };
        Some(Self { algorithm, material: key, modulus })
    }

    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        // RFC 8017 §5.2.2. With PSS the library takes `s + n` for `s`: one token would have two spellings.
        let in_range = |n: &Vec<u8>| signature.len() == n.len() && signature < n.as_slice();
        self.modulus.as_ref().is_none_or(in_range)
            && (DEFAULT_PROVIDER.verifier_factory)(&self.algorithm, &self.material)
                .is_ok_and(|verifier| verifier.verify(message, &signature.to_vec()).is_ok())
    }
}

pub(super) fn sha256(message: &[u8]) -> [u8; 32] {
    Sha256::digest(message).into()
}
