//! Short roads for issuers that are known.
#![cfg(any(feature = "aws-lc-rs", feature = "rust-crypto"))] // without a crypto backend no token verifies

mod better_auth;
mod checks;
mod clocks;
mod identities;
mod servers;
mod session_rules;
#[cfg(feature = "better-auth")]
mod tokens;
