//! Rejections for gRPC clients.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::problem::ProblemJson;
use super::rejection::Rejection;
use super::responder::Respond;

/// The ASCII characters that are percent-encoded in a `grpc-message`.
const MESSAGE: &AsciiSet = &CONTROLS.add(b'%');

/// Answers gRPC requests with a gRPC status, and other requests with another responder.
///
/// A request is gRPC if its method is `POST` and its content type is `application/grpc`, `application/grpc-web` or
/// `application/grpc-web-text`, with or without a codec such as `+proto`. The response has headers only
/// ("Trailers-Only"): HTTP status 200, `grpc-status`, and the description of the rejection as `grpc-message`. Its
/// content type is of the same family as that of the request, because gRPC-Web clients reject any other. The client can
/// read the challenge in the metadata `www-authenticate`. tonic is not required.
///
/// A gRPC-Web page on another origin can read `grpc-status` and `grpc-message` only if the CORS layer exposes them.
///
/// # Not for forward authentication
///
/// The client chooses its content type, and thereby the status 200. A proxy that asks this server whether to admit a
/// request takes 200 as permission: nginx's `auth_request`, the forward authentication of Traefik and Caddy, Envoy's
/// `ext_authz` over HTTP. Some of them forward the client's method and headers. Use this responder only if the layer
/// is in front of the gRPC service itself.
///
/// ```
/// # futures_util::future::FutureExt::now_or_never(async {
/// use http::{Request, Response};
/// use tower::{Layer, ServiceExt, service_fn};
/// use tower_jwt_auth::{JwtAuthLayer, Verifier, respond::GrpcAware, testing::TestIssuer};
///
/// let issuer = TestIssuer::hs256();
/// let verifier = Verifier::shared_secret(issuer.secret()).any_audience().build()?;
/// let layer = JwtAuthLayer::new(verifier).responder(GrpcAware::new());
/// let service = layer.layer(service_fn(async |_: Request<()>| {
///     Ok::<_, std::convert::Infallible>(Response::new(http_body_util::Empty::<bytes::Bytes>::new()))
/// }));
///
/// let call = || Request::post("/orders.v1.Orders/List").header("content-type", "application/grpc");
/// let good = call().header("authorization", format!("Bearer {}", issuer.token().mint()));
/// let accepted = service.clone().oneshot(good.body(())?).await?;
/// assert!(!accepted.headers().contains_key("grpc-status")); // the gRPC service sets it
///
/// let rejected = service.clone().oneshot(call().body(())?).await?;
/// assert_eq!(rejected.status(), 200);
/// assert_eq!(rejected.headers()["grpc-status"], "16"); // UNAUTHENTICATED
///
/// let rejected = service.oneshot(Request::new(())).await?;
/// assert_eq!(rejected.status(), 401);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).expect("nothing waits")?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GrpcAware<R = ProblemJson> {
    other: R,
}

impl GrpcAware {
    /// Answers other requests with [`ProblemJson`].
    pub const fn new() -> Self {
        Self { other: ProblemJson::new() }
    }
}

impl<R: Respond> GrpcAware<R> {
    /// Answers other requests with this responder.
    pub const fn or(other: R) -> Self {
        Self { other }
    }
}

impl<R: Respond> Respond for GrpcAware<R> {
    fn respond(&self, rejection: &Rejection<'_>, request: &Parts) -> Response<Bytes> {
        let Some(content_type) = grpc_content_type(request) else {
            return self.other.respond(rejection, request);
        };
        let mut response = rejection.response(Bytes::new());
        *response.status_mut() = StatusCode::OK;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.insert("grpc-status", u64::from(rejection.grpc_status()).into());
        let message = utf8_percent_encode(rejection.description(), MESSAGE).to_string();
        if let Ok(message) = HeaderValue::try_from(message) {
            headers.insert("grpc-message", message);
        }
        response
    }
}

/// A family of gRPC content types, with the content type of a response for protobuf and for JSON.
#[derive(Debug)]
struct Family {
    kind: GrpcKind,
    name: &'static str,
    proto: &'static str,
    json: &'static str,
}

/// How a gRPC response is transmitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GrpcKind {
    /// With the trailers of HTTP/2.
    Native,
    /// With the trailers as the last message of the body.
    Web,
    /// The same in base64.
    WebText,
}

const FAMILIES: [Family; 3] = [
    Family {
        kind: GrpcKind::Native,
        name: "application/grpc",
        proto: "application/grpc",
        json: "application/grpc+json",
    },
    Family {
        kind: GrpcKind::Web,
        name: "application/grpc-web",
        proto: "application/grpc-web+proto",
        json: "application/grpc-web+json",
    },
    Family {
        kind: GrpcKind::WebText,
        name: "application/grpc-web-text",
        proto: "application/grpc-web-text+proto",
        json: "application/grpc-web-text+json",
    },
];

/// The content type of the response, or `None` if the request is not gRPC.
///
/// The method must be `POST`, the only method of gRPC. Otherwise any client could choose the status of its rejection
/// through the content type. The result is a fixed text, so the response does not repeat input from the request.
fn grpc_content_type(request: &Parts) -> Option<&'static str> {
    if request.method != Method::POST {
        return None;
    }
    let mut fields = request.headers.get_all(CONTENT_TYPE).iter();
    let (Some(field), None) = (fields.next(), fields.next()) else { return None };
    let (family, is_json) = family_of(field)?;
    Some(if is_json { family.json } else { family.proto })
}

/// How a response with this content type is transmitted, if it is gRPC.
pub(super) fn grpc_kind(content_type: &HeaderValue) -> Option<GrpcKind> {
    family_of(content_type).map(|(family, _)| family.kind)
}

/// The family of a content type, and whether its codec is JSON.
fn family_of(content_type: &HeaderValue) -> Option<(&'static Family, bool)> {
    let mut halves = media_type(content_type).splitn(2, |byte| *byte == b'+');
    let (family, codec) = (halves.next()?, halves.next());
    if !codec.is_none_or(is_codec) {
        return None;
    }
    let is_json = codec.is_some_and(|codec| codec.eq_ignore_ascii_case(b"json"));
    let family = FAMILIES.iter().find(|it| family.eq_ignore_ascii_case(it.name.as_bytes()))?;
    Some((family, is_json))
}

/// The content type without its parameters.
pub(super) fn media_type(content_type: &HeaderValue) -> &[u8] {
    let content_type = content_type.as_bytes();
    let end = content_type.iter().position(|byte| *byte == b';').unwrap_or(content_type.len());
    content_type.get(..end).unwrap_or_default().trim_ascii_end()
}

/// Whether this may follow the `+` of a media type (RFC 6838 §4.2).
fn is_codec(codec: &[u8]) -> bool {
    let is_allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(byte);
    !codec.is_empty() && codec.iter().all(is_allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer_to(method: Method, content_types: &[&str]) -> Option<&'static str> {
        let mut request = http::Request::new(());
        *request.method_mut() = method;
        for content_type in content_types {
            request.headers_mut().append(CONTENT_TYPE, content_type.parse().unwrap());
        }
        grpc_content_type(&request.into_parts().0)
    }

    #[test]
    fn the_response_has_the_content_type_family_of_the_request() {
        for (content_type, answer) in [
            ("application/grpc", Some("application/grpc")),
            ("application/grpc+proto", Some("application/grpc")),
            ("application/grpc+json", Some("application/grpc+json")),
            ("application/grpc+vnd.example.v1", Some("application/grpc")),
            ("Application/GRPC; charset=utf-8", Some("application/grpc")),
            ("application/grpc ;v=1", Some("application/grpc")),
            ("application/grpc;", Some("application/grpc")),
            ("application/grpc-web", Some("application/grpc-web+proto")),
            ("application/grpc-web+proto", Some("application/grpc-web+proto")),
            ("APPLICATION/gRPC-Web+JSON;v=1", Some("application/grpc-web+json")),
            ("application/grpc-web-text", Some("application/grpc-web-text+proto")),
            ("application/grpc-web-text+proto", Some("application/grpc-web-text+proto")),
            ("application/grpc-web-text+json", Some("application/grpc-web-text+json")),
            ("application/grpcfoo", None),
            ("application/grpc-", None),
            ("application/grpc-webfoo", None),
            ("application/grpc-foo", None),
            ("application/grpc-web-textual", None),
            ("application/grpc+", None),
            ("application/grpc+a b", None),
            ("application/grpc, application/json", None),
            ("application/grpc foo", None),
            ("application/json", None),
            ("application/json; x=application/grpc", None),
            ("text/application/grpc", None),
            ("application/grp", None),
            ("+", None),
            ("", None),
        ] {
            assert_eq!(answer_to(Method::POST, &[content_type]), answer, "{content_type}");
        }
    }

    #[test]
    fn only_post_with_one_content_type_is_grpc() {
        use http::Method as M;
        let other = M::from_bytes(b"post").unwrap();
        for method in
            [M::GET, M::HEAD, M::OPTIONS, M::PUT, M::PATCH, M::DELETE, M::TRACE, M::CONNECT, other]
        {
            assert_eq!(answer_to(method.clone(), &["application/grpc"]), None, "{method}");
            assert_eq!(answer_to(method.clone(), &["application/grpc-web"]), None, "{method}");
        }
        assert_eq!(answer_to(M::POST, &[]), None);
        assert_eq!(answer_to(M::POST, &["application/grpc", "application/grpc"]), None);
        assert_eq!(answer_to(M::POST, &["application/json", "application/grpc"]), None);
        assert!(answer_to(M::POST, &["application/grpc"]).is_some());
    }

    #[test]
    fn grpc_messages_are_percent_encoded() {
        let encoded = |text| utf8_percent_encode(text, MESSAGE).to_string();
        assert_eq!(encoded("The token expired"), "The token expired");
        assert_eq!(encoded("100 %\r\n\u{e9}~"), "100 %25%0D%0A%C3%A9~");
    }
}
