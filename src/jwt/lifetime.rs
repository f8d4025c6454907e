//! How long a token stays valid after its verification.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::token::Token;
use crate::claims::NumericDate;
use crate::clock::Clock;

/// Decides whether a token is known to be revoked, at once.
pub(crate) type Revokes = dyn Fn(&Token) -> bool + Send + Sync;

/// What a token is checked with while its response is sent. There is one for each build of a verifier.
pub(crate) struct Recheck {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) revokes: Option<Box<Revokes>>,
}

/// What limits the validity of the tokens of one issuer after their verification.
pub(crate) struct Lifetime {
    pub(crate) recheck: Arc<Recheck>,
    /// The leeway of the issuer's policy.
    pub(crate) leeway: Duration,
}

impl Lifetime {
    /// The time at which the token expires, leeway included.
    pub(crate) fn end_of(&self, token: &Token) -> Option<NumericDate> {
        Some(token.expires_at()?.saturating_add(self.leeway))
    }
}

impl fmt::Debug for Recheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recheck").field("clock", &self.clock).finish_non_exhaustive()
    }
}

impl fmt::Debug for Lifetime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lifetime").field("leeway", &self.leeway).finish_non_exhaustive()
    }
}
