//! Proof of possession: the client proves that a token was issued to it (RFC 7800).
//!
//! A token with a `cnf` claim is bound to a key or a certificate. The client must prove that it has the key, so that an
//! attacker who steals the token cannot use it. Implement [`Confirm`] to check the proof, and pass it to
//! [`JwtAuthLayer::confirm`](crate::JwtAuthLayer::confirm). [`Confirm`] has an example.
//!
//! 1. Without a `Confirm`, a token with a `cnf` claim is rejected with
//!    [`ProofRequired`](crate::ErrorKind::ProofRequired), unless
//!    [`allow_bound_tokens_without_proof`](crate::JwtAuthLayer::allow_bound_tokens_without_proof) is called.
//! 2. With a `Confirm`, the layer calls it for every valid token, also for tokens without a `cnf` claim.
//! 3. `Ok` admits the request. `Err` rejects it with the error that the `Confirm` returned.
//! 4. [`Verifier::verify`](crate::Verifier::verify) checks no proof, and rejects tokens with a `cnf` claim.

mod confirm;

pub use confirm::{Confirm, Confirmation, Unconfirmed};
