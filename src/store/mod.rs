//! Denylists that several servers share (feature `redis`).
//!
//! A [`Denylist`](crate::revocation::Denylist) is in the memory of one process. A [`RedisDenylist`] is one, too, and is
//! kept equal to a list in Redis or Valkey: what one server revokes, the others reject some milliseconds later, and a
//! server that starts reads what was revoked before. No request waits for Redis.
//!
//! The guide page [A shared denylist](crate::guide::shared_denylist) describes the data in Redis, so that services in
//! other languages can revoke, and what happens when Redis is down. [`RedisDenylist`] has an example.

mod builder;
mod connection;
mod denylist;
mod feed;
mod freshness;
mod health;
mod layout;
mod shared;
mod store_error;
mod write;

pub use self::builder::RedisDenylistBuilder;
pub use self::denylist::RedisDenylist;
pub use self::health::{DenylistHealth, DenylistState};
pub use self::store_error::StoreError;
