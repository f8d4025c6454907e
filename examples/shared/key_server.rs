//! An issuer to watch: it serves its keys and its metadata, rotates the keys, and fails, as it is told.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router, routing::get, routing::post};
use bytes::Bytes;
use http::{StatusCode, header::CACHE_CONTROL};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower_jwt_auth::testing::TestIssuer;

pub(crate) const AUDIENCE: &str = "orders";

#[derive(Clone)]
pub(crate) struct KeyServer(Arc<Mutex<Inner>>);

struct Inner {
    url: String,
    is_down: bool,
    rotations: u32,
    current: TestIssuer,
    /// Its tokens are still around: it is published until the next rotation.
    previous: Option<TestIssuer>,
}

impl KeyServer {
    /// Listens on a port of the system's choice, and serves from then on.
    pub(crate) async fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let current = TestIssuer::es256().issuer(&*url).audience(AUDIENCE).key_id("key-1");
        let inner = Inner { url, is_down: false, rotations: 0, current, previous: None };
        let this = Self(Arc::new(Mutex::new(inner)));

        let app = Router::new()
            .route("/.well-known/openid-configuration", get(metadata))
            .route("/jwks", get(jwks))
            .layer(from_fn_with_state(this.clone(), down))
            // These work in an outage, too: they stand for people, not for a server.
            .route("/token", post(token))
            .route("/rotate", post(async |State(this): State<Self>| this.rotate()))
            .route("/outage", post(async |State(this): State<Self>| this.fail(true)))
            .route("/recovery", post(async |State(this): State<Self>| this.fail(false)))
            .with_state(this.clone());
        tokio::spawn(async { axum::serve(listener, app).await });
        Ok(this)
    }

    pub(crate) fn url(&self) -> String {
        self.with(|inner| inner.url.clone())
    }

    /// What a log-in would give out.
    pub(crate) fn token(&self) -> String {
        self.token_with(json!({}))
    }

    /// The same, with these claims on top.
    pub(crate) fn token_with(&self, claims: Value) -> String {
        self.with(|inner| inner.current.token().subject("user-1").claims(claims).mint())
    }

    /// Signs with a new key from now on, and withdraws the one before the last.
    fn rotate(&self) -> String {
        self.with(|inner| {
            inner.rotations += 1;
            let key_id = format!("key-{}", inner.rotations + 1);
            let new = inner.current.clone().with_other_key().key_id(key_id);
            inner.previous = Some(std::mem::replace(&mut inner.current, new));
        });
        self.token()
    }

    fn fail(&self, is_down: bool) -> &'static str {
        self.with(|inner| inner.is_down = is_down);
        if is_down { "the key server is down\n" } else { "the key server is up\n" }
    }

    fn with<T>(&self, look: impl FnOnce(&mut Inner) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The claims that the token is to have, if any, are the body.
async fn token(State(this): State<KeyServer>, claims: Bytes) -> String {
    this.token_with(serde_json::from_slice(&claims).unwrap_or_default())
}

async fn metadata(State(this): State<KeyServer>) -> impl IntoResponse {
    let url = this.url();
    Json(json!({ "issuer": url, "jwks_uri": format!("{url}/jwks") }))
}

async fn jwks(State(this): State<KeyServer>) -> impl IntoResponse {
    let keys = this.with(|inner| match &inner.previous {
        Some(previous) => format!("{},{}", inner.current.jwk(), previous.jwk()),
        None => inner.current.jwk(),
    });
    ([(CACHE_CONTROL, "max-age=20")], format!("{{\"keys\":[{keys}]}}"))
}

async fn down(State(this): State<KeyServer>, request: Request, next: Next) -> Response {
    if this.with(|inner| inner.is_down) {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    next.run(request).await
}
