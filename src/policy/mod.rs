//! What a token has to be like, once its signature is right.

mod accepted;
mod header;
mod identity;
#[allow(clippy::module_inception)] // the room is called after the type that it is about
mod policy;
mod required;
mod time;

pub(crate) use accepted::Accepted;
pub(crate) use identity::ExpectedIssuer;
pub use policy::Policy;
