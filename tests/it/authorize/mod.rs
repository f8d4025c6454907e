//! What a verified bearer may do, and how the others are told.

// The counts are those of prepared keys: the other backend builds a verifier per signature.
#[cfg(feature = "aws-lc-rs")]
mod allocations;
mod auto_traits;
mod axum;
mod contract;
mod fixture;
mod grants;
mod manner;
mod owner;
mod preflight;
mod profile;
mod responders;
mod rules;
mod scopes;
mod step_up;
mod wiring;
