//! Tests of the revocation checks.

mod all_of;
#[cfg(feature = "denylist")]
mod denylist;
#[cfg(feature = "denylist")]
mod model;
