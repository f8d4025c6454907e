//! The claims that RFC 7519 registers.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Audience, NumericDate};
use crate::error::{Error, ErrorKind};
use crate::json::Object;

/// The claims of RFC 7519 §4.1, for types of your own to hold.
///
/// ```
/// use serde::Deserialize;
/// use tower_jwt_auth::claims::RegisteredClaims;
///
/// #[derive(Deserialize)]
/// struct Mine {
///     #[serde(flatten)]
///     registered: RegisteredClaims,
///     tenant: String,
/// }
///
/// let mine: Mine = serde_json::from_str(r#"{"sub":"user-1","tenant":"acme"}"#)?;
/// assert_eq!(mine.registered.subject.as_deref(), Some("user-1"));
/// assert_eq!(mine.tenant, "acme");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RegisteredClaims {
    /// `iss`: who issued the token (§4.1.1).
    #[serde(rename = "iss", default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// `sub`: whom it is about (§4.1.2).
    #[serde(rename = "sub", default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// `aud`: whom it is for (§4.1.3).
    #[serde(rename = "aud", default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<Audience>,
    /// `exp`: when it ends (§4.1.4).
    #[serde(rename = "exp", default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<NumericDate>,
    /// `nbf`: when it begins (§4.1.5).
    #[serde(rename = "nbf", default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<NumericDate>,
    /// `iat`: when it was issued (§4.1.6).
    #[serde(rename = "iat", default, skip_serializing_if = "Option::is_none")]
    pub issued_at: Option<NumericDate>,
    /// `jti`: its own name (§4.1.7).
    #[serde(rename = "jti", default, skip_serializing_if = "Option::is_none")]
    pub token_id: Option<String>,
}

impl fmt::Debug for RegisteredClaims {
    /// Says which claims are there, not what they say: this ends up in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let present = [
            ("iss", self.issuer.is_some()),
            ("sub", self.subject.is_some()),
            ("aud", self.audience.is_some()),
            ("exp", self.expires_at.is_some()),
            ("nbf", self.not_before.is_some()),
            ("iat", self.issued_at.is_some()),
            ("jti", self.token_id.is_some()),
        ];
        let names = present.iter().filter(|(_, there)| *there).map(|(name, _)| name);
        f.write_str("RegisteredClaims ")?;
        f.debug_set().entries(names).finish()
    }
}

/// The registered claims that are dates.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Dates {
    pub(crate) exp: Option<NumericDate>,
    pub(crate) nbf: Option<NumericDate>,
    pub(crate) iat: Option<NumericDate>,
}

/// Checks that the registered claims of an object have their types, whatever reads them afterwards.
///
/// # Errors
///
/// [`ErrorKind::InvalidIssuer`], [`ErrorKind::InvalidAudience`] or [`ErrorKind::InvalidClaims`] for one that has
/// another type, null included.
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
