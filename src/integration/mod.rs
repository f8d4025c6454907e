//! Bridges to frameworks.

#[cfg(feature = "axum")]
pub mod axum;
pub mod openapi;
