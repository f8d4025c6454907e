//! A tonic server whose methods need a token.
//!
//! ```text
//! cargo run --manifest-path examples/tonic/Cargo.toml
//! ```
//!
//! `PORT` (3000 unless set) and `JWT_SECRET` (random unless set, at least 32 bytes) come from the
//! environment. It prints tokens, and the lines of grpcurl and of the client in this package to try.

#[path = "../../../shared/demo.rs"]
mod demo;

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
    tonic_example::serve(listener, verifier).await
}

fn print_what_to_try(address: &str, secret: &str) {
    let issuer = TestIssuer::hs256().with_secret(secret).audience("orders");
    let token = || issuer.token().subject("user-1");
    let reader = token().mint();
    let writer = token().claim("scope", "orders:write").mint();
    let grpcurl = "grpcurl -plaintext -import-path examples/tonic/proto -proto orders.proto";
    let client = "cargo run --manifest-path examples/tonic/Cargo.toml --bin client --";
    println!("listening on http://{address}");
    println!("token: {reader}");
    println!("token with orders:write: {writer}");
    for (token, ship) in [(reader, "PermissionDenied"), (writer, "OK")] {
        println!();
        println!("{client} http://{address} {token}");
        let grpcurl = format!("{grpcurl} -H 'authorization: Bearer {token}'");
        println!("{grpcurl} {address} orders.v1.Orders/List");
        println!("{grpcurl} {address} orders.v1.Orders/Watch");
        println!("{grpcurl} -d '{{\"id\":\"1\"}}' {address} orders.v1.Warehouse/Ship # {ship}");
    }
    println!();
    println!("{client} http://{address} # Unauthenticated");
}
