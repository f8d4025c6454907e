//! A fetch that failed: why, and the cause behind it.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::error::BoxError;
use crate::key::FetchFailure;

/// A fetch that failed: why, and what the client said of it.
///
/// It is the cause ([`source`](Error::source)) of an
/// [`ErrorKind::KeysUnavailable`](crate::ErrorKind::KeysUnavailable) and of a
/// [`RefreshError`](crate::key::RefreshError), and never shown to a client. Its own `source` is the error of
/// the HTTP client, or the status that came instead. `Display` and `Debug` leave it out: it may name hosts
/// and, with some clients, a whole URL.
///
/// ```
/// use std::error::Error;
/// use http::{Request, Response};
/// use tower_jwt_auth::jwks::{FetchError, NoBody, RemoteJwks};
/// use tower_jwt_auth::key::FetchFailure;
///
/// # tokio_test::block_on(async {
/// let client = tower::service_fn(|_: Request<NoBody>| async {
///     Err::<Response<http_body_util::Empty<bytes::Bytes>>, _>(std::io::Error::other("no route"))
/// });
/// let keys = RemoteJwks::url("https://auth.example.com/jwks.json").client(client).build()?;
/// let refused = keys.warm().await.unwrap_err();
/// let error = refused.source().and_then(|cause| cause.downcast_ref::<FetchError>()).unwrap();
/// assert_eq!(error.failure(), FetchFailure::Connection);
/// assert_eq!(error.to_string(), "the key server could not be reached");
/// assert_eq!(error.source().unwrap().to_string(), "no route");
/// # Ok::<(), tower_jwt_auth::BuildError>(()) }).unwrap();
/// ```
#[derive(Clone)]
pub struct FetchError {
    pub(super) failure: FetchFailure,
    pub(super) cause: Option<Arc<dyn Error + Send + Sync>>,
    /// How long the key server asks to be left alone.
    pub(super) retry_after: Option<Duration>,
}

impl FetchError {
    pub(super) fn caused(failure: FetchFailure, by: impl Into<BoxError>) -> Self {
        Self { failure, cause: Some(Arc::from(by.into())), retry_after: None }
    }

    /// Why, as a label has it.
    pub const fn failure(&self) -> FetchFailure {
        self.failure
    }

    /// Whether the next moment may bring what this one did not. Who has said no, or when to come back, is not
    /// asked again at once.
    pub(super) const fn may_pass(&self) -> bool {
        matches!(self.failure, FetchFailure::Connection | FetchFailure::ServerError)
            && self.retry_after.is_none()
    }

    /// Whether the issuer's metadata says something else than before. Every other failure to read it is an
    /// outage.
    pub(super) const fn contradicts(&self) -> bool {
        matches!(
            self.failure,
            FetchFailure::NoMetadata | FetchFailure::OtherIssuer | FetchFailure::ForbiddenUrl
        )
    }
}

impl From<FetchFailure> for FetchError {
    fn from(failure: FetchFailure) -> Self {
        Self { failure, cause: None, retry_after: None }
    }
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.failure.fmt(f)
    }
}

impl fmt::Debug for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FetchError")
            .field("failure", &self.failure)
            .field("retry_after", &self.retry_after)
            .finish_non_exhaustive()
    }
}

impl Error for FetchError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.cause {
            Some(cause) => Some(&**cause),
            None => None,
        }
    }
}
