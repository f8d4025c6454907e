//! An endpoint in memory with scripted answers, and a layer that asks it, in the time of a paused runtime.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{HeaderMap, Method, Request, Response, Uri};
use http_body::Frame;
use tokio::time::Instant;
use tower::{Layer, ServiceExt, service_fn};
use tower_jwt_auth::clock::Clock;
use tower_jwt_auth::introspection::{FormBody, Introspection, IntrospectionBuilder};
use tower_jwt_auth::observe::Event;
use tower_jwt_auth::testing::TestIssuer;
use tower_jwt_auth::{ErrorKind, JwtAuthLayer, Verifier};

use crate::support::ask::{Reply, bearer, take_apart, who};

pub(super) const ISSUER: &str = "https://auth.example.com";
pub(super) const URL: &str = "https://auth.example.com/introspect";
pub(super) const CLIENT: &str = "orders";
pub(super) const SECRET: &str = "hunter2-secret";
pub(super) const JSON: &str = "application/json";
pub(super) const SIGNED: &str = "application/token-introspection+jwt";
pub(super) const SECOND: Duration = Duration::from_secs(1);
pub(super) const NANOSECOND: Duration = Duration::from_nanos(1);

/// The last nanosecond before this time.
pub(super) const fn just_before(time: Duration) -> Duration {
    time.saturating_sub(NANOSECOND)
}

/// The documented limits.
pub(super) const ACTIVE_FOR: Duration = Duration::from_secs(30);
pub(super) const OTHERS_FOR: Duration = Duration::from_secs(5);
pub(super) const PAUSE: Duration = Duration::from_secs(5);
pub(super) const TIMEOUT: Duration = Duration::from_secs(2);

pub(super) type Verdict = (u16, Option<ErrorKind>);
pub(super) const ACCEPTED: Verdict = (200, None);
pub(super) const REVOKED: Verdict = (401, Some(ErrorKind::TokenRevoked));
pub(super) const UNKNOWN: Verdict = (503, Some(ErrorKind::RevocationUnavailable));

/// The time of a paused runtime; it starts at 2026-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug)]
pub(super) struct Virtual(Instant);

impl Virtual {
    pub(super) fn start() -> Self {
        Self(Instant::now())
    }
}

impl Clock for Virtual {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_767_225_600) + self.monotonic()
    }

    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }
}

/// What the endpoint does with a request.
#[derive(Clone, Debug)]
pub(super) enum Act {
    /// Answers with a status, a content type and a body.
    Answer(u16, &'static str, String),
    /// Answers with an endless body in frames of this many bytes, and counts the frames that were read.
    Stream(usize, Arc<Mutex<usize>>),
    /// Answers after this time.
    After(Duration, Box<Act>),
    /// Adds a header to an answer.
    With(&'static str, &'static str, Box<Act>),
    /// Never answers.
    Never,
    /// Breaks the connection.
    Break,
    /// Panics.
    Panic,
}

impl Act {
    pub(super) fn json(body: impl Into<String>) -> Self {
        Self::Answer(200, JSON, body.into())
    }

    pub(super) fn active() -> Self {
        Self::json(r#"{"active":true}"#)
    }

    pub(super) fn revoked() -> Self {
        Self::json(r#"{"active":false}"#)
    }

    pub(super) fn status(status: u16) -> Self {
        Self::Answer(status, "text/plain", String::new())
    }
}

/// A request that the endpoint received.
#[derive(Clone, Debug)]
pub(super) struct Received {
    pub(super) method: Method,
    pub(super) uri: Uri,
    pub(super) headers: HeaderMap,
    pub(super) form: String,
    pub(super) debug: String,
}

type Script = Arc<dyn Fn(&Received) -> Act + Send + Sync>;

/// The endpoint. Clones share its state.
#[derive(Clone)]
pub(super) struct Endpoint {
    script: Arc<Mutex<Script>>,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Endpoint {
    pub(super) fn new(act: Act) -> Self {
        let script: Script = Arc::new(move |_| act.clone());
        Self { script: Arc::new(Mutex::new(script)), received: Arc::default() }
    }

    pub(super) fn act(&self, act: Act) {
        self.script(move |_| act.clone());
    }

    pub(super) fn script(&self, script: impl Fn(&Received) -> Act + Send + Sync + 'static) {
        *self.script.lock().unwrap() = Arc::new(script);
    }

    pub(super) fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    /// The number of calls so far.
    pub(super) fn calls(&self) -> usize {
        self.received.lock().unwrap().len()
    }
}

impl tower::Service<Request<FormBody>> for Endpoint {
    type Response = Response<Frames>;
    type Error = &'static str;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<FormBody>) -> Self::Future {
        let received = Received {
            debug: format!("{request:?}"),
            method: request.method().clone(),
            uri: request.uri().clone(),
            headers: request.headers().clone(),
            form: request.body().text().to_owned(),
        };
        let act = (Arc::clone(&self.script.lock().unwrap()))(&received);
        self.received.lock().unwrap().push(received);
        perform(act)
    }
}

fn perform(act: Act) -> BoxFuture<'static, Result<Response<Frames>, &'static str>> {
    Box::pin(async move {
        match act {
            Act::Answer(status, content_type, body) => {
                let response = Response::builder().status(status);
                let response = response.header("content-type", content_type);
                let body = Frames { left: 1, frame: body.into(), read: Arc::default() };
                Ok(response.body(body).unwrap())
            }
            Act::Stream(length, read) => {
                let body = Frames { left: usize::MAX, frame: vec![b' '; length].into(), read };
                Ok(Response::builder().header("content-type", JSON).body(body).unwrap())
            }
            Act::After(time, act) => {
                tokio::time::sleep(time).await;
                perform(*act).await
            }
            Act::With(name, value, act) => {
                let mut response = perform(*act).await?;
                response.headers_mut().append(name, value.parse().unwrap());
                Ok(response)
            }
            Act::Never => std::future::pending().await,
            Act::Break => Err("the connection broke"),
            Act::Panic => panic!("a bug of the client"),
        }
    })
}

/// A body of equal frames.
#[derive(Debug)]
pub(super) struct Frames {
    left: usize,
    frame: Bytes,
    read: Arc<Mutex<usize>>,
}

impl http_body::Body for Frames {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        self.left -= 1;
        *self.read.lock().unwrap() += 1;
        Poll::Ready(Some(Ok(Frame::data(self.frame.clone()))))
    }
}

/// An issuer, its endpoint, and a layer that introspects tokens.
pub(super) struct Fixture {
    pub(super) endpoint: Endpoint,
    pub(super) clock: Virtual,
    pub(super) issuer: TestIssuer,
    pub(super) introspection: Introspection,
    pub(super) verifier: Verifier,
    pub(super) layer: JwtAuthLayer,
    labels: Arc<Mutex<Vec<&'static str>>>,
    details: Arc<Mutex<Vec<String>>>,
}

impl Fixture {
    /// With unsigned answers and default settings.
    pub(super) fn start(act: Act) -> Self {
        Self::with(act, IntrospectionBuilder::allow_unsigned_answers)
    }

    pub(super) fn with(
        act: Act,
        settings: impl FnOnce(IntrospectionBuilder) -> IntrospectionBuilder,
    ) -> Self {
        let (endpoint, clock) = (Endpoint::new(act), Virtual::start());
        let issuer = TestIssuer::es256().issuer(ISSUER).audience("orders").clock(clock);
        let (labels, details) = (Arc::<Mutex<Vec<_>>>::default(), Arc::<Mutex<Vec<_>>>::default());
        let (seen, texts) = (Arc::clone(&labels), Arc::clone(&details));
        let builder = Introspection::endpoint(URL, ISSUER)
            .client_secret_basic(CLIENT, SECRET)
            .client(endpoint.clone())
            .clock(clock)
            .observer(move |event: &Event<'_>| {
                if let Event::TokenIntrospected { outcome, detail, host, .. } = event {
                    assert_eq!(*host, "auth.example.com");
                    seen.lock().unwrap().push(outcome.as_str());
                    texts.lock().unwrap().extend(detail.map(str::to_owned));
                }
            });
        let introspection = settings(builder).build().unwrap();
        let verifier = Verifier::jwks(issuer.jwks()).issuer(ISSUER).audience("orders");
        let verifier = verifier.clock(clock).revocation(introspection.clone()).build().unwrap();
        let layer = JwtAuthLayer::new(verifier.clone());
        Self { endpoint, clock, issuer, introspection, verifier, layer, labels, details }
    }

    /// A token with this id.
    pub(super) fn token(&self, id: &str) -> String {
        self.issuer.token().subject("ada").claim("jti", id).mint()
    }

    pub(super) async fn ask(&self, token: &str) -> Reply {
        let asked = self.layer.layer(service_fn(who)).oneshot(bearer(token));
        take_apart(asked.await.unwrap_or_else(|never| match never {})).await
    }

    pub(super) async fn verdict(&self, token: &str) -> Verdict {
        self.ask(token).await.verdict()
    }

    /// The labels of the events since the last call.
    pub(super) fn labels(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.labels.lock().unwrap())
    }

    /// The details of the events since the last call.
    pub(super) fn details(&self) -> Vec<String> {
        std::mem::take(&mut self.details.lock().unwrap())
    }
}

/// Lets every task run that can, without passing time.
pub(super) async fn settle() {
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
}
