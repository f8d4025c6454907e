//! An axum server with a public and a protected route.
//!
//! ```text
//! cargo run --example axum
//! ```
//!
//! `PORT` (3000 unless set) and `JWT_SECRET` (random unless set, at least 32 bytes) come from the
//! environment. It prints a token and the curl lines to try.

#[path = "shared/demo.rs"]
mod demo;
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
        .layer(JwtAuthLayer::new(verifier))
        // Routes that are added behind a layer are not wrapped by it.
        .route("/", get(async || "public; /me needs a token\n"));

    let listener = TcpListener::bind(("127.0.0.1", demo::port()?)).await?;
    what_to_try::print(&format!("http://{}", listener.local_addr()?), &secret)?;
    Ok(axum::serve(listener, app).await?)
}

async fn me(user: Verified) -> Json<Verified> {
    Json(user)
}
