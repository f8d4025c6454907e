//! What a token permits its bearer to do.

use serde_json::Value;

use super::path::ClaimPath;

/// The scopes and roles that somebody was granted; what a [`Rule`](crate::Rule) is held against.
///
/// [`Identity`](crate::verify::Identity) implements it from the token; implement it for your own user
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

    /// The value of a claim. None unless overridden: [`Rule::claim`](crate::Rule::claim) then does not
    /// permit, whatever the claim is, and its [`not`](crate::Rule::not) always does.
    fn claim(&self, path: &ClaimPath) -> Option<Value> {
        let _ = path;
        None
    }
}
