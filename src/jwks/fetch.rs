//! One GET request with limits, over any Tower HTTP client.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::PoisonError;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use futures_util::future::BoxFuture;
use http::header::{ACCEPT, AGE, CACHE_CONTROL, CONTENT_ENCODING, ETAG, IF_MODIFIED_SINCE};
use http::header::{IF_NONE_MATCH, LAST_MODIFIED, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use tower_service::Service;

use super::failure::FetchError;
use super::sync::Mutex;
use crate::error::BoxError;
use crate::key::FetchFailure;
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
                StatusCode::OK => read(body, most_bytes).await?,
                _ => Bytes::new(),
            };
            Ok(Response::from_parts(parts, body))
        })
    }
}

fn disconnected(cause: impl Into<BoxError>) -> FetchError {
    FetchError::caused(FetchFailure::Connection, cause)
}

/// Reads a body up to the limit.
async fn read<B>(body: B, most_bytes: usize) -> Result<Bytes, FetchError>
where
    B: Body<Error: Into<BoxError>>,
{
    let mut body = pin!(body);
    let (mut read, mut pieces) = (BytesMut::new(), 0);
    if body.size_hint().lower() > u64::try_from(most_bytes).unwrap_or(u64::MAX) {
        return Err(FetchFailure::TooLarge.into());
    }
    while let Some(frame) = poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
        let data = frame.map_err(disconnected)?.into_data().ok();
        let length = data.as_ref().map_or(0, Buf::remaining);
        // A frame without data counts as one byte, so that an endless sequence of them also reaches the limit.
        pieces += usize::from(length == 0);
        if read.len().saturating_add(pieces).saturating_add(length) > most_bytes {
            return Err(FetchFailure::TooLarge.into());
        }
        if let Some(data) = data {
            read.put(data);
        }
    }
    Ok(read.freeze())
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
    pub(super) validators: Validators,
    /// The `max-age` of the response, if any (RFC 9111 §5.2.2.1).
    pub(super) max_age: Option<Duration>,
}

/// Sends a GET request to this URL.
///
/// # Errors
///
/// Every response except status 200 with an unencoded body within the limit, or 304 to a request with validators.
pub(super) async fn get(
    client: &Mutex<Box<dyn Get>>,
    url: &Url,
    validators: &Validators,
    most_bytes: usize,
) -> Result<Fetched, FetchError> {
    let mut request = Request::new(NoBody);
    *request.uri_mut() = url.uri().clone();
    let headers = request.headers_mut();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json, application/jwk-set+json"));
    for (name, value) in
        [(IF_NONE_MATCH, &validators.entity_tag), (IF_MODIFIED_SINCE, &validators.last_modified)]
    {
        if let Some(value) = value {
            headers.insert(name, value.clone());
        }
    }
    // The lock is held only while the client is cloned, not during the request.
    let response = client.lock().unwrap_or_else(PoisonError::into_inner).get(request, most_bytes);
    let (parts, body) = response.await?.into_parts();
    let document = match parts.status {
        StatusCode::OK if is_encoded(&parts.headers) => return Err(FetchFailure::Encoding.into()),
        StatusCode::OK => Some(body),
        StatusCode::NOT_MODIFIED if validators.is_some() => None,
        status => return Err(status_error(status, &parts.headers)),
    };
    let max_age = max_age(&parts.headers);
    let validators = match document {
        Some(_) => Validators::of(&parts.headers),
        None => Validators::of(&parts.headers).or(validators),
    };
    Ok(Fetched { document, validators, max_age })
}

fn status_error(status: StatusCode, headers: &HeaderMap) -> FetchError {
    let failure = match status {
        StatusCode::NOT_MODIFIED => FetchFailure::UnexpectedNotModified,
        StatusCode::NOT_FOUND => FetchFailure::NotFound,
        StatusCode::GONE => FetchFailure::Gone,
        _ if status.is_redirection() => FetchFailure::Redirect,
        _ if status.is_client_error() => FetchFailure::ClientError,
        _ if status.is_server_error() => FetchFailure::ServerError,
        _ => FetchFailure::Status,
    };
    let mut error = FetchError::caused(failure, format!("status {status}"));
    error.retry_after = retry_after(headers);
    error
}

/// The seconds of `Retry-After` (RFC 9110 §10.2.3). A date is ignored, because it depends on the server's clock.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = seconds(headers.get(RETRY_AFTER)?.to_str().ok()?.trim())?;
    (seconds != 0).then(|| Duration::from_secs(seconds))
}

fn is_encoded(headers: &HeaderMap) -> bool {
    headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .any(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity"))
}

/// `max-age` minus `Age` (RFC 9111 §4.2). `no-store` and `no-cache` mean zero. Unreadable values are ignored.
fn max_age(headers: &HeaderMap) -> Option<Duration> {
    let directives = headers.get_all(CACHE_CONTROL);
    let directives = directives.iter().filter_map(|value| value.to_str().ok());
    let mut age = None;
    for directive in directives.flat_map(|value| value.split(',')) {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        let (name, value) = (name.trim(), value.trim().trim_matches('"'));
        if name.eq_ignore_ascii_case("no-store") || name.eq_ignore_ascii_case("no-cache") {
            return Some(Duration::ZERO);
        }
        if name.eq_ignore_ascii_case("max-age") {
            // The shortest of several values applies.
            let Some(seconds) = seconds(value) else { continue };
            age = Some(age.map_or(seconds, |other: u64| other.min(seconds)));
        }
    }
    let spent = headers.get(AGE).and_then(|age| seconds(age.to_str().ok()?.trim()));
    age.map(|age| Duration::from_secs(age.saturating_sub(spent.unwrap_or_default())))
}

/// A number of seconds; a number that does not fit becomes the maximum (RFC 9111 §1.2.2).
fn seconds(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn max_age_follows_from_the_response_headers() {
        for (cache_control, age, seconds) in [
            (&[][..], "", None),
            (&["max-age=300"], "", Some(300)),
            (&["public, max-age=300, must-revalidate"], "", Some(300)),
            (&["MAX-AGE = 300"], "", Some(300)),
            (&["max-age=\"300\""], "", Some(300)),
            (&["max-age=300"], "100", Some(200)),
            (&["max-age=300"], "400", Some(0)),
            (&["max-age=300"], "soon", Some(300)),
            (&["max-age=300", "max-age=200"], "", Some(200)),
            (&["no-store"], "", Some(0)),
            (&["no-cache, max-age=300"], "", Some(0)),
            (&["max-age=300", "no-cache=\"set-cookie\""], "", Some(0)),
            (&["max-age=-1"], "", None),
            (&["max-age=soon, no-store"], "", Some(0)),
            (&["max-age="], "", None),
            (&["max-age"], "", None),
            (&["max-age=1.5"], "", None),
            (&["s-maxage=300"], "", None),
            (&["x-max-age=300"], "", None),
            (&["max-age=99999999999999999999999999"], "", Some(u64::MAX)),
            (&["max-age=99999999999999999999999999"], "99999999999999999999", Some(0)),
        ] {
            let mut headers = HeaderMap::new();
            for value in cache_control {
                headers.append(CACHE_CONTROL, value.parse().unwrap());
            }
            if !age.is_empty() {
                headers.insert(AGE, age.parse().unwrap());
            }
            assert_eq!(
                max_age(&headers),
                seconds.map(Duration::from_secs),
                "{cache_control:?} {age}"
            );
        }
    }
}
