//! Shows an axum server that accepts requests with and without a token.
//!
//! ```text
//! cargo run --example optional_auth
//! ```
//!
//! `PORT` is 3000 and `JWT_SECRET` (at least 32 bytes) is random unless they are set. The server prints tokens and curl
//! commands. Ctrl-C ends it.

#[path = "shared/demo.rs"]
mod demo;
#[path = "shared/shutdown.rs"]
mod shutdown;

use std::error::Error;

use axum::extract::Request;
use axum::http::header::{CACHE_CONTROL, VARY};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::{Json, Router, routing::get};
use tokio::net::TcpListener;
use tower_jwt_auth::testing::TestIssuer;
use tower_jwt_auth::{Anonymous, JwtAuthLayer, Verified, Verifier};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let secret = demo::secret()?;
    let verifier = Verifier::shared_secret(&secret).any_audience().build()?;

    let app = Router::new()
        .route("/", get(greeting))
        .route("/me", get(me))
        .route_layer(from_fn(caching))
        // An invalid token is still rejected.
        .route_layer(JwtAuthLayer::new(verifier).allow_missing_token());

    let listener = TcpListener::bind(("127.0.0.1", demo::port()?)).await?;
    print_what_to_try(&format!("http://{}", listener.local_addr()?), &secret);
    Ok(axum::serve(listener, app).with_graceful_shutdown(shutdown::signal()).await?)
}

async fn greeting(user: Option<Verified>) -> String {
    let name = user.as_ref().and_then(|user| user.text("name")).unwrap_or("stranger");
    format!("hello, {name}\n")
}

/// The extractor rejects requests without a token: 401.
async fn me(user: Verified) -> Json<Verified> {
    Json(user)
}

/// Lets shared caches store only responses to requests without a token.
async fn caching(request: Request, next: Next) -> Response {
    // A missing `Verified` is not enough: it is also missing without the layer, or with another claims type.
    let is_anonymous = request.extensions().get::<Anonymous>().is_some();
    let mut response = next.run(request).await;
    if response.status() == StatusCode::OK {
        let value = if is_anonymous { "public, max-age=60" } else { "private" };
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(value));
        response.headers_mut().insert(VARY, HeaderValue::from_static("Authorization"));
    }
    response
}

fn print_what_to_try(url: &str, secret: &str) {
    let issuer = TestIssuer::hs256().with_secret(secret);
    let token = issuer.token().subject("user-1").claim("name", "Ada");
    let (token, tampered) = (token.clone().mint(), token.mint_tampered());
    println!("listening on {url}");
    println!();
    println!("TOKEN={token}");
    println!("TAMPERED={tampered}");
    println!("curl -i {url}/ # hello, stranger");
    println!("curl -i {url}/ -H \"Authorization: Bearer $TOKEN\" # hello, Ada");
    println!("curl -i {url}/ -H \"Authorization: Bearer $TAMPERED\" # 401");
    println!("curl -i {url}/me # 401");
    println!("curl -i {url}/me -H \"Authorization: Bearer $TOKEN\"");
}
