//! An axum server whose keys come from a URL, and a key server that rotates them while you watch.
//!
//! ```text
//! cargo run --example jwks --features jwks-client
//! ```
//!
//! `PORT` (3000 unless set) comes from the environment. The key server runs in the same process, on a port
//! of its own. It prints a token, the curl lines to try, and from then on every event of the keys.

#[path = "shared/demo.rs"]
#[expect(dead_code, reason = "the rest of it is for examples with a shared secret")]
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
use tower_jwt_auth::observe::{Event, FetchFailure};
use tower_jwt_auth::{JwtAuthLayer, Verified, Verifier};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let key_server = KeyServer::start().await?;
    let issuer = key_server.url();

    let verifier = Verifier::jwks_url(format!("{issuer}/jwks"))
        .allow_http_on_loopback()
        .remote_keys(|keys| {
            // A minute and 30 seconds would be right for a real issuer, and long to sit and watch.
            keys.ttl_between(Duration::from_secs(20), Duration::from_secs(3600))
                .cooldown(Duration::from_secs(1))
                .observer(|event: &Event<'_>| println!("{event:?}"))
        })
        .issuer(&*issuer)
        .audience(AUDIENCE)
        .build()?;

    let app = Router::new()
        .route("/me", get(me))
        .layer(JwtAuthLayer::new(verifier.clone()))
        .route("/health", get(health))
        .with_state(verifier.clone());

    let listener = TcpListener::bind(("127.0.0.1", demo::port()?)).await?;
    let url = format!("http://{}", listener.local_addr()?);
    print_what_to_try(&url, &issuer, &key_server.token());
    // Nothing was fetched so far. From here on the keys are fetched ahead of time, and not by a request.
    tokio::spawn(verifier.keep_fresh());
    Ok(axum::serve(listener, app).with_graceful_shutdown(shutdown::interrupt()).await?)
}

async fn me(user: Verified) -> Json<Verified> {
    Json(user)
}

/// For people and dashboards: the keys of each issuer. It reads memory and fetches nothing.
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
    println!("token: {token}");
    println!("issuer: {issuer}");
    println!();
    println!("OLD={token}");
    println!("curl -i {url}/me -H \"Authorization: Bearer $OLD\"");
    println!("curl {url}/health");
    println!(
        "# The issuer signs with a new key: its first token brings the key, the old one goes on."
    );
    println!("NEW=$(curl -sX POST {issuer}/rotate)");
    println!("curl -i {url}/me -H \"Authorization: Bearer $NEW\"");
    println!("curl -i {url}/me -H \"Authorization: Bearer $OLD\"");
    println!("# Rotate once more, and the first key is withdrawn: 401 as soon as that is known.");
    println!("sleep 1 # the cool-down of this example");
    println!("NEWER=$(curl -sX POST {issuer}/rotate)");
    println!("curl -i {url}/me -H \"Authorization: Bearer $NEWER\"");
    println!("curl -i {url}/me -H \"Authorization: Bearer $OLD\"");
    println!("# The key server fails: known keys go on, a new one is 503 until it is back.");
    println!("curl -X POST {issuer}/outage");
    println!("curl -i {url}/me -H \"Authorization: Bearer $NEWER\"");
    println!("NEWEST=$(curl -sX POST {issuer}/rotate)");
    println!("sleep 1");
    println!("curl -i {url}/me -H \"Authorization: Bearer $NEWEST\"");
    println!("curl -X POST {issuer}/recovery");
    println!("# The same issuer, found by its metadata:");
    println!(
        "PORT=3001 ISSUER_URL={issuer} AUDIENCE={AUDIENCE} \
         cargo run --example oidc --features jwks-client"
    );
    println!();
}
