//! What an entry of a denylist matches.

/// What an entry of a denylist matches.
///
/// ```
/// use tower_jwt_auth::observe::EntryKind;
///
/// assert_eq!(EntryKind::Session.as_str(), "session");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EntryKind {
    /// One token, by its id: `jti`.
    Token,
    /// The tokens of a login session: `sid`.
    Session,
    /// The tokens of a subject that were issued until some time: `sub` and `iat`.
    Subject,
}

impl EntryKind {
    /// The stable, lower-case label, for logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Session => "session",
            Self::Subject => "subject",
        }
    }
}
