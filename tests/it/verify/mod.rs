//! The verifier, without HTTP.

// Without a crypto backend no token verifies; that this is said in time is all there is to test.
#[cfg(not(feature = "aws-lc-rs"))]
mod no_backend;

#[cfg(feature = "aws-lc-rs")]
mod algorithms;
#[cfg(feature = "aws-lc-rs")]
mod builder;
#[cfg(feature = "aws-lc-rs")]
mod claims;
#[cfg(feature = "aws-lc-rs")]
mod der;
#[cfg(feature = "aws-lc-rs")]
mod flips;
#[cfg(feature = "aws-lc-rs")]
mod header;
#[cfg(feature = "aws-lc-rs")]
mod identity;
#[cfg(feature = "aws-lc-rs")]
mod issuers;
#[cfg(feature = "aws-lc-rs")]
mod json;
#[cfg(feature = "aws-lc-rs")]
mod key_problems;
#[cfg(feature = "aws-lc-rs")]
mod keys;
#[cfg(feature = "aws-lc-rs")]
mod kinds;
#[cfg(feature = "aws-lc-rs")]
mod revocation;
#[cfg(feature = "aws-lc-rs")]
mod rsa;
#[cfg(feature = "aws-lc-rs")]
mod script;
#[cfg(feature = "aws-lc-rs")]
mod shape;
#[cfg(feature = "aws-lc-rs")]
mod signatures;
#[cfg(feature = "aws-lc-rs")]
mod sources;
#[cfg(feature = "aws-lc-rs")]
mod times;
#[cfg(feature = "aws-lc-rs")]
mod vectors;
#[cfg(feature = "aws-lc-rs")]
mod weak_keys;
