//! The error of a failed fetch.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::error::{BoxError, quoted};
use crate::key::{FetchFailure, RefreshError};
use crate::url::Url;

/// A failed fetch: the kind of failure and its cause. Users see it as a [`RefreshError`].
#[derive(Clone)]
pub(crate) struct FetchError {
    pub(super) failure: FetchFailure,
    /// The place that was asked and what it answered, for operators.
    pub(super) detail: Option<Arc<str>>,
    pub(super) cause: Option<Arc<dyn Error + Send + Sync>>,
    /// The `Retry-After` of the key server.
    pub(super) retry_after: Option<Duration>,
}

impl FetchError {
    pub(super) fn caused(failure: FetchFailure, by: impl Into<BoxError>) -> Self {
        let by = by.into();
        let detail = by.downcast_ref::<Described>().map(|it| it.text.as_str().into());
        Self { failure, detail, cause: Some(Arc::from(by)), retry_after: None }
    }

    /// A failure with a predicate for the place that was asked, such as "answered with HTML".
    pub(super) fn because(failure: FetchFailure, predicate: &str) -> Self {
        Self::from(failure).with_detail(predicate)
    }

    /// Sets the predicate for the place that was asked.
    pub(super) fn with_detail(self, predicate: &str) -> Self {
        Self { detail: Some(predicate.into()), ..self }
    }

    /// Names the place that was asked, without the query.
    pub(super) fn at(self, url: &Url) -> Self {
        let place = url.place();
        let place = quoted(&place);
        let detail = match &self.detail {
            Some(predicate) => format!("{place} {predicate}"),
            None => place.to_string(),
        };
        Self { detail: Some(detail.into()), ..self }
    }

    /// Adds another place that was asked before with a similar result.
    pub(super) fn after(self, earlier: &Self) -> Self {
        let details = [earlier.detail.as_deref(), self.detail.as_deref()];
        let detail = details.map(Option::unwrap_or_default).join(", and ");
        Self { detail: Some(detail.into()), ..self }
    }

    /// The place that was asked and what it answered.
    pub(super) fn detail(&self) -> Option<&str> {
        self.detail.as_deref()
    }

    /// The kind of failure.
    pub(super) const fn failure(&self) -> FetchFailure {
        self.failure
    }

    /// The error for users, with the time until the next attempt.
    pub(super) fn retry_in(self, retry_after: Duration) -> RefreshError {
        RefreshError::of_fetch(self.failure, self.detail, self.cause, retry_after)
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
        Self { failure, detail: None, cause: None, retry_after: None }
    }
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.failure.fmt(f)?;
        match &self.detail {
            Some(detail) => write!(f, ": {detail}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FetchError")
            .field("failure", &self.failure)
            .field("detail", &self.detail)
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

/// The error of the built-in client, with a predicate for operators that contains no URL with a query or password.
#[derive(Debug)]
pub(crate) struct Described {
    pub(crate) text: String,
    pub(super) source: BoxError,
}

impl fmt::Display for Described {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Error for Described {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}
