//! Project Wycheproof's vectors for signatures and MACs, tested with the key.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "wycheproof/mod.rs"]
mod suite;
