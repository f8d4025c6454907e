//! What a refused request is answered.
//!
//! [`Rejection`] says what has to be answered, a [`Respond`] how it looks: [`ProblemJson`] is the
//! default, [`Plain`] has no body, and any closure will do.

mod body;
mod challenge;
mod plain;
mod problem;
mod rejection;
mod responder;

pub use body::ResponseBody;
pub(crate) use challenge::Challenges;
pub use plain::Plain;
pub use problem::ProblemJson;
pub use rejection::Rejection;
pub use responder::Respond;
