//! The interface to the crypto libraries. Higher modules do not use them directly.

#[cfg(feature = "aws-lc-rs")]
mod aws_lc_rs;
#[cfg(feature = "rust-crypto")]
mod rust_crypto;

use super::material::Material;
use crate::jws::{Algorithm, AlgorithmFamily};

/// A crypto library that verifies signatures.
///
/// Both libraries accept the same tokens. They differ in speed and in build requirements. Neither enables or uses a
/// crypto provider of `jsonwebtoken`.
///
/// ```
/// use tower_jwt_auth::Algorithm;
/// use tower_jwt_auth::key::CryptoBackend;
///
/// match CryptoBackend::active() {
///     Some(backend) => println!("verifying with {}", backend.name()),
///     None => println!("built without a backend: no key can be made"),
/// }
/// assert!(CryptoBackend::AwsLcRs.supports(Algorithm::ES512));
/// assert!(CryptoBackend::RustCrypto.supports(Algorithm::ES512));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CryptoBackend {
    /// AWS-LC (feature `aws-lc-rs`): keys are prepared once. Needs a C compiler to build.
    AwsLcRs,
    /// The RustCrypto crates (feature `rust-crypto`): pure Rust, and several times slower for public
    /// keys.
    RustCrypto,
}

impl CryptoBackend {
    /// The default backend: AWS-LC if it is built in, otherwise RustCrypto.
    ///
    /// `None` if neither is built in. The crate's features decide what is built in.
    /// [`VerifierBuilder::crypto_backend`](crate::VerifierBuilder::crypto_backend) chooses the other one.
    pub const fn active() -> Option<Self> {
        if Self::AwsLcRs.is_built_in() {
            Some(Self::AwsLcRs)
        } else if Self::RustCrypto.is_built_in() {
            Some(Self::RustCrypto)
        } else {
            None
        }
    }

    /// Whether its feature is on.
    pub const fn is_built_in(self) -> bool {
        match self {
            Self::AwsLcRs => cfg!(feature = "aws-lc-rs"),
            Self::RustCrypto => cfg!(feature = "rust-crypto"),
        }
    }

    /// Whether the library supports the algorithm. Currently both libraries support every [`Algorithm`].
    pub const fn supports(self, algorithm: Algorithm) -> bool {
        use AlgorithmFamily as F;
        // A new family must be added here for each library that supports it.
        match (self, algorithm.family()) {
            (
                Self::AwsLcRs | Self::RustCrypto,
                F::Hmac | F::RsaPkcs1 | F::RsaPss | F::Ecdsa | F::EdDsa,
            ) => true,
        }
    }

    /// The name of its feature.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AwsLcRs => "aws-lc-rs",
            Self::RustCrypto => "rust-crypto",
        }
    }

    /// The SHA-256 digest of the message; `None` for a backend that is not built in.
    pub(crate) fn sha256(self, message: &[u8]) -> Option<[u8; 32]> {
        match self {
            #[cfg(feature = "aws-lc-rs")]
            Self::AwsLcRs => aws_lc_rs::sha256(message),
            #[cfg(feature = "rust-crypto")]
            Self::RustCrypto => Some(rust_crypto::sha256(message)),
            #[cfg(not(all(feature = "aws-lc-rs", feature = "rust-crypto")))]
            _ => {
                let _ = message;
                None
            }
        }
    }

    /// The HMAC-SHA-256 of the message; `None` for a backend that is not built in.
    #[cfg_attr(not(feature = "tracing"), allow(dead_code))]
    pub(crate) fn hmac_sha256(self, key: &[u8], message: &[u8]) -> Option<[u8; 32]> {
        match self {
            #[cfg(feature = "aws-lc-rs")]
            Self::AwsLcRs => aws_lc_rs::hmac_sha256(key, message),
            #[cfg(feature = "rust-crypto")]
            Self::RustCrypto => rust_crypto::hmac_sha256(key, message),
            #[cfg(not(all(feature = "aws-lc-rs", feature = "rust-crypto")))]
            _ => {
                let _ = (key, message);
                None
            }
        }
    }
}

/// A key prepared for one algorithm, with every built-in library that supports it.
pub(super) struct PreparedKey {
    /// Nothing is parsed or derived per signature.
    #[cfg(feature = "aws-lc-rs")]
    aws_lc_rs: aws_lc_rs::Key,
    #[cfg(feature = "rust-crypto")]
    rust_crypto: Option<rust_crypto::Key>,
    /// Without a backend there is no value of this type.
    #[cfg(not(any(feature = "aws-lc-rs", feature = "rust-crypto")))]
    never: std::convert::Infallible,
}

/// Why a key could not be prepared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unprepared {
    /// The crate was built without a crypto backend.
    NoBackend,
    /// No built-in library supports the algorithm.
    Unsupported,
    /// A library rejects the key, for example because its point is not on the curve.
    Rejected,
}

impl PreparedKey {
    /// Prepares checked material with the libraries. If one of them rejects it, the key is rejected.
    pub(super) fn new(material: &Material, algorithm: Algorithm) -> Result<Self, Unprepared> {
        let Some(active) = CryptoBackend::active() else { return Err(Unprepared::NoBackend) };
        // The active backend supports every algorithm that another one supports.
        if !active.supports(algorithm) {
            return Err(Unprepared::Unsupported);
        }
        #[cfg(feature = "rust-crypto")]
        let rust_crypto = if CryptoBackend::RustCrypto.supports(algorithm) {
            Some(rust_crypto::Key::new(material, algorithm).ok_or(Unprepared::Rejected)?)
        } else {
            None
        };
        #[cfg(any(feature = "aws-lc-rs", feature = "rust-crypto"))]
        return Ok(Self {
            #[cfg(feature = "aws-lc-rs")]
            aws_lc_rs: aws_lc_rs::Key::new(material, algorithm).ok_or(Unprepared::Rejected)?,
            #[cfg(feature = "rust-crypto")]
            rust_crypto,
        });
        #[cfg(not(any(feature = "aws-lc-rs", feature = "rust-crypto")))]
        {
            let _ = (material, Unprepared::Rejected);
            Err(Unprepared::NoBackend)
        }
    }

    /// Whether `signature` is valid for `message`. Always false for a backend that is not built in or
    /// does not support the algorithm.
    pub(super) fn verify(&self, backend: CryptoBackend, message: &[u8], signature: &[u8]) -> bool {
        match backend {
            #[cfg(feature = "aws-lc-rs")]
            CryptoBackend::AwsLcRs => self.aws_lc_rs.verify(message, signature),
            #[cfg(feature = "rust-crypto")]
            CryptoBackend::RustCrypto => {
                self.rust_crypto.as_ref().is_some_and(|key| key.verify(message, signature))
            }
            #[cfg(not(any(feature = "aws-lc-rs", feature = "rust-crypto")))]
            _ => {
                let _ = (message, signature);
                match self.never {}
            }
            #[cfg(not(all(feature = "aws-lc-rs", feature = "rust-crypto")))]
            #[cfg(any(feature = "aws-lc-rs", feature = "rust-crypto"))]
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aws_lc_is_active_if_it_is_built_in() {
        println!("crypto backend: {:?}", CryptoBackend::active());
        let expected = match (cfg!(feature = "aws-lc-rs"), cfg!(feature = "rust-crypto")) {
            (true, _) => Some("aws-lc-rs"),
            (false, true) => Some("rust-crypto"),
            (false, false) => None,
        };
        assert_eq!(CryptoBackend::active().map(CryptoBackend::name), expected);
    }

    #[test]
    fn every_built_in_backend_computes_sha_256() {
        let abc = [
            0xba78_16bf_8f01_cfea_4141_40de_5dae_2223,
            0xb003_61a3_9617_7a9c_b410_ff61_f200_15ad_u128,
        ]
        .map(u128::to_be_bytes);
        for backend in [CryptoBackend::AwsLcRs, CryptoBackend::RustCrypto] {
            let digest = backend.sha256(b"abc").map(|digest| digest.to_vec());
            assert_eq!(digest, backend.is_built_in().then(|| abc.concat()), "{backend:?}");
        }
    }

    #[test]
    fn the_active_backend_supports_every_supported_algorithm() {
        let Some(active) = CryptoBackend::active() else { return };
        for backend in [CryptoBackend::AwsLcRs, CryptoBackend::RustCrypto] {
            for algorithm in Algorithm::ALL.iter().copied() {
                let has = backend.is_built_in() && backend.supports(algorithm);
                assert!(!has || active.supports(algorithm), "{backend:?} {algorithm}");
            }
        }
    }
}
