//! What the suites of vectors share: the backends under test, and honest counting.

mod backends;
mod tally;

pub use backends::{assert_backends, backends};
pub use tally::{Numbers, Tally};
