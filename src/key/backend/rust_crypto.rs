//! RustCrypto, through its primitive crates. Every key is prepared once.

use std::ops::RangeInclusive;

use ed25519_dalek::VerifyingKey as Ed25519Key;
use hmac::{EagerHash, Hmac, KeyInit, Mac};
use p256::ecdsa::VerifyingKey as P256Key;
use p256::ecdsa::signature::Verifier;
use p384::ecdsa::VerifyingKey as P384Key;
use p521::ecdsa::VerifyingKey as P521Key;
use rsa::BoxedUint;
use sha2::{Digest, Sha256, Sha384, Sha512};
use zeroize::ZeroizeOnDrop;

use crate::jws::Algorithm;
use crate::key::material::Material;

/// The length of a modulus in bits, as in `Material::rsa`. The library's defaults may change.
const RSA_BITS: RangeInclusive<usize> = 2048..=8192;

pub(super) enum Key {
    Hs256(HmacKey<Sha256>),
    Hs384(HmacKey<Sha384>),
    Hs512(HmacKey<Sha512>),
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

/// `read` accepts only signatures of the right length with numbers in range: from 1 to the order of the curve
/// for ECDSA, and below the order for EdDSA.
fn is_signature<S, E>(
    key: &impl Verifier<S>,
    read: impl FnOnce(&[u8]) -> Result<S, E>,
    message: &[u8],
    signature: &[u8],
) -> bool {
    read(signature).is_ok_and(|signature| key.verify(message, &signature).is_ok())
}

/// The HMAC state after the secret, as sensitive as the secret itself. Boxed because it is large.
///
/// A hash that is `ZeroizeOnDrop` wipes its part of the state, here and in the copies that verify.
pub(super) struct HmacKey<H: EagerHash + ZeroizeOnDrop>(Box<Hmac<H>>);

impl<H: EagerHash + ZeroizeOnDrop> HmacKey<H> {
    fn new(secret: &[u8]) -> Option<Self> {
        Hmac::new_from_slice(secret).ok().map(|state| Self(Box::new(state)))
    }

    /// Compares in constant time, and accepts only tags of full length.
    fn verify(&self, message: &[u8], tag: &[u8]) -> bool {
        Hmac::clone(&self.0).chain_update(message).verify_slice(tag).is_ok()
    }
}

pub(super) struct RsaKey {
    key: rsa::PublicKey,
    algorithm: Algorithm,
}

impl RsaKey {
    fn new(n: &[u8], e: &[u8], algorithm: Algorithm) -> Option<Self> {
        let [modulus, exponent] = [n, e].map(BoxedUint::from_be_slice_vartime);
        let key = rsa::PublicKey::new_with_size_limits(modulus, exponent, RSA_BITS).ok()?;
        Some(Self { key, algorithm })
    }

    /// The library checks that the signature is a number below the modulus, of the modulus's length (RFC
    /// 8017 §5.2.2), so a signature has only one encoding. A salt has the length of the hash (RFC 7518
    /// §3.5).
    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        let key = &self.key;
        let outcome = match self.algorithm {
            Algorithm::RS256 => key.pkcs1v15_verify::<Sha256>(message, signature),
            Algorithm::RS384 => key.pkcs1v15_verify::<Sha384>(message, signature),
            Algorithm::RS512 => key.pkcs1v15_verify::<Sha512>(message, signature),
            Algorithm::PS256 => key.pss_verify::<Sha256>(message, signature),
            Algorithm::PS384 => key.pss_verify::<Sha384>(message, signature),
            Algorithm::PS512 => key.pss_verify::<Sha512>(message, signature),
            _ => return false,
        };
        outcome.is_ok()
    }
}

pub(super) fn sha256(message: &[u8]) -> [u8; 32] {
    Sha256::digest(message).into()
}

pub(super) fn hmac_sha256(key: &[u8], message: &[u8]) -> Option<[u8; 32]> {
    let state = Hmac::<Sha256>::new_from_slice(key).ok()?;
    Some(state.chain_update(message).finalize().into_bytes().into())
}
