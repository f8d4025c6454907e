//! Compares three verifiers on the same tokens: this crate, `jsonwebtoken::decode` and PyJWT.
//!
//! `DIFFERENTIAL_PYJWT=1` enables PyJWT. That needs Python 3.10 with `venv`, and installs PyJWT from the package index.
//! `DIFFERENTIAL_TOKENS` and `DIFFERENTIAL_SEED` set the number of tokens and the seed.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "differential/mod.rs"]
mod suite;
