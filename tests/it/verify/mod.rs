//! The verifier, without HTTP.

// Without a crypto backend no token verifies; that this is said in time is all there is to test.
#[cfg(not(any(feature = "aws-lc-rs", feature = "rust-crypto")))]
mod no_backend;

#[cfg(any(feature = "aws-lc-rs", feature = "rust-crypto"))]
mod algorithms;
#[cfg(any(feature = "aws-lc-rs", feature = "rust-crypto"))]
mod backends;
#[cfg(any(feature = "aws-lc-rs", feature = "rust-crypto"))]
mod builder;
#[cfg(all(feature = "cache", any(feature = "aws-lc-rs", feature = "rust-crypto")))]
mod cache;
#[cfg(all(feature = "x509", any(feature = "aws-lc-rs", feature = "rust-crypto")))]
mod certificates;
#[cfg(any(feature = "aws-lc-rs", feature = "rust-crypto"))]
mod changed_bits;
#[cfg(any(feature = "aws-lc-rs", feature = "rust-crypto"))]
mod claims;
#[cfg(any(feature = "aws-lc-rs", feature = "rust-crypto"))]
mod der;
#[cfg(any(feature = "aws-lc-rs", feature = "rust-crypto"))]
mod error_kinds;
#[cfg(any(feature = "aws-lc-rs", feature = "rust-crypto"))]
mod foreign_keys;
#[cfg(any(feature = "aws-lc-rs", feature = "rust-crypto"))]
mod header;
#[cfg(any(feature = "aws-lc-rs", feature = "rust-crypto"))]
mod identity;
#[cfg(any(feature = "aws-lc-rs", feature = "rust-crypto"))]
mod issuer_names;
#[cfg(any(feature = "aws-lc-rs", feature = "rust-crypto"))]
mod issuer_rules;
#[cfg(any(feature = "aws-lc-rs", feature = "rust-crypto"))]
mod issuers;
#[cfg(any(feature = "aws-lc-rs", feature = "rust-crypto"))]
mod json;
#[cfg(any(feature = "aws-lc-rs", feature = "rust-crypto"))]
mod jsonwebtoken_jwks;
#[cfg(any(feature = "aws-lc-rs", feature = "rust-crypto"))]
mod jsonwebtoken_keys;
#[cfg(any(feature = "aws-lc-rs", feature = "rust-crypto"))]
mod jsonwebtoken_validation;
#[cfg(any(feature = "aws-lc-rs", feature = "rust-crypto"))]
mod key_forms;
#[cfg(any(feature = "aws-lc-rs", feature = "rust-crypto"))]
mod key_problems;
#[cfg(any(feature = "aws-lc-rs", feature = "rust-crypto"))]
mod keys;
#[cfg(any(feature = "aws-lc-rs", feature = "rust-crypto"))]
mod large_rsa;
#[cfg(any(feature = "aws-lc-rs", feature = "rust-crypto"))]
mod previous_secrets;
#[cfg(any(feature = "aws-lc-rs", feature = "rust-crypto"))]
mod readiness;
#[cfg(any(feature = "aws-lc-rs", feature = "rust-crypto"))]
mod revocation;
#[cfg(any(feature = "aws-lc-rs", feature = "rust-crypto"))]
mod rsa;
#[cfg(any(feature = "aws-lc-rs", feature = "rust-crypto"))]
mod scripted_source;
#[cfg(any(feature = "aws-lc-rs", feature = "rust-crypto"))]
mod shape;
#[cfg(any(feature = "aws-lc-rs", feature = "rust-crypto"))]
mod signatures;
#[cfg(any(feature = "aws-lc-rs", feature = "rust-crypto"))]
mod sources;
#[cfg(any(feature = "aws-lc-rs", feature = "rust-crypto"))]
mod times;
#[cfg(any(feature = "aws-lc-rs", feature = "rust-crypto"))]
mod vectors;
#[cfg(any(feature = "aws-lc-rs", feature = "rust-crypto"))]
mod weak_keys;
