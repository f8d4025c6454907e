//! The claims from which `subject_claim` and `tenant_claim` read.

use super::missing::missing_claim;
use super::policy::Policy;
use super::problem;
use crate::claims::ClaimPath;
use crate::error::{Error, Problem};
use crate::jwt::Token;

impl Policy {
    /// The claim with the subject, if it is not `sub`.
    pub(crate) fn mapped_subject(&self) -> Option<&ClaimPath> {
        self.mapping()?.subject.as_ref()
    }

    /// The claim with the tenant, if there is one.
    pub(crate) fn mapped_tenant(&self) -> Option<&ClaimPath> {
        self.mapping()?.tenant.as_ref()
    }

    /// Checks that a token has a subject, if another claim than `sub` is configured.
    #[inline]
    pub(super) fn check_mapped_subject(&self, token: &Token) -> Result<(), Error> {
        let detail = "the claim of `subject_claim` is missing, or neither a string nor an integer";
        check(self.mapped_subject(), || token.subject(), detail)
    }

    /// Checks that a token has a tenant, if its claim is configured.
    #[inline]
    pub(super) fn check_tenant(&self, token: &Token) -> Result<(), Error> {
        let detail =
            "the claim of `tenant_claim` is missing, empty, or neither a string nor an integer";
        check(self.mapped_tenant(), || token.tenant(), detail)
    }

    /// The names in these claims' paths, each with its setting.
    pub(super) fn mapped_names(&self) -> impl Iterator<Item = (&'static str, &[Box<str>])> {
        let claims =
            [("`subject_claim`", self.mapped_subject()), ("`tenant_claim`", self.mapped_tenant())];
        claims.into_iter().filter_map(|(setting, claim)| Some((setting, claim?.names())))
    }

    /// The problems of paths without a name.
    pub(super) fn empty_paths(&self, of: &str) -> impl Iterator<Item = Problem> {
        let empty = self.mapped_names().filter(|(_, names)| names.is_empty());
        empty.map(move |(setting, _)| problem::empty_value(setting, of))
    }
}

/// Checks that a configured claim has a value. The value is not read if no claim is configured.
#[inline]
fn check<'t>(
    claim: Option<&ClaimPath>,
    value: impl FnOnce() -> Option<&'t str>,
    detail: &'static str,
) -> Result<(), Error> {
    match claim {
        Some(claim) if value().is_none() => Err(missing_claim(claim, detail)),
        _ => Ok(()),
    }
}
