//! Refusals for gRPC clients.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::problem::ProblemJson;
use super::rejection::Rejection;
use super::responder::Respond;

/// What a `grpc-message` never has as it is, beside all that is not ASCII.
const MESSAGE: &AsciiSet = &CONTROLS.add(b'%');

/// Answers gRPC requests as gRPC has it, and all others through another responder.
///
/// A request whose content type begins with `application/grpc` gets a response of headers only
/// ("Trailers-Only"): HTTP status 200, `grpc-status`, and the fixed sentence of the refusal as
/// `grpc-message`. The challenge stays, as metadata. Nothing of tonic is needed for it.
///
/// ```
/// # #[cfg(any(feature = "aws-lc-rs", feature = "rust-crypto"))] {
/// # futures_util::future::FutureExt::now_or_never(async {
/// use http::{Request, Response};
/// use tower::{Layer, ServiceExt, service_fn};
/// use tower_jwt_auth::{JwtAuthLayer, Verifier, respond::GrpcAware};
///
/// let verifier = Verifier::shared_secret("0123456789abcdef0123456789abcdef").any_audience().build()?;
/// let layer = JwtAuthLayer::new(verifier).responder(GrpcAware::new());
/// let service = layer.layer(service_fn(async |_: Request<()>| {
///     Ok::<_, std::convert::Infallible>(Response::new(http_body_util::Empty::<bytes::Bytes>::new()))
/// }));
///
/// let request = Request::builder().header("content-type", "application/grpc").body(())?;
/// let refused = service.clone().oneshot(request).await?;
/// assert_eq!(refused.status(), 200);
/// assert_eq!(refused.headers()["grpc-status"], "16"); // UNAUTHENTICATED
///
/// let refused = service.oneshot(Request::new(())).await?;
/// assert_eq!(refused.status(), 401);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).expect("nothing waits")?;
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GrpcAware<R = ProblemJson> {
    other: R,
}

impl GrpcAware {
    /// Answers what is not gRPC with problem documents.
    pub const fn new() -> Self {
        Self { other: ProblemJson::new() }
    }
}

impl<R: Respond> GrpcAware<R> {
    /// Answers what is not gRPC through this responder.
    pub const fn or(other: R) -> Self {
        Self { other }
    }
}

impl<R: Respond> Respond for GrpcAware<R> {
    fn respond(&self, rejection: &Rejection<'_>, request: &Parts) -> Response<Bytes> {
        if !is_grpc(request) {
            return self.other.respond(rejection, request);
        }
        let mut response = rejection.response(Bytes::new());
        *response.status_mut() = StatusCode::OK;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        headers.insert("grpc-status", u64::from(rejection.grpc_status()).into());
        let message = utf8_percent_encode(rejection.description(), MESSAGE).to_string();
        if let Ok(message) = HeaderValue::try_from(message) {
            headers.insert("grpc-message", message);
        }
        response
    }
}

fn is_grpc(request: &Parts) -> bool {
    const TYPE: &[u8] = b"application/grpc";
    let content_type = request.headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    let Some((start, rest)) = content_type.and_then(|it| it.split_at_checked(TYPE.len())) else {
        return false;
    };
    // `application/grpc+proto`, and `application/grpc-web`, whose clients read the same headers.
    start.eq_ignore_ascii_case(TYPE)
        && matches!(rest.first(), None | Some(b'+' | b'-' | b';' | b' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_type_decides() {
        for (content_type, grpc) in [
            ("application/grpc", true),
            ("application/grpc+proto", true),
            ("Application/GRPC; charset=utf-8", true),
            ("application/grpc-web+proto", true),
            ("application/grpcx", false),
            ("application/json", false),
            ("text/application/grpc", false),
            ("application/grp", false),
            ("", false),
        ] {
            let request = http::Request::builder().header("content-type", content_type);
            let (parts, ()) = request.body(()).unwrap().into_parts();
            assert_eq!(is_grpc(&parts), grpc, "{content_type}");
        }
        assert!(!is_grpc(&http::Request::new(()).into_parts().0));
    }

    #[test]
    fn a_message_is_encoded_as_grpc_has_it() {
        let encoded = |text| utf8_percent_encode(text, MESSAGE).to_string();
        assert_eq!(encoded("The token expired"), "The token expired");
        assert_eq!(encoded("100 %\r\n\u{e9}~"), "100 %25%0D%0A%C3%A9~");
    }
}
