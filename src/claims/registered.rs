//! The claims that RFC 7519 registers.

use super::NumericDate;
use crate::error::{Error, ErrorKind};
use crate::json::Object;

/// The registered claims that are dates.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Dates {
    pub(crate) exp: Option<NumericDate>,
    pub(crate) nbf: Option<NumericDate>,
    pub(crate) iat: Option<NumericDate>,
}

/// Checks the types of the registered claims, for every claims type.
///
/// # Errors
///
/// [`ErrorKind::InvalidIssuer`], [`ErrorKind::InvalidAudience`] or [`ErrorKind::InvalidClaims`] for a claim of
/// the wrong type, including null.
pub(crate) fn check_types(object: &Object) -> Result<Dates, Error> {
    let is_string = |name| object.get(name).is_none_or(|value| value.string().is_some());
    if !is_string("iss") {
        return wrong(ErrorKind::InvalidIssuer, "`iss` is not a string");
    }
    if object.get("aud").is_some_and(|value| value.strings().is_none()) {
        let detail = "`aud` is not a string or a list of strings";
        return wrong(ErrorKind::InvalidAudience, detail);
    }
    if !is_string("sub") {
        return wrong(ErrorKind::InvalidClaims, "`sub` is not a string");
    }
    if !is_string("jti") {
        return wrong(ErrorKind::InvalidClaims, "`jti` is not a string");
    }
    let date = |name, detail| match object.get(name).map(NumericDate::from_value) {
        Some(None) => wrong(ErrorKind::InvalidClaims, detail),
        date => Ok(date.flatten()),
    };
    Ok(Dates {
        exp: date("exp", "`exp` is not a number")?,
        nbf: date("nbf", "`nbf` is not a number")?,
        iat: date("iat", "`iat` is not a number")?,
    })
}

fn wrong<T>(kind: ErrorKind, detail: &'static str) -> Result<T, Error> {
    Err(Error::new(kind).with_detail(detail))
}
