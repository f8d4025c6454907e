//! Checks of a token's times.

use std::time::Duration;

use super::missing::missing_claim;
use crate::claims::NumericDate;
use crate::error::{Error, ErrorKind};
use crate::jwt::Token;

/// The time limits of a policy. Leeway is applied once to each comparison; all sums saturate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Times {
    pub(crate) leeway: Duration,
    pub(crate) max_age: Option<Duration>,
    pub(crate) expiry_required: bool,
}

impl Times {
    /// Checks `nbf` (RFC 7519 §4.1.5).
    #[inline]
    pub(super) fn check_start(&self, token: &Token, now: NumericDate) -> Result<(), Error> {
        if token.not_before().is_some_and(|start| now.saturating_add(self.leeway) < start) {
            return Err(ErrorKind::TokenNotYetValid.into());
        }
        Ok(())
    }

    /// Checks the maximum age, if there is one.
    #[inline]
    pub(super) fn check_age(&self, token: &Token, now: NumericDate) -> Result<(), Error> {
        self.max_age.map_or(Ok(()), |max_age| self.check_max_age(max_age, token, now))
    }

    fn check_max_age(
        &self,
        max_age: Duration,
        token: &Token,
        now: NumericDate,
    ) -> Result<(), Error> {
        let Some(issued) = token.issued_at() else {
            return Err(missing_claim("iat", "`iat` is missing"));
        };
        if now.saturating_add(self.leeway) < issued {
            let detail = "`iat` is in the future";
            return Err(Error::new(ErrorKind::TokenNotYetValid).with_detail(detail));
        }
        if now >= issued.saturating_add(max_age.saturating_add(self.leeway)) {
            return Err(ErrorKind::TokenTooOld.into());
        }
        Ok(())
    }

    /// Checks `exp` (RFC 7519 §4.1.4).
    #[inline]
    pub(super) fn check_expiry(&self, token: &Token, now: NumericDate) -> Result<(), Error> {
        match token.expires_at() {
            Some(end) if now >= end.saturating_add(self.leeway) => {
                Err(ErrorKind::TokenExpired.into())
            }
            None if self.expiry_required => Err(missing_claim("exp", "`exp` is missing")),
            _ => Ok(()),
        }
    }
}
