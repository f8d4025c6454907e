//! The seam for what a refusal looks like.

use bytes::Bytes;
use http::Response;
use http::request::Parts;

use super::rejection::Rejection;

/// Makes the response to a refused request.
///
/// Closures qualify. Start from [`Rejection::response`]: status and headers are then right, and the
/// layer puts back a challenge, `Retry-After` or `Cache-Control` that went missing.
///
/// ```
/// use bytes::Bytes;
/// use http::{Response, request::Parts};
/// use tower_jwt_auth::respond::{Rejection, Respond};
///
/// fn teapot(rejection: &Rejection<'_>, _: &Parts) -> Response<Bytes> {
///     rejection.response(Bytes::from_static(b"short and stout"))
/// }
///
/// fn takes(_: impl Respond) {}
/// takes(teapot);
/// ```
pub trait Respond: Send + Sync + 'static {
    /// The response to a request that is refused for this reason.
    fn respond(&self, rejection: &Rejection<'_>, request: &Parts) -> Response<Bytes>;
}

impl<F> Respond for F
where
    F: Fn(&Rejection<'_>, &Parts) -> Response<Bytes> + Send + Sync + 'static,
{
    fn respond(&self, rejection: &Rejection<'_>, request: &Parts) -> Response<Bytes> {
        self(rejection, request)
    }
}
