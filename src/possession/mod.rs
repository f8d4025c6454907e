//! Proof that the sender of a token is the one that it was issued to (RFC 7800).
//!
//! A token with a `cnf` claim is bound to a key or a certificate. Without a [`Confirm`] that judges the
//! proof, [`JwtAuthLayer`](crate::JwtAuthLayer) refuses such tokens: a thief has no proof either.

mod confirm;

pub use confirm::{Confirm, Confirmation, Unconfirmed};
