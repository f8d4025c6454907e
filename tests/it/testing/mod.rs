//! The metadata and keys that the issuer of the feature `test-util` serves.

#[cfg(feature = "jwks-client")]
mod server;
mod service;
