//! The trait for responders.

use std::sync::Arc;

use bytes::Bytes;
use http::Response;
use http::request::Parts;

use super::rejection::Rejection;

/// Builds the response to a rejected request.
///
/// Start with [`Rejection::response`], which sets the status and the headers. The layer adds a missing challenge,
/// `Retry-After` or `Cache-Control`. [`from_fn`] creates a responder from a function.
///
/// Never let the request choose a 2xx status: a proxy that uses the response for forward authentication takes it as
/// permission.
///
/// ```
/// use bytes::Bytes;
/// use http::{Response, request::Parts};
/// use tower_jwt_auth::respond::{Rejection, Respond};
///
/// /// Writes the label of the error as the body.
/// struct Label;
///
/// impl Respond for Label {
///     fn respond(&self, rejection: &Rejection<'_>, _: &Parts) -> Response<Bytes> {
///         rejection.response(Bytes::from_static(rejection.error().kind().as_str().as_bytes()))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a responder",
    note = "this crate has the responders `ProblemJson` and others in `tower_jwt_auth::respond`; for a function, call `respond::from_fn`"
)]
pub trait Respond: Send + Sync + 'static {
    /// Builds the response to this rejected request.
    fn respond(&self, rejection: &Rejection<'_>, request: &Parts) -> Response<Bytes>;

    /// Whether [`Rejection::explanation`] is needed, for development. The default is `false`.
    ///
    /// The token is then verified a second time for each rejection.
    fn wants_explanation(&self) -> bool {
        false
    }
}

impl<R: Respond + ?Sized> Respond for Arc<R> {
    fn respond(&self, rejection: &Rejection<'_>, request: &Parts) -> Response<Bytes> {
        R::respond(self, rejection, request)
    }

    fn wants_explanation(&self) -> bool {
        R::wants_explanation(self)
    }
}

/// Creates a responder from a function.
///
/// ```
/// use bytes::Bytes;
/// use tower_jwt_auth::{JwtAuthLayer, Verifier, respond, testing::TestIssuer};
///
/// let verifier = Verifier::shared_secret(TestIssuer::hs256().secret()).any_audience().build()?;
/// let layer = JwtAuthLayer::new(verifier).responder(respond::from_fn(|rejection, _request| {
///     rejection.response(Bytes::from_static(b"not authorized"))
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

/// The response of a responder that cannot build its body, and the reason for the observer.
pub(crate) fn failed(rejection: &Rejection<'_>, problem: &'static str) -> Response<Bytes> {
    let mut response = rejection.response(Bytes::new());
    response.extensions_mut().insert(Failure(problem));
    response
}

/// Why a responder could not build its body, in the extensions of its response.
#[derive(Clone, Copy)]
pub(super) struct Failure(pub(super) &'static str);
