//! What presets set on a builder, and users do not.

use std::sync::Arc;

use super::builder::VerifierBuilder;
use super::issuers::Issuer;
use super::verifier::Hint;
use crate::clock::Clock;

impl<C> VerifierBuilder<C> {
    /// Trusts these issuers, before those of [`trust`](Self::trust). The clock is the one that is set when the
    /// verifier is built.
    pub(crate) fn trust_by_clock(
        mut self,
        issuers: impl FnOnce(Option<Arc<dyn Clock>>) -> Vec<Issuer> + Send + Sync + 'static,
    ) -> Self {
        self.issuers_by_clock = Some(Box::new(issuers));
        self
    }

    /// As [`check`](Self::check), with the clock of the verifier.
    pub(crate) fn check_by_clock(
        mut self,
        name: &'static str,
        check: impl Fn(&C, &dyn Clock) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.checks.push((name, Arc::new(check)));
        self
    }

    /// Asks this for a note to the operator about a rejected token.
    pub(crate) fn hint(mut self, hint: Hint) -> Self {
        self.hint = Some(hint);
        self
    }
}
