//! The rules for logout tokens (OpenID Connect Back-Channel Logout 1.0 §2.6).

use serde_json::value::RawValue;

use crate::claims::NumericDate;
use crate::error::{Error, ErrorKind};
use crate::jwt::Token;
use crate::revocation::Entry;

/// The member of `events` that makes a token a logout token.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// The longest `sub` or `sid`. A list could not store a longer one.
const LONGEST: usize = 1024;

/// The deviations that are accepted, and what is revoked.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rules {
    pub(super) any_type: bool,
    pub(super) expiry_optional: bool,
    /// Whether the subject is revoked in place of the session.
    pub(super) all_sessions: bool,
}

impl Rules {
    /// What a verified logout token revokes.
    ///
    /// # Errors
    ///
    /// It is not a logout token, or names nothing.
    pub(super) fn entry(self, token: &Token) -> Result<Entry, Error> {
        if token.value("nonce").is_some() {
            return Err(invalid("a logout token has no `nonce`"));
        }
        if !has_event(token) {
            return Err(invalid("`events` has no back-channel logout"));
        }
        let issuer = token.issuer().unwrap_or_default();
        let subject = text(token, "sub", "`sub` is not a text of 1 to 1024 bytes")?;
        let session = text(token, "sid", "`sid` is not a text of 1 to 1024 bytes")?;
        match (session, subject) {
            (Some(session), subject) if subject.is_none() || !self.all_sessions => {
                Ok(Entry::session(issuer, session))
            }
            (_, Some(subject)) => Ok(Entry::subject(issuer, subject, issued(token))),
            (_, None) => Err(invalid("it has neither `sub` nor `sid`")),
        }
    }
}

fn invalid(detail: &'static str) -> Error {
    Error::new(ErrorKind::InvalidClaims).with_detail(detail)
}

/// The text of a claim, or that of an integer; `None` if it is absent.
fn text<'t>(token: &'t Token, claim: &str, detail: &'static str) -> Result<Option<&'t str>, Error> {
    let Some(value) = token.value(claim) else { return Ok(None) };
    let text = value.string_or_integer().filter(|text| (1..=LONGEST).contains(&text.len()));
    text.map(Some).ok_or_else(|| invalid(detail))
}

/// When the token was issued. The policy requires `iat`.
fn issued(token: &Token) -> NumericDate {
    token.issued_at().unwrap_or(NumericDate::from_seconds(i64::MAX))
}

fn has_event(token: &Token) -> bool {
    let events: Option<std::collections::HashMap<String, Box<RawValue>>> = token.claim("events");
    events.is_some_and(|events| events.get(EVENT).is_some_and(|event| event.get().starts_with('{')))
}
