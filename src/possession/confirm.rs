//! The seam for proofs of possession.

use std::fmt;
use std::sync::Arc;

use http::request::Parts;
use http::{HeaderMap, HeaderValue};

use crate::answer::Answer;
use crate::error::{Error, ErrorKind};
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
/// use tower_jwt_auth::possession::{Confirm, Confirmation, Unconfirmed};
/// use tower_jwt_auth::token::RawToken;
/// use tower_jwt_auth::{Answer, ErrorKind};
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
///     ) -> Answer<Result<Confirmation, Unconfirmed>> {
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
    /// Whether the request proves possession of what the token is bound to. An answer that comes later
    /// has to come in bounded time.
    ///
    /// # Errors
    ///
    /// The reason why it does not.
    fn confirm(
        &self,
        request: &Parts,
        token: &TokenInfo,
        raw: &RawToken<'_>,
    ) -> Answer<Result<Confirmation, Unconfirmed>>;

    /// A challenge of its own for every 401, beside the layer's (RFC 9449 §7.1). None unless overridden.
    fn challenge(&self) -> Option<HeaderValue> {
        None
    }
}

impl<C: Confirm + ?Sized> Confirm for Arc<C> {
    fn confirm(
        &self,
        request: &Parts,
        token: &TokenInfo,
        raw: &RawToken<'_>,
    ) -> Answer<Result<Confirmation, Unconfirmed>> {
        C::confirm(self, request, token, raw)
    }

    fn challenge(&self) -> Option<HeaderValue> {
        C::challenge(self)
    }
}

/// The request proves possession, or need not.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Confirmation {
    /// Headers for the response, such as a new nonce (RFC 9449 §8.2). They are added to the handler's.
    pub response_headers: HeaderMap,
}

impl Confirmation {
    /// A confirmation that adds nothing to the response.
    pub fn new() -> Self {
        Self::default()
    }
}

/// The request does not prove possession.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Unconfirmed {
    /// The reason.
    pub error: Error,
    /// Headers for the response, such as the nonce that is asked for (RFC 9449 §8). A
    /// `WWW-Authenticate` among them takes the place of the layer's challenge.
    pub response_headers: HeaderMap,
}

impl From<Error> for Unconfirmed {
    fn from(error: Error) -> Self {
        Self { error, response_headers: HeaderMap::new() }
    }
}

impl From<ErrorKind> for Unconfirmed {
    fn from(kind: ErrorKind) -> Self {
        Error::new(kind).into()
    }
}
