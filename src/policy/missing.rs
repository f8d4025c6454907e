//! The error for a token without a required claim.

use std::fmt;

use crate::error::{Error, ErrorKind};

/// The error for a token without this claim.
#[cold]
pub(super) fn missing_claim(claim: impl fmt::Display, detail: &'static str) -> Error {
    let error = Error::new(ErrorKind::MissingClaim).with_detail(detail);
    error.with_expected(format!("the claim `{claim}`"))
}
