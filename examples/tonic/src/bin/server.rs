//! Shows a tonic server whose methods require a token.
//!
//! ```text
//! cargo run --manifest-path examples/tonic/Cargo.toml
//! ```
//!
//! `PORT` is 3000 and `JWT_SECRET` (at least 32 bytes) is random unless they are set. The server prints tokens, and
//! commands for grpcurl and for the client in this package. Ctrl-C ends it.

#[path = "../../../shared/demo.rs"]
mod demo;
#[path = "../../../shared/shutdown.rs"]
mod shutdown;

use std::error::Error;

use tokio::net::TcpListener;
use tower_jwt_auth::{Verifier, testing::TestIssuer};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let secret = demo::secret()?;
    let verifier =
        Verifier::shared_secret(&secret).audience("orders").require_claim("sub").build()?;

    let listener = TcpListener::bind(("127.0.0.1", demo::port()?)).await?;
    print_what_to_try(&listener.local_addr()?.to_string(), &secret);
    tonic_example::serve(listener, verifier, shutdown::signal()).await
}

fn print_what_to_try(address: &str, secret: &str) {
    let issuer = TestIssuer::hs256().with_secret(secret).audience("orders");
    let token = || issuer.token().subject("user-1");
    let grpcurl = "grpcurl -plaintext -import-path examples/tonic/proto -proto orders.proto";
    let client = "cargo run --manifest-path examples/tonic/Cargo.toml --bin client --";
    println!("listening on http://{address}");
    for (name, token, ship) in [
        ("TOKEN", token().mint(), "PermissionDenied"),
        ("WRITER", token().scope("orders:write").mint(), "OK"),
    ] {
        println!();
        println!("{name}={token}");
        println!("{client} http://{address} \"${name}\"");
        let grpcurl = format!("{grpcurl} -H \"authorization: Bearer ${name}\"");
        println!("{grpcurl} {address} orders.v1.Orders/List");
        println!("{grpcurl} {address} orders.v1.Orders/Watch");
        println!("{grpcurl} -d '{{\"id\":\"1\"}}' {address} orders.v1.Warehouse/Ship # {ship}");
    }
    println!();
    println!("{client} http://{address} # Unauthenticated");
}
