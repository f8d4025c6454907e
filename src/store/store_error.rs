//! Why the store could not be read or written.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use redis::{ErrorKind as Kind, RedisError};

use crate::observe::StoreFailure;

/// The shared denylist could not be read or written.
///
/// `Display` names the command and what Redis answered. It never contains the URL, a password or an entry: the text of
/// an answer from Redis may repeat them, so only its code is kept.
///
/// ```
/// # tokio_test::block_on(async {
/// use tower_jwt_auth::observe::StoreFailure;
/// use tower_jwt_auth::store::RedisDenylist;
///
/// let denied = RedisDenylist::url("redis://:hunter2@127.0.0.1:1").build()?; // nothing listens there
/// let error = denied.warm().await.unwrap_err();
/// assert_eq!(error.failure(), StoreFailure::Connection);
/// assert!(!error.to_string().contains("hunter2"));
/// # Ok::<(), tower_jwt_auth::BuildError>(()) }).unwrap();
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct StoreError {
    failure: StoreFailure,
    detail: Arc<str>,
}

impl StoreError {
    /// `during` is a command or what was attempted.
    pub(super) fn new(failure: StoreFailure, during: &str) -> Self {
        Self { failure, detail: Arc::from(during) }
    }

    /// The error of a command.
    pub(super) fn of(error: &RedisError, during: &str) -> Self {
        let code = code(error);
        let failure = match (error.kind(), code.as_deref()) {
            (Kind::AuthenticationFailed, _) | (_, Some("NOAUTH" | "WRONGPASS")) => {
                StoreFailure::Authentication
            }
            (_, Some("WRONGTYPE")) => StoreFailure::WrongType,
            (_, Some(_)) => StoreFailure::Rejected,
            (Kind::Parse | Kind::UnexpectedReturnType, None) => StoreFailure::UnexpectedReply,
            _ if error.is_timeout() => StoreFailure::Timeout,
            _ => StoreFailure::Connection,
        };
        match code {
            Some(code) => Self::new(failure, &format!("{during}: {code}")),
            None => Self::new(failure, during),
        }
    }

    /// The reason, as a value to match on and a label for metrics.
    pub const fn failure(&self) -> StoreFailure {
        self.failure
    }

    pub(super) fn detail(&self) -> &str {
        &self.detail
    }
}

/// The code at the start of an error reply, such as `WRONGTYPE`. The rest may repeat what was sent.
fn code(error: &RedisError) -> Option<String> {
    let own = error.code().map(str::to_owned);
    let code = own.or_else(|| {
        let errors = error.clone().into_server_errors()?;
        errors.first().map(|(_, error)| error.code().to_owned())
    })?;
    let is_code = code.len() <= 32 && code.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
    Some(if is_code { code } else { "an error without a code".to_owned() })
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.failure, self.detail)
    }
}

impl fmt::Debug for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreError")
            .field("failure", &self.failure)
            .field("detail", &self.detail)
            .finish()
    }
}

impl StdError for StoreError {}

#[cfg(test)]
mod tests {
    use super::*;
    use redis::make_extension_error;

    #[test]
    fn errors_keep_the_code_and_nothing_else() {
        let reply =
            |code: &str, text: &str| make_extension_error(code.to_owned(), Some(text.to_owned()));
        for (error, failure, text) in [
            (reply("NOAUTH", "hunter2"), StoreFailure::Authentication, "`AUTH`: NOAUTH"),
            (reply("WRONGPASS", "hunter2"), StoreFailure::Authentication, "`AUTH`: WRONGPASS"),
            (reply("WRONGTYPE", "hunter2"), StoreFailure::WrongType, "`AUTH`: WRONGTYPE"),
            (reply("OOM", "hunter2"), StoreFailure::Rejected, "`AUTH`: OOM"),
            (reply("hunter2", ""), StoreFailure::Rejected, "`AUTH`: an error without a code"),
            (
                (Kind::AuthenticationFailed, "hunter2").into(),
                StoreFailure::Authentication,
                "`AUTH`",
            ),
            ((Kind::Parse, "hunter2").into(), StoreFailure::UnexpectedReply, "`AUTH`"),
            (
                std::io::Error::from(std::io::ErrorKind::ConnectionReset).into(),
                StoreFailure::Connection,
                "`AUTH`",
            ),
            (
                std::io::Error::from(std::io::ErrorKind::TimedOut).into(),
                StoreFailure::Timeout,
                "`AUTH`",
            ),
        ] {
            let error = StoreError::of(&error, "`AUTH`");
            assert_eq!((error.failure(), error.detail()), (failure, text));
            assert!(!format!("{error} {error:?}").contains("hunter2"));
        }
    }
}
