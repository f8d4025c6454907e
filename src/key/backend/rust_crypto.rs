//! RustCrypto: RSA on the primitive crate, with keys prepared once, and the rest through the verifiers of
//! `jsonwebtoken`. Those are neither `Send` nor nameable, so that one is built per signature; the key that
//! it is built from was checked and tried beforehand.

use jsonwebtoken::crypto::rust_crypto::DEFAULT_PROVIDER;
use jsonwebtoken::{Algorithm as JwtAlgorithm, DecodingKey};
use rsa::{BigUint, Pkcs1v15Sign, Pss, RsaPublicKey};
use sha2::{Digest, Sha256, Sha384, Sha512};

use crate::jws::Algorithm;
use crate::key::material::Material;

/// The most bits of a modulus: the library's own limit is half of what is accepted here.
const LONGEST_RSA: usize = 8192;

pub(super) enum Key {
    Rsa(RsaKey),
    /// The key wipes itself when it is dropped.
    Other(JwtAlgorithm, DecodingKey),
}

impl Key {
    /// `None` when the library rejects the key, or the algorithm is for another kind of key.
    pub(super) fn new(material: &Material, algorithm: Algorithm) -> Option<Self> {
        if !material.algorithms().contains(algorithm) {
            return None;
        }
        let key = match material {
            Material::Rsa { n, e } => return RsaKey::new(n, e, algorithm).map(Self::Rsa),
            Material::Hmac(secret) => DecodingKey::from_secret(secret),
            Material::P256(point) => DecodingKey::from_ec_der(point),
            Material::P384(point) => DecodingKey::from_ec_der(point),
            // `jsonwebtoken` has no verifier for it. Unbound, the field would be dead code without AWS-LC.
            Material::P521(_point) => return None,
            Material::Ed25519(point) => DecodingKey::from_ed_der(point),
        };
        let algorithm = algorithm.name().parse().ok()?;
        // Here a point that is not on its curve comes to light.
        (DEFAULT_PROVIDER.verifier_factory)(&algorithm, &key).ok()?;
        Some(Self::Other(algorithm, key))
    }

    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Rsa(key) => key.verify(message, signature),
            Self::Other(algorithm, key) => (DEFAULT_PROVIDER.verifier_factory)(algorithm, key)
                .is_ok_and(|verifier| verifier.verify(message, &signature.to_vec()).is_ok()),
        }
    }
}

pub(super) struct RsaKey {
    key: RsaPublicKey,
    modulus: Vec<u8>,
    algorithm: Algorithm,
}

impl RsaKey {
    fn new(n: &[u8], e: &[u8], algorithm: Algorithm) -> Option<Self> {
        let (modulus, exponent) = (BigUint::from_bytes_be(n), BigUint::from_bytes_be(e));
        let key = RsaPublicKey::new_with_max_size(modulus, exponent, LONGEST_RSA).ok()?;
        Some(Self { key, modulus: n.to_vec(), algorithm })
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        // RFC 8017 §5.2.2. With PSS the library takes `s + n` for `s`: one token would have two spellings.
        if signature.len() != self.modulus.len() || signature >= self.modulus.as_slice() {
            return false;
        }
        let (key, s) = (&self.key, signature);
        let outcome = match self.algorithm {
            Algorithm::RS256 => {
                key.verify(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(message), s)
            }
            Algorithm::RS384 => {
                key.verify(Pkcs1v15Sign::new::<Sha384>(), &Sha384::digest(message), s)
            }
            Algorithm::RS512 => {
                key.verify(Pkcs1v15Sign::new::<Sha512>(), &Sha512::digest(message), s)
            }
            Algorithm::PS256 => key.verify(Pss::new::<Sha256>(), &Sha256::digest(message), s),
            Algorithm::PS384 => key.verify(Pss::new::<Sha384>(), &Sha384::digest(message), s),
            Algorithm::PS512 => key.verify(Pss::new::<Sha512>(), &Sha512::digest(message), s),
            _ => return false,
        };
        outcome.is_ok()
    }
}

pub(super) fn sha256(message: &[u8]) -> [u8; 32] {
    Sha256::digest(message).into()
}
