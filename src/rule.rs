//! What a bearer must have been granted: data, read by enforcement, challenges and documents alike.

use crate::claims::Grants;

/// A condition on scopes and roles.
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
    All(Vec<Rule>),
    Any(Vec<Rule>),
    Not(Box<Rule>),
}

impl Rule {
    /// This scope was granted.
    pub fn scope(scope: impl Into<String>) -> Self {
        Self(Condition::Scope(scope.into().into()))
    }

    /// All of these scopes were granted.
    pub fn all_scopes<I: IntoIterator<Item = T>, T: Into<String>>(scopes: I) -> Self {
        Self(Condition::All(scopes.into_iter().map(Self::scope).collect()))
    }

    /// At least one of these scopes was granted. Of no scopes at all, none can be.
    pub fn any_scope<I: IntoIterator<Item = T>, T: Into<String>>(scopes: I) -> Self {
        Self(Condition::Any(scopes.into_iter().map(Self::scope).collect()))
    }

    /// This role was granted.
    pub fn role(role: impl Into<String>) -> Self {
        Self(Condition::Role(role.into().into()))
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
    #[allow(clippy::should_implement_trait)] // a rule reads `Rule::role("guest").not()`
    pub fn not(self) -> Self {
        Self(Condition::Not(Box::new(self)))
    }

    /// Whether somebody with these grants meets the rule.
    pub fn permits(&self, grants: &dyn Grants) -> bool {
        match &self.0 {
            Condition::Scope(scope) => grants.has_scope(scope),
            Condition::Role(role) => grants.has_role(role),
            Condition::All(rules) => rules.iter().all(|rule| rule.permits(grants)),
            Condition::Any(rules) => rules.iter().any(|rule| rule.permits(grants)),
            Condition::Not(rule) => !rule.permits(grants),
        }
    }

    /// The scopes that the rule asks for, each once, in the order of the rule.
    pub fn scopes(&self) -> Vec<&str> {
        let mut scopes = Vec::new();
        self.collect_scopes(&mut scopes);
        scopes
    }

    fn collect_scopes<'a>(&'a self, to: &mut Vec<&'a str>) {
        match &self.0 {
            Condition::Scope(scope) if !to.contains(&scope.as_ref()) => to.push(scope),
            Condition::All(rules) | Condition::Any(rules) => {
                for rule in rules {
                    rule.collect_scopes(to);
                }
            }
            // A scope that must not be there is none to ask for.
            Condition::Scope(_) | Condition::Role(_) | Condition::Not(_) => {}
        }
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
    }

    #[test]
    fn rules_combine_as_they_read() {
        let granted = Granted(&["a", "b"], &["clerk"]);
        for (rule, permitted) in [
            (Rule::scope("a"), true),
            (Rule::scope("c"), false),
            (Rule::scope("clerk"), false),
            (Rule::role("clerk"), true),
            (Rule::role("a"), false),
            (Rule::all_scopes(["a", "b"]), true),
            (Rule::all_scopes(["a", "c"]), false),
            (Rule::any_scope(["c", "b"]), true),
            (Rule::any_scope([] as [&str; 0]), false),
            (Rule::scope("a").and(Rule::role("boss")), false),
            (Rule::scope("c").or(Rule::role("clerk")), true),
            (Rule::role("guest").not(), true),
            (Rule::scope("a").not(), false),
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
}
