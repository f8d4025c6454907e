//! The integration tests, all in one target.
// Without a crypto backend no token verifies.
#![cfg(any(feature = "aws-lc-rs", feature = "rust-crypto"))]
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod authorize;
mod better_auth;
#[cfg(all(feature = "jwks-client", feature = "x509"))]
mod guide;
mod http;
#[cfg(all(feature = "jwks-client", feature = "providers"))]
mod identity_servers;
#[cfg(all(feature = "introspection", feature = "jwks-client"))]
mod introspection;
#[cfg(feature = "jwks-client")]
mod jwks;
#[cfg(feature = "denylist")]
mod logout;
mod oidc_provider;
mod openapi;
mod properties;
mod provider;
#[cfg(all(feature = "jwks-client", feature = "cache"))]
mod resolver;
mod resource;
mod revocation;
mod rotation;
#[cfg(feature = "redis")]
mod store;
mod support;
mod testing;
mod tower;
mod verify;

use tower_jwt_auth::key::CryptoBackend;

#[test]
fn the_active_backend_matches_the_features() {
    let expected = if cfg!(feature = "aws-lc-rs") {
        Some("aws-lc-rs")
    } else if cfg!(feature = "rust-crypto") {
        Some("rust-crypto")
    } else {
        None
    };
    let active = CryptoBackend::active().map(CryptoBackend::name);
    println!("crypto backend: {active:?}");
    assert_eq!(active, expected);
}
