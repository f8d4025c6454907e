//! What a refused request is answered.
//!
//! [`Rejection`] says what has to be answered, a [`Respond`] how it looks: [`ProblemJson`] is the
//! default, [`Plain`] has no body, [`GrpcAware`] answers gRPC clients in their own way, and [`from_fn`]
//! makes one of a function.

pub(crate) mod body;
mod challenge;
pub(crate) mod future;
mod grpc;
mod plain;
mod problem;
mod rejection;
mod rejector;
mod responder;

pub(crate) use body::ResponseBody;
pub(crate) use challenge::{Challenges, Common, Demand};
pub(crate) use future::ResponseFuture;
pub use grpc::GrpcAware;
pub use plain::Plain;
pub use problem::ProblemJson;
pub use rejection::Rejection;
pub(crate) use rejector::Rejector;
pub use responder::{Respond, from_fn};
