//! Responses with a JSON body of the application.

use http::HeaderValue;
use http::header::CONTENT_TYPE;
use serde::Serialize;

use super::rejection::Rejection;
use super::responder::{Respond, failed, from_fn};

/// Creates a responder that answers with the JSON of the value that this function returns.
///
/// Status and headers are those of the rejection, and the content type is `application/json`. If the value cannot be
/// serialized, the response has no body, and observers receive
/// [`Event::ResponderFailed`](crate::observe::Event::ResponderFailed).
///
/// ```
/// # futures_util::future::FutureExt::now_or_never(async {
/// use http::{Request, Response};
/// use http_body_util::{BodyExt, Empty};
/// use tower::{Layer, ServiceExt, service_fn};
/// use tower_jwt_auth::{JwtAuthLayer, Verifier, respond, testing::TestIssuer};
///
/// /// The error format of the application.
/// #[derive(serde::Serialize)]
/// struct ApiError {
///     code: u16,
///     message: &'static str,
/// }
///
/// let issuer = TestIssuer::hs256();
/// let verifier = Verifier::shared_secret(issuer.secret()).any_audience().build()?;
/// let layer = JwtAuthLayer::new(verifier).responder(respond::json(|rejection| ApiError {
///     code: rejection.status().as_u16(),
///     message: rejection.description(),
/// }));
/// let service = layer.layer(service_fn(async |_: Request<()>| {
///     Ok::<_, std::convert::Infallible>(Response::new(Empty::<bytes::Bytes>::new()))
/// }));
///
/// let good = Request::builder().header("authorization", format!("Bearer {}", issuer.token().mint()));
/// assert_eq!(service.clone().oneshot(good.body(())?).await?.status(), 200);
/// let rejected = service.oneshot(Request::new(())).await?;
/// assert_eq!(rejected.status(), 401);
/// let body = rejected.into_body().collect().await.unwrap().to_bytes();
/// assert_eq!(body, r#"{"code":401,"message":"The request needs an access token"}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).expect("nothing waits")?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn json<F, T>(body: F) -> impl Respond
where
    F: Fn(&Rejection<'_>) -> T + Send + Sync + 'static,
    T: Serialize,
{
    from_fn(move |rejection, _| {
        let Ok(document) = serde_json::to_vec(&body(rejection)) else {
            return failed(rejection, "the value of `respond::json` cannot be serialized");
        };
        let mut response = rejection.response(document.into());
        let content_type = HeaderValue::from_static("application/json");
        response.headers_mut().insert(CONTENT_TYPE, content_type);
        response
    })
}
