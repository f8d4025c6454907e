//! The problems of scopes that imply others.

use super::policy::Policy;
use super::problem;
use crate::claims::is_scope;
use crate::error::{Problem, quoted};

impl Policy {
    /// Scopes that no token can have, and scopes that imply themselves.
    pub(super) fn scope_problems(&self, of: &str) -> Vec<Problem> {
        let Some(mapping) = self.mapping() else { return Vec::new() };
        let names = mapping.scopes.names().into_iter();
        let malformed = names.filter(|scope| !is_scope(scope)).map(|scope| {
            if scope.is_empty() {
                problem::empty_value("scope", of)
            } else {
                problem::malformed_scope(scope, of)
            }
        });
        let cyclic: Vec<_> = mapping.scopes.cyclic().map(|it| quoted(it).to_string()).collect();
        let cyclic = (!cyclic.is_empty()).then(|| problem::cyclic_scopes(&cyclic.join(", "), of));
        malformed.chain(cyclic).collect()
    }
}
