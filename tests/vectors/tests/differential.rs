//! The same tokens under three verifiers: this crate, `jsonwebtoken::decode` and PyJWT.
//!
//! `DIFFERENTIAL_PYJWT=1` has the third one judge, too; it needs Python 3.10 with `venv` and installs
//! PyJWT from the package index. `DIFFERENTIAL_TOKENS` and `DIFFERENTIAL_SEED` say how many tokens are
//! made and which.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "differential/mod.rs"]
mod suite;
