//! Why keys could not be fetched.

use std::fmt;

/// Why a key fetch failed: a value to match on and a label for metrics.
///
/// ```
/// use tower_jwt_auth::key::FetchFailure;
///
/// assert_eq!(FetchFailure::NotFound.as_str(), "not_found");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FetchFailure {
    /// The connection failed or was interrupted, or the TLS certificate is not trusted.
    Connection,
    /// The complete response did not arrive within the timeout.
    Timeout,
    /// A redirect (3xx). Redirects are not followed, because keys come only from the configured URL.
    Redirect,
    /// Status 404: the document does not exist, or has moved.
    NotFound,
    /// Status 410: the document no longer exists.
    Gone,
    /// Another 4xx status: the request was rejected, or there were too many requests.
    ClientError,
    /// A 5xx status: the key server failed.
    ServerError,
    /// A status other than 200 that no other variant covers.
    Status,
    /// `304 Not Modified` in response to an unconditional request.
    UnexpectedNotModified,
    /// A `Content-Encoding` that was not requested.
    Encoding,
    /// The response exceeds the size limit.
    TooLarge,
    /// The response is not a JWKS document.
    NotAKeySet,
    /// The JWKS document has no usable key.
    NoUsableKey,
    /// The response is not a metadata document.
    NotMetadata,
    /// The issuer has no metadata, or its metadata has no `jwks_uri`.
    NoMetadata,
    /// The metadata belongs to another issuer (RFC 8414 §3.3).
    OtherIssuer,
    /// The `jwks_uri` is not `https`, or its host is not allowed.
    ForbiddenUrl,
    /// Too many requests wait for the keys.
    TooManyWaiting,
    /// The fetch could not run to its end.
    ///
    /// There is no Tokio runtime, it was shut down during the fetch, or the HTTP client panicked.
    Aborted,
    /// There is no timer for the timeout: the Tokio runtime was built without `enable_time`.
    NoTimer,
    /// The function that was passed to `authorization` returned an error.
    NoCredential,
    /// The file of the keys could not be read.
    Unreadable,
}

impl FetchFailure {
    /// Every failure, in declaration order.
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
        Self::NoCredential,
        Self::Unreadable,
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
            Self::NoCredential => "no_credential",
            Self::Unreadable => "unreadable",
        }
    }

    const fn sentence(self) -> &'static str {
        match self {
            Self::Connection => "the key server could not be reached",
            Self::Timeout => "the key server did not respond within the timeout",
            Self::Redirect => "the key server answered with a redirect, which is not followed",
            Self::NotFound => "the key server answered 404: the document was not found",
            Self::Gone => "the key server answered 410: the document no longer exists",
            Self::ClientError => "the key server rejected the request with a 4xx status",
            Self::ServerError => "the key server failed with a 5xx status",
            Self::Status => "the key server answered with a status other than 200",
            Self::UnexpectedNotModified => {
                "the key server answered 304 to an unconditional request"
            }
            Self::Encoding => {
                "the key server's response has a `Content-Encoding` that was not requested"
            }
            Self::TooLarge => "the key server's response is larger than the limit",
            Self::NotAKeySet => "the document is not a JWKS document",
            Self::NoUsableKey => "the JWKS document has no usable key",
            Self::NotMetadata => "the response is not a metadata document",
            Self::NoMetadata => "the issuer has no metadata with a `jwks_uri`",
            Self::OtherIssuer => "the metadata belongs to another issuer",
            Self::ForbiddenUrl => "the `jwks_uri` in the metadata is not allowed",
            Self::TooManyWaiting => "too many requests wait for the keys",
            Self::Aborted => "the fetch could not start, or was interrupted",
            Self::NoTimer => {
                "fetching needs a timer: build the Tokio runtime with `enable_time` or `enable_all`"
            }
            Self::NoCredential => "the function passed to `authorization` returned an error",
            Self::Unreadable => "the file of the keys could not be read",
        }
    }
}

impl fmt::Display for FetchFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())
    }
}
