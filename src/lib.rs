#![cfg_attr(docsrs, feature(doc_cfg))]
// Without a backend every key is refused when it is made, and what keys are for goes unused.
#![cfg_attr(not(any(feature = "aws-lc-rs", feature = "rust-crypto")), allow(dead_code))]
// Time is injected: `clock.rs` alone reads it. Tests, examples and benchmarks may.
#![warn(clippy::disallowed_methods)]
#![doc = include_str!("../README.md")]

mod answer;
pub mod authenticate;
pub mod authorize;
mod build_error;
pub mod claims;
pub mod clock;
pub mod error;
#[cfg(any(doc, doctest))]
pub mod guide;
mod identity;
mod integration;
mod json;
#[cfg(feature = "jwks")]
#[cfg_attr(docsrs, doc(cfg(feature = "jwks")))]
pub mod jwks;
pub mod jws;
pub mod jwt;
pub mod key;
pub mod observe;
mod policy;
pub mod possession;
pub mod provider;
pub mod respond;
mod rule;
pub mod source;
#[cfg(feature = "test-util")]
#[cfg_attr(docsrs, doc(cfg(feature = "test-util")))]
pub mod testing;
// Key sets alone ask everything of a URL.
#[cfg_attr(not(feature = "jwks"), allow(dead_code))]
mod url;
pub mod verify;

pub use answer::Answer;
pub use authenticate::JwtAuthLayer;
pub use authorize::RequireLayer;
pub use build_error::{BuildError, Problem};
pub use claims::Claims;
pub use error::{Error, ErrorKind};
pub use identity::{Anonymous, Identity};
#[cfg(feature = "axum")]
#[cfg_attr(docsrs, doc(cfg(feature = "axum")))]
pub use integration::axum;
pub use integration::openapi;
pub use jws::Algorithm;
pub use key::VerificationKey;
pub use policy::Policy;
#[cfg(feature = "better-auth")]
#[cfg_attr(docsrs, doc(cfg(feature = "better-auth")))]
pub use provider::better_auth;
pub use rule::Rule;
pub use verify::{Issuer, Verified, Verifier};
