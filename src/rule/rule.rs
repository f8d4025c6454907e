//! Conditions on scopes, roles, claims and paths.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::path_template::PathTemplate;
use crate::claims::ClaimPath;
use crate::error::BuildError;

/// A condition on scopes, roles, claims and the request path.
///
/// One rule has three uses: a [`RequireLayer`](crate::RequireLayer) enforces it, the challenge names its scopes
/// (RFC 6750 §3.1), and [`openapi`](crate::openapi) documents them.
///
/// ```
/// use tower_jwt_auth::{Rule, Verifier, testing::TestIssuer};
///
/// let issuer = TestIssuer::hs256();
/// let verifier = Verifier::shared_secret(issuer.secret()).any_audience().build()?;
/// let token = issuer.token().claim("scope", "orders:read").mint();
/// let reader = verifier.verify_now(&token)?.identity();
///
/// assert!(Rule::scope("orders:read").or(Rule::role("admin")).permits(&reader));
/// assert!(!Rule::all_scopes(["orders:read", "orders:write"]).permits(&reader));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a rule does nothing until a layer or `permits` evaluates it"]
pub struct Rule(pub(super) Condition);

#[derive(Clone, Debug)]
pub(super) enum Condition {
    Scope(Box<str>),
    Role(Box<str>),
    Claim(ClaimPath, Predicate),
    OwnerInPath(PathTemplate),
    TenantInPath(PathTemplate),
    Direct,
    Actor(Box<str>),
    All(Vec<Rule>),
    Any(Vec<Rule>),
    Not(Box<Rule>),
}

#[derive(Clone)]
pub(super) struct Predicate(pub(super) Arc<dyn Fn(&Value) -> bool + Send + Sync>);

impl Rule {
    /// Permits every verified token.
    pub const fn authenticated() -> Self {
        Self(Condition::All(Vec::new()))
    }

    /// Requires this scope.
    ///
    /// The name is a single scope. For two scopes, use [`all_scopes`](Self::all_scopes) and not `"a b"`. An empty name
    /// never permits, because it is probably a missing setting.
    pub fn scope(scope: impl Into<String>) -> Self {
        Self(Condition::Scope(scope.into().into()))
    }

    /// Requires all of these scopes.
    ///
    /// An empty list never permits, because it is probably a missing setting. To require only a valid token, use
    /// [`authenticated`](Self::authenticated).
    pub fn all_scopes<I: IntoIterator<Item = T>, T: Into<String>>(scopes: I) -> Self {
        let scopes: Vec<_> = scopes.into_iter().map(Self::scope).collect();
        Self(if scopes.is_empty() { Condition::Any(scopes) } else { Condition::All(scopes) })
    }

    /// Requires at least one of these scopes. An empty list never permits.
    pub fn any_scope<I: IntoIterator<Item = T>, T: Into<String>>(scopes: I) -> Self {
        Self(Condition::Any(scopes.into_iter().map(Self::scope).collect()))
    }

    /// Requires this role. An empty name never permits.
    pub fn role(role: impl Into<String>) -> Self {
        Self(Condition::Role(role.into().into()))
    }

    /// Requires at least one of these roles. An empty list never permits.
    pub fn any_role<I: IntoIterator<Item = T>, T: Into<String>>(roles: I) -> Self {
        Self(Condition::Any(roles.into_iter().map(Self::role).collect()))
    }

    /// Requires that a claim is present and that `predicate` returns true for its value.
    ///
    /// For a nested claim, pass a list of names: `["realm_access", "blocked"]`. A string with dots is a single name.
    /// If the token lacks the claim, the rule's [`not`](Self::not) permits. If the claim is unknown, neither the rule
    /// nor its `not` permits. A claim is unknown if it is hidden ([`Policy::hide_claims`](crate::Policy::hide_claims)),
    /// or if an object in the token contains its name more than once.
    ///
    /// ```
    /// use tower_jwt_auth::Rule;
    ///
    /// let rule = Rule::claim("email_verified", |verified| verified == true);
    /// # let _ = rule;
    /// ```
    pub fn claim(
        claim: impl Into<ClaimPath>,
        predicate: impl Fn(&Value) -> bool + Send + Sync + 'static,
    ) -> Self {
        Self(Condition::Claim(claim.into(), Predicate(Arc::new(predicate))))
    }

    /// Requires that one segment of the request's path is the token's subject.
    ///
    /// `/users/{user_id}/todos` compares the second segment, percent-decoded once, with
    /// [`Token::subject`](crate::Token::subject).
    ///
    /// The template is matched from the start of the path, and the path may be longer. All segments except the one in
    /// braces must be equal. The name in braces is only a label. The path is the one that the
    /// [`RequireLayer`](crate::RequireLayer) receives: axum's `nest` has removed its prefix.
    ///
    /// If the path does not match, or if the token has no subject, neither the rule nor its [`not`](Self::not)
    /// permits. The same applies to a path with a `.` or `..` segment, encoded or not, because a program that resolves
    /// it could return another user's data. It also applies to [`permits`](Self::permits), which has no path.
    ///
    /// A subject is unique only within its issuer (RFC 7519 §4.1.2). With several issuers, also require the issuer of
    /// these users, with `.and(Rule::claim("iss", ..))`.
    ///
    /// ```
    /// # futures_util::future::FutureExt::now_or_never(async {
    /// use http::{Request, Response, StatusCode};
    /// use tower::{ServiceBuilder, ServiceExt};
    /// use tower_jwt_auth::{JwtAuthLayer, RequireLayer, Rule, Verifier, testing::TestIssuer};
    ///
    /// let issuer = TestIssuer::hs256();
    /// let verifier = Verifier::shared_secret(issuer.secret()).any_audience().build()?;
    /// let rule = Rule::owner_in_path("/users/{user_id}/todos")?.or(Rule::role("admin"));
    /// let service = ServiceBuilder::new()
    ///     .layer(JwtAuthLayer::new(verifier))
    ///     .layer(RequireLayer::new(rule))
    ///     .service_fn(async |_: Request<()>| {
    ///         Ok::<_, std::convert::Infallible>(Response::new(http_body_util::Empty::<bytes::Bytes>::new()))
    ///     });
    /// let get = |path, token: &str| {
    ///     Request::get(path).header("authorization", format!("Bearer {token}")).body(())
    /// };
    ///
    /// let ada = issuer.token().subject("ada").mint();
    /// assert_eq!(service.clone().oneshot(get("/users/ada/todos/7", &ada)?).await?.status(), StatusCode::OK);
    /// let rejected = service.clone().oneshot(get("/users/bob/todos/7", &ada)?).await?;
    /// assert_eq!(rejected.status(), StatusCode::FORBIDDEN);
    ///
    /// let admin = issuer.token().subject("eve").claim("roles", ["admin"]).mint();
    /// assert_eq!(service.oneshot(get("/users/bob/todos/7", &admin)?).await?.status(), StatusCode::OK);
    /// assert!(Rule::owner_in_path("/users").is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).expect("the future is ready")?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The template does not begin with a slash, or does not have exactly one segment in braces.
    pub fn owner_in_path(template: impl AsRef<str>) -> Result<Self, BuildError> {
        let template = PathTemplate::new(template.as_ref());
        match template.problem("owner") {
            Some(problem) => Err(BuildError::new(problem)),
            None => Ok(Self(Condition::OwnerInPath(template))),
        }
    }

    /// Requires that one segment of the request's path is the token's tenant.
    ///
    /// `/orgs/{org}/orders` compares the second segment, percent-decoded once, with
    /// [`Token::tenant`](crate::Token::tenant). [`Policy::tenant_claim`](crate::Policy::tenant_claim) names the claim.
    ///
    /// Templates and paths follow the rules of [`owner_in_path`](Self::owner_in_path). If the path does not match, or if
    /// the issuer's policy has no tenant claim, neither the rule nor its [`not`](Self::not) permits.
    ///
    /// A tenant is unique only within its issuer. With several issuers, also require the issuer of these tenants, with
    /// `.and(Rule::claim("iss", ..))`.
    ///
    /// ```
    /// # futures_util::future::FutureExt::now_or_never(async {
    /// use http::{Request, Response, StatusCode};
    /// use tower::{ServiceBuilder, ServiceExt};
    /// use tower_jwt_auth::{JwtAuthLayer, RequireLayer, Rule, Verifier, testing::TestIssuer};
    ///
    /// let issuer = TestIssuer::hs256();
    /// let verifier =
    ///     Verifier::shared_secret(issuer.secret()).any_audience().tenant_claim("org_id").build()?;
    /// let rule = Rule::tenant_in_path("/orgs/{org}/orders")?.and(Rule::scope("orders:read"));
    /// let service = ServiceBuilder::new()
    ///     .layer(JwtAuthLayer::new(verifier))
    ///     .layer(RequireLayer::new(rule))
    ///     .service_fn(async |_: Request<()>| {
    ///         Ok::<_, std::convert::Infallible>(Response::new(http_body_util::Empty::<bytes::Bytes>::new()))
    ///     });
    /// let token = issuer.token().claim("org_id", "acme").scope("orders:read").mint();
    /// let get = |path| Request::get(path).header("authorization", format!("Bearer {token}")).body(());
    ///
    /// assert_eq!(service.clone().oneshot(get("/orgs/acme/orders/7")?).await?.status(), StatusCode::OK);
    /// let rejected = service.oneshot(get("/orgs/globex/orders/7")?).await?;
    /// assert_eq!(rejected.status(), StatusCode::FORBIDDEN);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).expect("the future is ready")?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The template does not begin with a slash, or does not have exactly one segment in braces.
    pub fn tenant_in_path(template: impl AsRef<str>) -> Result<Self, BuildError> {
        let template = PathTemplate::new(template.as_ref());
        match template.problem("tenant") {
            Some(problem) => Err(BuildError::new(problem)),
            None => Ok(Self(Condition::TenantInPath(template))),
        }
    }

    /// Requires that no other party acts for the subject: the token has no `act` claim (RFC 8693 §4.1).
    ///
    /// A token with an `act` of any form is not direct, also if the claim is null or [hidden][hide]. If the issuer
    /// records an impersonation in another claim, check that claim as well.
    ///
    /// ```
    /// use serde_json::json;
    /// use tower_jwt_auth::{Error, Rule, Verifier, testing::TestIssuer};
    ///
    /// let issuer = TestIssuer::hs256();
    /// let verifier = Verifier::shared_secret(issuer.secret()).any_audience().build()?;
    /// let permits = |rule: Rule, token: &str| -> Result<bool, Error> {
    ///     Ok(rule.permits(&verifier.verify_now(token)?.identity()))
    /// };
    /// let user = issuer.token().subject("ada").mint();
    /// let service = issuer.token().subject("ada").claim("act", json!({"sub": "billing"})).mint();
    /// assert!(permits(Rule::direct(), &user)? && !permits(Rule::direct(), &service)?);
    /// assert!(permits(Rule::actor("billing"), &service)? && !permits(Rule::actor("billing"), &user)?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// [hide]: crate::Policy::hide_claims
    pub const fn direct() -> Self {
        Self(Condition::Direct)
    }

    /// Requires that this party acts for the subject: it is the `sub` of the token's `act` claim (RFC 8693 §4.1).
    ///
    /// Only the current actor counts, not the earlier ones in nested `act` claims. An empty name never permits. If the
    /// token does not name the current actor by a string, or names one of another issuer (`iss` inside of `act`),
    /// neither the rule nor its [`not`](Self::not) permits.
    ///
    /// To also permit the subject itself, write `Rule::direct().or(Rule::actor("billing"))`.
    pub fn actor(subject: impl Into<String>) -> Self {
        Self(Condition::Actor(subject.into().into()))
    }

    /// Requires both this rule and the other.
    pub fn and(self, other: Self) -> Self {
        Self(Condition::All(vec![self, other]))
    }

    /// Requires this rule or the other.
    pub fn or(self, other: Self) -> Self {
        Self(Condition::Any(vec![self, other]))
    }

    /// Negates this rule.
    ///
    /// A negated rule also permits tokens in which the claim, scope or role is missing, or has a type that grants
    /// nothing.
    ///
    /// A condition on an unknown [`claim`](Self::claim) is neither true nor false, and neither is its negation.
    /// [`and`](Self::and) and [`or`](Self::or) follow Kleene's three-valued logic. A rule permits only if it is true.
    ///
    /// ```
    /// use tower_jwt_auth::{Error, Rule, Verifier, testing::TestIssuer};
    ///
    /// let issuer = TestIssuer::hs256();
    /// let verifier = Verifier::shared_secret(issuer.secret()).any_audience().build()?;
    /// let active = Rule::claim("suspended", |value| value == true).not();
    /// let permits = |token: &str| -> Result<bool, Error> {
    ///     Ok(active.permits(&verifier.verify_now(token)?.identity()))
    /// };
    /// assert!(permits(&issuer.token().claim("suspended", false).mint())?);
    /// assert!(permits(&issuer.token().mint())?);
    /// assert!(!permits(&issuer.token().claim("suspended", true).mint())?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[allow(clippy::should_implement_trait)] // a rule reads `Rule::role("guest").not()`
    pub fn not(self) -> Self {
        Self(Condition::Not(Box::new(self)))
    }

    /// The scopes that the rule requires, without duplicates, in the order of the rule.
    ///
    /// Scopes under [`not`](Self::not) are left out.
    pub fn scopes(&self) -> Vec<&str> {
        let mut scopes = Vec::new();
        self.collect_scopes(&mut scopes);
        scopes
    }

    fn collect_scopes<'a>(&'a self, to: &mut Vec<&'a str>) {
        match &self.0 {
            Condition::Scope(scope) if !scope.is_empty() && !to.contains(&scope.as_ref()) => {
                to.push(scope);
            }
            Condition::All(rules) | Condition::Any(rules) => {
                for rule in rules {
                    rule.collect_scopes(to);
                }
            }
            // A client must not request a scope that the rule forbids.
            Condition::Scope(_)
            | Condition::Role(_)
            | Condition::Claim(..)
            | Condition::OwnerInPath(_)
            | Condition::TenantInPath(_)
            | Condition::Direct
            | Condition::Actor(_)
            | Condition::Not(_) => {}
        }
    }
}

impl fmt::Debug for Predicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("..")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn negated_scopes_are_not_listed() {
        let rule = Rule::all_scopes(["a", "b"])
            .and(Rule::scope("a").or(Rule::role("c")))
            .and(Rule::scope("d").not());
        assert_eq!(rule.scopes(), ["a", "b"]);
    }
}
