//! Property tests: statements about every token, policy and document, tested with many generated cases.
//!
//! The cases are the same in every run. `PROPTEST_CASES=100000` runs more of them, and `PROPTEST_RNG_SEED=7` other
//! ones.

mod authorize;
#[cfg(all(feature = "aws-lc-rs", feature = "rust-crypto"))]
mod backends;
mod bytes;
mod cases;
mod claims_types;
mod json;
mod key_bytes;
mod keys;
mod layer;
mod migration;
mod near_misses;
mod policy;
mod rules;
mod secrecy;
mod shapes;
mod signing;
mod spelling;
mod templates;
mod times;
