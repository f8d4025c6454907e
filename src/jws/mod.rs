//! JSON Web Signatures in the compact serialization (RFC 7515).
//!
//! What a token says of itself, to be read after it was verified: [`TokenInfo`] has the registered claims
//! and the [`JoseHeader`], whatever the claims type.

mod algorithm;
pub(crate) mod base64url;
mod compact;
mod from_jsonwebtoken;
mod header;
mod known;
mod payload;
mod reading;
mod token_info;

pub(crate) use algorithm::AlgorithmSet;
pub use algorithm::{Algorithm, AlgorithmFamily};
pub(crate) use compact::{Compact, HeaderBuffer};
pub use header::JoseHeader;
pub(crate) use header::UnverifiedHeader;
pub(crate) use known::KnownHeaders;
pub(crate) use payload::{SignedClaims, SignedPayload, TokenBody};
pub(crate) use reading::Reading;
pub use token_info::TokenInfo;
