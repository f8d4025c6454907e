//! The seam for proofs of possession.

use std::fmt;

use http::HeaderMap;
use http::request::Parts;

use crate::answer::Answer;
use crate::error::Error;
use crate::jws::TokenInfo;
use crate::token::RawToken;

/// Confirms that a verified token is in the hands it was issued to: asked once for every verified
/// token, bound to its sender or not.
///
/// Without one, the layer refuses tokens that have a `cnf` claim.
///
/// ```
/// use http::request::Parts;
/// use tower_jwt_auth::jws::TokenInfo;
/// use tower_jwt_auth::possession::{Confirm, Confirmation};
/// use tower_jwt_auth::token::RawToken;
/// use tower_jwt_auth::{Answer, Error, ErrorKind};
///
/// /// The proxy in front terminates TLS and has compared the certificate (RFC 8705 §3).
/// #[derive(Debug)]
/// struct ComparedByProxy;
///
/// impl Confirm for ComparedByProxy {
///     fn confirm(
///         &self,
///         request: &Parts,
///         token: &TokenInfo,
///         _: &RawToken<'_>,
///     ) -> Answer<Result<Confirmation, Error>> {
///         let compared = request.headers.get("x-certificate-matches").is_some_and(|it| it == "yes");
///         Answer::now(if compared || !token.is_sender_constrained() {
///             Ok(Confirmation::new())
///         } else {
///             Err(ErrorKind::CertificateMismatch.into())
///         })
///     }
/// }
/// ```
pub trait Confirm: fmt::Debug + Send + Sync + 'static {
    /// Whether the request proves possession of what the token is bound to.
    ///
    /// # Errors
    ///
    /// The reason why it does not.
    fn confirm(
        &self,
        request: &Parts,
        token: &TokenInfo,
        raw: &RawToken<'_>,
    ) -> Answer<Result<Confirmation, Error>>;
}

/// The request proves possession, or need not.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Confirmation {
    /// Headers for the response, such as a new nonce (RFC 9449 §8.2).
    pub response_headers: HeaderMap,
}

impl Confirmation {
    /// A confirmation that adds nothing to the response.
    pub fn new() -> Self {
        Self::default()
    }
}
