//! Shows an axum server whose routes require a scope, a role, the owner in the path, or a recent login.
//!
//! ```text
//! cargo run --example scopes
//! ```
//!
//! `PORT` is 3000 and `JWT_SECRET` (at least 32 bytes) is random unless they are set. The server prints tokens with
//! different permissions and curl commands. Ctrl-C ends it.

#[path = "shared/demo.rs"]
mod demo;
#[path = "shared/shutdown.rs"]
mod shutdown;

use std::error::Error;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::extract::Path;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower_jwt_auth::{Identity, JwtAuthLayer, RequireLayer, Rule, Verifier, testing::TestIssuer};

/// The issuer's authentication context (`acr`) for a login with a second factor.
const SECOND_FACTOR: &str = "urn:example:second-factor";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let secret = demo::secret()?;
    let verifier =
        Verifier::shared_secret(&secret).audience("orders").require_claim("sub").build()?;

    let read = RequireLayer::scope("orders:read");
    let write = RequireLayer::all_scopes(["orders:read", "orders:write"]);
    let audit = RequireLayer::new(Rule::role("auditor").or(Rule::scope("reports:read")));
    let own = RequireLayer::owner_in_path("/users/{user_id}/orders")?;
    let refund = RequireLayer::scope("orders:write")
        .authentication_context([SECOND_FACTOR])
        .max_authentication_age(Duration::from_secs(300));

    let app = Router::new()
        // With `route_layer` an unsupported method gets 405, not 403. It wraps only the methods before it.
        .route("/orders", get(who).route_layer(read))
        .route("/orders", post(who).route_layer(write))
        .route("/reports", get(who).route_layer(audit))
        .route("/users/{user_id}/orders", get(orders_of).route_layer(own))
        .route("/refunds", post(who).route_layer(refund))
        // The outermost layer: authentication comes before authorization.
        .route_layer(JwtAuthLayer::new(verifier));

    let listener = TcpListener::bind(("127.0.0.1", demo::port()?)).await?;
    print_what_to_try(&format!("http://{}", listener.local_addr()?), &secret)?;
    Ok(axum::serve(listener, app).with_graceful_shutdown(shutdown::signal()).await?)
}

async fn who(user: Identity) -> Json<Value> {
    let scopes: Vec<&str> = user.scopes().collect();
    Json(json!({ "subject": user.subject(), "scopes": scopes }))
}

/// `RequireLayer` has compared the owner with the token.
async fn orders_of(Path(user_id): Path<String>) -> Json<Value> {
    Json(json!({ "orders_of": user_id }))
}

fn print_what_to_try(url: &str, secret: &str) -> Result<(), Box<dyn Error>> {
    println!("listening on {url}");
    let issuer = TestIssuer::hs256().with_secret(secret).audience("orders");
    let token = || issuer.token().subject("user-1");
    let writer = || token().claim("scope", "orders:read orders:write");
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let with_second_factor =
        |seconds_ago| writer().claim("acr", SECOND_FACTOR).claim("auth_time", now - seconds_ago);
    for (name, token, tries) in [
        (
            "WITHOUT_GRANTS",
            token(),
            [("GET", "/orders", 403), ("GET", "/users/user-1/orders", 200)],
        ),
        (
            "READER",
            token().claim("scope", "orders:read"),
            [("GET", "/orders", 200), ("POST", "/orders", 403)],
        ),
        ("WRITER", writer(), [("POST", "/orders", 200), ("POST", "/refunds", 401)]),
        (
            "AUDITOR",
            token().claim("roles", vec!["auditor"]),
            [("GET", "/reports", 200), ("GET", "/users/user-2/orders", 403)],
        ),
        (
            "RECENT_LOGIN",
            with_second_factor(0),
            [("POST", "/refunds", 200), ("PUT", "/orders", 405)],
        ),
        (
            "OLD_LOGIN",
            with_second_factor(3600),
            [("POST", "/refunds", 401), ("POST", "/orders", 200)],
        ),
    ] {
        let token = token.mint();
        println!();
        println!("{name}={token}");
        for (method, path, status) in tries {
            println!(
                "curl -iX {method} {url}{path} -H \"Authorization: Bearer ${name}\" # {status}"
            );
        }
    }
    Ok(())
}
