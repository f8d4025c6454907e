//! One GET request with limits, over any Tower HTTP client.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::PoisonError;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::header::{CONTENT_TYPE, ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use tower_service::Service;

use super::failure::FetchError;
use super::request::RequestHeaders;
use super::response;
use super::sync::Mutex;
use crate::error::BoxError;
use crate::key::FetchFailure;
use crate::limited_body::{self, Unread};
use crate::url::Url;

/// The empty body of a fetch request.
///
/// It is a separate type, so that the body type of a client can be inferred.
///
/// ```
/// use http_body::Body;
/// use tower_jwt_auth::jwks::NoBody;
///
/// assert!(NoBody::default().is_end_stream());
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct NoBody;

impl Body for NoBody {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        true
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(0)
    }
}

/// An HTTP client that fetches keys: a Tower service from `Request<NoBody>` to a response.
///
/// The trait is implemented for every such service that is `Clone` and `Send`, and cannot be implemented otherwise. To
/// use a function as a client, pass it to `tower::service_fn`. The client must not follow redirects. The time and the
/// size of a fetch are limited by the [`RemoteJwksBuilder`](super::RemoteJwksBuilder).
///
/// ```
/// use http::{Request, Response};
/// use http_body_util::Full;
/// use tower_jwt_auth::jwks::{NoBody, RemoteJwks};
/// use tower_jwt_auth::testing::TestIssuer;
///
/// let issuer = TestIssuer::es256();
/// let jwks = issuer.jwks().to_string();
/// let client = tower::service_fn(move |_: Request<NoBody>| {
///     let answer = Response::new(Full::<bytes::Bytes>::from(jwks.clone()));
///     async move { Ok::<_, std::convert::Infallible>(answer) }
/// });
/// let keys = RemoteJwks::url("https://auth.example.com/jwks.json").client(client).build();
/// assert!(keys.is_ok());
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a client for fetching keys",
    note = "a client is a `tower_service::Service<http::Request<NoBody>>` that is `Clone + Send` and returns an \
            `http::Response`"
)]
#[allow(private_bounds)] // sealed: only the blanket implementation for services
pub trait Fetch: Get {}

/// Sends a request and reads at most `most_bytes` of the response.
pub(super) trait Get: Send + 'static {
    fn get(
        &self,
        request: Request<NoBody>,
        most_bytes: usize,
    ) -> BoxFuture<'static, Result<Response<Bytes>, FetchError>>;
}

impl<C: Get> Fetch for C {}

impl<S, B> Get for S
where
    S: Service<Request<NoBody>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<BoxError>,
    B: Body<Error: Into<BoxError>> + Send,
{
    fn get(
        &self,
        request: Request<NoBody>,
        most_bytes: usize,
    ) -> BoxFuture<'static, Result<Response<Bytes>, FetchError>> {
        let mut service = self.clone();
        Box::pin(async move {
            let ready = poll_fn(|cx| service.poll_ready(cx)).await;
            ready.map_err(disconnected)?;
            let response = service.call(request).await.map_err(disconnected)?;
            let (parts, body) = response.into_parts();
            // Only a 200 response can contain a key set.
            let body = match parts.status {
                StatusCode::OK => {
                    let read = limited_body::read(body, most_bytes).await;
                    read.map_err(|error| unread(error, most_bytes))?
                }
                _ => Bytes::new(),
            };
            Ok(Response::from_parts(parts, body))
        })
    }
}

fn disconnected(cause: impl Into<BoxError>) -> FetchError {
    FetchError::caused(FetchFailure::Connection, cause)
}

fn unread<E: Into<BoxError>>(unread: Unread<E>, most_bytes: usize) -> FetchError {
    match unread {
        Unread::Failed(cause) => disconnected(cause),
        Unread::TooLarge => {
            let predicate = format!("answered with more than {most_bytes} bytes, the `max_bytes`");
            FetchError::because(FetchFailure::TooLarge, &predicate)
        }
    }
}

/// The validators of an earlier response, for a conditional request (RFC 9110 §13.1).
#[derive(Clone, Debug, Default)]
pub(super) struct Validators {
    entity_tag: Option<HeaderValue>,
    last_modified: Option<HeaderValue>,
}

impl Validators {
    fn of(headers: &HeaderMap) -> Self {
        let one = |name: HeaderName| headers.get(name).cloned();
        Self { entity_tag: one(ETAG), last_modified: one(LAST_MODIFIED) }
    }

    pub(super) const NONE: Self = Self { entity_tag: None, last_modified: None };

    /// These validators, with missing ones taken from `others`.
    fn or(self, others: &Self) -> Self {
        Self {
            entity_tag: self.entity_tag.or_else(|| others.entity_tag.clone()),
            last_modified: self.last_modified.or_else(|| others.last_modified.clone()),
        }
    }

    const fn is_some(&self) -> bool {
        self.entity_tag.is_some() || self.last_modified.is_some()
    }
}

/// A fetched document, or the confirmation that it is unchanged.
#[derive(Debug)]
pub(super) struct Fetched {
    /// `None` if it is unchanged.
    pub(super) document: Option<Bytes>,
    pub(super) content_type: Option<HeaderValue>,
    pub(super) validators: Validators,
    /// The `max-age` of the response, if any (RFC 9111 §5.2.2.1).
    pub(super) max_age: Option<Duration>,
}

/// An HTTP client, with the headers and the limit of its requests.
pub(super) struct KeyClient {
    pub(super) service: Mutex<Box<dyn Get>>,
    pub(super) headers: RequestHeaders,
    /// The origin of the configured URL, which alone receives the configured headers.
    pub(super) origin: String,
    pub(super) most_bytes: usize,
}

impl KeyClient {
    /// Sends a GET request to this URL.
    ///
    /// # Errors
    ///
    /// Every response except status 200 with an unencoded body within the limit, or 304 to a request with validators.
    pub(super) async fn get(
        &self,
        url: &Url,
        validators: &Validators,
    ) -> Result<Fetched, FetchError> {
        self.get_unnamed(url, validators).await.map_err(|error| error.at(url))
    }

    /// As [`get`](Self::get), without the URL in the error.
    pub(super) async fn get_unnamed(
        &self,
        url: &Url,
        validators: &Validators,
    ) -> Result<Fetched, FetchError> {
        let mut request = Request::new(NoBody);
        *request.uri_mut() = url.uri().clone();
        let headers = request.headers_mut();
        let is_configured_origin = url.origin() == self.origin;
        *headers = self.headers.for_request(is_configured_origin)?;
        for (name, value) in [
            (IF_NONE_MATCH, &validators.entity_tag),
            (IF_MODIFIED_SINCE, &validators.last_modified),
        ] {
            if let Some(value) = value {
                headers.insert(name, value.clone());
            }
        }
        // The lock is held only while the client is cloned, not during the request.
        let response = self
            .service
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(request, self.most_bytes);
        let (parts, body) = response.await?.into_parts();
        let document = match parts.status {
            StatusCode::OK => match response::encoding(&parts.headers) {
                Some(error) => return Err(error),
                None => Some(body),
            },
            StatusCode::NOT_MODIFIED if validators.is_some() => None,
            status => {
                let withheld = !is_configured_origin && !self.headers.is_empty();
                return Err(response::failure(status, &parts.headers, withheld));
            }
        };
        let max_age = response::max_age(&parts.headers);
        let content_type = parts.headers.get(CONTENT_TYPE).cloned();
        let validators = match document {
            Some(_) => Validators::of(&parts.headers),
            None => Validators::of(&parts.headers).or(validators),
        };
        Ok(Fetched { document, content_type, validators, max_age })
    }
}
