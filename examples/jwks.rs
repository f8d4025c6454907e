//! Shows an axum server that fetches its keys from a URL, with key rotation and outages.
//!
//! ```text
//! cargo run --example jwks --features jwks-client
//! ```
//!
//! The key server runs in the same process, on another port. `PORT` is 3000 unless it is set. The server prints a
//! token, curl commands that rotate the keys or simulate an outage, and every event of the key set. Ctrl-C ends it.

#[path = "shared/demo.rs"]
#[expect(dead_code, reason = "only examples with a shared secret use all of it")]
mod demo;
#[path = "shared/key_server.rs"]
mod key_server;
#[path = "shared/shutdown.rs"]
mod shutdown;

use std::error::Error;
use std::time::Duration;

use axum::extract::State;
use axum::{Json, Router, routing::get};
use key_server::{AUDIENCE, KeyServer};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower_jwt_auth::key::FetchFailure;
use tower_jwt_auth::observe::Event;
use tower_jwt_auth::{JwtAuthLayer, Verified, Verifier};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let key_server = KeyServer::start().await?;
    let issuer = key_server.url();

    let verifier = Verifier::jwks_url(format!("{issuer}/jwks"))
        .allow_http_on_loopback()
        .remote_keys(|keys| {
            // Short times for the demo. Keep the defaults with a real issuer.
            keys.ttl_between(Duration::from_secs(20), Duration::from_secs(3600))
                .cooldown(Duration::from_secs(1))
                .observer(|event: &Event<'_>| println!("{event:?}"))
        })
        .issuer(&*issuer)
        .audience(AUDIENCE)
        .build()?;

    let app = Router::new()
        .route("/me", get(me))
        .route_layer(JwtAuthLayer::new(verifier.clone()))
        .route("/health", get(health))
        .with_state(verifier.clone());

    let listener = TcpListener::bind(("127.0.0.1", demo::port()?)).await?;
    let url = format!("http://{}", listener.local_addr()?);
    print_what_to_try(&url, &issuer, &key_server.token());
    // Fetches the keys now, and again before they become stale, so that no request waits for a fetch.
    tokio::spawn(verifier.keep_fresh());
    Ok(axum::serve(listener, app).with_graceful_shutdown(shutdown::signal()).await?)
}

async fn me(user: Verified) -> Json<Verified> {
    Json(user)
}

/// The state of each issuer's keys, for dashboards. It fetches nothing.
async fn health(State(verifier): State<Verifier>) -> Json<Vec<Value>> {
    let shown = verifier.health().map(|it| {
        json!({
            "issuer": it.issuer,
            "state": it.state.as_str(),
            "keys": it.keys,
            "age_seconds": it.age.map(|age| age.as_secs_f64()),
            "next_attempt_seconds": it.next_attempt.map(|next| next.as_secs_f64()),
            "last_error": it.last_error.and_then(|error| error.failure()).map(FetchFailure::as_str),
        })
    });
    Json(shown.collect())
}

fn print_what_to_try(url: &str, issuer: &str, token: &str) {
    println!("listening on {url}");
    println!();
    println!("TOKEN={token}");
    println!("ISSUER={issuer}");
    println!("curl -i {url}/me -H \"Authorization: Bearer $TOKEN\"");
    println!("curl {url}/health");
    println!(
        "# The issuer switches to a new key. Its first token causes a fetch; both keys verify."
    );
    println!("NEW=$(curl -sX POST $ISSUER/rotate)");
    println!("curl -i {url}/me -H \"Authorization: Bearer $NEW\"");
    println!("curl -i {url}/me -H \"Authorization: Bearer $TOKEN\"");
    println!("# The next rotation withdraws the first key: 401 after the next fetch.");
    println!("sleep 1 # the cooldown of this example");
    println!("NEWER=$(curl -sX POST $ISSUER/rotate)");
    println!("curl -i {url}/me -H \"Authorization: Bearer $NEWER\"");
    println!("curl -i {url}/me -H \"Authorization: Bearer $TOKEN\"");
    println!("# During an outage, known keys verify and a new key gets 503.");
    println!("curl -X POST $ISSUER/outage");
    println!("curl -i {url}/me -H \"Authorization: Bearer $NEWER\"");
    println!("NEWEST=$(curl -sX POST $ISSUER/rotate)");
    println!("sleep 1");
    println!("curl -i {url}/me -H \"Authorization: Bearer $NEWEST\"");
    println!("curl -X POST $ISSUER/recovery");
    println!("# Another server, which finds the keys by the issuer's metadata:");
    println!(
        "PORT=3001 ISSUER_URL=$ISSUER AUDIENCE={AUDIENCE} \
         cargo run --example oidc --features jwks-client"
    );
    println!();
}
