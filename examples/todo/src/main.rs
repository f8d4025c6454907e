//! Shows an API for users of a Better Auth server, in which each user sees only their own todos.
//!
//! The README explains how to run it.

mod auth;
mod demo;
mod openapi;
mod problem;
mod routes;
#[path = "../../shared/shutdown.rs"]
mod shutdown;
mod store;

use std::env;
use std::error::Error;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use tokio::net::TcpListener;

use auth::Auth;
use problem::Problem;
use store::Store;

/// The limit of a request body, in bytes.
const BODY_LIMIT: usize = 16 * 1024;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let auth = Auth::from_env()?;
    // `Auth` has validated the URL.
    let auth_server = env::var("BETTER_AUTH_URL").ok().and_then(|url| url.parse().ok());
    let store = Store::open(env::var_os("TODO_DB").as_deref())?;

    let (api, document) = routes::api().split_for_parts();
    let app = Router::new()
        .merge(auth.protect(api)?)
        // The routes below are added after the layers, so they are public.
        .merge(openapi::pages(document)?)
        .merge(demo::pages(auth_server.as_ref())?)
        .fallback(async || Problem::not_found("page"))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(store);

    let port = env::var("PORT").map_or(Ok(3000), |port| port.parse())?;
    // Only on this machine: a proxy provides HTTPS.
    let listener = TcpListener::bind(("127.0.0.1", port))
        .await
        .map_err(|error| format!("port {port}: {error}"))?;
    let url = format!("http://{}", listener.local_addr()?);
    println!("listening on {url}");
    println!("demo page: {url}/");
    println!("documentation: {url}{}", openapi::PAGE);
    auth.print_what_to_try(&url);
    Ok(axum::serve(listener, app).with_graceful_shutdown(shutdown::signal()).await?)
}
