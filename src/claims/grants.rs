//! What a token permits its bearer to do.

use std::fmt;

use serde_json::Value;

use super::path::ClaimPath;

/// The scopes and roles that somebody was granted; what a [`Rule`](crate::Rule) is held against.
///
/// [`Identity`](crate::Identity) implements it from the token; implement it for your own user
/// type to apply the same rules to that.
///
/// ```
/// use tower_jwt_auth::{Rule, claims::Grants};
///
/// struct Clerk;
///
/// impl Grants for Clerk {
///     fn has_scope(&self, scope: &str) -> bool {
///         scope == "orders:read"
///     }
///     fn has_role(&self, role: &str) -> bool {
///         role == "clerk"
///     }
/// }
///
/// assert!(Rule::role("clerk").and(Rule::scope("orders:read")).permits(&Clerk));
/// assert!(!Rule::scope("orders:write").permits(&Clerk));
/// ```
pub trait Grants {
    /// Whether this scope was granted, byte for byte.
    fn has_scope(&self, scope: &str) -> bool;

    /// Whether this role was granted, byte for byte.
    fn has_role(&self, role: &str) -> bool;

    /// What is known of a claim. [`Unknown`](ClaimValue::Unknown) unless overridden, so that neither
    /// [`Rule::claim`](crate::Rule::claim) nor its [`not`](crate::Rule::not) permits.
    fn claim(&self, path: &ClaimPath) -> ClaimValue {
        let _ = path;
        ClaimValue::Unknown
    }
}

/// What is known of one claim; the answer of [`Grants::claim`].
///
/// ```
/// use tower_jwt_auth::Rule;
/// use tower_jwt_auth::claims::{ClaimPath, ClaimValue, Grants};
///
/// /// A user whose only known claim is whether they are suspended.
/// struct User(bool);
///
/// impl Grants for User {
///     fn has_scope(&self, _: &str) -> bool {
///         false
///     }
///     fn has_role(&self, _: &str) -> bool {
///         false
///     }
///     fn claim(&self, path: &ClaimPath) -> ClaimValue {
///         if *path == ClaimPath::from("suspended") {
///             return ClaimValue::Present(self.0.into());
///         }
///         ClaimValue::Unknown
///     }
/// }
///
/// let suspended = Rule::claim("suspended", |value| value == true);
/// assert!(suspended.clone().not().permits(&User(false)));
/// assert!(!suspended.not().permits(&User(true)));
/// // Nothing is known of this claim: neither the rule nor its negation permits.
/// let guest = Rule::claim("guest", |value| value == true);
/// assert!(!guest.clone().permits(&User(false)) && !guest.not().permits(&User(false)));
/// ```
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum ClaimValue {
    /// The token has the claim, with this value.
    Present(Value),
    /// The token does not have the claim.
    Absent,
    /// The claim is hidden, or what the token says of it is ambiguous.
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
