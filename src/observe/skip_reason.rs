//! Why a key of a set is not used.

use std::fmt;

/// Why a key of a set is not used; see [`KeySet::skipped`](crate::key::KeySet::skipped).
///
/// ```
/// use tower_jwt_auth::key::{KeySet, SkipReason};
/// use tower_jwt_auth::testing::TestIssuer;
///
/// let known = TestIssuer::es256();
/// let document = format!(r#"{{"keys": [{}, {{"kty": "new"}}]}}"#, known.jwk());
/// let keys = KeySet::jwks(&document)?;
/// assert_eq!((keys.len(), keys.skipped()), (1, &[SkipReason::UnknownType][..]));
/// # Ok::<(), tower_jwt_auth::BuildError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum SkipReason {
    /// Not a JSON object, a member of the wrong type, or a repeated member.
    Malformed,
    /// The `kty` or `crv` is unknown.
    UnknownType,
    /// A member that the key type requires is missing or not base64url.
    MissingMember,
    /// `use` or `key_ops` do not permit the verification of signatures.
    NotForSignatures,
    /// `alg` is an unknown algorithm, or one for another type of key.
    OtherAlgorithm,
    /// The document contains the private key, which is therefore published.
    PrivateKey,
    /// The key is a shared secret in a document from the network.
    Secret,
    /// The key is not safe to use.
    ///
    /// For example RSA below 2048 bits or above 8192, a short secret, or a point of small order.
    Weak,
    /// The private key or the secret is published.
    ///
    /// It is a demo key of the feature `test-util`, or an example from an RFC or other documentation. Builds with that
    /// feature do not skip it.
    Published,
    /// The crypto backend does not support the algorithm. Today both backends support every algorithm.
    NotInBackend,
    /// The crypto library rejects the key, or the build has no crypto backend.
    Rejected,
    /// The document has more than 1024 keys, and this one was not read.
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
            Self::Malformed => "it is not a valid JSON object, or repeats a member",
            Self::UnknownType => "its `kty` or `crv` is unknown",
            Self::MissingMember => "a required member is missing or not base64url",
            Self::NotForSignatures => "`use` or `key_ops` do not permit verifying signatures",
            Self::OtherAlgorithm => "its `alg` is unknown or for another type of key",
            Self::PrivateKey => "it contains the private key",
            Self::Secret => "a shared secret must not be fetched over the network",
            Self::Weak => {
                "it is not safe to use: RSA needs 2048 to 8192 bits, a secret the length of the hash"
            }
            Self::Published => {
                "its private key or secret is published, so an attacker could sign tokens"
            }
            Self::NotInBackend => "the crypto backend does not support its algorithm",
            Self::Rejected => "the crypto backend rejects it, or the build has no backend",
            Self::TooMany => "the document has too many keys",
        }
    }
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
