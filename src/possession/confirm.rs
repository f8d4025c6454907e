//! The seam for proofs of possession.

use std::fmt;
use std::sync::Arc;

use http::request::Parts;
use http::{HeaderMap, HeaderValue};

use crate::answer::Answer;
use crate::error::{Error, ErrorKind};
use crate::jwt::Token;
use crate::source::RawToken;

/// Confirms that a verified token is in the hands it was issued to: asked once for every verified
/// token, bound to its sender or not.
///
/// Without one, the layer refuses tokens that have a `cnf` claim.
///
/// What it compares must be out of the client's reach. A header is not, unless a proxy in front removes the
/// client's own from every request and nothing else can reach this server. A request extension is: only code
/// of this process can put one there.
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
/// /// The SHA-256 thumbprint of the client's certificate, base64url. The code that accepts TLS connections
/// /// puts it into the extensions of each request of the connection.
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
///         let shown = request.extensions.get::<ClientCertificate>();
///         Answer::now(match (bound_to, shown) {
///             (Some(bound_to), Some(shown)) if bound_to == shown.0 => Ok(Confirmation::new()),
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
/// for (shown, status) in [
///     (Some(thumbprint), StatusCode::OK),
///     (Some("A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0"), StatusCode::UNAUTHORIZED),
///     (None, StatusCode::UNAUTHORIZED),
/// ] {
///     let mut request = Request::builder().header("authorization", format!("Bearer {token}")).body(())?;
///     if let Some(shown) = shown {
///         request.extensions_mut().insert(ClientCertificate(shown.to_owned()));
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
    /// Whether the request proves possession of what the token is bound to. An answer that comes later
    /// has to come in bounded time: the layer waits up to its
    /// [`max_wait`](crate::JwtAuthLayer::max_wait).
    ///
    /// # Errors
    ///
    /// The reason why it does not. [`ErrorKind::ConfirmUnavailable`] when that cannot be found out now: the
    /// client gets 503, with `Retry-After` from [`Error::with_retry_after`].
    fn confirm(
        &self,
        request: &Parts,
        token: &Token,
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
        token: &Token,
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
