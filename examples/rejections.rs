//! Shows every response to a rejected request.
//!
//! ```text
//! cargo run --example rejections --features jwks-client
//! ```
//!
//! `PORT` is 3000 and `JWT_SECRET` (at least 32 bytes) is random unless they are set. The server prints valid and
//! invalid tokens; `docs/responses.md` shows the response to each. Ctrl-C ends the server.

#[path = "shared/demo.rs"]
mod demo;
#[path = "shared/shutdown.rs"]
mod shutdown;

use std::error::Error;

use axum::{Router, routing::get};
use tokio::net::TcpListener;
use tower_jwt_auth::testing::TestIssuer;
use tower_jwt_auth::{JwtAuthLayer, RequireLayer, Rule, Verifier};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let secret = demo::secret()?;
    let verifier = Verifier::shared_secret(&secret).audience("orders").build()?;
    let read = Rule::scope("orders:read");

    // No server listens on this port, so the keys cannot be fetched.
    let without_keys = Verifier::jwks_url("http://127.0.0.1:9/jwks").allow_http_on_loopback();
    let without_keys =
        without_keys.issuer("https://auth.example.com").audience("orders").build()?;

    let app = Router::new()
        .route("/orders", get(async || "orders\n").layer(RequireLayer::new(read.clone())))
        .route_layer(JwtAuthLayer::new(verifier).realm("orders").challenge_scope(&read))
        .route("/away", get(async || "never\n").route_layer(JwtAuthLayer::new(without_keys)));

    let listener = TcpListener::bind(("127.0.0.1", demo::port()?)).await?;
    println!("listening on http://{}", listener.local_addr()?);
    print_tokens(&secret);
    Ok(axum::serve(listener, app).with_graceful_shutdown(shutdown::signal()).await?)
}

fn print_tokens(secret: &str) {
    let issuer = TestIssuer::hs256().with_secret(secret).audience("orders");
    let token = || issuer.token().subject("user-1").claim("scope", "orders:read");
    println!("GOOD={}", token().mint());
    println!("EXPIRED={}", token().expired().mint());
    println!("TAMPERED={}", token().mint_tampered());
    println!("FOR_BILLING={}", token().claim("aud", "billing").mint());
    println!("WITHOUT_SCOPE={}", token().without("scope").mint());
    let unavailable = TestIssuer::es256().issuer("https://auth.example.com").audience("orders");
    println!("OF_AN_UNKNOWN_KEY={}", unavailable.token().mint());
}
