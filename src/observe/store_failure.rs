//! Why a shared denylist could not be read or written.

use std::fmt;

/// Why a shared denylist could not be read or written: a value to match on and a label for metrics.
///
/// ```
/// use tower_jwt_auth::observe::StoreFailure;
///
/// assert_eq!(StoreFailure::WrongType.as_str(), "wrong_type");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreFailure {
    /// The connection could not be made, or was lost.
    Connection,
    /// The store did not answer within two seconds.
    Timeout,
    /// The store rejected the user name or the password, or requires one.
    Authentication,
    /// The key of the list holds a value of another type.
    WrongType,
    /// The store rejected a command, for example because the user may not run it, or because it is a replica.
    Rejected,
    /// The server is a replica that has lost its primary, so that its list may be old.
    LostPrimary,
    /// The reply is not one to the command.
    UnexpectedReply,
    /// There is no Tokio runtime, or it was shut down.
    NoRuntime,
    /// The client of the store panicked while it connected; the panic hook has the reason.
    ///
    /// The Tokio runtime has no I/O (`enable_all`), or rustls has no crypto provider.
    Panicked,
    /// The clock has no timers.
    NoTimer,
}

impl StoreFailure {
    /// The stable, lower-case label, for logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connection => "connection",
            Self::Timeout => "timeout",
            Self::Authentication => "authentication",
            Self::WrongType => "wrong_type",
            Self::Rejected => "rejected",
            Self::LostPrimary => "lost_primary",
            Self::UnexpectedReply => "unexpected_reply",
            Self::NoRuntime => "no_runtime",
            Self::Panicked => "panicked",
            Self::NoTimer => "no_timer",
        }
    }

    const fn sentence(self) -> &'static str {
        match self {
            Self::Connection => "the connection to the store failed",
            Self::Timeout => "the store did not answer within the time limit",
            Self::Authentication => "the store rejected the login",
            Self::WrongType => "the key of the denylist holds a value of another type",
            Self::Rejected => "the store rejected a command",
            Self::LostPrimary => "the store is a replica that has lost its primary",
            Self::UnexpectedReply => "the store sent an unexpected reply",
            Self::NoRuntime => "the store needs a Tokio runtime: build it with `enable_all`",
            Self::Panicked => {
                "the client of the store panicked: build the Tokio runtime with `enable_all`, and for `rediss` install a crypto provider of rustls"
            }
            Self::NoTimer => {
                "the store needs a timer: build the Tokio runtime with `enable_all`, or set a clock with timers"
            }
        }
    }
}

impl fmt::Display for StoreFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())
    }
}
