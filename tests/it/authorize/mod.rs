//! Authorization: the rules of `RequireLayer`, its challenges and its responses.

mod actors;
// The counts assume prepared keys; the other backend builds a verifier for each signature.
#[cfg(feature = "aws-lc-rs")]
mod allocations;
mod auto_traits;
mod axum;
mod contract;
mod fixture;
mod grants;
mod implied_scopes;
mod layer_responder;
mod owner;
mod preflight;
mod profile;
mod responders;
mod rules;
mod scopes;
mod step_up;
mod tenant;
mod wiring;
