//! Why a key of a set is not used.

use std::fmt;

/// Why a key of a set is not used; [`KeySet::skipped`](crate::key::KeySet::skipped) counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum SkipReason {
    /// Not a JSON object with members of the right types, or a repeated member.
    Malformed,
    /// An unknown `kty` or `crv`.
    UnknownType,
    /// A member that the type needs is missing or is not base64url.
    MissingMember,
    /// `use` or `key_ops` say that the key is not for verifying signatures.
    NotForSignatures,
    /// `alg` names an algorithm that is not known here, or not for this kind of key.
    OtherAlgorithm,
    /// The key contains its private half, which is published with it.
    PrivateKey,
    /// A secret in a document that came over the network.
    Secret,
    /// Not safe to use: RSA below 2048 bits or above 8192, a short secret, a point of small order.
    Weak,
    /// Its private key, or the secret, is published: a demo key of the feature `test-util`, or a sample of an
    /// RFC or of other documentation. Builds with that feature do not skip it.
    Published,
    /// For an algorithm that the crypto backend does not have. Today both have every algorithm.
    NotInBackend,
    /// The crypto library rejects it, or the build has no crypto backend.
    Rejected,
    /// Beyond the largest number of keys that is read from one document.
    TooMany,
}

impl SkipReason {
    /// The stable, lower-case label, for logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::UnknownType => "unknown_type",
            Self::MissingMember => "missing_member",
            Self::NotForSignatures => "not_for_signatures",
            Self::OtherAlgorithm => "other_algorithm",
            Self::PrivateKey => "private_key",
            Self::Secret => "secret",
            Self::Weak => "weak",
            Self::Published => "published",
            Self::NotInBackend => "not_in_backend",
            Self::Rejected => "rejected",
            Self::TooMany => "too_many",
        }
    }

    pub(crate) const fn sentence(self) -> &'static str {
        match self {
            Self::Malformed => "it is not one strict JSON object",
            Self::UnknownType => "its `kty` or `crv` is not one that is known here",
            Self::MissingMember => "a member is missing or is not base64url",
            Self::NotForSignatures => "`use` or `key_ops` say it is not for signatures",
            Self::OtherAlgorithm => "its `alg` is unknown or for another kind of key",
            Self::PrivateKey => "it holds its private half",
            Self::Secret => "a secret must not come over the network",
            Self::Weak => {
                "it is not safe to use: RSA has 2048 to 8192 bits, a secret the length of its hash"
            }
            Self::Published => {
                "its private key or secret is published, so that an attacker could sign tokens"
            }
            Self::NotInBackend => "the crypto backend does not have its algorithm",
            Self::Rejected => "the crypto backend rejects it, or the build has none",
            Self::TooMany => "the document has too many keys",
        }
    }
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
