//! Where in a request the token is.

mod header;
mod raw;
mod source;

pub use header::BearerHeader;
pub use raw::{Origin, RawToken};
pub use source::{TokenSource, from_fn};
