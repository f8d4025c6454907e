//! A fetch that failed: why, and the cause behind it.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::error::BoxError;
use crate::key::{FetchFailure, RefreshError};

/// A fetch that failed: why, and the cause. Users see it as a [`RefreshError`].
#[derive(Clone)]
pub(crate) struct FetchError {
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
    pub(super) const fn failure(&self) -> FetchFailure {
        self.failure
    }

    /// The same for users, with the time until the next attempt.
    pub(super) fn retry_in(self, retry_after: Duration) -> RefreshError {
        RefreshError::of_fetch(self.failure, self.cause, retry_after)
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
