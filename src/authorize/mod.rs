//! Authorization: admits a request that grants what a route requires, or answers 403.

mod layer;
mod owner;
mod requirement;
mod service;
mod step_up;

pub use layer::RequireLayer;
pub use service::Require;
