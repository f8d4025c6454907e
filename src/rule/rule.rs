//! Conditions on scopes, roles, claims and paths, and their evaluation.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::path_template::PathTemplate;
use crate::claims::{ClaimPath, ClaimValue, Grants};
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
pub struct Rule(Condition);

#[derive(Clone, Debug)]
enum Condition {
    Scope(Box<str>),
    Role(Box<str>),
    Claim(ClaimPath, Predicate),
    OwnerInPath(PathTemplate),
    All(Vec<Rule>),
    Any(Vec<Rule>),
    Not(Box<Rule>),
}

/// A truth value of Kleene's three-valued logic. In this order, `and` is the minimum and `or` the maximum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Truth {
    False,
    Unknown,
    True,
}

#[derive(Clone)]
struct Predicate(Arc<dyn Fn(&Value) -> bool + Send + Sync>);

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
    /// If the path does not match, neither the rule nor its [`not`](Self::not) permits. The same applies to a path
    /// with a `.` or `..` segment, encoded or not, because a program that resolves it could return another user's
    /// data. It also applies to [`permits`](Self::permits), which has no path.
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
        match template.problem() {
            Some(problem) => Err(BuildError::new(problem)),
            None => Ok(Self(Condition::OwnerInPath(template))),
        }
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

    /// Whether these grants meet the rule.
    pub(crate) fn is_met_by(&self, grants: &dyn Grants, path: Option<&str>) -> bool {
        self.truth(grants, path) == Truth::True
    }

    fn truth(&self, grants: &dyn Grants, path: Option<&str>) -> Truth {
        match &self.0 {
            Condition::Scope(scope) => Truth::from(!scope.is_empty() && grants.has_scope(scope)),
            Condition::Role(role) => Truth::from(!role.is_empty() && grants.has_role(role)),
            Condition::Claim(path, predicate) => match grants.claim(path) {
                ClaimValue::Present(value) => Truth::from((predicate.0)(&value)),
                ClaimValue::Absent => Truth::False,
                ClaimValue::Unknown => Truth::Unknown,
            },
            Condition::OwnerInPath(template) => match path.and_then(|path| template.find(path)) {
                Some(owner) => Truth::from(grants.owns(&owner)),
                None => Truth::Unknown,
            },
            Condition::All(rules) => Truth::all(rules.iter().map(|rule| rule.truth(grants, path))),
            Condition::Any(rules) => Truth::any(rules.iter().map(|rule| rule.truth(grants, path))),
            Condition::Not(rule) => rule.truth(grants, path).not(),
        }
    }

    /// Whether these grants would meet the rule if they had all of its scopes. A client can then request a token with
    /// more scopes.
    pub(crate) fn lacks_only_scopes(&self, grants: &dyn Grants, path: Option<&str>) -> bool {
        let scopes = self.scopes();
        !scopes.is_empty() && self.is_met_by(&WithScopes { grants, scopes }, path)
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
            | Condition::Not(_) => {}
        }
    }

    /// The first condition on the path that is not met, as a message.
    pub(crate) fn path_mismatch(&self, grants: &dyn Grants, path: &str) -> Option<&'static str> {
        match &self.0 {
            Condition::OwnerInPath(template) => match template.find(path) {
                Some(owner) if grants.owns(&owner) => None,
                Some(_) => Some("the path belongs to another user"),
                None => Some("the path does not match the owner template"),
            },
            Condition::All(rules) | Condition::Any(rules) => {
                rules.iter().find_map(|rule| rule.path_mismatch(grants, path))
            }
            _ => None,
        }
    }
}

impl Truth {
    /// The minimum. Stops at the first `False`.
    fn all(mut truths: impl Iterator<Item = Self>) -> Self {
        let minimum = |minimum: Self, truth: Self| match minimum.min(truth) {
            Self::False => None,
            other => Some(other),
        };
        truths.try_fold(Self::True, minimum).unwrap_or(Self::False)
    }

    /// The maximum. Stops at the first `True`.
    fn any(truths: impl Iterator<Item = Self>) -> Self {
        Self::all(truths.map(Self::not)).not()
    }

    const fn not(self) -> Self {
        match self {
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
            Self::True => Self::False,
        }
    }
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }
}

impl fmt::Debug for Predicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("..")
    }
}

/// Grants with additional scopes.
struct WithScopes<'a> {
    grants: &'a dyn Grants,
    scopes: Vec<&'a str>,
}

impl Grants for WithScopes<'_> {
    fn has_scope(&self, scope: &str) -> bool {
        self.scopes.contains(&scope) || self.grants.has_scope(scope)
    }

    fn has_role(&self, role: &str) -> bool {
        self.grants.has_role(role)
    }

    fn claim(&self, path: &ClaimPath) -> ClaimValue {
        self.grants.claim(path)
    }

    fn owns(&self, owner: &str) -> bool {
        self.grants.owns(owner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Granted(&'static [&'static str], &'static [&'static str]);

    impl Grants for Granted {
        fn has_scope(&self, scope: &str) -> bool {
            self.0.contains(&scope)
        }
        fn has_role(&self, role: &str) -> bool {
            self.1.contains(&role)
        }
        fn claim(&self, path: &ClaimPath) -> ClaimValue {
            if *path == ClaimPath::from("hidden") {
                return ClaimValue::Unknown;
            }
            (*path == ClaimPath::from("level")).then(|| 7.into()).into()
        }
        fn owns(&self, owner: &str) -> bool {
            owner == "ada"
        }
    }

    #[test]
    fn rules_combine_scopes_roles_and_claims() {
        let granted = Granted(&["a", "b", ""], &["clerk", ""]);
        for (rule, permitted) in [
            (Rule::scope("a"), true),
            (Rule::scope("c"), false),
            (Rule::scope("clerk"), false),
            (Rule::scope(""), false),
            (Rule::role(""), false),
            (Rule::role("clerk"), true),
            (Rule::role("a"), false),
            (Rule::all_scopes(["a", "b"]), true),
            (Rule::all_scopes(["a", "c"]), false),
            (Rule::all_scopes([] as [&str; 0]), false),
            (Rule::any_scope(["c", "b"]), true),
            (Rule::any_scope([] as [&str; 0]), false),
            (Rule::scope("a").and(Rule::role("boss")), false),
            (Rule::scope("c").or(Rule::role("clerk")), true),
            (Rule::role("guest").not(), true),
            (Rule::scope("a").not(), false),
            (Rule::any_role(["boss", "clerk"]), true),
            (Rule::any_role([] as [&str; 0]), false),
            (Rule::authenticated(), true),
            (Rule::authenticated().not(), false),
            (Rule::claim("level", |level| level == 7), true),
            (Rule::claim("level", |level| level == "7"), false),
            (Rule::claim("absent", |_| true), false),
            (Rule::claim("absent", |_| true).not(), true),
        ] {
            assert_eq!(rule.is_met_by(&granted, None), permitted, "{rule:?}");
        }
    }

    /// A rule that evaluates to this value.
    fn rule(truth: Truth) -> Rule {
        match truth {
            Truth::False => Rule::claim("level", |level| level == 8),
            Truth::Unknown => Rule::claim("hidden", |_| true),
            Truth::True => Rule::claim("level", |level| level == 7),
        }
    }

    #[test]
    fn unknown_conditions_follow_kleenes_truth_tables() {
        use Truth::{False as F, True as T, Unknown as U};
        let granted = Granted(&[], &[]);
        for (one, other, and, or) in [
            (F, F, F, F),
            (F, U, F, U),
            (F, T, F, T),
            (U, F, F, U),
            (U, U, U, U),
            (U, T, U, T),
            (T, F, F, T),
            (T, U, U, T),
            (T, T, T, T),
        ] {
            // A true rule permits, a false one permits when negated, an unknown one never permits.
            for (combined, expected) in
                [(rule(one).and(rule(other)), and), (rule(one).or(rule(other)), or)]
            {
                let permits = combined.is_met_by(&granted, None);
                let negation_permits = combined.not().is_met_by(&granted, None);
                assert_eq!(permits, expected == T, "{one:?} {other:?}");
                assert_eq!(negation_permits, expected == F, "not: {one:?} {other:?}");
            }
        }
    }

    #[test]
    fn neither_an_unknown_claim_nor_its_negation_permits() {
        let granted = Granted(&["a"], &["clerk"]);
        let hidden = || rule(Truth::Unknown);
        for (rule, permitted) in [
            (hidden(), false),
            (hidden().not(), false),
            (hidden().not().not(), false),
            (hidden().and(hidden().not()), false),
            (hidden().or(hidden().not()), false),
            (Rule::scope("a").and(hidden().not()), false),
            (Rule::scope("a").or(hidden().not()), true),
            (Rule::scope("b").and(hidden()).not(), true),
            (Rule::scope("a").and(hidden()).not(), false),
            (Rule::scope("b").or(hidden()).not(), false),
        ] {
            assert_eq!(rule.is_met_by(&granted, None), permitted, "{rule:?}");
        }
        // More scopes do not help where a claim is unknown.
        assert!(!Rule::scope("b").and(hidden().not()).lacks_only_scopes(&granted, None));
        assert!(Rule::scope("b").or(hidden()).lacks_only_scopes(&granted, None));
    }

    #[test]
    fn negated_scopes_are_not_listed() {
        let rule = Rule::all_scopes(["a", "b"])
            .and(Rule::scope("a").or(Rule::role("c")))
            .and(Rule::scope("d").not());
        assert_eq!(rule.scopes(), ["a", "b"]);
    }

    #[test]
    fn more_scopes_help_if_nothing_else_is_missing() {
        let granted = Granted(&["a"], &["clerk"]);
        for (rule, helps) in [
            (Rule::scope("b"), true),
            (Rule::all_scopes(["a", "b"]), true),
            (Rule::scope("b").and(Rule::role("clerk")), true),
            (Rule::scope("b").and(Rule::role("boss")), false),
            (Rule::scope("b").or(Rule::role("boss")), true),
            (Rule::role("boss"), false),
            (Rule::scope("a").not(), false),
            (Rule::scope("b").and(Rule::scope("a").not()), false),
            (Rule::any_scope([] as [&str; 0]), false),
        ] {
            assert!(!rule.is_met_by(&granted, None), "{rule:?}");
            assert_eq!(rule.lacks_only_scopes(&granted, None), helps, "{rule:?}");
        }
    }
}
