//! JSON Web Signatures in the compact serialization (RFC 7515).
//!
//! [`JoseHeader`] is the header of a verified token.

mod algorithm;
pub(crate) mod base64url;
mod check;
mod compact;
mod from_jsonwebtoken;
mod header;
mod header_cache;

pub use algorithm::Algorithm;
pub(crate) use algorithm::AlgorithmFamily;
pub(crate) use algorithm::AlgorithmSet;
pub(crate) use check::SignatureCheck;
pub(crate) use compact::{Compact, HeaderBuffer, is_jwt_shaped};
pub use header::JoseHeader;
pub(crate) use header::{HeaderMembers, UnverifiedHeader};
pub(crate) use header_cache::CachedHeader;
