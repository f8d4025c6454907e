//! Weaknesses of keys, and how they are reported.

use crate::error::{BuildError, Problem, ProblemKind};

/// Why a key is not safe to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weakness {
    ShortSecret,
    PublicKeyAsSecret,
    Published,
    SmallModulus,
    LargeModulus,
    EvenModulus,
    BadExponent,
    Roca,
    CoordinateLength,
    SmallOrder,
}

impl Weakness {
    /// The problem with a public key.
    pub(super) fn of_public_key(self) -> BuildError {
        BuildError::new(Problem::new(
            self.kind(),
            "a public key that is not safe to use",
            self.sentence(),
            "Generate a new key pair at the issuer",
        ))
    }

    const fn kind(self) -> ProblemKind {
        match self {
            Self::SmallModulus
            | Self::LargeModulus
            | Self::EvenModulus
            | Self::BadExponent
            | Self::Roca
            | Self::SmallOrder => ProblemKind::WeakKey,
            Self::ShortSecret | Self::PublicKeyAsSecret | Self::CoordinateLength => {
                ProblemKind::InvalidKey
            }
            Self::Published => ProblemKind::PublishedSecret,
        }
    }

    const fn sentence(self) -> &'static str {
        match self {
            Self::ShortSecret | Self::PublicKeyAsSecret => "it is not a public key",
            Self::SmallModulus => "the RSA modulus is shorter than 2048 bits (RFC 7518 §3.3)",
            Self::LargeModulus => "the RSA modulus is longer than 8192 bits",
            Self::EvenModulus => "the RSA modulus is even",
            Self::BadExponent => "the RSA exponent is even, 1 or longer than 33 bits",
            Self::Roca => "the RSA modulus can be factored (CVE-2017-15361)",
            Self::CoordinateLength => "a coordinate does not have the length of the curve",
            Self::SmallOrder => "the Ed25519 point has small order or is not canonical",
            Self::Published => "its private key is published, so an attacker could sign tokens",
        }
    }
}
