//! The error of a failed fetch.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::error::BoxError;
use crate::key::{FetchFailure, RefreshError};

/// A failed fetch: the kind of failure and its cause. Users see it as a [`RefreshError`].
#[derive(Clone)]
pub(crate) struct FetchError {
    pub(super) failure: FetchFailure,
    pub(super) cause: Option<Arc<dyn Error + Send + Sync>>,
    /// The `Retry-After` of the key server.
    pub(super) retry_after: Option<Duration>,
}

impl FetchError {
    pub(super) fn caused(failure: FetchFailure, by: impl Into<BoxError>) -> Self {
        Self { failure, cause: Some(Arc::from(by.into())), retry_after: None }
    }

    /// The kind of failure.
    pub(super) const fn failure(&self) -> FetchFailure {
        self.failure
    }

    /// The error for users, with the time until the next attempt.
    pub(super) fn retry_in(self, retry_after: Duration) -> RefreshError {
        RefreshError::of_fetch(self.failure, self.cause, retry_after)
    }

    /// Whether an immediate retry may succeed. A 4xx status or a `Retry-After` is not retried immediately.
    pub(super) const fn is_transient(&self) -> bool {
        matches!(self.failure, FetchFailure::Connection | FetchFailure::ServerError)
            && self.retry_after.is_none()
    }

    /// Whether the metadata is missing, names another issuer, or names a forbidden URL. Every other failure to read it
    /// counts as an outage.
    pub(super) const fn invalidates_metadata(&self) -> bool {
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
