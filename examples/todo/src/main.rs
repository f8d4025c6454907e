//! Shows an API for users of a Better Auth server, in which each user sees only their own todos.
//!
//! The README explains how to run it.

mod auth;
mod auth_server;
mod demo;
mod openapi;
mod problem;
mod revoked;
mod routes;
#[path = "../../shared/shutdown.rs"]
mod shutdown;
mod store;

use std::env;
use std::error::Error;

use axum::extract::DefaultBodyLimit;
use axum::{Extension, Router};
use tokio::net::TcpListener;

use auth::Auth;
use auth_server::AuthServer;
use problem::Problem;
use revoked::Revoked;
use store::Store;

/// The limit of a request body, in bytes.
const BODY_LIMIT: usize = 16 * 1024;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let auth_server = AuthServer::from_env()?;
    let revoked = Revoked::from_env()?;
    let auth = Auth::from_env(auth_server.as_ref(), &revoked)?;
    let logout = auth_server.as_ref().map(|server| revoked::endpoint(server, &revoked));
    let store = Store::open(env::var_os("TODO_DB").as_deref())?;

    let (tasks, mut document) = routes::tasks().split_for_parts();
    let (account, more) = routes::account().split_for_parts();
    document.merge(more);
    revoked.start();
    let app = Router::new()
        .merge(auth.protect(tasks, account.layer(Extension(revoked)))?)
        // The routes below are added after the layers, so they are public.
        .merge(logout.transpose()?.unwrap_or_default())
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
