//! Signing with the RustCrypto crates.

use std::convert::Infallible;

use ed25519_dalek::SigningKey as Ed25519Key;
use hmac::{Hmac, KeyInit, Mac};
use p256::ecdsa::SigningKey as P256Key;
use p256::ecdsa::signature::{SignatureEncoding, Signer};
use p256::pkcs8::DecodePrivateKey;
use p384::ecdsa::SigningKey as P384Key;
use p521::ecdsa::SigningKey as P521Key;
use rsa::PrivateKey as RsaKey;
use rsa::pkcs1::DecodeRsaPrivateKey;
use rsa::rand_core::{TryCryptoRng, TryRng};
use sha2::{Digest, Sha256, Sha384, Sha512};

use crate::jws::Algorithm;

pub(super) enum Key {
    Hs256(Box<Hmac<Sha256>>),
    Hs384(Box<Hmac<Sha384>>),
    Hs512(Box<Hmac<Sha512>>),
    Rsa(Box<RsaKey>, Algorithm),
    Es256(P256Key),
    Es384(P384Key),
    Es512(P521Key),
    EdDsa(Box<Ed25519Key>),
}

impl Key {
    /// Prepares a secret, a PKCS #1 key for RSA, or a PKCS #8 key otherwise.
    pub(super) fn new(algorithm: Algorithm, key: &[u8]) -> Option<Self> {
        Some(match algorithm {
            Algorithm::HS256 => Self::Hs256(Box::new(Hmac::new_from_slice(key).ok()?)),
            Algorithm::HS384 => Self::Hs384(Box::new(Hmac::new_from_slice(key).ok()?)),
            Algorithm::HS512 => Self::Hs512(Box::new(Hmac::new_from_slice(key).ok()?)),
            Algorithm::RS256
            | Algorithm::RS384
            | Algorithm::RS512
            | Algorithm::PS256
            | Algorithm::PS384
            | Algorithm::PS512 => Self::Rsa(Box::new(RsaKey::from_pkcs1_der(key).ok()?), algorithm),
            Algorithm::ES256 => Self::Es256(P256Key::from_pkcs8_der(key).ok()?),
            Algorithm::ES384 => Self::Es384(P384Key::from_pkcs8_der(key).ok()?),
            Algorithm::ES512 => Self::Es512(P521Key::from_pkcs8_der(key).ok()?),
            Algorithm::EdDSA => Self::EdDsa(Box::new(Ed25519Key::from_pkcs8_der(key).ok()?)),
        })
    }

    pub(super) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Hs256(key) => Some(tag(&**key, message)),
            Self::Hs384(key) => Some(tag(&**key, message)),
            Self::Hs512(key) => Some(tag(&**key, message)),
            Self::Rsa(key, algorithm) => sign_rsa(key, *algorithm, message),
            Self::Es256(key) => sign::<p256::ecdsa::Signature>(key, message),
            Self::Es384(key) => sign::<p384::ecdsa::Signature>(key, message),
            Self::Es512(key) => sign::<p521::ecdsa::Signature>(key, message),
            Self::EdDsa(key) => sign::<ed25519_dalek::Signature>(&**key, message),
        }
    }
}

fn tag(key: &(impl Mac + Clone), message: &[u8]) -> Vec<u8> {
    key.clone().chain_update(message).finalize().into_bytes().to_vec()
}

fn sign<S: SignatureEncoding>(key: &impl Signer<S>, message: &[u8]) -> Option<Vec<u8>> {
    key.try_sign(message).ok().map(|signature| signature.to_vec())
}

fn sign_rsa(key: &RsaKey, algorithm: Algorithm, message: &[u8]) -> Option<Vec<u8>> {
    let random = &mut SeededRng::new(message);
    let signature = match algorithm {
        Algorithm::RS256 => key.pkcs1v15_sign_with_rng::<Sha256, _>(random, message),
        Algorithm::RS384 => key.pkcs1v15_sign_with_rng::<Sha384, _>(random, message),
        Algorithm::RS512 => key.pkcs1v15_sign_with_rng::<Sha512, _>(random, message),
        Algorithm::PS256 => key.pss_sign_with_rng::<Sha256, _>(random, message),
        Algorithm::PS384 => key.pss_sign_with_rng::<Sha384, _>(random, message),
        Algorithm::PS512 => key.pss_sign_with_rng::<Sha512, _>(random, message),
        _ => return None,
    };
    signature.ok()
}

/// Pseudorandom bytes derived from a seed, for salts and blinding.
///
/// The same message gets the same signature, and no random bytes of the system are used. That is sufficient for
/// published keys.
struct SeededRng {
    seed: [u8; 32],
    blocks: u64,
}

impl SeededRng {
    fn new(seed: &[u8]) -> Self {
        Self { seed: Sha256::digest(seed).into(), blocks: 0 }
    }

    fn bytes<const N: usize>(&mut self) -> Result<[u8; N], Infallible> {
        let mut bytes = [0; N];
        self.try_fill_bytes(&mut bytes).map(|()| bytes)
    }
}

impl TryRng for SeededRng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.bytes().map(u32::from_le_bytes)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.bytes().map(u64::from_le_bytes)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(32) {
            let hash =
                Sha256::new().chain_update(self.seed).chain_update(self.blocks.to_be_bytes());
            self.blocks += 1;
            chunk.iter_mut().zip(hash.finalize()).for_each(|(byte, new)| *byte = new);
        }
        Ok(())
    }
}

impl TryCryptoRng for SeededRng {}
