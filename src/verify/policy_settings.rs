//! The settings of a policy, for builders that speak of one issuer.

use std::time::Duration;

use super::builder::VerifierBuilder;
use crate::claims::{ClaimPath, GrantClaims};
use crate::jws::Algorithm;
use crate::jwt::Token;
use crate::policy::Policy;

/// The settings of a [`Policy`], said of the one issuer.
impl<C> VerifierBuilder<C> {
    /// As [`Policy::audience`].
    pub fn audience(self, audience: impl Into<String>) -> Self {
        self.policy(|policy| policy.audience(audience))
    }

    /// As [`Policy::any_audience`].
    pub fn any_audience(self) -> Self {
        self.policy(Policy::any_audience)
    }

    /// As [`Policy::algorithms`].
    pub fn algorithms(self, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        self.policy(|policy| policy.algorithms(algorithms))
    }

    /// As [`Policy::subject`].
    pub fn subject(self, subject: impl Into<String>) -> Self {
        self.policy(|policy| policy.subject(subject))
    }

    /// As [`Policy::leeway`].
    pub fn leeway(self, leeway: Duration) -> Self {
        self.policy(|policy| policy.leeway(leeway))
    }

    /// As [`Policy::max_age`].
    pub fn max_age(self, age: Duration) -> Self {
        self.policy(|policy| policy.max_age(age))
    }

    /// As [`Policy::require_claim`].
    pub fn require_claim(self, claim: impl Into<String>) -> Self {
        self.policy(|policy| policy.require_claim(claim))
    }

    /// As [`Policy::typ`].
    pub fn typ(self, typ: impl Into<String>) -> Self {
        self.policy(|policy| policy.typ(typ))
    }

    /// As [`Policy::grants`].
    pub fn grants(self, claims: GrantClaims) -> Self {
        self.policy(|policy| policy.grants(claims))
    }

    /// As [`Policy::subject_claim`].
    pub fn subject_claim(self, claim: impl Into<ClaimPath>) -> Self {
        self.policy(|policy| policy.subject_claim(claim))
    }

    /// As [`Policy::rfc9068`].
    pub fn rfc9068(self) -> Self {
        self.policy(Policy::rfc9068)
    }

    /// As [`Policy::allow_missing_expiry`].
    pub fn allow_missing_expiry(self) -> Self {
        self.policy(Policy::allow_missing_expiry)
    }

    /// As [`Policy::check_token`].
    pub fn check_token(
        self,
        name: &'static str,
        rule: impl Fn(&Token) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.policy(|policy| policy.check_token(name, rule))
    }
}
