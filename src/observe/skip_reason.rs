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
    /// Not a strict JSON object, or an object with a repeated member.
    Malformed,
    /// The `kty` or `crv` is unknown.
    UnknownType,
    /// This member, which the type of key requires, is missing.
    MissingMember(&'static str),
    /// This member has the wrong JSON type, is not base64, or has the wrong length.
    MalformedMember(&'static str),
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
    /// For example RSA below 2048 bits, a short secret, or a point of small order.
    Weak,
    /// The RSA modulus has more than 8192 bits, or the exponent more than 33.
    TooLong,
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
    /// The stable, lower-case label, for logs and metrics. It does not contain the name of the member.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::UnknownType => "unknown_type",
            Self::MissingMember(_) => "missing_member",
            Self::MalformedMember(_) => "malformed_member",
            Self::NotForSignatures => "not_for_signatures",
            Self::OtherAlgorithm => "other_algorithm",
            Self::PrivateKey => "private_key",
            Self::Secret => "secret",
            Self::Weak => "weak",
            Self::TooLong => "too_long",
            Self::Published => "published",
            Self::NotInBackend => "not_in_backend",
            Self::Rejected => "rejected",
            Self::TooMany => "too_many",
        }
    }

    pub(crate) const fn sentence(self) -> &'static str {
        match self {
            Self::Malformed => "it is not a strict JSON object, or repeats a member",
            Self::UnknownType => "its `kty` or `crv` is unknown",
            Self::MissingMember(_) => "this type of key requires the member (RFC 7518 §6)",
            Self::MalformedMember(_) => {
                "it has the wrong JSON type, is not base64, or has the wrong length (RFC 7518 §6)"
            }
            Self::NotForSignatures => "`use` or `key_ops` do not permit verifying signatures",
            Self::OtherAlgorithm => "its `alg` is unknown or for another type of key",
            Self::PrivateKey => "it contains the private key",
            Self::Secret => "a shared secret must not be fetched over the network",
            Self::Weak => {
                "it is not safe to use: RSA needs 2048 bits, a secret the length of the hash"
            }
            Self::TooLong => "an RSA modulus must have at most 8192 bits, its exponent at most 33",
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
    /// The label, and the name of the member if there is one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())?;
        match self {
            Self::MissingMember(name) | Self::MalformedMember(name) => write!(f, " `{name}`"),
            _ => Ok(()),
        }
    }
}
