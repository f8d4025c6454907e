//! Responses with status and challenge only (RFC 6750 §3).

use bytes::Bytes;
use http::Response;
use http::request::Parts;

use super::rejection::Rejection;
use super::responder::Respond;

/// Answers with status and challenge, and an empty body.
///
/// ```
/// use tower_jwt_auth::{JwtAuthLayer, Verifier, respond::Plain, testing::TestIssuer};
///
/// let verifier = Verifier::shared_secret(TestIssuer::hs256().secret()).any_audience().build()?;
/// let layer = JwtAuthLayer::new(verifier).responder(Plain);
/// # let _ = layer;
/// # Ok::<(), tower_jwt_auth::BuildError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)] // a unit struct, which callers construct
pub struct Plain;

impl Respond for Plain {
    fn respond(&self, rejection: &Rejection<'_>, _: &Parts) -> Response<Bytes> {
        rejection.response(Bytes::new())
    }
}
