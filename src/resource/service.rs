//! The service that serves the metadata document (RFC 9728 §3).

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::hash::{DefaultHasher, Hasher};
use std::task::{Context, Poll};

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ALLOW,
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use tower_service::Service;

use super::resource::Resource;

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, OPTIONS");
const ANY: HeaderValue = HeaderValue::from_static("*");

/// A Tower service that serves the metadata document of a [`Resource`].
///
/// It answers `GET` and `HEAD` with the document, or with 304 if `If-None-Match` has its `ETag`, `OPTIONS` with 204, and
/// other methods with 405. Web pages of every origin can read the responses. It does not look at the path of the
/// request: mount it at [`Resource::metadata_path`], outside of the [`JwtAuthLayer`](crate::JwtAuthLayer).
///
/// ```
/// # futures_util::future::FutureExt::now_or_never(async {
/// use http::{Request, StatusCode};
/// use tower::ServiceExt;
/// use tower_jwt_auth::resource::{MetadataService, Resource};
///
/// let api = Resource::new("https://api.example.com").authorization_server("https://auth.example.com").build()?;
/// let service: MetadataService = api.service();
///
/// let document = service.clone().oneshot(Request::new(())).await?;
/// assert_eq!(document.headers()["content-type"], "application/json");
/// assert!(document.body().starts_with(r#"{"resource":"https://api.example.com","#));
///
/// let rejected = service.oneshot(Request::post("/").body(())?).await?;
/// assert_eq!(rejected.status(), StatusCode::METHOD_NOT_ALLOWED);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).expect("nothing waits")?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct MetadataService {
    resource: Resource,
}

impl Resource {
    /// A Tower service that serves the metadata document; mount it at [`metadata_path`](Self::metadata_path).
    pub fn service(&self) -> MetadataService {
        MetadataService { resource: self.clone() }
    }
}

impl MetadataService {
    fn answer(&self, method: &Method, headers: &HeaderMap) -> Response<String> {
        let mut response = if method == Method::GET || method == Method::HEAD {
            self.document(method, headers)
        } else if method == Method::OPTIONS {
            preflight()
        } else {
            of_status(StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, METHODS)])
        };
        response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, ANY);
        response
    }

    fn document(&self, method: &Method, headers: &HeaderMap) -> Response<String> {
        let document = self.resource.document();
        let etag = etag(&document);
        let cache_control = HeaderValue::from_static("max-age=3600");
        if matches(headers, &etag) {
            let headers = [(ETAG, etag), (CACHE_CONTROL, cache_control)];
            return of_status(StatusCode::NOT_MODIFIED, headers);
        }
        let mut response = of_status(
            StatusCode::OK,
            [
                (CONTENT_TYPE, HeaderValue::from_static("application/json")),
                // The length is that of the response to a GET (RFC 9110 §8.6). The server would set it to 0.
                (CONTENT_LENGTH, document.len().into()),
                (CACHE_CONTROL, cache_control),
                (ETAG, etag),
            ],
        );
        if method == Method::GET {
            *response.body_mut() = document;
        }
        response
    }
}

/// Allows every header field: some clients add their own, such as `MCP-Protocol-Version`.
fn preflight() -> Response<String> {
    of_status(
        StatusCode::NO_CONTENT,
        [
            (ALLOW, METHODS),
            (ACCESS_CONTROL_ALLOW_METHODS, METHODS),
            (ACCESS_CONTROL_ALLOW_HEADERS, ANY),
        ],
    )
}

fn of_status<const N: usize>(
    status: StatusCode,
    headers: [(http::HeaderName, HeaderValue); N],
) -> Response<String> {
    let mut response = Response::new(String::new());
    *response.status_mut() = status;
    response.headers_mut().extend(headers);
    response
}

/// A strong entity tag (RFC 9110 §8.8.3). The document has no secret, so the hash need not be cryptographic.
fn etag(document: &str) -> HeaderValue {
    let mut hasher = DefaultHasher::new();
    hasher.write(document.as_bytes());
    let tag = format!("\"{:016x}\"", hasher.finish());
    HeaderValue::try_from(tag).unwrap_or(HeaderValue::from_static("\"\""))
}

/// Whether `If-None-Match` has this tag, by the weak comparison (RFC 9110 §13.1.2).
fn matches(headers: &HeaderMap, etag: &HeaderValue) -> bool {
    let values = headers.get_all(IF_NONE_MATCH).iter();
    let mut tags = values.flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    tags.any(|tag| {
        let tag = tag.trim_ascii();
        tag == b"*" || tag.strip_prefix(b"W/").unwrap_or(tag) == etag.as_bytes()
    })
}

impl<B> Service<Request<B>> for MetadataService {
    type Response = Response<String>;
    type Error = Infallible;
    type Future = Ready<Result<Response<String>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        ready(Ok(self.answer(request.method(), request.headers())))
    }
}
