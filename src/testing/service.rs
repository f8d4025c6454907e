//! An HTTP service with the issuer's metadata and keys.

use std::convert::Infallible;
use std::fmt;
use std::future::{Ready, ready};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use http::header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use serde_json::json;
use tower_service::Service;

use super::issuer::{TestIssuer, TestToken};
use crate::jws::AlgorithmFamily;
use crate::url::Url;

/// A Tower service that serves the metadata and the keys of a [`TestIssuer`].
///
/// It answers `GET` and `HEAD` requests for:
///
/// - `/.well-known/openid-configuration` (OpenID Connect Discovery 1.0 §4)
/// - `/.well-known/oauth-authorization-server` (RFC 8414 §3)
/// - the key set at the `jwks_uri` in both documents
///
/// The path in the issuer's name is part of these paths, as the specifications require. Other methods get 405, other
/// paths 404. An issuer whose name is not a URL has no metadata, and its keys are at `/jwks`. Secrets are not served:
/// the key set of an HMAC issuer is empty.
///
/// Use it as the HTTP client of [`RemoteJwks`](crate::jwks), without any connection, or as the service of a server.
/// [`TestIssuer::serve`] starts such a server. Clones share the keys and the simulated outages.
///
/// ```
/// # #[cfg(feature = "jwks")] {
/// use tower_jwt_auth::{ErrorKind, Verifier, testing::TestIssuer};
///
/// # tokio_test::block_on(async {
/// let issuer = TestIssuer::es256().issuer("https://auth.test").audience("orders").service();
/// let verifier = Verifier::issuer_url("https://auth.test")
///     .client(issuer.clone())
///     .audience("orders")
///     .build()?;
/// let old = issuer.token().subject("user-1").mint();
/// assert_eq!(verifier.verify(&old).await?.subject(), Some("user-1"));
///
/// issuer.answer_with(http::StatusCode::SERVICE_UNAVAILABLE);
/// assert!(verifier.verify(&old).await.is_ok()); // the key is in memory
/// let other = issuer.token().header("kid", "another").mint();
/// assert_eq!(verifier.verify(&other).await.unwrap_err().kind(), ErrorKind::UnknownKey);
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// # }
/// ```
#[derive(Clone)]
#[must_use = "a service does nothing until it is called"]
pub struct TestIssuerService(Arc<Mutex<State>>);

struct State {
    issuer: TestIssuer,
    /// The key set also contains its key.
    previous: Option<TestIssuer>,
    /// The key id before any rotation.
    first_key_id: Option<String>,
    rotations: usize,
    key_requests: usize,
    /// The status of every answer, if set.
    fault: Option<StatusCode>,
}

impl TestIssuer {
    /// Returns a Tower service that serves the metadata and the keys of this issuer.
    pub fn service(&self) -> TestIssuerService {
        TestIssuerService(Arc::new(Mutex::new(State {
            issuer: self.clone(),
            previous: None,
            first_key_id: self.current_key_id().map(str::to_owned),
            rotations: 0,
            key_requests: 0,
            fault: None,
        })))
    }
}

impl TestIssuerService {
    /// Returns the issuer with its current key.
    pub fn issuer(&self) -> TestIssuer {
        self.with(|state| state.issuer.clone())
    }

    /// Returns a builder for a token with the current key, valid for 15 minutes.
    pub fn token(&self) -> TestToken<'static> {
        self.issuer().into_token()
    }

    /// Replaces the key and the key id, and withdraws all previous keys.
    ///
    /// There are two demo keys, which alternate. Every second rotation therefore restores the same key, under another
    /// key id. Without a key id, tokens signed before both rotations verify again.
    pub fn rotate(&self) {
        self.with(|state| {
            let _ = state.replace_key(); // withdrawn
            state.previous = None;
        });
    }

    /// Like [`rotate`](Self::rotate), but keeps the previous key in the key set until the next rotation.
    pub fn rotate_keeping_previous(&self) {
        self.with(|state| state.previous = Some(state.replace_key()));
    }

    /// Answers every request with this status and an empty body, until [`recover`](Self::recover).
    pub fn answer_with(&self, status: StatusCode) {
        self.with(|state| state.fault = Some(status));
    }

    /// Ends the fault that [`answer_with`](Self::answer_with) started.
    pub fn recover(&self) {
        self.with(|state| state.fault = None);
    }

    /// Returns the number of requests for the key set, including failed ones.
    pub fn key_requests(&self) -> usize {
        self.with(|state| state.key_requests)
    }

    fn with<T>(&self, access: impl FnOnce(&mut State) -> T) -> T {
        access(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl State {
    /// Switches to the other key. Returns the issuer with the previous key.
    fn replace_key(&mut self) -> TestIssuer {
        self.rotations += 1;
        let next = self.issuer.clone().with_other_key();
        let next = match &self.first_key_id {
            Some(first) => next.key_id(format!("{first}-{}", self.rotations)),
            None => next,
        };
        std::mem::replace(&mut self.issuer, next)
    }

    fn answer(&mut self, method: &Method, path: &str) -> Response<String> {
        let Some(document) = Document::at(path, self.issuer.name()) else {
            return status(self.fault.unwrap_or(StatusCode::NOT_FOUND));
        };
        self.key_requests += usize::from(document == Document::Keys);
        if let Some(fault) = self.fault {
            return status(fault);
        }
        if method != Method::GET && method != Method::HEAD {
            let mut response = status(StatusCode::METHOD_NOT_ALLOWED);
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return response;
        }
        let (body, content_type) = match document {
            Document::Metadata => (self.metadata(), "application/json"),
            Document::Keys => (self.keys(), "application/jwk-set+json"),
        };
        let length = HeaderValue::from(body.len());
        let mut response = Response::new(if method == Method::HEAD { String::new() } else { body });
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        response.headers_mut().insert(CONTENT_LENGTH, length);
        response
    }

    fn metadata(&self) -> String {
        let name = self.issuer.name().unwrap_or_default();
        json!({
            "issuer": name,
            "jwks_uri": format!("{}/jwks", name.trim_end_matches('/')),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [self.issuer.algorithm().name()],
        })
        .to_string()
    }

    fn keys(&self) -> String {
        if self.issuer.algorithm().family() == AlgorithmFamily::Hmac {
            return r#"{"keys":[]}"#.to_owned();
        }
        let issuers = [Some(&self.issuer), self.previous.as_ref()];
        let keys: Vec<_> = issuers.into_iter().flatten().map(TestIssuer::jwk).collect();
        format!("{{\"keys\":[{}]}}", keys.join(","))
    }
}

#[derive(PartialEq, Eq)]
enum Document {
    Metadata,
    Keys,
}

impl Document {
    /// The document at this path, for an issuer with this name.
    fn at(path: &str, name: Option<&str>) -> Option<Self> {
        let url = name.and_then(|name| Url::read(name).ok());
        let base = url.as_ref().map_or("", |url| url.path().trim_end_matches('/'));
        if path.strip_prefix(base) == Some("/jwks") {
            return Some(Self::Keys);
        }
        let openid = path.strip_prefix(base) == Some("/.well-known/openid-configuration");
        let oauth = path.strip_prefix("/.well-known/oauth-authorization-server") == Some(base);
        (url.is_some() && (openid || oauth)).then_some(Self::Metadata)
    }
}

fn status(status: StatusCode) -> Response<String> {
    let mut response = Response::new(String::new());
    *response.status_mut() = status;
    response
}

impl<B> Service<Request<B>> for TestIssuerService {
    type Response = Response<String>;
    type Error = Infallible;
    type Future = Ready<Result<Response<String>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        ready(Ok(self.with(|state| state.answer(request.method(), request.uri().path()))))
    }
}

impl fmt::Debug for TestIssuerService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestIssuerService").field("issuer", &self.issuer()).finish_non_exhaustive()
    }
}
