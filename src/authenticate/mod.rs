//! Authentication: inserts a verified identity into a request, or answers 401.
//!
//! The rules are on the page of [`middleware`](crate::middleware), which exports the public types.

mod admit;
mod anonymous_settings;
mod claims_types;
mod config;
mod enforced;
mod extensions;
mod future;
mod judge;
mod layer;
mod max_wait;
mod response_headers;
mod service;
mod streams;
#[cfg(feature = "tracing")]
mod subject;
#[cfg(not(feature = "tracing"))]
#[path = "no_subject.rs"]
mod subject;
mod token_settings;

pub(crate) use enforced::ResourceLayers;
pub use future::JwtAuthFuture;
pub use layer::JwtAuthLayer;
pub use service::JwtAuth;
