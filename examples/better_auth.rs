//! Shows an axum server that verifies tokens of a Better Auth server.
//!
//! ```text
//! BETTER_AUTH_URL=http://localhost:3001 cargo run --example better_auth --features better-auth,jwks-client
//! ```
//!
//! `BETTER_AUTH_URL` is the base URL of the auth server, whose JWT plugin issues the tokens. Without it, the example
//! verifies tokens that an application signs with `BETTER_AUTH_SECRET`. `PORT` is 3000 unless it is set. Ctrl-C ends
//! the server.

#[path = "shared/demo.rs"]
#[expect(dead_code, reason = "the secret comes from `BETTER_AUTH_SECRET`")]
mod demo;
#[path = "shared/shutdown.rs"]
mod shutdown;

use std::error::Error;

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Json, Router, routing::get};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower_jwt_auth::key::KeySetState;
use tower_jwt_auth::provider::better_auth::{BetterAuth, User};
use tower_jwt_auth::{JwtAuthLayer, Verified, Verifier};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let verifier = BetterAuth::from_env().build()?;

    let app = Router::new()
        .route("/me", get(me))
        .route_layer(JwtAuthLayer::new(verifier.clone()))
        .route("/ready", get(ready))
        .with_state(verifier.clone());

    let listener = TcpListener::bind(("127.0.0.1", demo::port()?)).await?;
    let url = format!("http://{}", listener.local_addr()?);
    println!("listening on {url}");
    println!();
    println!("# COOKIES is a cookie file of a user who is signed in (`curl -c COOKIES`).");
    println!("TOKEN=$(curl -s $BETTER_AUTH_URL/api/auth/token -b COOKIES | jq -r .token)");
    println!("curl -i {url}/me -H \"Authorization: Bearer $TOKEN\"");
    // Fetches the keys now, and again before they become stale. With a secret, it does nothing.
    tokio::spawn(verifier.keep_fresh());
    Ok(axum::serve(listener, app).with_graceful_shutdown(shutdown::signal()).await?)
}

/// For a readiness probe: 503 until the keys of the auth server were fetched.
async fn ready(State(verifier): State<Verifier<User>>) -> StatusCode {
    let is_ready = verifier.health().all(|issuer| issuer.state != KeySetState::Empty);
    if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}

async fn me(user: Verified<User>) -> Json<Value> {
    Json(json!({"user_id": user.id(), "email": user.email()}))
}
