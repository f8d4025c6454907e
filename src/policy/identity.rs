//! Who issued the token, for whom, and about whom.

use crate::error::{Error, ErrorKind};
use crate::jwt::Token;

/// What the issuer of a token has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExpectedIssuer<'p> {
    /// Exactly this one.
    Named(&'p str),
    /// None: other issuers are trusted by name, and this one's keys must not speak for them.
    Absent,
    /// The keys alone decide.
    Any,
}

/// Byte for byte: no prefix, no folding of case or slashes (RFC 7519 §4.1.1).
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

/// What the policy says of audiences.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Audiences {
    /// Nothing yet: not a policy to verify with.
    #[default]
    Undecided,
    /// At least one of these.
    OneOf(Vec<Box<str>>),
    /// Said aloud: it does not matter.
    Any,
    /// Both of the above: a contradiction.
    Contradictory,
}

pub(super) fn check_audience(wanted: &Audiences, token: &Token) -> Result<(), Error> {
    let refused = Error::new(ErrorKind::InvalidAudience);
    match wanted {
        Audiences::Any => Ok(()),
        Audiences::OneOf(wanted) => {
            let is_wanted = |audience: &str| wanted.iter().any(|one| **one == *audience);
            let mut audiences = token.audience().peekable();
            if audiences.peek().is_none() {
                return Err(refused.with_detail("`aud` is missing or names no audience"));
            }
            if audiences.any(is_wanted) { Ok(()) } else { Err(refused) }
        }
        // `build` does not let these through; refusing costs nothing.
        Audiences::Undecided | Audiences::Contradictory => Err(refused),
    }
}

pub(super) fn check_subject(wanted: Option<&str>, token: &Token) -> Result<(), Error> {
    match (wanted, token.subject()) {
        (None, _) => Ok(()),
        (Some(wanted), Some(subject)) if wanted == subject => Ok(()),
        (Some(_), Some(_)) => Err(ErrorKind::InvalidSubject.into()),
        (Some(_), None) => Err(Error::new(ErrorKind::MissingClaim).with_detail("`sub` is missing")),
    }
}
