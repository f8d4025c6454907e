//! Remote keys over real sockets, with a clock that the tests advance.

mod ages;
// The counts assume prepared keys; the other backend builds a verifier for each signature.
#[cfg(feature = "aws-lc-rs")]
mod allocations;
mod bodies;
mod builder;
#[cfg(feature = "pem")]
mod by_id;
mod connections;
mod defaults;
mod discovery;
mod events;
mod explicit_urls;
mod faults;
mod fetches;
mod fixture;
mod flood;
mod issuers;
mod matrix;
mod metadata;
mod operator_texts;
mod proxies;
mod races;
mod readiness;
mod requests;
mod retry_after;
mod roots;
mod seed;
mod sets;
mod start;
mod suspension;
mod timers;
pub(crate) mod tls;
mod virtual_time;
