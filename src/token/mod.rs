//! Where in a request the token is.
//!
//! [`BearerHeader`] is the default: `Authorization: Bearer …`. [`from_fn`] makes a source of a function,
//! and [`TokenSource`] is the seam for more.

mod header;
mod raw;
mod source;

pub use header::BearerHeader;
pub use raw::{Origin, RawToken};
pub use source::{TokenSource, from_fn};
