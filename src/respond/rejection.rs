//! The one place that maps a reason to HTTP.

use http::header::{CACHE_CONTROL, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, Response, StatusCode};

use super::challenge::{Challenge, Challenges};
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
    challenges: &'a Challenges,
}

impl<'a> Rejection<'a> {
    pub(crate) fn new(error: &'a Error, challenges: &'a Challenges) -> Self {
        let (status, challenge) = outcome(error.kind());
        Self { error, status, challenge, challenges }
    }

    /// The answer to a token that is refused, whatever the reason was.
    pub(super) const fn into_invalid_token(mut self) -> Self {
        self.status = StatusCode::UNAUTHORIZED;
        self.challenge = Some(Challenge::InvalidToken);
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
        let own = self.challenge.map(|challenge| self.challenges.get(challenge));
        let is_unauthorized = self.status == StatusCode::UNAUTHORIZED;
        let further = self.challenges.further().filter(|_| is_unauthorized);
        own.into_iter().chain(further).cloned()
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
        if !headers.contains_key(WWW_AUTHENTICATE) {
            for challenge in self.challenges() {
                headers.append(WWW_AUTHENTICATE, challenge);
            }
        }
        if self.status == StatusCode::SERVICE_UNAVAILABLE && !headers.contains_key(RETRY_AFTER) {
            // Rounded up: who comes back early comes for nothing.
            let delay = self.error.retry_after().unwrap_or_default();
            let seconds =
                delay.as_secs().saturating_add(u64::from(delay.subsec_nanos() != 0)).max(1);
            headers.insert(RETRY_AFTER, seconds.into());
        }
        if !headers.contains_key(CACHE_CONTROL) {
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
    }
}

/// Status and challenge of every reason.
fn outcome(kind: ErrorKind) -> (StatusCode, Option<Challenge>) {
    use ErrorKind as K;
    match kind {
        K::MissingToken | K::UnsupportedScheme => (StatusCode::UNAUTHORIZED, Some(Challenge::Bare)),
        K::MalformedHeader | K::MultipleTokens => {
            (StatusCode::BAD_REQUEST, Some(Challenge::InvalidRequest))
        }
        K::TokenExpired => (StatusCode::UNAUTHORIZED, Some(Challenge::Expired)),
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
        | K::TokenRevoked => (StatusCode::UNAUTHORIZED, Some(Challenge::InvalidToken)),
        K::KeysUnavailable | K::RevocationUnavailable => (StatusCode::SERVICE_UNAVAILABLE, None),
        K::Internal => (StatusCode::INTERNAL_SERVER_ERROR, None),
    }
}
