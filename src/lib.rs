#![cfg_attr(docsrs, feature(doc_cfg))]
// Without a backend every key is refused when it is made, and what keys are for goes unused.
#![cfg_attr(not(any(feature = "aws-lc-rs", feature = "rust-crypto")), allow(dead_code))]
// Time is injected: `clock.rs` alone reads it. Tests, examples and benchmarks may.
#![warn(clippy::disallowed_methods)]
#![doc = include_str!("../README.md")]

mod answer;
mod authenticate;
mod authorize;
pub mod claims;
pub mod clock;
pub mod error;
#[cfg(feature = "axum")]
#[cfg_attr(docsrs, doc(cfg(feature = "axum")))]
pub mod extract;
#[cfg(any(doc, doctest))]
pub mod guide;
mod identity;
mod json;
#[cfg(feature = "jwks")]
#[cfg_attr(docsrs, doc(cfg(feature = "jwks")))]
pub mod jwks;
mod jws;
mod jwt;
pub mod key;
pub mod middleware;
pub mod observe;
pub mod openapi;
mod policy;
pub mod possession;
pub mod provider;
pub mod respond;
pub mod revocation;
mod rule;
pub mod source;
#[cfg(feature = "test-util")]
#[cfg_attr(docsrs, doc(cfg(feature = "test-util")))]
pub mod testing;
// Key sets alone ask everything of a URL.
#[cfg_attr(not(feature = "jwks"), allow(dead_code))]
mod url;
mod verify;

pub use answer::Answer;
pub use authenticate::JwtAuthLayer;
pub use authorize::RequireLayer;
pub use claims::standard::Claims;
pub use error::build_error::BuildError;
pub use error::error::{Error, ErrorKind};
pub use identity::{Anonymous, Identity};
pub use jws::{Algorithm, JoseHeader};
pub use jwt::Token;
pub use key::verification_key::VerificationKey;
pub use policy::Policy;
pub use rule::Rule;
#[cfg(feature = "cache")]
#[cfg_attr(docsrs, doc(cfg(feature = "cache")))]
pub use verify::TokenCache;
pub use verify::{Issuer, Verified, Verifier, VerifierBuilder};
