//! A demo issuer that serves its metadata and keys, and rotates keys or fails on request.

use axum::extract::State;
use axum::middleware::map_response;
use axum::response::Response;
use axum::{Router, routing::post};
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header::CACHE_CONTROL};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower_jwt_auth::testing::{TestIssuer, TestIssuerService};

pub(crate) const AUDIENCE: &str = "orders";

#[derive(Clone)]
pub(crate) struct KeyServer {
    url: String,
    issuer: TestIssuerService,
}

impl KeyServer {
    /// Starts the server on a free port.
    pub(crate) async fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let issuer = TestIssuer::es256().issuer(&*url).audience(AUDIENCE).key_id("key").service();
        let this = Self { url, issuer };

        let app = Router::new()
            .fallback_service(this.issuer.clone())
            .layer(map_response(with_max_age))
            // The routes below also work during a simulated outage.
            .route("/token", post(token))
            .route("/rotate", post(async |State(this): State<Self>| this.rotate()))
            .route("/outage", post(async |State(this): State<Self>| this.fail()))
            .route("/recovery", post(async |State(this): State<Self>| this.recover()))
            .with_state(this.clone());
        tokio::spawn(async { axum::serve(listener, app).await });
        Ok(this)
    }

    pub(crate) fn url(&self) -> String {
        self.url.clone()
    }

    /// Mints a token, as an issuer does after a login.
    pub(crate) fn token(&self) -> String {
        self.token_with(json!({}))
    }

    /// Mints a token with these additional claims.
    pub(crate) fn token_with(&self, claims: Value) -> String {
        self.issuer.token().subject("user-1").claims(claims).mint()
    }

    /// Switches to a new key, keeps the previous key in the key set, and returns a token of the new key.
    fn rotate(&self) -> String {
        self.issuer.rotate_keeping_previous();
        self.token()
    }

    fn fail(&self) -> &'static str {
        self.issuer.answer_with(StatusCode::INTERNAL_SERVER_ERROR);
        "the key server is down\n"
    }

    fn recover(&self) -> &'static str {
        self.issuer.recover();
        "the key server is up\n"
    }
}

/// The body contains additional claims as JSON, or is empty.
async fn token(State(this): State<KeyServer>, claims: Bytes) -> String {
    this.token_with(serde_json::from_slice(&claims).unwrap_or_default())
}

async fn with_max_age(mut response: Response) -> Response {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("max-age=20"));
    response
}
