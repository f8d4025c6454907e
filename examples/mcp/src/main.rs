//! The MCP server of this example.
//!
//! ```text
//! ISSUER_URL=https://auth.example.com cargo run --manifest-path examples/mcp/Cargo.toml
//! ```
//!
//! `PORT` is 3000 unless it is set. `examples/mcp/run` starts an authorization server, this server and a client.

use std::env;
use std::error::Error;

use mcp_example::app;
use tokio::net::TcpListener;
use tower_jwt_auth::Verifier;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let issuer = env::var("ISSUER_URL").map_err(|_| "ISSUER_URL is not set")?;
    let port = env::var("PORT").map_or(Ok(3000), |port| port.parse())?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let url = format!("http://{}/mcp", listener.local_addr()?);
    let app = app(&url, &issuer, Verifier::issuer_url(&issuer).allow_http_on_loopback())?;
    println!("{url}");
    Ok(axum::serve(listener, app).await?)
}
