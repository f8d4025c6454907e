//! The contract of Tower services.

// The counts are for AWS-LC's prepared keys: the other backend builds a verifier per signature.
#[cfg(feature = "aws-lc-rs")]
mod allocations;
mod auto_traits;
mod bodies;
mod max_wait;
mod readiness;
#[cfg(feature = "reload")]
mod reload;
mod stacks;
mod streams;
mod waiting;
