//! The seam to the crypto libraries; nothing above it names one.

#[cfg(feature = "aws-lc-rs")]
mod aws_lc_rs;
#[cfg(feature = "rust-crypto")]
mod rust_crypto;

use super::material::Material;
use crate::jws::{Algorithm, AlgorithmFamily};

/// A crypto library that signatures are verified with.
///
/// Both give the same verdict on every token; they differ in speed and in what they need to build. A backend
/// is a private choice of this crate: neither turns on or asks a crypto provider of `jsonwebtoken`.
///
/// ```
/// use tower_jwt_auth::Algorithm;
/// use tower_jwt_auth::key::CryptoBackend;
///
/// match CryptoBackend::active() {
///     Some(backend) => println!("verifying with {}", backend.name()),
///     None => println!("built without a backend: every key is refused when it is made"),
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
    /// The one in use where the builder names none: AWS-LC if it is built in, else RustCrypto.
    ///
    /// It is decided by the crate's features and by nothing else.
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

    /// Whether the library has the algorithm. Today both libraries have every [`Algorithm`].
    pub const fn supports(self, algorithm: Algorithm) -> bool {
        use AlgorithmFamily as F;
        // A new family must be added here for each library that has it.
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

    /// The SHA-256 digest of the message; `None` of a backend that is not built in.
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
}

/// A key ready to verify with one algorithm, by every library that is built in and has it.
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
    /// No library that is built in has the algorithm.
    Unsupported,
    /// A library does not take the key: a point off its curve, for one.
    Rejected,
}

impl PreparedKey {
    /// Hands checked material to the libraries. What one of them rejects is no key for the others.
    pub(super) fn new(material: &Material, algorithm: Algorithm) -> Result<Self, Unprepared> {
        let Some(active) = CryptoBackend::active() else { return Err(Unprepared::NoBackend) };
        // The active one has every algorithm that any other has.
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

    /// Whether `signature` is this key's over `message`. A backend that is not built in, or does not
    /// have the algorithm, has never seen a right one.
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
    fn aws_lc_is_active_where_it_is_built_in_and_rust_crypto_where_it_is_alone() {
        println!("crypto backend: {:?}", CryptoBackend::active());
        let expected = match (cfg!(feature = "aws-lc-rs"), cfg!(feature = "rust-crypto")) {
            (true, _) => Some("aws-lc-rs"),
            (false, true) => Some("rust-crypto"),
            (false, false) => None,
        };
        assert_eq!(CryptoBackend::active().map(CryptoBackend::name), expected);
    }

    #[test]
    fn every_backend_that_is_built_in_digests_as_fips_180_has_it() {
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
    fn whatever_a_backend_has_the_active_one_has_too() {
        let Some(active) = CryptoBackend::active() else { return };
        for backend in [CryptoBackend::AwsLcRs, CryptoBackend::RustCrypto] {
            for algorithm in Algorithm::ALL.iter().copied() {
                let has = backend.is_built_in() && backend.supports(algorithm);
                assert!(!has || active.supports(algorithm), "{backend:?} {algorithm}");
            }
        }
    }
}
