//! Why a request was refused.
//!
//! [`Error`] is for operators and for code that decides on the reason; what a client sees of it is
//! decided by [`respond`](crate::respond). Neither its `Display` nor its `Debug` output contains a
//! token, a key, a secret or the value of a claim.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A type-erased cause.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// The reason why a request or a token was refused.
///
/// Opaque, cheap to clone, and free of anything secret. Match on [`Error::kind`].
///
/// ```
/// use tower_jwt_auth::{ErrorKind, Verifier, testing::TestIssuer};
///
/// let verifier = Verifier::shared_secret(TestIssuer::hs256().secret()).any_audience().build()?;
/// let error = verifier.verify_now("not a token").unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::MalformedToken);
/// assert_eq!(error.kind().as_str(), "malformed_token");
/// # Ok::<(), tower_jwt_auth::BuildError>(())
/// ```
#[derive(Clone)]
pub struct Error {
    kind: ErrorKind,
    detail: Option<&'static str>,
    retry_after: Option<Duration>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error of this kind, for implementations of the extension traits.
    pub const fn new(kind: ErrorKind) -> Self {
        Self { kind, detail: None, retry_after: None, source: None }
    }

    /// Adds a fixed sentence for operators: what exactly was wrong.
    ///
    /// The text is `'static` on purpose: nothing of a request can get into it.
    #[must_use]
    pub const fn with_detail(mut self, detail: &'static str) -> Self {
        self.detail = Some(detail);
        self
    }

    /// Adds the cause. It shows through [`source`](StdError::source) only, never in an answer.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.source = Some(Arc::from(source.into()));
        self
    }

    /// Adds how long a client should wait before it asks again (`Retry-After`).
    #[must_use]
    pub const fn with_retry_after(mut self, delay: Duration) -> Self {
        self.retry_after = Some(delay);
        self
    }

    /// What went wrong, as a value to match on.
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// A fixed sentence that says more than the kind, where there is one.
    pub const fn detail(&self) -> Option<&'static str> {
        self.detail
    }

    /// How long a client should wait before it asks again, where that is known.
    pub const fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Self::new(kind)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.sentence())?;
        match self.detail {
            Some(detail) => write!(f, ": {detail}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The source is left out: it is foreign code's text, and `{:?}` of an error ends up in logs.
        f.debug_struct("Error")
            .field("kind", &self.kind)
            .field("detail", &self.detail)
            .field("retry_after", &self.retry_after)
            .finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.source {
            Some(source) => Some(&**source),
            None => None,
        }
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])+ $name:ident = $code:literal, $sentence:literal;)+) => {
        /// What went wrong, without any payload: a value to match on and a label for metrics.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum ErrorKind {
            $($(#[$doc])+ $name,)+
        }

        impl ErrorKind {
            /// Every kind, in the order of the declaration.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The stable, lower-case label of this kind, for logs and metrics.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            const fn sentence(self) -> &'static str {
                match self { $(Self::$name => $sentence,)+ }
            }
        }
    };
}

kinds! {
    /// The request carries no credentials.
    MissingToken = "missing_token", "the request carries no token";
    /// The request carries credentials of another scheme only, such as `Basic`.
    UnsupportedScheme = "unsupported_scheme", "the request uses another authentication scheme";
    /// The credentials cannot be read: an empty token, white space in it, illegal characters.
    MalformedHeader = "malformed_header", "the credentials are malformed";
    /// More than one token arrived.
    MultipleTokens = "multiple_tokens", "the request carries more than one token";
    /// The token is longer than the configured limit.
    TokenTooLarge = "token_too_large", "the token is longer than the limit";
    /// Not a JWT in the compact serialization (RFC 7515 §3.1, RFC 7519 §7.2).
    MalformedToken = "malformed_token", "the token is malformed";
    /// The token names an algorithm that is not allowed, or not for the key it names.
    AlgorithmNotAllowed = "algorithm_not_allowed", "the token's algorithm is not allowed";
    /// No key of the issuer's key set has the token's key id.
    UnknownKey = "unknown_key", "no key fits the token";
    /// The signature is wrong.
    InvalidSignature = "invalid_signature", "the token's signature is wrong";
    /// The issuer is missing or is none that is trusted (RFC 7519 §4.1.1).
    InvalidIssuer = "invalid_issuer", "the token's issuer is not trusted";
    /// The audience is missing or another one (RFC 7519 §4.1.3).
    InvalidAudience = "invalid_audience", "the token is for another audience";
    /// The subject is another one than the policy asks for (RFC 7519 §4.1.2).
    InvalidSubject = "invalid_subject", "the token is for another subject";
    /// The token has expired (RFC 7519 §4.1.4).
    TokenExpired = "token_expired", "the token has expired";
    /// The token is not valid yet (RFC 7519 §4.1.5), or was issued in the future.
    TokenNotYetValid = "token_not_yet_valid", "the token is not valid yet";
    /// The token was issued longer ago than the policy's maximum age.
    TokenTooOld = "token_too_old", "the token was issued too long ago";
    /// The `typ` header is not the one that the policy asks for (RFC 8725 §3.11).
    InvalidType = "invalid_type", "the token is of another type";
    /// A claim that the policy requires is absent.
    MissingClaim = "missing_claim", "a required claim is missing";
    /// A claim is of the wrong type, or the claims do not fit the type asked for.
    InvalidClaims = "invalid_claims", "the claims cannot be used";
    /// A rule of the application refused the claims.
    CheckFailed = "check_failed", "a rule of the application refused the token";
    /// The token is bound to a key or certificate of its sender and came without a proof (RFC 7800).
    ProofRequired = "proof_required", "the token is bound to its sender and needs a proof";
    /// The client's certificate is not the one that the token is bound to (RFC 8705 §3).
    CertificateMismatch = "certificate_mismatch", "the client certificate is not the token's";
    /// Whether the client holds the key or certificate of the token cannot be found out now.
    ConfirmUnavailable = "confirm_unavailable", "the proof of possession cannot be checked now";
    /// The token was revoked.
    TokenRevoked = "token_revoked", "the token was revoked";
    /// Whether the token was revoked cannot be found out now.
    RevocationUnavailable = "revocation_unavailable", "revocation cannot be checked now";
    /// The token does not grant the scopes that the request needs (RFC 6750 §3.1).
    InsufficientScope = "insufficient_scope", "the token lacks a scope";
    /// The bearer may not do this, whatever scopes they get.
    Forbidden = "forbidden", "the bearer may not do this";
    /// The request needs a stronger or more recent log-in than the token's (RFC 9470).
    StepUpRequired = "step_up_required", "the log-in is too weak or too long ago";
    /// The issuer's keys cannot be had now.
    KeysUnavailable = "keys_unavailable", "the issuer's keys are not available now";
    /// The server is put together wrongly. Never caused by a request.
    Internal = "internal", "the server is misconfigured";
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_label_of_its_own() {
        let mut labels: Vec<_> = ErrorKind::ALL.iter().map(|kind| kind.as_str()).collect();
        labels.sort_unstable();
        labels.dedup();
        assert_eq!(labels.len(), ErrorKind::ALL.len());
        assert!(labels.iter().all(|l| l.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')));
    }

    #[test]
    fn the_cause_shows_as_source_and_nowhere_else() {
        let error = Error::new(ErrorKind::KeysUnavailable)
            .with_detail("first fetch failed")
            .with_source("connection to 10.0.0.7 refused");
        assert_eq!(
            error.to_string(),
            "the issuer's keys are not available now: first fetch failed"
        );
        assert!(!format!("{error:?}").contains("10.0.0.7"));
        let source = error.source().map(ToString::to_string);
        assert_eq!(source.as_deref(), Some("connection to 10.0.0.7 refused"));
    }
}
