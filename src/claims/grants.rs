//! The grants of a token.

use std::fmt;

use serde_json::Value;

use super::path::ClaimPath;

/// The scopes, roles and claims that a [`Rule`](crate::Rule) is evaluated against.
pub(crate) trait Grants {
    /// Whether this scope was granted, byte for byte, or is implied.
    fn has_scope(&self, scope: &str) -> bool;

    /// Whether this role was granted, byte for byte.
    fn has_role(&self, role: &str) -> bool;

    /// The value of a claim, as far as it is known.
    fn claim(&self, path: &ClaimPath) -> ClaimValue;

    /// The subject. It is not empty.
    fn subject(&self) -> Option<&str>;

    /// The tenant. It is not empty.
    fn tenant(&self) -> Option<&str>;

    /// The party that acts for the subject now.
    fn current_actor(&self) -> CurrentActor<'_>;
}

/// The party that acts for the subject now (RFC 8693 §4.1). Earlier actors are not considered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CurrentActor<'a> {
    /// The token has no `act`.
    Absent,
    /// A subject of the token's issuer, not empty.
    Named(&'a str),
    /// The token does not name the actor, or it is a subject of another issuer.
    Unknown,
}

/// The value of a claim, as far as it is known.
#[derive(Clone, PartialEq)]
pub(crate) enum ClaimValue {
    /// The token has the claim, with this value.
    Present(Value),
    /// The token does not have the claim.
    Absent,
    /// The claim is hidden, or ambiguous in the token.
    Unknown,
}

impl From<Option<Value>> for ClaimValue {
    fn from(value: Option<Value>) -> Self {
        value.map_or(Self::Absent, Self::Present)
    }
}

impl fmt::Debug for ClaimValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Present(_) => "Present(..)",
            Self::Absent => "Absent",
            Self::Unknown => "Unknown",
        })
    }
}
