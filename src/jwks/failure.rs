//! Why a key set could not be had: a short list, so that it can be a label, and the cause behind it.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::error::BoxError;

/// A fetch that failed: why, and what the client said of it.
///
/// It is the cause ([`source`](Error::source)) of an
/// [`ErrorKind::KeysUnavailable`](crate::ErrorKind::KeysUnavailable) and of a
/// [`RefreshError`](crate::key::RefreshError), and never shown to a client. Its own `source` is the error of
/// the HTTP client, or the status that came instead. `Display` and `Debug` leave it out: it may name hosts
/// and, with some clients, a whole URL.
///
/// ```
/// # #[cfg(any(feature = "aws-lc-rs", feature = "rust-crypto"))] {
/// use std::error::Error;
/// use http::{Request, Response};
/// use tower_jwt_auth::jwks::{FetchError, FetchFailure, NoBody, RemoteJwks};
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
/// # }
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

/// Why an attempt to get keys failed: a value to match on and a label for metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FetchFailure {
    /// No connection, a TLS certificate that was not trusted, or one that broke off.
    Connection,
    /// No whole answer within the time that was set.
    Timeout,
    /// A redirect (3xx). None is followed: keys come from the URL that was configured.
    Redirect,
    /// Status 404: the document has moved, or never was there.
    NotFound,
    /// Status 410: the document has moved for good.
    Gone,
    /// Another status of 4xx: the question was not allowed, or came too often.
    ClientError,
    /// A status of 5xx: the key server is in trouble.
    ServerError,
    /// Any other status than 200.
    Status,
    /// `304 Not Modified` for a request that named no earlier answer.
    UnexpectedNotModified,
    /// A `Content-Encoding` that nobody asked for.
    Encoding,
    /// More bytes than are read.
    TooLarge,
    /// Text that is no JWKS document.
    NotAKeySet,
    /// A JWKS document without one key that could be used.
    NoUsableKey,
    /// Text that is no metadata document of an issuer.
    NotMetadata,
    /// The issuer has no metadata, or metadata without a `jwks_uri`.
    NoMetadata,
    /// Metadata that speaks of another issuer (RFC 8414 §3.3).
    OtherIssuer,
    /// A `jwks_uri` that is not `https`, or leads where it was not allowed to.
    ForbiddenUrl,
    /// More requests wait for the keys than may.
    TooManyWaiting,
    /// There was no Tokio runtime to fetch on, it was shut down meanwhile, or the client panicked.
    Aborted,
    /// There is no timer to limit the fetch: the Tokio runtime was built without `enable_time`.
    NoTimer,
}

impl FetchFailure {
    /// Every failure, in the order of the declaration.
    pub const ALL: &'static [Self] = &[
        Self::Connection,
        Self::Timeout,
        Self::Redirect,
        Self::NotFound,
        Self::Gone,
        Self::ClientError,
        Self::ServerError,
        Self::Status,
        Self::UnexpectedNotModified,
        Self::Encoding,
        Self::TooLarge,
        Self::NotAKeySet,
        Self::NoUsableKey,
        Self::NotMetadata,
        Self::NoMetadata,
        Self::OtherIssuer,
        Self::ForbiddenUrl,
        Self::TooManyWaiting,
        Self::Aborted,
        Self::NoTimer,
    ];

    /// The stable, lower-case label, for logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connection => "connection",
            Self::Timeout => "timeout",
            Self::Redirect => "redirect",
            Self::NotFound => "not_found",
            Self::Gone => "gone",
            Self::ClientError => "client_error",
            Self::ServerError => "server_error",
            Self::Status => "status",
            Self::UnexpectedNotModified => "unexpected_not_modified",
            Self::Encoding => "encoding",
            Self::TooLarge => "too_large",
            Self::NotAKeySet => "not_a_key_set",
            Self::NoUsableKey => "no_usable_key",
            Self::NotMetadata => "not_metadata",
            Self::NoMetadata => "no_metadata",
            Self::OtherIssuer => "other_issuer",
            Self::ForbiddenUrl => "forbidden_url",
            Self::TooManyWaiting => "too_many_waiting",
            Self::Aborted => "aborted",
            Self::NoTimer => "no_timer",
        }
    }

    const fn sentence(self) -> &'static str {
        match self {
            Self::Connection => "the key server could not be reached",
            Self::Timeout => "the key server did not answer in time",
            Self::Redirect => "the key server redirects, which is not followed",
            Self::NotFound => "the key server has no such document",
            Self::Gone => "the key server has no such document any more",
            Self::ClientError => "the key server refuses to answer, or is asked too often",
            Self::ServerError => "the key server is in trouble",
            Self::Status => "the key server did not answer with status 200",
            Self::UnexpectedNotModified => "the key server says that nothing changed since nothing",
            Self::Encoding => "the key server's answer is compressed, which was not asked for",
            Self::TooLarge => "the key server's answer is too long",
            Self::NotAKeySet => "the key server's answer is no JWKS document",
            Self::NoUsableKey => "the key server's document has no usable key",
            Self::NotMetadata => "the issuer's metadata cannot be read",
            Self::NoMetadata => "the issuer has no metadata that names a `jwks_uri`",
            Self::OtherIssuer => "the metadata is that of another issuer",
            Self::ForbiddenUrl => "the metadata's `jwks_uri` is not one that may be asked",
            Self::TooManyWaiting => "too many requests wait for the keys",
            Self::Aborted => "the fetch could not start, or was broken off",
            Self::NoTimer => {
                "fetching needs a timer: build the Tokio runtime with `enable_time` or `enable_all`"
            }
        }
    }
}

impl fmt::Display for FetchFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())
    }
}
