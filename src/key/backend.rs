//! The seam to the crypto libraries; nothing above it names one.

#[cfg(feature = "aws-lc-rs")]
mod aws_lc_rs;

use super::material::Material;
use crate::jws::Algorithm;

/// A crypto library that signatures are verified with.
///
/// ```
/// use tower_jwt_auth::key::CryptoBackend;
///
/// match CryptoBackend::active() {
///     Some(backend) => println!("verifying with {}", backend.name()),
///     None => println!("built without a backend: every key is refused when it is made"),
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CryptoBackend {
    /// AWS-LC (feature `aws-lc-rs`).
    AwsLcRs,
}

impl CryptoBackend {
    /// The one that keys are prepared for, chosen by the crate's features and by nothing else.
    pub const fn active() -> Option<Self> {
        if cfg!(feature = "aws-lc-rs") { Some(Self::AwsLcRs) } else { None }
    }

    /// The name of its feature.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AwsLcRs => "aws-lc-rs",
        }
    }
}

/// A key ready to verify with one algorithm: nothing is parsed or derived per signature.
pub(super) struct PreparedKey {
    #[cfg(feature = "aws-lc-rs")]
    key: aws_lc_rs::Key,
    /// Without a backend there is no value of this type.
    #[cfg(not(feature = "aws-lc-rs"))]
    key: std::convert::Infallible,
}

/// Why a key could not be prepared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unprepared {
    /// The crate was built without a crypto backend.
    #[cfg_attr(feature = "aws-lc-rs", allow(dead_code))]
    NoBackend,
    /// The library does not take the key: a point off its curve, for one.
    Rejected,
}

impl PreparedKey {
    /// Hands checked material to the library.
    pub(super) fn new(material: &Material, algorithm: Algorithm) -> Result<Self, Unprepared> {
        #[cfg(feature = "aws-lc-rs")]
        return match aws_lc_rs::Key::new(material, algorithm) {
            Some(key) => Ok(Self { key }),
            None => Err(Unprepared::Rejected),
        };
        #[cfg(not(feature = "aws-lc-rs"))]
        {
            let _ = (material, algorithm, Unprepared::Rejected);
            Err(Unprepared::NoBackend)
        }
    }

    /// Whether `signature` is this key's over `message`.
    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        #[cfg(feature = "aws-lc-rs")]
        return self.key.verify(message, signature);
        #[cfg(not(feature = "aws-lc-rs"))]
        {
            let _ = (message, signature);
            match self.key {}
        }
    }
}
