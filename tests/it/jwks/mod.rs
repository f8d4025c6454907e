//! Keys from the network: real sockets, and ages by a clock that is moved.

mod ages;
// The counts are those of prepared keys: the other backend builds a verifier per signature.
#[cfg(feature = "aws-lc-rs")]
mod allocations;
mod bodies;
mod builder;
mod connections;
mod defaults;
mod discovery;
mod events;
mod faults;
mod fixture;
mod flights;
mod flood;
mod issuers;
mod matrix;
mod metadata;
mod places;
mod races;
mod readiness;
mod retry_after;
mod sets;
mod start;
mod suspension;
mod timers;
mod tls;
mod virtual_time;
