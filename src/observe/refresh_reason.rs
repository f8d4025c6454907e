//! Why keys are fetched.

/// Why newer keys are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RefreshReason {
    /// There are no keys at all.
    Empty,
    /// A token names a key that is not there.
    UnknownKey,
    /// A signature is wrong under the key that the token names; its id may have been used again.
    BadSignature,
    /// The keys are old enough to be fetched again. The source's own reason: no token causes it.
    Schedule,
    /// The application asked.
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
