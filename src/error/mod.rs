//! Errors of requests and of configurations.
//!
//! [`Error`] is why a token was rejected, [`BuildError`] why a configuration was. Each has a kind to match on:
//! [`ErrorKind`] and [`ProblemKind`].

pub(crate) mod build_error;
#[allow(clippy::module_inception)] // the module is named like the type that it is about
pub(crate) mod error;

pub(crate) use build_error::BuildError;
pub use build_error::{Problem, ProblemKind};
pub use error::BoxError;
pub(crate) use error::{Error, ErrorKind};
