//! The issuer's metadata and keys, as an HTTP service.

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

/// A Tower service that answers with the metadata and the keys of a [`TestIssuer`].
///
/// It answers `GET` and `HEAD` requests for `/.well-known/openid-configuration` (OpenID Connect
/// Discovery 1.0 §4) and `/.well-known/oauth-authorization-server` (RFC 8414 §3), where the path of the issuer's
/// name puts them, and for the key set at the `jwks_uri` that both name. Other methods get 405, other paths 404.
/// An issuer whose name is not a URL has no metadata; its keys are at `/jwks`. Secrets are not served: the key set
/// of an HMAC issuer is empty.
///
/// Clones share keys and faults. It is an HTTP client for [`RemoteJwks`](crate::jwks) that opens no connection, and
/// a service for any server; [`TestIssuer::serve`] starts one.
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
/// assert!(verifier.verify(&old).await.is_ok()); // the keys are in memory
/// let other = issuer.token().header("kid", "another").mint();
/// assert_eq!(verifier.verify(&other).await.unwrap_err().kind(), ErrorKind::UnknownKey);
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// # }
/// ```
#[derive(Clone)]
#[must_use = "a service does nothing until it is asked"]
pub struct TestIssuerService(Arc<Mutex<State>>);

struct State {
    issuer: TestIssuer,
    /// Its keys are published, too.
    previous: Option<TestIssuer>,
    /// The key id before any rotation.
    first_key_id: Option<String>,
    rotations: usize,
    key_requests: usize,
    /// Answers every request.
    fault: Option<StatusCode>,
}

impl TestIssuer {
    /// A Tower service that answers with the metadata and the keys of this issuer.
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
    /// The issuer, with the key that it signs with now.
    pub fn issuer(&self) -> TestIssuer {
        self.with(|state| state.issuer.clone())
    }

    /// A token that is valid for 15 minutes, signed with the key that the issuer has now.
    pub fn token(&self) -> TestToken<'static> {
        self.issuer().into_token()
    }

    /// Signs with a new key from now on, under a new key id, and withdraws every former one.
    ///
    /// There are two demo keys, used in turn: without a key id, the next but one rotation brings the first key back.
    pub fn rotate(&self) {
        self.with(|state| {
            let _ = state.replace_key(); // withdrawn
            state.previous = None;
        });
    }

    /// As [`rotate`](Self::rotate), and publishes the former key until the next rotation.
    pub fn rotate_keeping_previous(&self) {
        self.with(|state| state.previous = Some(state.replace_key()));
    }

    /// Answers every request with this status, and nothing else, until [`recover`](Self::recover).
    pub fn answer_with(&self, status: StatusCode) {
        self.with(|state| state.fault = Some(status));
    }

    /// Ends what [`answer_with`](Self::answer_with) began.
    pub fn recover(&self) {
        self.with(|state| state.fault = None);
    }

    /// How many requests for the key set there were, whatever the answer.
    pub fn key_requests(&self) -> usize {
        self.with(|state| state.key_requests)
    }

    fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl State {
    /// Signs with the other key. Returns the issuer with the former one.
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
    /// What an issuer of this name has at this path.
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
