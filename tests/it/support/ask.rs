//! Requests to a service and their responses.

use std::convert::Infallible;
use std::fmt::Debug;

use bytes::Bytes;
use futures_util::FutureExt;
use http::{HeaderMap, Request, Response};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use tower::{Service, ServiceExt};
use tower_jwt_auth::{Anonymous, Claims, Error, ErrorKind, Identity, JwtAuthLayer, Verified};

/// The parts of a response.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// The error in the extensions of the response.
    pub(crate) error: Option<Error>,
}

impl Reply {
    /// The value of a header that appears at most once.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next().map(|value| value.to_str().unwrap());
        assert!(values.next().is_none(), "`{name}` appears more than once");
        value
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn kind(&self) -> Option<ErrorKind> {
        self.error.as_ref().map(Error::kind)
    }

    /// The status and the error kind.
    pub(crate) fn verdict(&self) -> (u16, Option<ErrorKind>) {
        (self.status, self.kind())
    }
}

/// Sends a request that must complete without waiting.
pub(crate) fn ask<S, B, R>(service: S, request: Request<B>) -> Reply
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Error: Debug,
    R: Body<Data = Bytes>,
    R::Error: Debug,
{
    let asked = service.oneshot(request).now_or_never();
    let response = asked.expect("the request must not wait").unwrap();
    take_apart(response).now_or_never().expect("the body must not wait")
}

/// Reads a whole response.
pub(crate) async fn take_apart<R>(response: Response<R>) -> Reply
where
    R: Body<Data = Bytes>,
    R::Error: Debug,
{
    let (mut parts, body) = response.into_parts();
    Reply {
        status: parts.status.as_u16(),
        headers: parts.headers,
        body: body.collect().await.unwrap().to_bytes(),
        error: parts.extensions.remove(),
    }
}

/// Sends a request through the layer to [`who`].
pub(crate) fn ask_layer<B: Default>(layer: &JwtAuthLayer, request: Request<B>) -> Reply {
    use tower::Layer;
    ask(layer.layer(tower::service_fn(who)), request)
}

/// A request with these `Authorization` fields.
pub(crate) fn request<V: AsRef<[u8]>>(fields: impl IntoIterator<Item = V>) -> Request<String> {
    let mut request = Request::new(String::new());
    for field in fields {
        let value = http::HeaderValue::from_bytes(field.as_ref()).unwrap();
        request.headers_mut().append("authorization", value);
    }
    request
}

/// A request with a token.
pub(crate) fn bearer(token: &str) -> Request<String> {
    request([format!("Bearer {token}")])
}

/// Responds with the subject of the request. Checks that the identity and the claims agree.
pub(crate) async fn who<B>(request: Request<B>) -> Result<Response<Full<Bytes>>, Infallible> {
    let extensions = request.extensions();
    let anonymous = extensions.get::<Anonymous>().is_some();
    let identity = extensions.get::<Identity>().map(|it| it.subject());
    let verified = Verified::<Claims>::of(&request).map(|verified| verified.subject());
    let text = match (verified, identity, anonymous) {
        (Some(verified), Some(identity), false) => {
            assert_eq!(verified, identity);
            format!("user {}", verified.unwrap_or("without a subject"))
        }
        (None, None, true) => "anonymous".to_owned(),
        (None, None, false) => "no identity".to_owned(),
        mixed => panic!("contradicting identities: {mixed:?}"),
    };
    Ok(Response::new(Full::from(text)))
}
