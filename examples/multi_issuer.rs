//! Shows an axum server that trusts two issuers, each with its own keys and policy.
//!
//! ```text
//! cargo run --example multi_issuer
//! ```
//!
//! `PORT` is 3000 unless it is set. The server prints valid and invalid tokens of both issuers, and the expected status
//! of each. Ctrl-C ends it. Here the keys are in JWKS documents in memory; use `Issuer::url` to fetch them from a URL.

#[path = "shared/demo.rs"]
#[expect(dead_code, reason = "only examples with a shared secret use all of it")]
mod demo;
#[path = "shared/shutdown.rs"]
mod shutdown;

use std::error::Error;
use std::time::Duration;

use axum::{Json, Router, routing::get};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower_jwt_auth::key::KeySet;
use tower_jwt_auth::testing::TestIssuer;
use tower_jwt_auth::{Algorithm, Issuer, JwtAuthLayer, Policy, Verified, Verifier};

const STAFF: &str = "https://staff.example";
const PARTNER: &str = "https://partner.example";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // These two replace the issuers, which have the private keys.
    let staff = TestIssuer::es256().issuer(STAFF).audience("orders").key_id("2026");
    let partner =
        TestIssuer::new(Algorithm::RS256).issuer(PARTNER).audience("orders").key_id("2026");

    // Both issuers use the key id `2026`. A key id selects only among the keys of its issuer.
    let policy = Policy::new().audience("orders").require_claim("sub");
    let staff_keys = KeySet::jwks(staff.jwks())?;
    let partner_keys = KeySet::jwks(partner.jwks())?;
    let trusted_staff =
        Issuer::new(STAFF, staff_keys, policy.clone().max_age(Duration::from_secs(3600)));
    let trusted_partner = Issuer::new(PARTNER, partner_keys, policy.require_claim("tenant"));

    let both = Verifier::builder().trust(trusted_staff.clone()).trust(trusted_partner).build()?;
    let staff_only = Verifier::builder().trust(trusted_staff).build()?;

    let app = Router::new()
        .route("/orders", get(who).route_layer(JwtAuthLayer::new(both)))
        .route("/reports", get(who).route_layer(JwtAuthLayer::new(staff_only)));

    let listener = TcpListener::bind(("127.0.0.1", demo::port()?)).await?;
    print_what_to_try(&format!("http://{}", listener.local_addr()?), &staff, &partner);
    Ok(axum::serve(listener, app).with_graceful_shutdown(shutdown::signal()).await?)
}

async fn who(user: Verified) -> Json<Value> {
    let tenant = user.text("tenant");
    Json(json!({ "issuer": user.issuer(), "subject": user.subject(), "tenant": tenant }))
}

fn print_what_to_try(url: &str, staff: &TestIssuer, partner: &TestIssuer) {
    println!("listening on {url}");
    let staff = || staff.token().subject("user-1");
    let partner = || partner.token().subject("user-2").claim("tenant", "acme");
    for (name, token, orders, reports) in [
        ("STAFF", staff().mint(), 200, 200),
        ("PARTNER", partner().mint(), 200, 401),
        ("PARTNER_WITHOUT_TENANT", partner().without("tenant").mint(), 401, 401),
        ("STAFF_AS_PARTNER", staff().claim("iss", PARTNER).mint(), 401, 401),
        ("PARTNER_AS_STAFF", partner().claim("iss", STAFF).mint(), 401, 401),
        ("UNKNOWN_ISSUER", staff().claim("iss", "https://evil.example").mint(), 401, 401),
        ("STAFF_TAMPERED", staff().mint_tampered(), 401, 401),
    ] {
        println!();
        println!("{name}={token}");
        for (path, status) in [("orders", orders), ("reports", reports)] {
            println!("curl -i {url}/{path} -H \"Authorization: Bearer ${name}\" # {status}");
        }
    }
}
