//! Keys that a server has one by one, each at a URL with the key's id.

mod builder;
mod inner;
mod key_id;
mod keys;
mod source;

pub use builder::PemByKeyIdBuilder;
pub use source::PemByKeyId;
