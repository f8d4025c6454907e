//! Checks of the issuer, the audience and the subject.

use crate::error::{Error, ErrorKind};
use crate::jwt::Token;

/// The issuer that a token must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExpectedIssuer<'p> {
    /// Exactly this name.
    Named(&'p str),
    /// No `iss`: other issuers are trusted by name, and the keys of this one must not verify their tokens.
    Absent,
    /// Any `iss` or none; only the keys decide.
    Any,
}

/// Compares byte for byte, without normalizing case or slashes (RFC 7519 §4.1.1).
pub(super) fn check_issuer(expected: ExpectedIssuer<'_>, token: &Token) -> Result<(), Error> {
    match (expected, token.issuer()) {
        (ExpectedIssuer::Any, _) | (ExpectedIssuer::Absent, None) => Ok(()),
        (ExpectedIssuer::Named(name), Some(issuer)) if name == issuer => Ok(()),
        (ExpectedIssuer::Named(_), None) => {
            Err(Error::new(ErrorKind::InvalidIssuer).with_detail("`iss` is missing"))
        }
        _ => Err(ErrorKind::InvalidIssuer.into()),
    }
}

/// The audiences that a policy accepts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Audiences {
    /// Not configured yet; `build` rejects it.
    #[default]
    Undecided,
    /// At least one of these.
    OneOf(Vec<Box<str>>),
    /// Explicitly any audience.
    Any,
    /// Any audience, because `client_id` was called and the client decides.
    ByClient,
    /// Both `audience` and `any_audience` were called; `build` rejects it.
    Contradictory,
}

pub(super) fn check_audience(wanted: &Audiences, token: &Token) -> Result<(), Error> {
    let rejected = || Error::new(ErrorKind::InvalidAudience);
    match wanted {
        Audiences::Any | Audiences::ByClient => Ok(()),
        Audiences::OneOf(wanted) => {
            let is_wanted = |audience: &str| wanted.iter().any(|one| **one == *audience);
            let mut audiences = token.audience().peekable();
            if audiences.peek().is_none() {
                return Err(rejected().with_detail("`aud` is missing or names no audience"));
            }
            if audiences.any(is_wanted) { Ok(()) } else { Err(rejected()) }
        }
        // `build` rejects these configurations.
        Audiences::Undecided | Audiences::Contradictory => Err(rejected()),
    }
}

pub(super) fn check_subject(wanted: Option<&str>, token: &Token) -> Result<(), Error> {
    let Some(wanted) = wanted else { return Ok(()) };
    match token.subject() {
        Some(subject) if wanted == subject => Ok(()),
        Some(_) => Err(ErrorKind::InvalidSubject.into()),
        None => Err(Error::new(ErrorKind::MissingClaim).with_detail("`sub` is missing")),
    }
}
