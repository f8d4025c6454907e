//! What a bearer must have been granted: data, read by enforcement, challenges and documents alike.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::claims::{ClaimPath, Grants};

/// A condition on scopes, roles and claims.
///
/// Rules are values: the same one decides, names the missing scopes in the challenge (RFC 6750 §3.1)
/// and describes itself in API documents.
///
/// ```
/// use tower_jwt_auth::{Rule, claims::Grants};
///
/// struct Reader;
/// impl Grants for Reader {
///     fn has_scope(&self, scope: &str) -> bool {
///         scope == "orders:read"
///     }
///     fn has_role(&self, _: &str) -> bool {
///         false
///     }
/// }
///
/// assert!(Rule::scope("orders:read").or(Rule::role("admin")).permits(&Reader));
/// assert!(!Rule::all_scopes(["orders:read", "orders:write"]).permits(&Reader));
/// ```
#[derive(Clone, Debug)]
#[must_use = "a rule does nothing until it is put into a layer or asked"]
pub struct Rule(Condition);

#[derive(Clone, Debug)]
enum Condition {
    Scope(Box<str>),
    Role(Box<str>),
    Claim(ClaimPath, Predicate),
    All(Vec<Rule>),
    Any(Vec<Rule>),
    Not(Box<Rule>),
}

#[derive(Clone)]
struct Predicate(Arc<dyn Fn(&Value) -> bool + Send + Sync>);

impl Rule {
    /// Anybody whose token was verified.
    pub const fn authenticated() -> Self {
        Self(Condition::All(Vec::new()))
    }

    /// This scope was granted. It is one scope: `"a b"` is not two of them, see
    /// [`all_scopes`](Self::all_scopes). An empty name is more likely a missing setting than a scope, and
    /// nobody has it.
    pub fn scope(scope: impl Into<String>) -> Self {
        Self(Condition::Scope(scope.into().into()))
    }

    /// All of these scopes were granted. An empty list is more likely a missing setting than a permit
    /// for everybody: nobody meets it. [`authenticated`](Self::authenticated) says the other thing.
    pub fn all_scopes<I: IntoIterator<Item = T>, T: Into<String>>(scopes: I) -> Self {
        let scopes: Vec<_> = scopes.into_iter().map(Self::scope).collect();
        Self(if scopes.is_empty() { Condition::Any(scopes) } else { Condition::All(scopes) })
    }

    /// At least one of these scopes was granted. Of no scopes at all, none can be.
    pub fn any_scope<I: IntoIterator<Item = T>, T: Into<String>>(scopes: I) -> Self {
        Self(Condition::Any(scopes.into_iter().map(Self::scope).collect()))
    }

    /// This role was granted. Nobody has one without a name.
    pub fn role(role: impl Into<String>) -> Self {
        Self(Condition::Role(role.into().into()))
    }

    /// At least one of these roles was granted. Of no roles at all, none can be.
    pub fn any_role<I: IntoIterator<Item = T>, T: Into<String>>(roles: I) -> Self {
        Self(Condition::Any(roles.into_iter().map(Self::role).collect()))
    }

    /// A claim is there and this says yes to its value.
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

    /// Both this rule and the other.
    pub fn and(self, other: Self) -> Self {
        Self(Condition::All(vec![self, other]))
    }

    /// This rule or the other.
    pub fn or(self, other: Self) -> Self {
        Self(Condition::Any(vec![self, other]))
    }

    /// Not what this rule says.
    ///
    /// It permits wherever the rule does not, so also where the claim is missing or of a shape that cannot
    /// be read. Rules that keep somebody out are only as good as the issuer's habit of saying so.
    #[allow(clippy::should_implement_trait)] // a rule reads `Rule::role("guest").not()`
    pub fn not(self) -> Self {
        Self(Condition::Not(Box::new(self)))
    }

    /// Whether somebody with these grants meets the rule.
    pub fn permits(&self, grants: &dyn Grants) -> bool {
        match &self.0 {
            Condition::Scope(scope) => !scope.is_empty() && grants.has_scope(scope),
            Condition::Role(role) => !role.is_empty() && grants.has_role(role),
            Condition::Claim(path, predicate) => {
                grants.claim(path).is_some_and(|value| (predicate.0)(&value))
            }
            Condition::All(rules) => rules.iter().all(|rule| rule.permits(grants)),
            Condition::Any(rules) => rules.iter().any(|rule| rule.permits(grants)),
            Condition::Not(rule) => !rule.permits(grants),
        }
    }

    /// Whether somebody with these grants would meet the rule once they had all its scopes, so that it
    /// helps them to ask for a token with more of them.
    pub(crate) fn lacks_only_scopes(&self, grants: &dyn Grants) -> bool {
        let scopes = self.scopes();
        !scopes.is_empty() && self.permits(&WithScopes { grants, scopes })
    }

    /// The scopes that the rule asks for, each once, in the order of the rule.
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
            // A scope that must not be there is none to ask for.
            Condition::Scope(_) | Condition::Role(_) | Condition::Claim(..) | Condition::Not(_) => {
            }
        }
    }
}

impl fmt::Debug for Predicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("..")
    }
}

/// Somebody's grants, and some scopes on top.
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

    fn claim(&self, path: &ClaimPath) -> Option<Value> {
        self.grants.claim(path)
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
        fn claim(&self, path: &ClaimPath) -> Option<Value> {
            (*path == ClaimPath::from("level")).then(|| 7.into())
        }
    }

    #[test]
    fn rules_combine_as_they_read() {
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
        ] {
            assert_eq!(rule.permits(&granted), permitted, "{rule:?}");
        }
    }

    #[test]
    fn the_scopes_to_ask_for_leave_out_the_forbidden_ones() {
        let rule = Rule::all_scopes(["a", "b"])
            .and(Rule::scope("a").or(Rule::role("c")))
            .and(Rule::scope("d").not());
        assert_eq!(rule.scopes(), ["a", "b"]);
    }

    #[test]
    fn more_scopes_help_where_nothing_else_is_amiss() {
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
            assert!(!rule.permits(&granted), "{rule:?}");
            assert_eq!(rule.lacks_only_scopes(&granted), helps, "{rule:?}");
        }
    }
}
