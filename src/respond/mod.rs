//! The responses to rejected requests.
//!
//! A [`Rejection`] has the reason, the status and the headers. A responder, which is set with
//! [`JwtAuthLayer::responder`](crate::JwtAuthLayer::responder), builds the response. Implement [`Respond`], or use one
//! of these:
//!
//! - [`ProblemJson`], the default, answers with a problem document (RFC 9457).
//! - [`Plain`] answers without a body.
//! - [`GrpcAware`] answers gRPC requests with a gRPC status.
//! - [`json`] answers with a JSON document of your own.
//! - [`extract::responder`](crate::extract::responder) answers with any axum response (feature `axum`).
//! - [`from_fn`] creates a responder from a function.
//!
//! # Rules
//!
//! 1. A missing or invalid token is answered 401. Malformed credentials and more than one token are answered 400.
//! 2. A token that does not permit the request is answered 403. A weak or old login is answered 401 (RFC 9470).
//! 3. If the token cannot be checked now, the answer is 503 with `Retry-After`.
//! 4. A misconfigured server answers 500.
//! 5. Every 400, 401 and 403 has a challenge (RFC 6750 §3). The client cannot see why a token is invalid, except that
//!    it has expired.
//! 6. Responses have `Cache-Control: no-store` and the [`Error`](crate::Error) in their extensions.

pub(crate) mod body;
mod challenge;
mod ending;
pub(crate) mod future;
mod grpc;
mod grpc_messages;
mod json;
mod plain;
mod problem;
mod rejection;
mod rejector;
mod responder;

pub(crate) use body::ResponseBody;
pub(crate) use challenge::{Challenges, Common, Demand};
pub(crate) use ending::{Ending, Limit};
pub(crate) use future::ResponseFuture;
pub use grpc::GrpcAware;
pub use json::json;
pub use plain::Plain;
pub use problem::ProblemJson;
pub use rejection::Rejection;
pub(crate) use rejector::Rejector;
#[cfg(feature = "axum")]
pub(crate) use responder::failed;
pub use responder::{Respond, from_fn};
