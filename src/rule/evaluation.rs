//! The evaluation of rules.

use super::path_template::PathTemplate;
use super::rule::{Condition, Rule};
use crate::claims::{ClaimPath, ClaimValue, CurrentActor, Grants};

/// A truth value of Kleene's three-valued logic. In this order, `and` is the minimum and `or` the maximum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Truth {
    False,
    Unknown,
    True,
}

impl Rule {
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
            Condition::OwnerInPath(template) => named_in(path, template, grants.subject()),
            Condition::TenantInPath(template) => named_in(path, template, grants.tenant()),
            Condition::Direct => Truth::from(grants.current_actor() == CurrentActor::Absent),
            Condition::Actor(wanted) => match grants.current_actor() {
                CurrentActor::Named(actor) => Truth::from(*actor == **wanted),
                CurrentActor::Absent => Truth::False,
                CurrentActor::Unknown => Truth::Unknown,
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

    /// The first condition on the path or the actor that is not met, as a message.
    pub(crate) fn mismatch(&self, grants: &dyn Grants, path: &str) -> Option<&'static str> {
        match &self.0 {
            Condition::OwnerInPath(template) => match (template.find(path), grants.subject()) {
                (None, _) => Some("the path does not match the owner template"),
                (_, None) => Some("the token has no subject"),
                (Some(named), Some(subject)) if named == subject => None,
                _ => Some("the path belongs to another user"),
            },
            Condition::TenantInPath(template) => match (template.find(path), grants.tenant()) {
                (None, _) => Some("the path does not match the tenant template"),
                (_, None) => Some("the policy of the token's issuer has no `tenant_claim`"),
                (Some(named), Some(tenant)) if named == tenant => None,
                _ => Some("the path belongs to another tenant"),
            },
            Condition::Direct if !self.is_met_by(grants, None) => {
                Some("another party acts for the subject")
            }
            Condition::Actor(_) if !self.is_met_by(grants, None) => {
                Some("the token has another current actor, or none")
            }
            Condition::All(rules) | Condition::Any(rules) => {
                rules.iter().find_map(|rule| rule.mismatch(grants, path))
            }
            _ => None,
        }
    }
}

/// Whether the path names this subject or tenant. Unknown if either is missing.
fn named_in(path: Option<&str>, template: &PathTemplate, wanted: Option<&str>) -> Truth {
    match (path.and_then(|path| template.find(path)), wanted) {
        (Some(named), Some(wanted)) => Truth::from(named == wanted),
        _ => Truth::Unknown,
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

    fn subject(&self) -> Option<&str> {
        self.grants.subject()
    }

    fn tenant(&self) -> Option<&str> {
        self.grants.tenant()
    }

    fn current_actor(&self) -> CurrentActor<'_> {
        self.grants.current_actor()
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
        fn subject(&self) -> Option<&str> {
            Some("ada")
        }
        fn tenant(&self) -> Option<&str> {
            None
        }
        fn current_actor(&self) -> CurrentActor<'_> {
            CurrentActor::Absent
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
