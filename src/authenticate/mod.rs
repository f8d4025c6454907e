//! Authentication: inserts a verified identity into a request, or answers 401.
//!
//! The rules are on the page of [`middleware`](crate::middleware), which exports the public types.

mod claims_types;
mod config;
mod extensions;
mod future;
mod judge;
mod layer;
mod max_wait;
mod response_headers;
mod service;

pub use future::JwtAuthFuture;
pub use layer::JwtAuthLayer;
pub use service::JwtAuth;
