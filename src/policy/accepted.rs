//! Proof that a policy was met.

use std::sync::Arc;

use crate::error::Error;
use crate::jwt::{SignedClaims, TokenBody};

/// A token whose signature is right and whose policy is met. Made by `Policy::accept` alone; it
/// carries the claims it vouches for, so that they cannot be exchanged on the way.
pub(crate) struct Accepted<C>(SignedClaims<C>);

impl<C> Accepted<C> {
    pub(super) fn new(signed: SignedClaims<C>) -> Self {
        Self(signed)
    }

    /// The token and its claims.
    ///
    /// # Errors
    ///
    /// The claims type's own failure, which has waited until here so that the policy came first.
    pub(crate) fn into_body(self) -> Result<Arc<TokenBody<C>>, Error> {
        self.0.into_body()
    }
}
