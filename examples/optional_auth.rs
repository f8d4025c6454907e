//! An axum server for visitors with and without a token.
//!
//! ```text
//! cargo run --example optional_auth
//! ```
//!
//! `PORT` (3000 unless set) and `JWT_SECRET` (random unless set, at least 32 bytes) come from the
//! environment. It prints a token and the curl lines to try.

#[path = "shared/demo.rs"]
mod demo;

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
        .layer(from_fn(caching))
        // A token that is there and wrong is refused all the same.
        .layer(JwtAuthLayer::new(verifier).allow_missing_token());

    let listener = TcpListener::bind(("127.0.0.1", demo::port()?)).await?;
    print_what_to_try(&format!("http://{}", listener.local_addr()?), &secret);
    Ok(axum::serve(listener, app).await?)
}

async fn greeting(user: Option<Verified>) -> String {
    let name = user.as_ref().and_then(|user| user.text("name")).unwrap_or("stranger");
    format!("hello, {name}\n")
}

/// Asks for a token on its own: 401 without one.
async fn me(user: Verified) -> Json<Verified> {
    Json(user)
}

/// Only what was made for nobody in particular may be kept by a cache for everybody.
async fn caching(request: Request, next: Next) -> Response {
    // Not "no `Verified`": that would also be so if the layer were forgotten, or of another claims type.
    let for_anybody = request.extensions().get::<Anonymous>().is_some();
    let mut response = next.run(request).await;
    if response.status() == StatusCode::OK {
        let value = if for_anybody { "public, max-age=60" } else { "private" };
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
    println!("token: {token}");
    println!();
    println!("curl -i {url}/ # hello, stranger");
    println!("curl -i {url}/ -H 'Authorization: Bearer {token}' # hello, Ada");
    println!("curl -i {url}/ -H 'Authorization: Bearer {tampered}' # 401");
    println!("curl -i {url}/me # 401");
    println!("curl -i {url}/me -H 'Authorization: Bearer {token}'");
}
