//! Shows an axum server that verifies tokens of an OpenID provider or another issuer with metadata (RFC 8414).
//!
//! ```text
//! ISSUER_URL=https://auth.example.com AUDIENCE=orders cargo run --example oidc --features jwks-client
//! ```
//!
//! `PORT` is 3000 unless it is set. The provider may be down when this starts: the server answers 503 until it has the
//! keys. Ctrl-C ends it. Without a provider, start the example `jwks`: it runs one and prints the command that starts
//! this example.

#[path = "shared/demo.rs"]
#[expect(dead_code, reason = "only examples with a shared secret use all of it")]
mod demo;
#[path = "shared/shutdown.rs"]
mod shutdown;

use std::env;
use std::error::Error;
use std::process::ExitCode;

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Json, Router, routing::get};
use tokio::net::TcpListener;
use tower_jwt_auth::key::KeySetState;
use tower_jwt_auth::observe::Event;
use tower_jwt_auth::{JwtAuthLayer, Verified, Verifier};

#[tokio::main]
async fn main() -> ExitCode {
    let (Ok(issuer), Ok(audience)) = (env::var("ISSUER_URL"), env::var("AUDIENCE")) else {
        eprintln!("usage: ISSUER_URL=https://auth.example.com AUDIENCE=orders oidc");
        eprintln!("to start a demo issuer: cargo run --example jwks --features jwks-client");
        return ExitCode::from(2);
    };
    match serve(&issuer, &audience).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(issuer: &str, audience: &str) -> Result<(), Box<dyn Error>> {
    let verifier = Verifier::issuer_url(issuer)
        .audience(audience)
        // Most servers need only the two lines above. The next lines allow an issuer on this machine without TLS, and
        // print every event.
        .allow_http_on_loopback()
        .observer(|event: &Event<'_>| println!("{event:?}"))
        .build()?;

    let app = Router::new()
        .route("/me", get(me))
        .route_layer(JwtAuthLayer::new(verifier.clone()))
        .route("/", get(async || "public; /me needs a token\n"))
        .route("/ready", get(ready))
        .with_state(verifier.clone());

    let listener = TcpListener::bind(("127.0.0.1", demo::port()?)).await?;
    let url = format!("http://{}", listener.local_addr()?);
    println!("listening on {url}");
    println!();
    println!("curl -i {url}/ready # 503 until the keys were fetched");
    println!("curl -i {url}/me -H \"Authorization: Bearer $TOKEN\" # $TOKEN: a token of {issuer}");
    // Fetches the keys now, and again before they become stale. `verifier.warm().await` would wait for the first fetch.
    tokio::spawn(verifier.keep_fresh());
    Ok(axum::serve(listener, app).with_graceful_shutdown(shutdown::signal()).await?)
}

/// For a readiness probe. Stale keys still verify, so the server stays ready during an outage of the issuer.
async fn ready(State(verifier): State<Verifier>) -> StatusCode {
    let is_ready = verifier.health().all(|issuer| issuer.state != KeySetState::Empty);
    if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}

async fn me(user: Verified) -> Json<Verified> {
    Json(user)
}
