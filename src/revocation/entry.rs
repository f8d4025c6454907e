//! What is revoked, and what it is passed to.

use std::fmt;

use crate::answer::Answer;
use crate::claims::NumericDate;
use crate::error::Error;
use crate::observe::EntryKind;

/// An entry of a denylist: a token, a session or a subject of an issuer.
///
/// `issuer` is the claim `iss` of the tokens to reject, byte for byte, and empty for tokens without `iss`. `Debug` shows
/// no values.
///
/// ```
/// use tower_jwt_auth::claims::NumericDate;
/// use tower_jwt_auth::observe::EntryKind;
/// use tower_jwt_auth::revocation::Entry;
///
/// let until = NumericDate::from_seconds(1_900_000_000);
/// let entry = Entry::session("https://auth.example.com", "session-1").until(until);
/// assert_eq!(entry.kind(), EntryKind::Session);
/// assert_eq!(entry.id(), "session-1");
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Entry {
    kind: EntryKind,
    issuer: Box<str>,
    id: Box<str>,
    issued_before: Option<NumericDate>,
    until: Option<NumericDate>,
}

impl Entry {
    fn new(kind: EntryKind, issuer: impl Into<Box<str>>, id: impl Into<Box<str>>) -> Self {
        let (issuer, id) = (issuer.into(), id.into());
        Self { kind, issuer, id, issued_before: None, until: None }
    }

    /// One token, by its id (`jti`).
    pub fn token(issuer: impl Into<Box<str>>, token_id: impl Into<Box<str>>) -> Self {
        Self::new(EntryKind::Token, issuer, token_id)
    }

    /// The tokens of one login session, by its id (`sid`).
    pub fn session(issuer: impl Into<Box<str>>, session_id: impl Into<Box<str>>) -> Self {
        Self::new(EntryKind::Session, issuer, session_id)
    }

    /// The tokens of one subject (`sub`) that were issued before this time, or in the same second.
    pub fn subject(
        issuer: impl Into<Box<str>>,
        subject: impl Into<Box<str>>,
        issued_before: impl Into<NumericDate>,
    ) -> Self {
        let entry = Self::new(EntryKind::Subject, issuer, subject);
        Self { issued_before: Some(issued_before.into()), ..entry }
    }

    /// Sets how long the entry is needed: until the last token that it matches has expired.
    ///
    /// The default is the [`lifetime`](super::Denylist::lifetime) of the list.
    #[must_use]
    pub fn until(mut self, until: impl Into<Option<NumericDate>>) -> Self {
        self.until = until.into();
        self
    }

    /// What the entry matches.
    pub const fn kind(&self) -> EntryKind {
        self.kind
    }

    /// The issuer: `iss`.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The id of the token or session, or the subject.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The time up to which the subject's tokens are revoked; `None` for a token or a session.
    pub const fn issued_before(&self) -> Option<NumericDate> {
        self.issued_before
    }

    /// How long the entry is needed, if that was set.
    pub const fn needed_until(&self) -> Option<NumericDate> {
        self.until
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// A list that takes entries, for example from a `logout::BackchannelLogout`.
///
/// [`Denylist`](super::Denylist) and `store::RedisDenylist` implement it. Implement it to do more, such as to end the sessions of the application.
///
/// ```
/// use tower_jwt_auth::revocation::{Denylist, Entry, Revoke};
/// use tower_jwt_auth::{Answer, Error};
///
/// /// Also counts what is revoked.
/// #[derive(Debug)]
/// struct Counted(Denylist, std::sync::atomic::AtomicU64);
///
/// impl Revoke for Counted {
///     fn revoke(&self, entry: &Entry) -> Answer<Result<(), Error>> {
///         self.1.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
///         self.0.revoke(entry)
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not store what is revoked",
    note = "`tower_jwt_auth::revocation::Denylist` does; implement `tower_jwt_auth::revocation::Revoke` for others"
)]
pub trait Revoke: fmt::Debug + Send + Sync + 'static {
    /// Revokes what the entry matches.
    ///
    /// After the answer `Ok`, the tokens are rejected.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::RevocationUnavailable`](crate::ErrorKind::RevocationUnavailable) if the entry could not be stored.
    fn revoke(&self, entry: &Entry) -> Answer<Result<(), Error>>;
}
