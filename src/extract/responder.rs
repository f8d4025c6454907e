//! Rejections as axum responses.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use axum_core::body::Body;
use axum_core::response::IntoResponse;
use bytes::Bytes;
use http::{Response, StatusCode};
use http_body::Body as _;

use crate::respond::{Rejection, Respond, failed, from_fn};

/// Bodies that are not complete after this many frames, or have more bytes, are not sent.
const MOST_FRAMES: usize = 64;
const MOST_BYTES: usize = 1024 * 1024;

/// Creates a responder that answers with the axum response that this function returns.
///
/// The function may return any `IntoResponse` whose body is complete without waiting: `Json`, `Html`, `Redirect`, a
/// string, or a tuple with a status and headers. If the body must be awaited, or has more than 1 MiB, the response has
/// no body, and observers receive [`Event::ResponderFailed`](crate::observe::Event::ResponderFailed).
///
/// - Redirects and errors keep their status. Any other status, such as the 200 of `Json`, is replaced by that of the
///   rejection.
/// - The layer adds a missing challenge, `Retry-After` and `Cache-Control`.
///
/// For a response that depends on the request, use [`respond::from_fn`](crate::respond::from_fn).
///
/// ```
/// # futures_util::future::FutureExt::now_or_never(async {
/// use axum::body::{Body, to_bytes};
/// use axum::response::Html;
/// use axum::{Router, extract::Request, routing::get};
/// use tower::ServiceExt;
/// use tower_jwt_auth::{JwtAuthLayer, Verifier, extract, testing::TestIssuer};
///
/// let issuer = TestIssuer::hs256();
/// let verifier = Verifier::shared_secret(issuer.secret()).any_audience().build()?;
/// let layer = JwtAuthLayer::new(verifier).responder(extract::responder(|rejection| {
///     Html(format!("<h1>{}</h1>", rejection.description()))
/// }));
/// let app: Router = Router::new().route("/", get(async || "hello")).route_layer(layer);
///
/// let good = Request::builder().header("authorization", format!("Bearer {}", issuer.token().mint()));
/// assert_eq!(app.clone().oneshot(good.body(Body::empty())?).await?.status(), 200);
/// let rejected = app.oneshot(Request::new(Body::empty())).await?;
/// assert_eq!(rejected.status(), 401);
/// assert_eq!(rejected.headers()["www-authenticate"], "Bearer");
/// assert_eq!(to_bytes(rejected.into_body(), 100).await?, "<h1>The request needs an access token</h1>");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).expect("nothing waits")?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn responder<F, R>(respond: F) -> impl Respond
where
    F: Fn(&Rejection<'_>) -> R + Send + Sync + 'static,
    R: IntoResponse,
{
    from_fn(move |rejection, _| {
        let (mut parts, body) = respond(rejection).into_response().into_parts();
        let body = match complete(body) {
            Ok(body) => body,
            Err(problem) => return failed(rejection, problem),
        };
        if !is_rejection(parts.status) {
            parts.status = rejection.status();
        }
        Response::from_parts(parts, body)
    })
}

fn is_rejection(status: StatusCode) -> bool {
    status.is_redirection() || status.is_client_error() || status.is_server_error()
}

/// The whole body, if it is complete without waiting.
fn complete(body: Body) -> Result<Bytes, &'static str> {
    let mut body = pin!(body);
    let mut context = Context::from_waker(Waker::noop());
    let mut whole = Vec::new();
    for _ in 0..MOST_FRAMES {
        match body.as_mut().poll_frame(&mut context) {
            Poll::Ready(None) => return Ok(whole.into()),
            Poll::Ready(Some(Ok(frame))) => whole.extend(frame.into_data().unwrap_or_default()),
            Poll::Ready(Some(Err(_))) => {
                return Err("the body of `extract::responder` returned an error");
            }
            Poll::Pending => {
                return Err("the body of `extract::responder` is not complete at once");
            }
        }
        if whole.len() > MOST_BYTES {
            break;
        }
    }
    Err("the body of `extract::responder` is too long")
}
