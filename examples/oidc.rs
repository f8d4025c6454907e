//! An axum server that takes the tokens of an OpenID provider, or of any issuer with RFC 8414 metadata.
//!
//! ```text
//! ISSUER_URL=https://auth.example.com AUDIENCE=orders cargo run --example oidc --features jwks-client
//! ```
//!
//! `PORT` is 3000 unless set. The provider need not be up: until its keys are here the answer is 503. Without
//! a provider at hand, start the example `jwks`: it has one, and prints the line that starts this one.

#[path = "shared/demo.rs"]
#[expect(dead_code, reason = "the rest of it is for examples with a shared secret")]
mod demo;
#[path = "shared/shutdown.rs"]
mod shutdown;

use std::env;
use std::error::Error;
use std::process::ExitCode;

use axum::{Json, Router, routing::get};
use tokio::net::TcpListener;
use tower_jwt_auth::jwks::RemoteJwks;
use tower_jwt_auth::observe::Event;
use tower_jwt_auth::{Claims, JwtAuthLayer, Verified, Verifier};

#[tokio::main]
async fn main() -> ExitCode {
    let (Ok(issuer), Ok(audience)) = (env::var("ISSUER_URL"), env::var("AUDIENCE")) else {
        eprintln!("usage: ISSUER_URL=https://auth.example.com AUDIENCE=orders oidc");
        eprintln!("no issuer at hand? cargo run --example jwks --features jwks-client");
        return ExitCode::from(2);
    };
    match serve(&issuer, &audience).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(issuer: &str, audience: &str) -> Result<(), Box<dyn Error>> {
    // `Verifier::issuer_url(issuer).audience(audience).build()?` is the short form of all this. The long one
    // takes an issuer on this machine without TLS, fetches ahead of time, and says what happens.
    let keys = RemoteJwks::issuer(issuer)
        .allow_http_on_loopback()
        .observer(|event: &Event| println!("{event:?}"))
        .build()?;
    let verifier = Verifier::key_source(keys.clone()).issuer(issuer).audience(audience).build()?;

    let app = Router::new()
        .route("/me", get(me))
        .layer(JwtAuthLayer::new(verifier))
        .route("/", get(async || "public; /me needs a token\n"));

    let listener = TcpListener::bind(("127.0.0.1", demo::port()?)).await?;
    let url = format!("http://{}", listener.local_addr()?);
    println!("listening on {url}");
    println!();
    println!("curl -i {url}/me -H \"Authorization: Bearer $TOKEN\" # an access token of {issuer}");
    tokio::spawn(keys.keep_fresh());
    Ok(axum::serve(listener, app).with_graceful_shutdown(shutdown::interrupt()).await?)
}

async fn me(user: Verified) -> Json<Claims> {
    Json(user.claims_owned())
}
