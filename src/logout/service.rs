//! The endpoint as a Tower service.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future::{Either, select};
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body::Body;
use serde_json::json;
use tower_service::Service;

use super::logout_token::Rules;
use super::request::{Unreadable, is_form, logout_token, read};
use crate::claims::NumericDate;
use crate::clock::{Clock, Timer};
use crate::error::{Error, ErrorKind};
use crate::expiring_set::{ExpiringSet, Kept};
use crate::observe::{EntryKind, Event};
use crate::revocation::{Entry, Revoke};
use crate::verify::{Verified, Verifier};

/// The longest time for one request: for its body, for the keys and for the lists.
const MAX_WAIT: Duration = Duration::from_secs(10);
/// How long the id of a logout token is kept: the highest age of such a token, and the leeway.
const KEPT: Duration = Duration::from_secs(10 * 60);

/// The endpoint for OpenID back-channel logout, a Tower service.
///
/// Mount it at the URL that is registered at the issuer, outside of the [`JwtAuthLayer`](crate::JwtAuthLayer): the
/// logout token authenticates the request. It does not look at the path. See the [module](super) for the rules and an
/// example of an accepted and a rejected request.
///
/// With axum:
///
/// ```
/// # #[cfg(feature = "jwks-client")] {
/// use std::time::Duration;
///
/// use axum::{Router, routing::get};
/// use tower_jwt_auth::logout::BackchannelLogout;
/// use tower_jwt_auth::revocation::Denylist;
/// use tower_jwt_auth::{BuildError, JwtAuthLayer, Verified, Verifier};
///
/// fn app() -> Result<Router, BuildError> {
///     let denied = Denylist::new().lifetime(Duration::from_secs(3600)); // the longest life of a token
///     let verifier = Verifier::issuer_url("https://auth.example.com")
///         .audience("orders")
///         .revocation(denied.clone())
///         .build()?;
///     let logout = BackchannelLogout::issuer_url("https://auth.example.com")
///         .client_id("web-app")
///         .feeds(denied)
///         .build()?;
///     Ok(Router::new()
///         .route("/me", get(|user: Verified| async move { user.subject().unwrap_or("nobody").to_owned() }))
///         .route_layer(JwtAuthLayer::new(verifier))
///         .route_service("/backchannel-logout", logout))
/// }
/// assert!(app().is_ok());
/// # }
/// ```
#[derive(Clone)]
pub struct BackchannelLogout(Arc<Inner>);

pub(super) struct Inner {
    pub(super) verifier: Verifier,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) rules: Rules,
    pub(super) lists: Vec<Arc<dyn Revoke>>,
    /// The ids of the logout tokens that were received.
    pub(super) received: ExpiringSet,
}

impl From<Inner> for BackchannelLogout {
    fn from(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }
}

/// What is sent to the issuer.
enum Answer {
    Revoked,
    NotPost,
    Unreadable(Unreadable),
    Failed(Error),
}

impl Inner {
    async fn answer<B: Body>(&self, method: Method, headers: HeaderMap, body: B) -> Answer {
        if method != Method::POST {
            return Answer::NotPost;
        }
        if !is_form(&headers) {
            return Answer::Unreadable((StatusCode::BAD_REQUEST, "the body must be a form"));
        }
        let deadline = self.clock.monotonic().saturating_add(MAX_WAIT);
        let mut timer = self.clock.sleep_until(deadline);
        let form = match within(&mut timer, read(body)).await {
            Some(Ok(form)) => form,
            Some(Err(unreadable)) => return Answer::Unreadable(unreadable),
            None => {
                let late = (StatusCode::REQUEST_TIMEOUT, "the body did not arrive in time");
                return Answer::Unreadable(late);
            }
        };
        let token = match logout_token(&form) {
            Ok(token) => token,
            Err(unreadable) => return Answer::Unreadable(unreadable),
        };
        let outcome = within(&mut timer, self.revoke(&token)).await.unwrap_or_else(|| {
            let detail = "the keys or the list did not answer in time";
            Err(Error::new(ErrorKind::RevocationUnavailable).with_detail(detail))
        });
        self.report(&outcome);
        match outcome {
            Ok(_) => Answer::Revoked,
            Err(error) => Answer::Failed(error),
        }
    }

    /// Verifies a logout token, and revokes what it names.
    async fn revoke(&self, token: &str) -> Result<EntryKind, Error> {
        let verified = self.verifier.verify(token).await?;
        let entry = self.rules.entry(verified.token())?;
        let now = NumericDate::from(self.clock.now()).seconds_u32();
        let id = self.received.group("").name(0, verified.token().token_id().unwrap_or_default());
        if self.received.get(&id).is_some_and(|kept| kept.is_live(now)) {
            let detail = "a logout token with this `jti` was received before";
            return Err(Error::new(ErrorKind::InvalidClaims).with_detail(detail));
        }
        self.pass_on(&entry).await?;
        // Only now: if a list fails, the issuer may send the token again. What it revokes is the same each time.
        self.received.insert(&id, Kept { until: self.forgotten(&verified), number: 0 }, now);
        Ok(entry.kind())
    }

    async fn pass_on(&self, entry: &Entry) -> Result<(), Error> {
        for answer in self.lists.iter().map(|list| list.revoke(entry)).collect::<Vec<_>>() {
            answer.await?;
        }
        Ok(())
    }

    /// When the token is rejected because of its age anyway.
    fn forgotten(&self, verified: &Verified) -> u32 {
        let issued = verified.token().issued_at();
        let from = issued.unwrap_or_else(|| self.clock.now().into());
        from.saturating_add(KEPT).seconds_u32()
    }

    fn report(&self, outcome: &Result<EntryKind, Error>) {
        let (revoked, error) = match outcome {
            Ok(kind) => (Some(*kind), None),
            Err(error) => (None, Some(error)),
        };
        self.verifier.observer().report(&Event::LogoutReceived { revoked, error });
    }
}

/// Waits for the task until the timer completes; without a timer, there is no limit.
async fn within<T>(timer: &mut Option<Timer>, task: impl Future<Output = T>) -> Option<T> {
    let Some(timer) = timer else { return Some(task.await) };
    match select(pin!(task), timer).await {
        Either::Left((output, _)) => Some(output),
        Either::Right(_) => None,
    }
}

impl Answer {
    fn into_response(self) -> Response<String> {
        let mut response = match self {
            Self::Revoked => Response::new(String::new()),
            Self::NotPost => {
                let mut response = Response::new(String::new());
                *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
                response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
                response
            }
            Self::Unreadable((status, sentence)) => with_error(status, sentence),
            Self::Failed(error) => failed(&error),
        };
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

/// The response for a token that was not accepted. It has nothing but fixed texts.
fn failed(error: &Error) -> Response<String> {
    let description = match error.detail() {
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    };
    let is_unavailable =
        matches!(error.kind(), ErrorKind::KeysUnavailable | ErrorKind::RevocationUnavailable);
    if !is_unavailable {
        return with_error(StatusCode::BAD_REQUEST, &description);
    }
    let mut response = with_error(StatusCode::SERVICE_UNAVAILABLE, &description);
    let seconds = error.retry_after().map_or(1, |delay| delay.as_secs().max(1));
    response.headers_mut().insert(RETRY_AFTER, seconds.into());
    response
}

/// An error response (OpenID Connect Back-Channel Logout 1.0 §2.8).
fn with_error(status: StatusCode, description: &str) -> Response<String> {
    let error = match status {
        StatusCode::SERVICE_UNAVAILABLE => "temporarily_unavailable",
        _ => "invalid_request",
    };
    let body = json!({ "error": error, "error_description": description });
    let mut response = Response::new(body.to_string());
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}

impl<B> Service<Request<B>> for BackchannelLogout
where
    B: Body<Data: Send> + Send + 'static,
{
    type Response = Response<String>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<String>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let this = Arc::clone(&self.0);
        let (parts, body) = request.into_parts();
        Box::pin(
            async move { Ok(this.answer(parts.method, parts.headers, body).await.into_response()) },
        )
    }
}

impl fmt::Debug for BackchannelLogout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BackchannelLogout")
            .field("verifier", &self.0.verifier)
            .field("rules", &self.0.rules)
            .finish_non_exhaustive()
    }
}
