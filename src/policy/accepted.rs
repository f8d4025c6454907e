//! Proof that a token satisfies its policy.

use std::sync::Arc;

use crate::error::Error;
use crate::jwt::{SignedClaims, TokenBody};

/// A token with a valid signature that satisfies its policy. Only `Policy::accept` creates it. It owns the
/// claims that were checked, so they cannot be replaced later.
pub(crate) struct Accepted<C>(SignedClaims<C>);

impl<C> Accepted<C> {
    pub(super) fn new(signed: SignedClaims<C>) -> Self {
        Self(signed)
    }

    /// The token and its claims.
    ///
    /// # Errors
    ///
    /// The claims do not fit `C`. This is reported only here, so that the policy is checked first.
    pub(crate) fn into_body(self) -> Result<Arc<TokenBody<C>>, Error> {
        self.0.into_body()
    }
}
