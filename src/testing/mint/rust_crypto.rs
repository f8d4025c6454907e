//! Signing with the RustCrypto crates.

use ed25519_dalek::SigningKey as Ed25519Key;
use hmac::{Hmac, Mac};
use p256::ecdsa::SigningKey as P256Key;
use p256::ecdsa::signature::{RandomizedSigner, SignatureEncoding, Signer};
use p256::pkcs8::DecodePrivateKey;
use p384::ecdsa::SigningKey as P384Key;
use p521::ecdsa::SigningKey as P521Key;
use rsa::pkcs1::DecodeRsaPrivateKey;
use rsa::rand_core::{CryptoRng, Error, RngCore, impls};
use rsa::{Pkcs1v15Sign, Pss, RsaPrivateKey};
use sha2::{Digest, Sha256, Sha384, Sha512};

use crate::jws::Algorithm;

pub(super) enum Key {
    Hs256(Box<Hmac<Sha256>>),
    Hs384(Box<Hmac<Sha384>>),
    Hs512(Box<Hmac<Sha512>>),
    Rsa(Box<RsaPrivateKey>, Algorithm),
    Es256(P256Key),
    Es384(P384Key),
    Es512(P521Key),
    EdDsa(Box<Ed25519Key>),
}

impl Key {
    /// A secret, PKCS #1 for RSA, and PKCS #8 otherwise.
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
            | Algorithm::PS512 => {
                Self::Rsa(Box::new(RsaPrivateKey::from_pkcs1_der(key).ok()?), algorithm)
            }
            Algorithm::ES256 => Self::Es256(P256Key::from_pkcs8_der(key).ok()?),
            Algorithm::ES384 => Self::Es384(P384Key::from_pkcs8_der(key).ok()?),
            Algorithm::ES512 => {
                let secret = p521::SecretKey::from_pkcs8_der(key).ok()?;
                Self::Es512(P521Key::from_bytes(&secret.to_bytes()).ok()?)
            }
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
            Self::Es512(key) => sign_p521(key, message),
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

/// The library has no deterministic signatures for this curve.
fn sign_p521(key: &P521Key, message: &[u8]) -> Option<Vec<u8>> {
    let random = &mut Stream::new(&[&key.to_bytes(), message]);
    let signature: p521::ecdsa::Signature = key.try_sign_with_rng(random, message).ok()?;
    Some(signature.to_vec())
}

fn sign_rsa(key: &RsaPrivateKey, algorithm: Algorithm, message: &[u8]) -> Option<Vec<u8>> {
    let random = &mut Stream::new(&[message]);
    let signature = match algorithm {
        Algorithm::RS256 => key.sign(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(message)),
        Algorithm::RS384 => key.sign(Pkcs1v15Sign::new::<Sha384>(), &Sha384::digest(message)),
        Algorithm::RS512 => key.sign(Pkcs1v15Sign::new::<Sha512>(), &Sha512::digest(message)),
        Algorithm::PS256 => {
            key.sign_with_rng(random, Pss::new::<Sha256>(), &Sha256::digest(message))
        }
        Algorithm::PS384 => {
            key.sign_with_rng(random, Pss::new::<Sha384>(), &Sha384::digest(message))
        }
        Algorithm::PS512 => {
            key.sign_with_rng(random, Pss::new::<Sha512>(), &Sha512::digest(message))
        }
        _ => return None,
    };
    signature.ok()
}

/// Numbers derived from a seed, for nonces and salts: tokens repeat, and the system is asked for no random bytes.
/// Good enough for keys that are published.
struct Stream {
    seed: [u8; 32],
    blocks: u64,
}

impl Stream {
    fn new(seed: &[&[u8]]) -> Self {
        let seed = seed.iter().fold(Sha256::new(), Digest::chain_update);
        Self { seed: seed.finalize().into(), blocks: 0 }
    }
}

impl RngCore for Stream {
    fn next_u32(&mut self) -> u32 {
        impls::next_u32_via_fill(self)
    }

    fn next_u64(&mut self) -> u64 {
        impls::next_u64_via_fill(self)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            let hash =
                Sha256::new().chain_update(self.seed).chain_update(self.blocks.to_be_bytes());
            self.blocks += 1;
            chunk.iter_mut().zip(hash.finalize()).for_each(|(byte, new)| *byte = new);
        }
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

impl CryptoRng for Stream {}
