//! RustCrypto, on its primitive crates: every key is prepared once.

use ed25519_dalek::VerifyingKey as Ed25519Key;
use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use p256::ecdsa::VerifyingKey as P256Key;
use p256::ecdsa::signature::Verifier;
use p384::ecdsa::VerifyingKey as P384Key;
use p521::ecdsa::VerifyingKey as P521Key;
use rsa::{BigUint, Pkcs1v15Sign, Pss, RsaPublicKey};
use sha2::{Digest, Sha256, Sha384, Sha512};

use crate::jws::Algorithm;
use crate::key::material::Material;

/// The most bits of a modulus: the library's own limit is half of what is accepted here.
const LONGEST_RSA: usize = 8192;

pub(super) enum Key {
    Hs256(HmacKey<Hmac<Sha256>>),
    Hs384(HmacKey<Hmac<Sha384>>),
    Hs512(HmacKey<Hmac<Sha512>>),
    Rsa(RsaKey),
    Es256(P256Key),
    Es384(P384Key),
    Es512(P521Key),
    EdDsa(Box<Ed25519Key>),
}

impl Key {
    /// `None` when the library rejects the key, or the algorithm is for another kind of key.
    pub(super) fn new(material: &Material, algorithm: Algorithm) -> Option<Self> {
        match (material, algorithm) {
            (Material::Hmac(secret), Algorithm::HS256) => HmacKey::new(secret).map(Self::Hs256),
            (Material::Hmac(secret), Algorithm::HS384) => HmacKey::new(secret).map(Self::Hs384),
            (Material::Hmac(secret), Algorithm::HS512) => HmacKey::new(secret).map(Self::Hs512),
            (Material::Rsa { n, e }, _) => RsaKey::new(n, e, algorithm).map(Self::Rsa),
            (Material::P256(point), Algorithm::ES256) => {
                P256Key::from_sec1_bytes(point).ok().map(Self::Es256)
            }
            (Material::P384(point), Algorithm::ES384) => {
                P384Key::from_sec1_bytes(point).ok().map(Self::Es384)
            }
            (Material::P521(point), Algorithm::ES512) => {
                P521Key::from_sec1_bytes(point).ok().map(Self::Es512)
            }
            (Material::Ed25519(point), Algorithm::EdDSA) => {
                Ed25519Key::from_bytes(point).ok().map(Box::new).map(Self::EdDsa)
            }
            _ => None,
        }
    }

    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Hs256(key) => key.verify(message, signature),
            Self::Hs384(key) => key.verify(message, signature),
            Self::Hs512(key) => key.verify(message, signature),
            Self::Rsa(key) => key.verify(message, signature),
            Self::Es256(key) => {
                is_signature(key, p256::ecdsa::Signature::from_slice, message, signature)
            }
            Self::Es384(key) => {
                is_signature(key, p384::ecdsa::Signature::from_slice, message, signature)
            }
            Self::Es512(key) => {
                is_signature(key, p521::ecdsa::Signature::from_slice, message, signature)
            }
            // Not `verify_strict`, which also rejects an `R` of small order. RFC 8032 and AWS-LC accept it; the
            // order of the key is checked with its material.
            Self::EdDsa(key) => {
                is_signature(&**key, ed25519_dalek::Signature::from_slice, message, signature)
            }
        }
    }
}

/// The readers take signatures of exactly the right length, with numbers from the right range: from 1 to the
/// order of the curve for ECDSA, and below it for EdDSA.
fn is_signature<S, E>(
    key: &impl Verifier<S>,
    read: impl FnOnce(&[u8]) -> Result<S, E>,
    message: &[u8],
    signature: &[u8],
) -> bool {
    read(signature).is_ok_and(|signature| key.verify(message, &signature).is_ok())
}

/// The state after the secret was read; it is as good as the secret. Boxed because it is large.
pub(super) struct HmacKey<M: KeyInit>(Box<M>);

impl<M: Mac + KeyInit + Clone> HmacKey<M> {
    fn new(secret: &[u8]) -> Option<Self> {
        <M as Mac>::new_from_slice(secret).ok().map(|state| Self(Box::new(state)))
    }

    /// In constant time, and only for tags of full length.
    fn verify(&self, message: &[u8], tag: &[u8]) -> bool {
        M::clone(&self.0).chain_update(message).verify_slice(tag).is_ok()
    }
}

impl<M: KeyInit> Drop for HmacKey<M> {
    /// The library does not wipe its states. The state of another key takes the place of this one.
    fn drop(&mut self) {
        *self.0 = M::new(&hmac::digest::Key::<M>::default());
        std::hint::black_box(&self.0);
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
