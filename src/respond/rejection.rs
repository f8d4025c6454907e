//! Maps the reason of a rejection to HTTP and gRPC. The only place that does.

use std::time::Duration;

use http::header::{CACHE_CONTROL, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use serde_json::value::RawValue;

use super::challenge::{Challenge, Challenges, Demand};
use crate::error::{Error, ErrorKind};

/// The reason, status and headers of a rejection, from which a responder builds the response.
///
/// [`error_code`](Self::error_code) and [`description`](Self::description) are for clients. They are the same for every
/// invalid token, except for an expired one. [`error`](Self::error) is the exact reason, for logs.
///
/// ```
/// use bytes::Bytes;
/// use http::{Response, StatusCode, header::LOCATION, request::Parts};
/// use tower_jwt_auth::respond::Rejection;
///
/// /// Redirects browsers to the login page. Other clients get the challenge.
/// fn redirect_to_login(rejection: &Rejection<'_>, request: &Parts) -> Response<Bytes> {
///     let mut response = rejection.response(Bytes::new());
///     let is_browser = request.headers.get("accept").is_some_and(|it| it.as_bytes().starts_with(b"text/html"));
///     if rejection.status() == StatusCode::UNAUTHORIZED && is_browser {
///         *response.status_mut() = StatusCode::SEE_OTHER;
///         response.headers_mut().insert(LOCATION, http::HeaderValue::from_static("/login"));
///     }
///     response
/// }
/// # fn takes(_: impl tower_jwt_auth::respond::Respond) {}
/// # takes(tower_jwt_auth::respond::from_fn(redirect_to_login));
/// ```
#[derive(Debug)]
pub struct Rejection<'a> {
    error: &'a Error,
    status: StatusCode,
    challenge: Option<Challenge>,
    grpc_status: GrpcStatus,
    challenges: &'a Challenges,
    demand: &'a Demand,
}

/// The gRPC status codes of rejections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum GrpcStatus {
    InvalidArgument = 3,
    PermissionDenied = 7,
    Internal = 13,
    Unavailable = 14,
    Unauthenticated = 16,
}

impl<'a> Rejection<'a> {
    pub(crate) fn new(error: &'a Error, challenges: &'a Challenges, demand: &'a Demand) -> Self {
        let (status, challenge, grpc_status) = outcome(error.kind());
        Self { error, status, challenge, grpc_status, challenges, demand }
    }

    /// Turns this into the rejection of an invalid token.
    pub(super) const fn into_invalid_token(mut self) -> Self {
        self.status = StatusCode::UNAUTHORIZED;
        self.challenge = Some(Challenge::InvalidToken);
        self.grpc_status = GrpcStatus::Unauthenticated;
        self
    }

    /// The exact reason.
    ///
    /// Do not send it to clients: it shows an attacker which checks a forged token passed.
    pub const fn error(&self) -> &'a Error {
        self.error
    }

    /// The [explanation](crate::explain::Explanation) of the token's rejection, as JSON.
    ///
    /// `None` unless the responder [wants](crate::respond::Respond::wants_explanation) one. Do not send it to clients
    /// in production.
    pub fn explanation(&self) -> Option<&'a RawValue> {
        self.error.explanation()
    }

    /// The status of the response.
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// The status of a gRPC response.
    ///
    /// One of 3 `INVALID_ARGUMENT`, 7 `PERMISSION_DENIED`, 13 `INTERNAL`, 14 `UNAVAILABLE` and 16 `UNAUTHENTICATED`.
    pub const fn grpc_status(&self) -> u8 {
        self.grpc_status as u8
    }

    /// The required scopes, space-separated (RFC 6750 §3.1). `None` if more scopes would not help.
    pub fn scope(&self) -> Option<&'a str> {
        let named = self.challenges.scope(self.challenge?, self.demand);
        named.filter(|scope| !scope.is_empty())
    }

    /// The required authentication contexts, space-separated (RFC 9470 §3). `None` if a new login would not help.
    pub fn acr_values(&self) -> Option<&'a str> {
        self.step_up()?.acr_values.as_deref()
    }

    /// The maximum age of the login (RFC 9470 §3). `None` if a new login would not help.
    pub fn max_age(&self) -> Option<Duration> {
        self.step_up()?.max_age
    }

    fn step_up(&self) -> Option<&'a Demand> {
        (self.challenge == Some(Challenge::StepUp)).then_some(self.demand)
    }

    /// How long the client should wait before it retries; `None` unless the status is 503.
    ///
    /// Rounded up to whole seconds so that clients do not retry too early.
    pub fn retry_after(&self) -> Option<Duration> {
        (self.status == StatusCode::SERVICE_UNAVAILABLE).then(|| {
            let delay = self.error.retry_after().unwrap_or_default();
            let up = u64::from(delay.subsec_nanos() != 0);
            Duration::from_secs(delay.as_secs().saturating_add(up).max(1))
        })
    }

    /// The error code of RFC 6750 §3.1.
    ///
    /// `None` if the request has no credentials, or if the client did not cause the error.
    pub fn error_code(&self) -> Option<&'static str> {
        self.challenge.and_then(Challenge::error)
    }

    /// A fixed sentence for the client.
    pub fn description(&self) -> &'static str {
        match self.challenge {
            Some(challenge) => challenge.description(),
            None if self.status == StatusCode::SERVICE_UNAVAILABLE => {
                "The access token cannot be verified at the moment"
            }
            None => "The server cannot answer this request",
        }
    }

    /// The values of `WWW-Authenticate`, one for each header field (RFC 9110 §11.6.1).
    pub fn challenges(&self) -> impl Iterator<Item = HeaderValue> {
        let own = self.challenge.map(|challenge| self.challenges.get(challenge, self.demand));
        let is_unauthorized = self.status == StatusCode::UNAUTHORIZED;
        let further = self.challenges.further().filter(|_| is_unauthorized);
        own.into_iter().chain(further.cloned())
    }

    pub(super) const fn kind_of_challenge(&self) -> Option<Challenge> {
        self.challenge
    }

    /// Creates a response with this body, and the status and headers of the rejection.
    pub fn response<T>(&self, body: T) -> Response<T> {
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        *response.headers_mut() = HeaderMap::with_capacity(4);
        self.add_required_headers(&mut response);
        response
    }

    /// Adds the required headers that are missing: the challenges (RFC 9110 §15.5.2), `Retry-After`, and
    /// `Cache-Control: no-store`.
    pub(crate) fn add_required_headers<T>(&self, response: &mut Response<T>) {
        let headers = response.headers_mut();
        // A rejection has few headers, so comparing their names is faster than hashing one.
        let has = |headers: &HeaderMap, name| headers.keys().any(|key| *key == name);
        if !has(headers, WWW_AUTHENTICATE) {
            for challenge in self.challenges() {
                headers.append(WWW_AUTHENTICATE, challenge);
            }
        }
        if let Some(delay) = self.retry_after().filter(|_| !has(headers, RETRY_AFTER)) {
            headers.insert(RETRY_AFTER, delay.as_secs().into());
        }
        if !has(headers, CACHE_CONTROL) {
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
    }
}

/// The status, challenge and gRPC status of each reason.
fn outcome(kind: ErrorKind) -> (StatusCode, Option<Challenge>, GrpcStatus) {
    use ErrorKind as K;
    use GrpcStatus as Grpc;
    let unauthorized =
        |challenge| (StatusCode::UNAUTHORIZED, Some(challenge), Grpc::Unauthenticated);
    let forbidden = |challenge| (StatusCode::FORBIDDEN, Some(challenge), Grpc::PermissionDenied);
    match kind {
        K::MissingToken | K::UnsupportedScheme => unauthorized(Challenge::Bare),
        K::MalformedHeader | K::MultipleTokens => {
            (StatusCode::BAD_REQUEST, Some(Challenge::InvalidRequest), Grpc::InvalidArgument)
        }
        K::TokenExpired => unauthorized(Challenge::Expired),
        K::TokenTooLarge
        | K::MalformedToken
        | K::AlgorithmNotAllowed
        | K::UnknownKey
        | K::InvalidSignature
        | K::InvalidIssuer
        | K::InvalidAudience
        | K::InvalidSubject
        | K::TokenNotYetValid
        | K::TokenTooOld
        | K::InvalidType
        | K::MissingClaim
        | K::InvalidClaims
        | K::CheckFailed
        | K::ProofRequired
        | K::CertificateMismatch
        | K::TokenRevoked => unauthorized(Challenge::InvalidToken),
        K::InsufficientScope => forbidden(Challenge::InsufficientScope),
        K::Forbidden => forbidden(Challenge::Forbidden),
        K::StepUpRequired => unauthorized(Challenge::StepUp),
        K::KeysUnavailable | K::RevocationUnavailable | K::ConfirmUnavailable => {
            (StatusCode::SERVICE_UNAVAILABLE, None, Grpc::Unavailable)
        }
        K::Internal => (StatusCode::INTERNAL_SERVER_ERROR, None, Grpc::Internal),
    }
}
