//! The one place that maps a reason to HTTP.

use std::time::Duration;

use http::header::{CACHE_CONTROL, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, Response, StatusCode};

use super::challenge::{Challenge, Challenges, Demand};
use crate::error::{Error, ErrorKind};

/// A refusal on its way to becoming a response: the reason, the status and the headers that go with it.
///
/// What a client may know is coarse: [`error_code`](Self::error_code) and
/// [`description`](Self::description) are the same for every bad token, expiry excepted. The exact
/// reason is [`error`](Self::error), for logs.
///
/// ```
/// use bytes::Bytes;
/// use http::{Response, StatusCode, header::LOCATION, request::Parts};
/// use tower_jwt_auth::respond::Rejection;
///
/// /// Sends people to the log-in page, and leaves programs with the challenge.
/// fn log_in(rejection: &Rejection<'_>, request: &Parts) -> Response<Bytes> {
///     let mut response = rejection.response(Bytes::new());
///     let person = request.headers.get("accept").is_some_and(|it| it.as_bytes().starts_with(b"text/html"));
///     if rejection.status() == StatusCode::UNAUTHORIZED && person {
///         *response.status_mut() = StatusCode::SEE_OTHER;
///         response.headers_mut().insert(LOCATION, http::HeaderValue::from_static("/log-in"));
///     }
///     response
/// }
/// # fn takes(_: impl tower_jwt_auth::respond::Respond) {}
/// # takes(tower_jwt_auth::respond::from_fn(log_in));
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

/// The status codes of gRPC that a refusal can have.
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

    /// The answer to a token that is refused, whatever the reason was.
    pub(super) const fn into_invalid_token(mut self) -> Self {
        self.status = StatusCode::UNAUTHORIZED;
        self.challenge = Some(Challenge::InvalidToken);
        self.grpc_status = GrpcStatus::Unauthenticated;
        self
    }

    /// The exact reason. Not for clients: it tells an attacker how far a forgery got.
    pub const fn error(&self) -> &'a Error {
        self.error
    }

    /// The status of the response.
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// The status of a gRPC response: 3 `INVALID_ARGUMENT`, 7 `PERMISSION_DENIED`, 13 `INTERNAL`,
    /// 14 `UNAVAILABLE` or 16 `UNAUTHENTICATED`.
    pub const fn grpc_status(&self) -> u8 {
        self.grpc_status as u8
    }

    /// The scopes to ask for, space-separated (RFC 6750 §3.1). None where more of them would not help.
    pub fn scope(&self) -> Option<&'a str> {
        let named = self.challenges.scope(self.challenge?, self.demand);
        named.filter(|scope| !scope.is_empty())
    }

    /// The authentication contexts that would have done, space-separated (RFC 9470 §3). None where
    /// another log-in would not help.
    pub fn acr_values(&self) -> Option<&'a str> {
        self.step_up()?.acr_values.as_deref()
    }

    /// How long ago the log-in may be at the most (RFC 9470 §3). None where another one would not help.
    pub fn max_age(&self) -> Option<Duration> {
        self.step_up()?.max_age
    }

    fn step_up(&self) -> Option<&'a Demand> {
        (self.challenge == Some(Challenge::StepUp)).then_some(self.demand)
    }

    /// How long the client should wait before it asks again: rounded up to whole seconds, because who
    /// comes back early comes for nothing. None but for 503.
    pub fn retry_after(&self) -> Option<Duration> {
        (self.status == StatusCode::SERVICE_UNAVAILABLE).then(|| {
            let delay = self.error.retry_after().unwrap_or_default();
            let up = u64::from(delay.subsec_nanos() != 0);
            Duration::from_secs(delay.as_secs().saturating_add(up).max(1))
        })
    }

    /// The error code of RFC 6750 §3.1. None without credentials, and none when it is not the client's
    /// doing.
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

    /// The values of `WWW-Authenticate`, each to be a field of its own (RFC 9110 §11.6.1).
    pub fn challenges(&self) -> impl Iterator<Item = HeaderValue> {
        let own = self.challenge.map(|challenge| self.challenges.get(challenge, self.demand));
        let is_unauthorized = self.status == StatusCode::UNAUTHORIZED;
        let further = self.challenges.further().filter(|_| is_unauthorized);
        own.into_iter().chain(further.cloned())
    }

    pub(super) const fn kind_of_challenge(&self) -> Option<Challenge> {
        self.challenge
    }

    /// A response with the status and the headers of this rejection, to be given a body.
    pub fn response<T>(&self, body: T) -> Response<T> {
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        *response.headers_mut() = HeaderMap::with_capacity(4);
        self.protect(&mut response);
        response
    }

    /// Puts the headers on that no responder is to leave out: the challenge of a 401 (RFC 9110
    /// §15.5.2), `Retry-After`, and that refusals are not to be stored.
    pub(crate) fn protect<T>(&self, response: &mut Response<T>) {
        let headers = response.headers_mut();
        // A refusal has a few headers: looking at their names is less work than hashing one.
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

/// Status, challenge and gRPC status of every reason.
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
