//! Errors of requests and of configurations.
//!
//! [`Error`] is the reason why a request was rejected; match on its [`ErrorKind`]. [`BuildError`] lists the problems of
//! a configuration; match on the [`ProblemKind`] of each.

pub(crate) mod build_error;
#[allow(clippy::module_inception)] // the module is named after its type
pub(crate) mod error;

pub(crate) use build_error::BuildError;
pub use build_error::{Problem, ProblemKind};
pub use error::BoxError;
pub(crate) use error::{Error, ErrorKind};
