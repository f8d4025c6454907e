//! Shared code of the test vector suites: the backends under test, and the counting of vectors.

mod backends;
mod tally;

pub use backends::{assert_backends, backends};
pub use tally::{Numbers, Tally};
