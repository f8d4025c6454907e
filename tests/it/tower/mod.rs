//! The contract of Tower.
#![cfg(feature = "aws-lc-rs")] // without a crypto backend no token verifies

mod allocations;
mod auto_traits;
mod bodies;
mod readiness;
mod stacks;
mod waiting;
