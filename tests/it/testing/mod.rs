//! The issuer of the feature `test-util`, as it serves its metadata and its keys.

#[cfg(feature = "jwks-client")]
mod server;
mod service;
