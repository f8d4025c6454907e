//! JSON Web Tokens (RFC 7519): the claims of a token with a valid signature.
//!
//! [`Token`] has the registered claims and the header, for every claims type.

mod lifetime;
mod payload;
mod token;

pub(crate) use lifetime::{Lifetime, Recheck, Revokes};
pub(crate) use payload::{SignedClaims, SignedPayload, TokenBody};
pub(crate) use token::ClaimMapping;
pub use token::Token;
