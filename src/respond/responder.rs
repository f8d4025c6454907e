//! The seam for what a refusal looks like.

use std::sync::Arc;

use bytes::Bytes;
use http::Response;
use http::request::Parts;

use super::rejection::Rejection;

/// Makes the response to a refused request.
///
/// Start from [`Rejection::response`]: status and headers are then right, and the layer puts back a
/// challenge, `Retry-After` or `Cache-Control` that went missing. [`from_fn`] makes one of a function.
///
/// Never let the request choose a status of 2xx: a proxy that asks for permission reads it as permission.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a responder",
    note = "responders are `ProblemJson` and others in `tower_jwt_auth::respond`; for a function, call `respond::from_fn`"
)]
pub trait Respond: Send + Sync + 'static {
    /// The response to a request that is refused for this reason.
    fn respond(&self, rejection: &Rejection<'_>, request: &Parts) -> Response<Bytes>;
}

impl<R: Respond + ?Sized> Respond for Arc<R> {
    fn respond(&self, rejection: &Rejection<'_>, request: &Parts) -> Response<Bytes> {
        R::respond(self, rejection, request)
    }
}

/// A responder from a function.
///
/// ```
/// use bytes::Bytes;
/// use tower_jwt_auth::{JwtAuthLayer, Verifier, respond, testing::TestIssuer};
///
/// let verifier = Verifier::shared_secret(TestIssuer::hs256().secret()).any_audience().build()?;
/// let layer = JwtAuthLayer::new(verifier).responder(respond::from_fn(|rejection, _request| {
///     rejection.response(Bytes::from_static(b"not with that token"))
/// }));
/// # let _ = layer;
/// # Ok::<(), tower_jwt_auth::BuildError>(())
/// ```
pub fn from_fn<F>(respond: F) -> impl Respond
where
    F: Fn(&Rejection<'_>, &Parts) -> Response<Bytes> + Send + Sync + 'static,
{
    FromFn(respond)
}

struct FromFn<F>(F);

impl<F> Respond for FromFn<F>
where
    F: Fn(&Rejection<'_>, &Parts) -> Response<Bytes> + Send + Sync + 'static,
{
    fn respond(&self, rejection: &Rejection<'_>, request: &Parts) -> Response<Bytes> {
        (self.0)(rejection, request)
    }
}
