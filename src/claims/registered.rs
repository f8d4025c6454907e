//! The claims that RFC 7519 registers.

use super::NumericDate;
use crate::error::{Error, ErrorKind};
use crate::json::{Object, Value};

/// The registered claims that are dates.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Dates {
    pub(crate) exp: Option<NumericDate>,
    pub(crate) nbf: Option<NumericDate>,
    pub(crate) iat: Option<NumericDate>,
}

/// Deviations from RFC 7519 §4.1 that a policy accepts.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Lenience {
    /// A claim that is null counts as absent.
    pub(crate) null_claims: bool,
    pub(crate) subject: SubjectType,
}

/// The types that `sub` may have.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum SubjectType {
    #[default]
    String,
    StringOrInteger,
    /// Any type: the subject is read from another claim.
    Any,
}

/// Checks the types of the registered claims, for every claims type.
///
/// # Errors
///
/// [`ErrorKind::InvalidIssuer`], [`ErrorKind::InvalidAudience`] or [`ErrorKind::InvalidClaims`] for a claim of
/// the wrong type. This includes null, unless the policy is lenient.
pub(crate) fn check_types(object: &Object, lenience: Lenience) -> Result<Dates, Error> {
    let not_a_string = |name| object.get(name).filter(|value| value.string().is_none());
    if let Some(value) = not_a_string("iss") {
        ISS.check_null(value, lenience)?;
    }
    if let Some(value) = object.get("aud").filter(|value| value.strings().is_none()) {
        AUD.check_null(value, lenience)?;
    }
    if let Some(value) = not_a_string("sub") {
        check_subject(value, lenience)?;
    }
    if let Some(value) = not_a_string("jti") {
        JTI.check_null(value, lenience)?;
    }
    let date = |name, texts: &Texts| match object.get(name) {
        Some(value) => match NumericDate::from_value(value) {
            None => texts.check_null(value, lenience).map(|()| None),
            date => Ok(date),
        },
        None => Ok(None),
    };
    Ok(Dates { exp: date("exp", &EXP)?, nbf: date("nbf", &NBF)?, iat: date("iat", &IAT)? })
}

/// The error for an `iss` that is not a string.
pub(crate) fn mistyped_issuer(value: Value<'_>) -> Error {
    ISS.error(value)
}

#[cold]
fn check_subject(value: Value<'_>, lenience: Lenience) -> Result<(), Error> {
    let is_integer = value.string_or_integer().is_some();
    let detail = match lenience.subject {
        SubjectType::Any => return Ok(()),
        SubjectType::StringOrInteger if is_integer => return Ok(()),
        SubjectType::String if is_integer => {
            "`sub` is an integer, which only `allow_numeric_subject` accepts"
        }
        SubjectType::StringOrInteger if !value.is_null() => {
            "`sub` is neither a string nor an integer of at most 64 bits"
        }
        SubjectType::String | SubjectType::StringOrInteger => {
            return SUB.check_null(value, lenience);
        }
    };
    Err(Error::new(ErrorKind::InvalidClaims).with_detail(detail))
}

/// The texts for a claim of the wrong type.
struct Texts {
    kind: ErrorKind,
    wrong: &'static str,
    null: &'static str,
}

impl Texts {
    /// Accepts null if the policy does. The value does not have the claim's type.
    #[cold]
    fn check_null(&self, value: Value<'_>, lenience: Lenience) -> Result<(), Error> {
        if lenience.null_claims && value.is_null() { Ok(()) } else { Err(self.error(value)) }
    }

    fn error(&self, value: Value<'_>) -> Error {
        let detail = if value.is_null() { self.null } else { self.wrong };
        Error::new(self.kind).with_detail(detail)
    }
}

macro_rules! texts {
    ($kind:ident, $claim:literal, $expected:literal) => {
        Texts {
            kind: ErrorKind::$kind,
            wrong: concat!("`", $claim, "` is not ", $expected),
            null: concat!("`", $claim, "` is null, which only `allow_null_claims` accepts"),
        }
    };
}

const ISS: Texts = texts!(InvalidIssuer, "iss", "a string");
const AUD: Texts = texts!(InvalidAudience, "aud", "a string or a list of strings");
const SUB: Texts = texts!(InvalidClaims, "sub", "a string");
const JTI: Texts = texts!(InvalidClaims, "jti", "a string");
const EXP: Texts = texts!(InvalidClaims, "exp", "a number");
const NBF: Texts = texts!(InvalidClaims, "nbf", "a number");
const IAT: Texts = texts!(InvalidClaims, "iat", "a number");
