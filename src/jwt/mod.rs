//! JSON Web Tokens (RFC 7519): the claims of a token whose signature is right.
//!
//! [`Token`] has the registered claims and the header, whatever the claims type.

mod payload;
mod token;

pub(crate) use payload::{SignedClaims, SignedPayload, TokenBody};
pub(crate) use token::ClaimMapping;
pub use token::Token;
