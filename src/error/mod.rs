//! Errors of requests and of configurations.
//!
//! [`Error`] is the reason why a request was rejected; match on its [`ErrorKind`]. [`BuildError`] lists the problems of
//! a configuration; match on the [`ProblemKind`] of each. Each type has an example.
//!
//! 1. The response to a rejected request has the [`Error`] in its extensions, for logs. The client does not see it: the
//!    module [`respond`](crate::respond) decides what is sent.
//! 2. Neither the `Display` nor the `Debug` output of an [`Error`] contains a token, a key, a secret or the value of a
//!    claim.
//! 3. [`BuildError`] reports all problems at once, each with the call or setting that fixes it.

pub(crate) mod build_error;
#[allow(clippy::module_inception)] // the module is named after its type
pub(crate) mod error;
mod quoted;

pub(crate) use build_error::BuildError;
pub use build_error::{Problem, ProblemKind};
pub use error::BoxError;
pub(crate) use error::{Error, ErrorKind};
pub(crate) use quoted::quoted;
