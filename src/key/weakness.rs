//! Weaknesses of keys, and how they are reported.

use crate::error::{BuildError, Problem, ProblemKind};
use crate::observe::skip_reason::SkipReason;

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
    LargeExponent,
    Roca,
    CoordinateLength,
    SmallOrder,
}

impl Weakness {
    /// The problem with a public key.
    pub(super) fn of_public_key(self) -> BuildError {
        let (what, fix) = match self {
            Self::LargeModulus | Self::LargeExponent => (
                "a public key that is too long",
                "Generate an RSA key of 2048 to 8192 bits at the issuer",
            ),
            Self::CoordinateLength => ("a malformed public key", "Export the key again"),
            _ => ("a public key that is not safe to use", "Generate a new key pair at the issuer"),
        };
        BuildError::new(Problem::new(self.kind(), what, self.sentence(), fix))
    }

    /// The reason to skip the key in a set.
    pub(super) const fn skip_reason(self) -> SkipReason {
        match self {
            Self::LargeModulus | Self::LargeExponent => SkipReason::TooLong,
            Self::Published => SkipReason::Published,
            // The reader of a JWK checks the lengths of coordinates itself, and names the member.
            Self::CoordinateLength => SkipReason::Malformed,
            _ => SkipReason::Weak,
        }
    }

    pub(super) const fn kind(self) -> ProblemKind {
        match self {
            Self::SmallModulus
            | Self::EvenModulus
            | Self::BadExponent
            | Self::Roca
            | Self::SmallOrder => ProblemKind::WeakKey,
            Self::LargeModulus | Self::LargeExponent => ProblemKind::OutOfRange,
            Self::ShortSecret => ProblemKind::WeakSecret,
            Self::PublicKeyAsSecret => ProblemKind::MixedKeys,
            Self::CoordinateLength => ProblemKind::InvalidKey,
            Self::Published => ProblemKind::PublishedSecret,
        }
    }

    pub(super) const fn sentence(self) -> &'static str {
        match self {
            Self::ShortSecret => "the secret is shorter than the hash (RFC 7518 §3.2)",
            Self::PublicKeyAsSecret => {
                "the secret is the text of a public key, which is not secret"
            }
            Self::SmallModulus => "the RSA modulus is shorter than 2048 bits (RFC 7518 §3.3)",
            Self::LargeModulus => "the RSA modulus is longer than 8192 bits",
            Self::EvenModulus => "the RSA modulus is even",
            Self::BadExponent => "the RSA exponent is even or 1",
            Self::LargeExponent => "the RSA exponent is longer than 33 bits",
            Self::Roca => "the RSA modulus can be factored (CVE-2017-15361)",
            Self::CoordinateLength => "a coordinate does not have the length of the curve",
            Self::SmallOrder => "the Ed25519 point has small order or is not canonical",
            Self::Published => {
                "its private key or secret is published, so an attacker could sign tokens"
            }
        }
    }
}
