//! The results of token introspection.

use std::fmt;

/// The result of asking an introspection endpoint about a token.
///
/// ```
/// use tower_jwt_auth::observe::{IntrospectionFailure, IntrospectionOutcome};
///
/// assert_eq!(IntrospectionOutcome::Active.as_str(), "active");
/// let failed = IntrospectionOutcome::Failed(IntrospectionFailure::Timeout);
/// assert_eq!(failed.as_str(), "timeout");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IntrospectionOutcome {
    /// The endpoint answered that the token is active.
    Active,
    /// The endpoint answered that the token is not active.
    Revoked,
    /// It is not known whether the token is active.
    Failed(IntrospectionFailure),
}

impl IntrospectionOutcome {
    /// The stable, lower-case label, for logs and metrics.
    ///
    /// For a failure, it is the label of its [`IntrospectionFailure`].
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Revoked => "revoked",
            Self::Failed(failure) => failure.as_str(),
        }
    }
}

macro_rules! failures {
    ($($(#[$doc:meta])+ $name:ident = $label:literal, $sentence:literal;)+) => {
        /// Why it is not known whether a token is active.
        ///
        /// ```
        /// use tower_jwt_auth::observe::IntrospectionFailure;
        ///
        /// let failure = IntrospectionFailure::TooManyCalls;
        /// assert_eq!(failure.as_str(), "too_many_calls");
        /// assert_eq!(failure.to_string(), "too many introspection calls are under way");
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum IntrospectionFailure {
            $($(#[$doc])+ $name,)+
        }

        impl IntrospectionFailure {
            /// Every failure, in declaration order.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The stable, lower-case label, for logs and metrics.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $label,)+ }
            }

            /// A fixed sentence for operators.
            pub(crate) const fn sentence(self) -> &'static str {
                match self { $(Self::$name => $sentence,)+ }
            }
        }
    };
}

failures! {
    /// The endpoint could not be reached, or the connection broke.
    Connection = "connection", "the introspection endpoint could not be reached";
    /// The endpoint did not answer within the timeout.
    Timeout = "timeout", "the introspection endpoint did not answer within the timeout";
    /// The endpoint rejected this server's credential: status 401 or 403.
    Unauthorized = "unauthorized", "the introspection endpoint rejected the credential of this server";
    /// The endpoint does not answer for this kind of token: `unsupported_token_type`.
    ///
    /// Some issuers introspect only opaque tokens, and none of their JWTs.
    UnsupportedTokenType = "unsupported_token_type", "the introspection endpoint does not answer for JWTs \
        (`unsupported_token_type`); remove the introspection, or configure the issuer to support it";
    /// The endpoint rejected the request: status 400.
    BadRequest = "bad_request", "the introspection endpoint rejected the request with status 400";
    /// The endpoint answered with a redirect, which is not followed.
    Redirect = "redirect", "the introspection endpoint answered with a redirect, which is not followed";
    /// The endpoint answered with another status than 200.
    Status = "status", "the introspection endpoint answered with another status than 200";
    /// The answer has the wrong content type or a content encoding.
    ContentType = "content_type", "the introspection answer has the wrong content type";
    /// The answer is unsigned JSON, and signed answers are required.
    Unsigned = "unsigned", "the introspection answer is not signed, and signed answers are required";
    /// The answer has more than 64 KiB.
    TooLarge = "too_large", "the introspection answer is larger than 64 KiB";
    /// The answer is not a strict JSON object, or `active` is missing or not a boolean.
    Malformed = "malformed", "the introspection answer is malformed";
    /// The signed answer does not verify.
    InvalidSignedAnswer = "invalid_signed_answer", "the signed introspection answer does not verify";
    /// The keys for signed answers are not available now.
    KeysUnavailable = "keys_unavailable", "the keys for signed introspection answers are not available";
    /// The answer is about another token.
    OtherToken = "other_token", "the introspection answer is about another token";
    /// The token is not from the issuer of the endpoint, so it was not sent.
    OtherIssuer = "other_issuer", "the token is not from the issuer whose endpoint is configured, so it was not \
        introspected";
    /// Client authentication failed, so nothing was sent.
    NoCredential = "no_credential", "the credential for the introspection endpoint could not be read";
    /// Too many calls are under way, so none was started.
    TooManyCalls = "too_many_calls", "too many introspection calls are under way";
    /// Too many requests wait for answers.
    TooManyWaiting = "too_many_waiting", "too many requests wait for introspection answers";
    /// The endpoint failed several times in a row and is not called for a while.
    Paused = "paused", "the introspection endpoint failed repeatedly and is not called for some seconds";
    /// There is no Tokio runtime.
    NoRuntime = "no_runtime", "token introspection needs a Tokio runtime";
    /// The clock has no timers, so the call would have no time limit.
    NoTimer = "no_timer", "there is no timer for the introspection call; build the Tokio runtime with `enable_time`";
    /// The call ended without a result: the client panicked, or its runtime was shut down.
    Aborted = "aborted", "the introspection call ended without a result";
}

impl fmt::Display for IntrospectionFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_has_a_unique_label() {
        let mut labels: Vec<_> = IntrospectionFailure::ALL.iter().map(|it| it.as_str()).collect();
        labels.extend(["active", "revoked"]);
        labels.sort_unstable();
        let all = labels.len();
        labels.dedup();
        assert_eq!(labels.len(), all);
        assert!(labels.iter().all(|l| l.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')));
    }
}
