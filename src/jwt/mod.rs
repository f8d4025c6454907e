//! JSON Web Tokens (RFC 7519): the claims of a token whose signature is right.
//!
//! [`TokenInfo`] has the registered claims and the header, whatever the claims type.

mod payload;
mod token_info;

pub(crate) use payload::{SignedClaims, SignedPayload, TokenBody};
pub(crate) use token_info::ClaimMapping;
pub use token_info::TokenInfo;
