//! The trait that checks proofs of possession.

use std::fmt;
use std::sync::Arc;

use http::request::Parts;
use http::{HeaderMap, HeaderValue};

use crate::answer::Answer;
use crate::error::{Error, ErrorKind};
use crate::jwt::Token;
use crate::source::RawToken;

/// Confirms that the client is the one to which the token was issued.
///
/// The layer calls it once for every verified token, including tokens without a `cnf` claim, so that it can require a
/// proof for them as well. Without a `Confirm`, the layer rejects tokens that have a `cnf` claim.
///
/// Compare the token only with data that the client cannot set. Request extensions are safe: only code of this process
/// can insert them. A header is safe only if a proxy removes the client's own header from every request, and requests
/// reach this server only through the proxy.
///
/// ```
/// # futures_util::future::FutureExt::now_or_never(async {
/// use http::request::Parts;
/// use http::{Request, Response, StatusCode};
/// use serde_json::json;
/// use tower::{Layer, ServiceExt, service_fn};
/// use tower_jwt_auth::claims::ClaimPath;
/// use tower_jwt_auth::Token;
/// use tower_jwt_auth::possession::{Confirm, Confirmation, Unconfirmed};
/// use tower_jwt_auth::source::RawToken;
/// use tower_jwt_auth::{Answer, ErrorKind, JwtAuthLayer, Verifier, testing::TestIssuer};
///
/// /// The base64url SHA-256 thumbprint of the client's certificate. The code that accepts TLS connections
/// /// inserts it into the extensions of each request.
/// #[derive(Clone)]
/// struct ClientCertificate(String);
///
/// /// Compares the certificate with the one that the token is bound to (RFC 8705 §3).
/// #[derive(Debug)]
/// struct SameCertificate;
///
/// impl Confirm for SameCertificate {
///     fn confirm(
///         &self,
///         request: &Parts,
///         token: &Token,
///         _: &RawToken<'_>,
///     ) -> Answer<Result<Confirmation, Unconfirmed>> {
///         if !token.is_sender_constrained() {
///             return Answer::now(Ok(Confirmation::new()));
///         }
///         let bound_to: Option<String> = token.claim(["cnf", "x5t#S256"]);
///         let presented = request.extensions.get::<ClientCertificate>();
///         Answer::now(match (bound_to, presented) {
///             (Some(bound_to), Some(presented)) if bound_to == presented.0 => Ok(Confirmation::new()),
///             _ => Err(ErrorKind::CertificateMismatch.into()),
///         })
///     }
/// }
///
/// let issuer = TestIssuer::hs256();
/// let verifier = Verifier::shared_secret(issuer.secret()).any_audience().build()?;
/// let layer = JwtAuthLayer::new(verifier).confirm(SameCertificate);
/// let service = layer.layer(service_fn(async |_: Request<()>| {
///     Ok::<_, std::convert::Infallible>(Response::new(http_body_util::Empty::<bytes::Bytes>::new()))
/// }));
///
/// let thumbprint = "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2";
/// let token = issuer.token().claim("cnf", json!({"x5t#S256": thumbprint})).mint();
/// for (presented, status) in [
///     (Some(thumbprint), StatusCode::OK),
///     (Some("A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0"), StatusCode::UNAUTHORIZED),
///     (None, StatusCode::UNAUTHORIZED),
/// ] {
///     let mut request = Request::builder().header("authorization", format!("Bearer {token}")).body(())?;
///     if let Some(thumbprint) = presented {
///         request.extensions_mut().insert(ClientCertificate(thumbprint.to_owned()));
///     }
///     assert_eq!(service.clone().oneshot(request).await?.status(), status);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).expect("nothing waits")?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not check a proof of possession",
    note = "implement `tower_jwt_auth::possession::Confirm` for it"
)]
pub trait Confirm: fmt::Debug + Send + Sync + 'static {
    /// Checks that the request proves possession of the key or certificate.
    ///
    /// An answer that comes later must come in bounded time: the layer waits up to its
    /// [`max_wait`](crate::JwtAuthLayer::max_wait).
    ///
    /// # Errors
    ///
    /// The reason why the proof is missing or wrong. Return [`ErrorKind::ConfirmUnavailable`] if the check cannot be
    /// made now: the client gets 503, with `Retry-After` from [`Error::with_retry_after`].
    fn confirm(
        &self,
        request: &Parts,
        token: &Token,
        raw: &RawToken<'_>,
    ) -> Answer<Result<Confirmation, Unconfirmed>>;

    /// Returns an additional challenge for every 401 (RFC 9449 §7.1).
    ///
    /// The default is `None`: only the layer's own challenge is sent.
    fn challenge(&self) -> Option<HeaderValue> {
        None
    }
}

impl<C: Confirm + ?Sized> Confirm for Arc<C> {
    fn confirm(
        &self,
        request: &Parts,
        token: &Token,
        raw: &RawToken<'_>,
    ) -> Answer<Result<Confirmation, Unconfirmed>> {
        C::confirm(self, request, token, raw)
    }

    fn challenge(&self) -> Option<HeaderValue> {
        C::challenge(self)
    }
}

/// The request is confirmed: it proves possession, or needs no proof.
///
/// ```
/// use tower_jwt_auth::possession::Confirmation;
///
/// let mut confirmation = Confirmation::new();
/// confirmation.response_headers.insert("dpop-nonce", "eyJ7S_zG.eyJH0-Z.HX4w-7v".parse()?);
/// # let _ = confirmation;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Confirmation {
    /// Headers that are added to the response, such as a new nonce (RFC 9449 §8.2).
    pub response_headers: HeaderMap,
}

impl Confirmation {
    /// A confirmation that adds no headers to the response.
    pub fn new() -> Self {
        Self::default()
    }
}

/// The request does not prove possession.
///
/// ```
/// use tower_jwt_auth::{ErrorKind, possession::Unconfirmed};
///
/// let rejected = Unconfirmed::from(ErrorKind::CertificateMismatch);
/// # let _ = rejected;
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Unconfirmed {
    /// The reason for the rejection.
    pub error: Error,
    /// Headers for the response, such as the required nonce (RFC 9449 §8).
    ///
    /// A `WWW-Authenticate` header replaces the layer's challenge.
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
