//! Why keys could not be fetched.

use std::fmt;

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
    /// Another 4xx status: the request was rejected, or came too often.
    ClientError,
    /// A 5xx status: the key server failed.
    ServerError,
    /// Any other status than 200.
    Status,
    /// `304 Not Modified` for a request that named no earlier answer.
    UnexpectedNotModified,
    /// A `Content-Encoding` that was not requested.
    Encoding,
    /// More bytes than are read.
    TooLarge,
    /// Text that is not a JWKS document.
    NotAKeySet,
    /// A JWKS document without a usable key.
    NoUsableKey,
    /// Text that is not a metadata document of an issuer.
    NotMetadata,
    /// The issuer has no metadata, or metadata without a `jwks_uri`.
    NoMetadata,
    /// Metadata of another issuer (RFC 8414 §3.3).
    OtherIssuer,
    /// A `jwks_uri` that is not `https`, or leads where it was not allowed to.
    ForbiddenUrl,
    /// Too many requests wait for the keys.
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
            Self::ClientError => "the key server rejected the request, or is asked too often",
            Self::ServerError => "the key server failed with a 5xx status",
            Self::Status => "the key server did not answer with status 200",
            Self::UnexpectedNotModified => {
                "the key server answered 304 to an unconditional request"
            }
            Self::Encoding => "the key server's answer is compressed, which was not asked for",
            Self::TooLarge => "the key server's answer is too long",
            Self::NotAKeySet => "the key server's answer is no JWKS document",
            Self::NoUsableKey => "the key server's document has no usable key",
            Self::NotMetadata => "the issuer's metadata cannot be read",
            Self::NoMetadata => "the issuer has no metadata that names a `jwks_uri`",
            Self::OtherIssuer => "the metadata is that of another issuer",
            Self::ForbiddenUrl => "the metadata's `jwks_uri` is not one that may be asked",
            Self::TooManyWaiting => "too many requests wait for the keys",
            Self::Aborted => "the fetch could not start, or was interrupted",
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
