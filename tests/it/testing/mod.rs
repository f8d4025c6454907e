//! The issuer of the feature `test-util`, as it serves its metadata and its keys.

#[cfg(all(feature = "jwks-client", any(feature = "aws-lc-rs", feature = "rust-crypto")))]
mod server;
mod service;
