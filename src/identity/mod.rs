//! The identity of a request, independent of the claims type.

mod anonymous;
#[allow(clippy::module_inception)] // the module is named after its main type
mod identity;
mod rejector_of;
mod unjudged;

pub use anonymous::Anonymous;
pub use identity::Identity;
pub(crate) use rejector_of::rejector_of;
pub use unjudged::Unjudged;
