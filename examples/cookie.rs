//! Shows a token in a cookie for browsers or in `Authorization` for programs, with CSRF protection.
//!
//! ```text
//! cargo run --example cookie
//! ```
//!
//! A browser also sends cookies with requests that another site triggers. tower-http's `CsrfLayer` rejects these
//! requests.
//!
//! `PORT` is 3000 and `JWT_SECRET` (at least 32 bytes) is random unless they are set. The server prints a token and
//! curl commands. Ctrl-C ends it.

#[path = "shared/demo.rs"]
mod demo;
#[path = "shared/shutdown.rs"]
mod shutdown;

use std::error::Error;
use std::sync::Arc;

use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::response::{AppendHeaders, Html, IntoResponse};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower_http::csrf::CsrfLayer;
use tower_jwt_auth::source::{BearerHeader, CookieToken};
use tower_jwt_auth::testing::TestIssuer;
use tower_jwt_auth::{JwtAuthLayer, Verified, Verifier};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let secret = demo::secret()?;
    let verifier = Verifier::shared_secret(&secret).any_audience().build()?;
    // With HTTPS, name the cookie `__Host-session`, so that no other host can set it.
    let source = BearerHeader.or(CookieToken::new("session"));

    let issuer = TestIssuer::hs256().with_secret(&secret);
    let token = issuer.token().subject("user-1").mint();
    let app = Router::new()
        .route("/orders", get(orders).post(order))
        .route_layer(JwtAuthLayer::new(verifier).token_source(source).remove_token())
        .route("/", get(async || Html(PAGE)))
        .route("/login", post(login))
        .layer(CsrfLayer::new())
        .with_state(Arc::new(issuer));

    let listener = TcpListener::bind(("127.0.0.1", demo::port()?)).await?;
    print_what_to_try(&format!("http://{}", listener.local_addr()?), &token);
    Ok(axum::serve(listener, app).with_graceful_shutdown(shutdown::signal()).await?)
}

/// Replaces the issuer: a real one checks a password first.
async fn login(State(issuer): State<Arc<TestIssuer>>) -> impl IntoResponse {
    let token = issuer.token().subject("user-1").mint();
    // `HttpOnly` hides the cookie from scripts. `SameSite=Lax` omits it from requests of embedded content.
    let cookie = format!("session={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age=900");
    (AppendHeaders([(SET_COOKIE, cookie)]), Json(json!({"logged_in": true})))
}

async fn orders(user: Verified) -> Json<Value> {
    Json(json!({"of": user.subject(), "orders": []}))
}

async fn order(user: Verified) -> Json<Value> {
    Json(json!({"ordered_by": user.subject()}))
}

const PAGE: &str = r#"<!doctype html>
<title>Orders</title>
<button onclick="go('/login', 'POST')">Log in</button>
<button onclick="go('/orders', 'GET')">My orders</button>
<button onclick="go('/orders', 'POST')">Order</button>
<pre></pre>
<script>
  const go = async (path, method) => {
    const response = await fetch(path, { method });
    document.querySelector("pre").textContent = `${response.status} ${await response.text()}`;
  };
</script>
"#;

fn print_what_to_try(url: &str, token: &str) {
    println!("listening on {url}");
    println!("Open {url}/ in a browser, or try:");
    println!();
    println!("TOKEN={token}");
    println!("curl -i {url}/orders # 401");
    println!("curl -i {url}/orders -H \"Authorization: Bearer $TOKEN\"");
    println!("curl -i -X POST {url}/login # sets the cookie `session`");
    println!("curl -i {url}/orders -b \"session=$TOKEN\"");
    println!("# Another site triggers a request: 403");
    println!(
        "curl -i -X POST {url}/orders -b \"session=$TOKEN\" -H 'Origin: https://other.example'"
    );
}
