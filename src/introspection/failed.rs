//! An unknown verdict, and the error that the layer answers with.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::error::{BoxError, Error, ErrorKind};
use crate::key::FetchFailure;
use crate::observe::IntrospectionFailure;
use crate::revocation::Standing;
use crate::url::Url;

/// The verdict on a token.
pub(super) type Outcome = Result<Standing, Failed>;

/// The shortest time after which a client should retry.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Why the verdict is unknown. Contains neither the token nor a secret.
#[derive(Clone)]
pub(super) struct Failed {
    pub(super) failure: IntrospectionFailure,
    /// The endpoint and what it answered, for operators.
    detail: Option<Arc<str>>,
    cause: Option<Arc<dyn StdError + Send + Sync>>,
}

impl Failed {
    /// A failure with a predicate for the endpoint, such as "answered 404 Not Found".
    pub(super) fn because(failure: IntrospectionFailure, predicate: &str) -> Self {
        Self { detail: Some(predicate.into()), ..Self::from(failure) }
    }

    /// A failure with a cause, which only `source` returns.
    pub(super) fn caused(failure: IntrospectionFailure, by: impl Into<BoxError>) -> Self {
        Self { cause: Some(Arc::from(by.into())), ..Self::from(failure) }
    }

    /// Sets the predicate for the endpoint.
    pub(super) fn with_detail(self, predicate: &str) -> Self {
        Self { detail: Some(predicate.into()), ..self }
    }

    /// Names the endpoint, without its query.
    pub(super) fn at(self, url: &Url) -> Self {
        let place = url.place();
        let detail = match &self.detail {
            Some(predicate) => format!("`{place}` {predicate}"),
            None => format!("`{place}`"),
        };
        Self { detail: Some(detail.into()), ..self }
    }

    pub(super) fn detail(&self) -> Option<&str> {
        self.detail.as_deref()
    }

    /// Whether the answer may be about the token alone, so that the endpoint works for others. Otherwise a client could
    /// stop all introspection with a token whose answer we reject, for example because of a name in it.
    pub(super) const fn is_about_the_token(&self) -> bool {
        matches!(
            self.failure,
            IntrospectionFailure::UnsupportedTokenType
                | IntrospectionFailure::BadRequest
                | IntrospectionFailure::OtherToken
                | IntrospectionFailure::Malformed
                | IntrospectionFailure::TooLarge
        )
    }

    /// The error of the request. A client may retry after this time, but at least after a second.
    pub(super) fn into_error(self, retry_after: Duration) -> Error {
        Error::new(ErrorKind::RevocationUnavailable)
            .with_detail(self.failure.sentence())
            .with_retry_after(retry_after.max(RETRY_AFTER))
            .with_source(self)
    }
}

impl From<IntrospectionFailure> for Failed {
    fn from(failure: IntrospectionFailure) -> Self {
        Self { failure, detail: None, cause: None }
    }
}

impl From<FetchFailure> for Failed {
    /// The failures of timers.
    fn from(failure: FetchFailure) -> Self {
        Self::from(match failure {
            FetchFailure::Timeout => IntrospectionFailure::Timeout,
            FetchFailure::NoTimer => IntrospectionFailure::NoTimer,
            _ => IntrospectionFailure::Aborted,
        })
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.detail {
            Some(detail) => f.write_str(detail),
            None => f.write_str(self.failure.sentence()),
        }
    }
}

impl fmt::Debug for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failed")
            .field("failure", &self.failure)
            .field("detail", &self.detail)
            .finish_non_exhaustive()
    }
}

impl StdError for Failed {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.cause {
            Some(cause) => Some(&**cause),
            None => None,
        }
    }
}
