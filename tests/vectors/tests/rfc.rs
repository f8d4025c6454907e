//! The examples of the RFCs, to the letter, at the verifier and at the key.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "rfc/mod.rs"]
mod suite;
