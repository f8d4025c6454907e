//! A token in a cookie for browsers, in `Authorization` for programs, and CSRF kept out.
//!
//! ```text
//! cargo run --example cookie
//! ```
//!
//! `PORT` (3000 unless set) and `JWT_SECRET` (random unless set, at least 32 bytes) come from the
//! environment. A browser sends cookies with requests that another site made it send, too: the layer of
//! tower-http refuses those.

#[path = "shared/demo.rs"]
mod demo;

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
    // Behind HTTPS the cookie is called `__Host-session`: then no other host can set it.
    let source = BearerHeader.or(CookieToken::new("session"));

    let app = Router::new()
        .route("/orders", get(orders).post(order))
        .layer(JwtAuthLayer::new(verifier).token_source(source).remove_token())
        .route("/", get(async || Html(PAGE)))
        .route("/log-in", post(log_in))
        .layer(CsrfLayer::new())
        .with_state(Arc::new(TestIssuer::hs256().with_secret(&secret)));

    let listener = TcpListener::bind(("127.0.0.1", demo::port()?)).await?;
    print_what_to_try(&format!("http://{}", listener.local_addr()?));
    Ok(axum::serve(listener, app).await?)
}

/// Stands in for the issuer, after somebody has given their password.
async fn log_in(State(issuer): State<Arc<TestIssuer>>) -> impl IntoResponse {
    let token = issuer.token().subject("user-1").mint();
    // Out of reach for scripts, and not sent with what other sites embed.
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
<button onclick="go('/log-in', 'POST')">Log in</button>
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

fn print_what_to_try(url: &str) {
    println!("listening on {url}");
    println!();
    println!("In a browser: {url}/");
    println!();
    println!("curl -i {url}/orders");
    println!("curl -i -c cookies -X POST {url}/log-in");
    println!("curl -i -b cookies {url}/orders");
    println!("curl -i -b cookies -X POST {url}/orders -H 'Origin: https://elsewhere.example'");
}
