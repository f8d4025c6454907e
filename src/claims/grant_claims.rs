//! The claims that scopes and roles are read from.

use super::path::ClaimPath;
use crate::json::{Object, Strings};

/// Additional claims from which an issuer's scopes and roles are read.
///
/// Scopes are always read from `scope` (RFC 8693 §4.2) and `scp`, roles from `roles` (RFC 9068 §2.2.3.1). Pass the
/// additional claims to [`Policy::grants`](crate::Policy::grants). For a nested claim, pass a list of names:
/// `["realm_access", "roles"]`. A string with dots is a single name. A claim that is neither a string nor a list of
/// strings grants nothing.
///
/// The grants of every trusted issuer are accepted. If only some issuers may grant a role such as `admin`,
/// require one of them in the rule as well, with `Rule::claim("iss", ..)`.
///
/// ```
/// use serde_json::json;
/// use tower_jwt_auth::{Rule, Verifier, claims::GrantClaims, testing::TestIssuer};
///
/// let keycloak = TestIssuer::hs256();
/// let verifier = Verifier::shared_secret(keycloak.secret())
///     .any_audience()
///     .grants(GrantClaims::keycloak("orders"))
///     .build()?;
///
/// let token = keycloak.token().claim("realm_access", json!({"roles": ["clerk"]})).mint();
/// assert!(Rule::role("clerk").permits(&verifier.verify_now(&token)?.identity()));
///
/// let token = keycloak.token().claim("resource_access", json!({"billing": {"roles": ["clerk"]}})).mint();
/// assert!(!Rule::role("clerk").permits(&verifier.verify_now(&token)?.identity()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use = "it has an effect only as part of a policy"]
pub struct GrantClaims {
    scopes: Vec<ClaimPath>,
    roles: Vec<ClaimPath>,
}

impl GrantClaims {
    /// Reads only the standard claims.
    pub const fn new() -> Self {
        Self { scopes: Vec::new(), roles: Vec::new() }
    }

    /// Also reads scopes from this claim: a space-separated string, or a list.
    pub fn scopes(mut self, claim: impl Into<ClaimPath>) -> Self {
        self.scopes.push(claim.into());
        self
    }

    /// Also reads roles from this claim: one string, or a list.
    pub fn roles(mut self, claim: impl Into<ClaimPath>) -> Self {
        self.roles.push(claim.into());
        self
    }

    /// The scopes in these claims.
    pub(crate) fn scopes_in<'a>(&'a self, object: &'a Object) -> impl Iterator<Item = &'a str> {
        strings(&self.scopes, object).flat_map(Strings::words)
    }

    /// The roles in these claims.
    pub(crate) fn roles_in<'a>(&'a self, object: &'a Object) -> impl Iterator<Item = &'a str> {
        strings(&self.roles, object).flat_map(Strings::iter)
    }
}

fn strings<'a>(paths: &'a [ClaimPath], object: &'a Object) -> impl Iterator<Item = Strings<'a>> {
    paths.iter().filter_map(|path| path.find(object)?.strings())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_strings_and_lists_of_strings_grant() {
        let payload = r#"{"permissions":["a b","c"],"scopes":"d e","groups":"f g","n":7,"m":[1],
            "realm_access":{"roles":["h"]},"resource_access":{"x":{"roles":["i"]},"y":{"roles":["j"]}}}"#;
        let grants = GrantClaims::keycloak("x").scopes("permissions").scopes("scopes");
        let grants = grants.scopes("n").scopes("absent").roles("groups").roles("m");
        let object = Object::read(payload.to_owned()).unwrap();
        let scopes: Vec<_> = grants.scopes_in(&object).collect();
        let roles: Vec<_> = grants.roles_in(&object).collect();
        assert_eq!(scopes, ["a b", "c", "d", "e"]);
        assert_eq!(roles, ["h", "i", "f g"]);
    }
}
