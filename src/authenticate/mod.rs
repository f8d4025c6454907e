//! Authentication: puts a verified identity into a request, or answers 401.

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
