//! Proof that the sender of a token is the one that it was issued to (RFC 7800).

mod confirm;

pub use confirm::{Confirm, Confirmation};
