//! The examples of the RFCs, verbatim, tested with the verifier and with the key.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "rfc/mod.rs"]
mod suite;
