//! Errors of a request.
//!
//! [`Error`] is for operators and for code that matches on the reason. The module [`respond`](crate::respond) decides
//! what a client sees of it. Neither its `Display` nor its `Debug` output contains a token, a key, a secret or the
//! value of a claim.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::value::RawValue;

/// A type-erased cause.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// The reason why a request or a token was rejected.
///
/// Opaque and cheap to clone; contains no secrets. Match on [`Error::kind`].
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
    report: Option<Arc<Report>>,
    retry_after: Option<Duration>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// What is known about an error in addition to its kind, for operators.
#[derive(Clone, Default)]
struct Report {
    expected: Option<String>,
    explanation: Option<Box<RawValue>>,
}

impl Error {
    /// Creates an error of this kind, for implementations of the extension traits.
    pub const fn new(kind: ErrorKind) -> Self {
        Self { kind, detail: None, report: None, retry_after: None, source: None }
    }

    /// Adds a fixed sentence for operators that describes the exact problem.
    ///
    /// The text is `'static` on purpose: it cannot contain data from a request.
    #[must_use]
    pub const fn with_detail(mut self, detail: &'static str) -> Self {
        self.detail = Some(detail);
        self
    }

    /// Adds what the configuration requires.
    pub(crate) fn with_expected(mut self, expected: String) -> Self {
        self.report_mut().expected = Some(expected);
        self
    }

    /// Adds an explanation, for responders that show it.
    pub(crate) fn with_explanation(mut self, explanation: Option<Box<RawValue>>) -> Self {
        self.report_mut().explanation = explanation;
        self
    }

    fn report_mut(&mut self) -> &mut Report {
        Arc::make_mut(self.report.get_or_insert_default())
    }

    /// Adds the cause, which only [`source`](StdError::source) returns. It is never part of a response.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.source = Some(Arc::from(source.into()));
        self
    }

    /// Adds how long a client should wait before it retries (`Retry-After`).
    #[must_use]
    pub const fn with_retry_after(mut self, delay: Duration) -> Self {
        self.retry_after = Some(delay);
        self
    }

    /// The kind of error, as a value to match on.
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// A fixed sentence with more detail than the kind, if there is one.
    pub const fn detail(&self) -> Option<&'static str> {
        self.detail
    }

    /// What the configuration requires in place of what the token has, for operators: the issuer, the audiences, the
    /// algorithms, the type, the claims or the key ids. `None` if no setting explains the rejection.
    ///
    /// For an [`Internal`](ErrorKind::Internal) error of a layer or extractor, it names the layer that is missing, and
    /// the method and path of the request.
    ///
    /// It contains nothing of the token, and is not part of a response.
    ///
    /// ```
    /// use tower_jwt_auth::{Verifier, testing::TestIssuer};
    ///
    /// let issuer = TestIssuer::hs256().audience("billing");
    /// let verifier = Verifier::shared_secret(issuer.secret()).audience("orders").build()?;
    /// let error = verifier.verify_now(&issuer.token().mint()).unwrap_err();
    /// assert_eq!(error.expected(), Some("the audience `orders`"));
    /// assert!(error.to_string().ends_with("expected the audience `orders`"));
    /// # Ok::<(), tower_jwt_auth::BuildError>(())
    /// ```
    pub fn expected(&self) -> Option<&str> {
        self.report.as_ref()?.expected.as_deref()
    }

    /// The explanation, as JSON.
    pub(crate) fn explanation(&self) -> Option<&RawValue> {
        self.report.as_ref()?.explanation.as_deref()
    }

    /// How long a client should wait before it retries, if known.
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
        if let Some(detail) = self.detail {
            write!(f, ": {detail}")?;
        }
        match self.expected() {
            Some(expected) => write!(f, "; expected {expected}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Omits the source: its text comes from other crates, and the `Debug` output of errors ends up in logs.
        f.debug_struct("Error")
            .field("kind", &self.kind)
            .field("detail", &self.detail)
            .field("expected", &self.expected())
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
        /// The kind of an [`Error`]: a value to match on and a label for metrics.
        ///
        /// ```
        /// use tower_jwt_auth::{ErrorKind, Verifier, testing::TestIssuer};
        ///
        /// let issuer = TestIssuer::hs256();
        /// let verifier = Verifier::shared_secret(issuer.secret()).any_audience().build()?;
        /// assert!(verifier.verify_now(&issuer.token().mint()).is_ok());
        ///
        /// let error = verifier.verify_now(&issuer.token().expired().mint()).unwrap_err();
        /// assert_eq!(error.kind(), ErrorKind::TokenExpired);
        /// assert_eq!(error.kind().as_str(), "token_expired");
        /// # Ok::<(), tower_jwt_auth::BuildError>(())
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum ErrorKind {
            $($(#[$doc])+ $name,)+
        }

        impl ErrorKind {
            /// Every kind, in declaration order.
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
    /// The request only carries credentials of another scheme, such as `Basic`.
    UnsupportedScheme = "unsupported_scheme", "the request uses another authentication scheme";
    /// The credentials are malformed: an empty token, white space in the token, or illegal characters.
    MalformedHeader = "malformed_header", "the credentials are malformed";
    /// The request carries more than one token.
    MultipleTokens = "multiple_tokens", "the request carries more than one token";
    /// The token is longer than the configured limit.
    TokenTooLarge = "token_too_large", "the token is longer than the limit";
    /// The token is not a JWT in the compact serialization (RFC 7515 §3.1, RFC 7519 §7.2).
    MalformedToken = "malformed_token", "the token is malformed";
    /// The token's algorithm is not allowed, or does not fit the key.
    AlgorithmNotAllowed = "algorithm_not_allowed", "the token's algorithm is not allowed";
    /// No key of the issuer's key set has the token's key id.
    UnknownKey = "unknown_key", "no key matches the token";
    /// The signature is invalid.
    InvalidSignature = "invalid_signature", "the token's signature is invalid";
    /// The issuer is missing or not trusted (RFC 7519 §4.1.1).
    InvalidIssuer = "invalid_issuer", "the token's issuer is not trusted";
    /// The audience (RFC 7519 §4.1.3), the client or the authorized party is missing or does not match.
    InvalidAudience = "invalid_audience", "the token is for another audience";
    /// The subject is not the one that the policy requires (RFC 7519 §4.1.2).
    InvalidSubject = "invalid_subject", "the token is for another subject";
    /// The token has expired (RFC 7519 §4.1.4).
    TokenExpired = "token_expired", "the token has expired";
    /// The token is not valid yet (RFC 7519 §4.1.5), or was issued in the future.
    TokenNotYetValid = "token_not_yet_valid", "the token is not valid yet";
    /// The token was issued longer ago than the policy's maximum age.
    TokenTooOld = "token_too_old", "the token was issued too long ago";
    /// The `typ` header is not the one that the policy requires (RFC 8725 §3.11), or the token is not an access token.
    InvalidType = "invalid_type", "the token has the wrong type";
    /// A claim that the policy requires is missing.
    MissingClaim = "missing_claim", "a required claim is missing";
    /// A claim has the wrong type, or the claims do not fit the claims type.
    InvalidClaims = "invalid_claims", "the claims are invalid";
    /// A check of the application rejected the claims.
    CheckFailed = "check_failed", "a check of the application rejected the token";
    /// The token is bound to a key or certificate, and there is no proof (RFC 7800).
    ProofRequired = "proof_required", "the token is bound to a key and needs a proof of possession";
    /// The client's certificate is not the one that the token is bound to (RFC 8705 §3).
    CertificateMismatch = "certificate_mismatch", "the token is bound to another client certificate";
    /// The proof of possession cannot be checked now.
    ConfirmUnavailable = "confirm_unavailable", "the proof of possession cannot be checked now";
    /// The token was revoked.
    TokenRevoked = "token_revoked", "the token was revoked";
    /// Revocation cannot be checked now.
    RevocationUnavailable = "revocation_unavailable", "revocation cannot be checked now";
    /// The token does not grant the scopes that the request needs (RFC 6750 §3.1).
    InsufficientScope = "insufficient_scope", "the token lacks a scope";
    /// The token does not permit the request, and more scopes would not change that.
    Forbidden = "forbidden", "the token does not permit the request";
    /// The request needs a stronger or more recent login than the token's (RFC 9470).
    StepUpRequired = "step_up_required", "the login is too weak or too long ago";
    /// The issuer's keys are not available now.
    KeysUnavailable = "keys_unavailable", "the issuer's keys are not available now";
    /// The server is misconfigured; never caused by a request.
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
    fn every_kind_has_a_unique_label() {
        let mut labels: Vec<_> = ErrorKind::ALL.iter().map(|kind| kind.as_str()).collect();
        labels.sort_unstable();
        labels.dedup();
        assert_eq!(labels.len(), ErrorKind::ALL.len());
        assert!(labels.iter().all(|l| l.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')));
    }

    #[test]
    fn the_cause_is_visible_through_source_only() {
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
