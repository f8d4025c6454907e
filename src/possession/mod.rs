//! Proof of possession: the client proves that a token was issued to it (RFC 7800).
//!
//! A token with a `cnf` claim is bound to a key or a certificate. Without a [`Confirm`] that checks the proof,
//! [`JwtAuthLayer`](crate::JwtAuthLayer) rejects such tokens, because an attacker could have stolen them.

mod confirm;

pub use confirm::{Confirm, Confirmation, Unconfirmed};
