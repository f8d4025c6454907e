//! Proof that a policy was met.

use crate::error::Error;
use crate::jws::{SignedClaims, TokenInfo};

/// A token whose signature is right and whose policy is met. Made by `Policy::accept` alone; it
/// carries the claims it vouches for, so that they cannot be exchanged on the way.
pub(crate) struct Accepted<C> {
    info: TokenInfo,
    claims: Result<C, Error>,
}

impl<C> Accepted<C> {
    pub(super) fn new(signed: SignedClaims<C>) -> Self {
        Self { info: signed.info, claims: signed.claims }
    }

    /// The token and its claims.
    ///
    /// # Errors
    ///
    /// The claims type's own failure, which has waited until here so that the policy came first.
    pub(crate) fn into_parts(self) -> Result<(TokenInfo, C), Error> {
        let Self { info, claims } = self;
        claims.map(|claims| (info, claims))
    }
}
