//! The claims that scopes and roles are read from.

use super::path::ClaimPath;
use crate::json::{Object, Strings, Value};

/// Additional claims from which an issuer's scopes and roles are read.
///
/// Scopes are always read from `scope` (RFC 8693 §4.2) and `scp`, roles from `roles` (RFC 9068 §2.2.3.1). Pass the
/// additional claims to [`Policy::grants`](crate::Policy::grants). For a nested claim, pass a list of names:
/// `["realm_access", "roles"]`. A string with dots is a single name, and `*` is a name like any other. A claim that is
/// neither a string nor a list of strings grants nothing.
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
    roles: Vec<RoleClaim>,
}

/// A claim with roles.
#[derive(Clone, Debug, PartialEq, Eq)]
enum RoleClaim {
    /// The strings at this path.
    Strings(ClaimPath),
    /// The names of the members of the object at this path.
    Keys(ClaimPath),
    /// The strings at the second path, in each member of the object at the first one.
    OfEach(ClaimPath, ClaimPath),
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
        self.roles.push(RoleClaim::Strings(claim.into()));
        self
    }

    /// Also reads roles from the keys of this claim, an object.
    ///
    /// A key is a role if its value is `true` or an object that is not empty: in `{"admin": {"org-1": "acme"}, "clerk":
    /// false}`, only `admin` is one. An object with a duplicate key grants nothing.
    ///
    /// If the values name the organizations in which the user has the role, a role of any organization is granted.
    ///
    /// ```
    /// use serde_json::json;
    /// use tower_jwt_auth::{Verifier, claims::GrantClaims, testing::TestIssuer};
    ///
    /// let issuer = TestIssuer::hs256();
    /// let grants = GrantClaims::new().role_keys("app_roles");
    /// let verifier = Verifier::shared_secret(issuer.secret()).any_audience().grants(grants).build()?;
    /// let token = issuer.token().claim("app_roles", json!({"clerk": true, "admin": false})).mint();
    /// let user = verifier.verify_now(&token)?;
    /// assert!(user.has_role("clerk") && !user.has_role("admin"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn role_keys(mut self, claim: impl Into<ClaimPath>) -> Self {
        self.roles.push(RoleClaim::Keys(claim.into()));
        self
    }

    /// Also reads roles from each member of an object: those at the path `roles` inside of the member.
    ///
    /// With `roles_of_each("resource_access", "roles")`, the roles of a user at every client of Keycloak are read. They
    /// are not distinguished: **a role `admin` at any client grants `admin` here**. Use it only if the issuer gives one
    /// name the same meaning everywhere. For the roles of one client, call [`roles`](Self::roles) with its name in the
    /// path: `["resource_access", "orders", "roles"]`. An object with a duplicate key grants nothing.
    ///
    /// ```
    /// use serde_json::json;
    /// use tower_jwt_auth::{Verifier, claims::GrantClaims, testing::TestIssuer};
    ///
    /// let issuer = TestIssuer::hs256();
    /// let grants = GrantClaims::new().roles_of_each("resource_access", "roles");
    /// let verifier = Verifier::shared_secret(issuer.secret()).any_audience().grants(grants).build()?;
    /// let access = json!({"orders": {"roles": ["clerk"]}, "billing": {"roles": ["auditor"]}});
    /// let user = verifier.verify_now(&issuer.token().claim("resource_access", access).mint())?;
    /// assert!(user.has_role("clerk") && user.has_role("auditor") && !user.has_role("orders"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn roles_of_each(
        mut self,
        object: impl Into<ClaimPath>,
        roles: impl Into<ClaimPath>,
    ) -> Self {
        self.roles.push(RoleClaim::OfEach(object.into(), roles.into()));
        self
    }

    /// The scopes in these claims.
    pub(crate) fn scopes_in<'a>(&'a self, object: &'a Object) -> impl Iterator<Item = &'a str> {
        let found = self.scopes.iter().filter_map(|path| path.find(object)?.strings());
        found.flat_map(Strings::words)
    }

    /// The roles in these claims.
    pub(crate) fn roles_in<'a>(&'a self, object: &'a Object) -> impl Iterator<Item = &'a str> {
        self.roles.iter().flat_map(|claim| claim.find(object)).flat_map(Strings::iter)
    }
}

impl RoleClaim {
    /// The roles in this claim. Roles at one path are found without allocating.
    fn find<'a>(&self, object: &'a Object) -> impl Iterator<Item = Strings<'a>> {
        let members = |path: &ClaimPath| path.find(object).map(Value::members).unwrap_or_default();
        let (one, many): (_, Vec<_>) = match self {
            Self::Strings(path) => (path.find(object).and_then(Value::strings), Vec::new()),
            Self::Keys(path) => {
                let granted = members(path).into_iter().filter(|(_, it)| it.is_true_or_members());
                (None, granted.map(|(name, _)| Strings::One(name)).collect())
            }
            Self::OfEach(path, roles) => {
                let values = members(path).into_iter().map(|(_, value)| value);
                (None, values.filter_map(|value| roles.find_in(value)?.strings()).collect())
            }
        };
        one.into_iter().chain(many)
    }
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
