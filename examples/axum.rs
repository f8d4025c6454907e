//! Shows an axum server with a public and a protected route.
//!
//! ```text
//! cargo run --example axum
//! ```
//!
//! `PORT` is 3000 and `JWT_SECRET` (at least 32 bytes) is random unless they are set. The server prints tokens and curl
//! commands. Ctrl-C ends it.

#[path = "shared/demo.rs"]
mod demo;
#[path = "shared/shutdown.rs"]
mod shutdown;
#[path = "shared/what_to_try.rs"]
mod what_to_try;

use std::error::Error;

use axum::{Json, Router, routing::get};
use tokio::net::TcpListener;
use tower_jwt_auth::{JwtAuthLayer, Verified, Verifier};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let secret = demo::secret()?;
    let verifier = Verifier::shared_secret(&secret).any_audience().build()?;

    let app = Router::new()
        .route("/me", get(me))
        .route_layer(JwtAuthLayer::new(verifier))
        // A layer wraps only the routes that were added before it, so this one is public.
        .route("/", get(async || "public; /me needs a token\n"));

    let listener = TcpListener::bind(("127.0.0.1", demo::port()?)).await?;
    what_to_try::print(&format!("http://{}", listener.local_addr()?), &secret)?;
    Ok(axum::serve(listener, app).with_graceful_shutdown(shutdown::signal()).await?)
}

async fn me(user: Verified) -> Json<Verified> {
    Json(user)
}
