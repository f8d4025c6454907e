//! Why keys are fetched.

/// Why keys are fetched.
///
/// ```
/// use tower_jwt_auth::key::RefreshReason;
///
/// assert_eq!(RefreshReason::Manual.as_str(), "manual");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RefreshReason {
    /// There are no keys yet.
    Empty,
    /// A token names a key that is not in the set.
    UnknownKey,
    /// A signature does not match the key that the token names.
    ///
    /// The issuer may have reused the key id.
    BadSignature,
    /// The keys are due for a periodic refresh.
    ///
    /// The key source starts it; no token causes it.
    Schedule,
    /// The application requested it.
    Manual,
}

impl RefreshReason {
    /// The stable, lower-case label, for logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::UnknownKey => "unknown_key",
            Self::BadSignature => "bad_signature",
            Self::Schedule => "schedule",
            Self::Manual => "manual",
        }
    }
}
