//! The settings that pass a token to the inner service, or its subject to the current span.

#[cfg(feature = "tracing")]
use std::sync::Arc;

use super::config::InnerToken;
use super::layer::JwtAuthLayer;
#[cfg(feature = "tracing")]
use super::subject::Subject;
#[cfg(feature = "tracing")]
use crate::error::BuildError;

impl<C> JwtAuthLayer<C> {
    /// Removes the token from the request before the inner service is called.
    ///
    /// The service then cannot leak the token. It is removed from every place where the
    /// [`token_source`](Self::token_source) found it: the header field, the cookie or its chunks, the query parameter,
    /// the offered subprotocol. Cookies are removed under every name that the source reads, whatever their value,
    /// including the unprefixed names of [`allow_prefixes`](crate::source::CookieToken::allow_prefixes). Tokens that
    /// [`FirstOf`](crate::source::FirstOf) ignored are removed as well, and so are invalid tokens that
    /// [`allow_invalid_token`](Self::allow_invalid_token) admits. The rest of the request does not change.
    ///
    /// A token remains if the layer did not look for it, for example with [`bypass`](Self::bypass). Copies that other
    /// code made earlier also remain, such as axum's `OriginalUri` extension.
    ///
    /// ```
    /// # futures_util::future::FutureExt::now_or_never(async {
    /// use http::{Request, Response, StatusCode};
    /// use tower::{Layer, ServiceExt, service_fn};
    /// use tower_jwt_auth::{JwtAuthLayer, Verifier, testing::TestIssuer};
    ///
    /// let issuer = TestIssuer::hs256();
    /// let verifier = Verifier::shared_secret(issuer.secret()).any_audience().build()?;
    /// let layer = JwtAuthLayer::new(verifier).remove_token();
    /// let service = layer.layer(service_fn(async |request: Request<()>| {
    ///     assert!(!request.headers().contains_key("authorization"));
    ///     Ok::<_, std::convert::Infallible>(Response::new(http_body_util::Empty::<bytes::Bytes>::new()))
    /// }));
    /// let bearer = |token| Request::builder().header("authorization", format!("Bearer {token}")).body(());
    ///
    /// let good = bearer(issuer.token().mint())?;
    /// assert_eq!(service.clone().oneshot(good).await?.status(), StatusCode::OK);
    /// let tampered = bearer(issuer.token().mint_tampered())?;
    /// assert_eq!(service.oneshot(tampered).await?.status(), StatusCode::UNAUTHORIZED);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).expect("nothing waits")?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn remove_token(self) -> Self {
        self.with(|config| config.inner_token = InnerToken::Removed)
    }

    /// Moves a verified token to `Authorization: Bearer` before the inner service is called.
    ///
    /// Use it in front of a service that reads only that field, such as a proxy that forwards requests, if the
    /// [`token_source`](Self::token_source) reads a cookie, a query parameter or another field. The token is removed
    /// from its place as by [`remove_token`](Self::remove_token), which need not be called as well.
    ///
    /// - The service receives `Bearer` credentials only if this layer has verified them. In requests that are admitted
    ///   without a verified token, the client's own `Bearer` credentials are removed, even if the token source does not
    ///   read `Authorization`, or if the request bypassed the layer.
    /// - In requests with a verified token, all other credentials in `Authorization` are replaced. In other requests,
    ///   credentials of another scheme, such as `Basic`, are kept.
    /// - A token with `cnf` becomes a bearer token there, so the service cannot check its proof of possession. Do not use
    ///   it together with [`confirm`](Self::confirm).
    /// - The new field is marked as sensitive.
    ///
    /// Forward a token only to a service that it was issued for (RFC 9700 §2.3). See the guide page
    /// [Call another service](crate::guide::call_another_service).
    ///
    /// ```
    /// # futures_util::future::FutureExt::now_or_never(async {
    /// use http::{Request, Response, StatusCode};
    /// use tower::{Layer, ServiceExt, service_fn};
    /// use tower_jwt_auth::source::CookieToken;
    /// use tower_jwt_auth::{JwtAuthLayer, Verifier, testing::TestIssuer};
    ///
    /// let issuer = TestIssuer::hs256();
    /// let verifier = Verifier::shared_secret(issuer.secret()).any_audience().build()?;
    /// let layer = JwtAuthLayer::new(verifier)
    ///     .token_source(CookieToken::new("__Host-session"))
    ///     .promote_to_header();
    /// let service = layer.layer(service_fn(async |request: Request<()>| {
    ///     assert!(request.headers()["authorization"].as_bytes().starts_with(b"Bearer ey"));
    ///     assert!(!request.headers().contains_key("cookie"));
    ///     Ok::<_, std::convert::Infallible>(Response::new(http_body_util::Empty::<bytes::Bytes>::new()))
    /// }));
    /// let cookie = |token| Request::builder().header("cookie", format!("__Host-session={token}")).body(());
    ///
    /// let good = cookie(issuer.token().mint())?;
    /// assert_eq!(service.clone().oneshot(good).await?.status(), StatusCode::OK);
    /// let tampered = cookie(issuer.token().mint_tampered())?;
    /// assert_eq!(service.oneshot(tampered).await?.status(), StatusCode::UNAUTHORIZED);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).expect("nothing waits")?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn promote_to_header(self) -> Self {
        self.with(|config| config.inner_token = InnerToken::Promoted)
    }

    /// Records the token's subject in this field of the current span (feature `tracing`).
    ///
    /// The subject is personal data, so nothing is recorded by default.
    /// [`record_subject_hashed`](Self::record_subject_hashed) records a hash instead. In OpenTelemetry, the field is
    /// named `user.id`.
    ///
    /// The span must be entered outside of this layer, for example by tower-http's `TraceLayer`, and must declare the
    /// field: `user.id = tracing::field::Empty`. Otherwise nothing is recorded. The subject is recorded when the token
    /// is accepted, before a [`RequireLayer`](crate::RequireLayer) checks the request. It is the value of
    /// [`Verified::subject`](crate::Verified::subject).
    ///
    /// ```
    /// use tower_jwt_auth::{JwtAuthLayer, Verifier, testing::TestIssuer};
    ///
    /// let verifier = Verifier::shared_secret(TestIssuer::hs256().secret()).any_audience().build()?;
    /// let layer = JwtAuthLayer::new(verifier).record_subject("user.id");
    /// # let _ = layer;
    /// # Ok::<(), tower_jwt_auth::BuildError>(())
    /// ```
    #[cfg(feature = "tracing")]
    #[cfg_attr(docsrs, doc(cfg(feature = "tracing")))]
    pub fn record_subject(self, field: impl Into<String>) -> Self {
        self.with(|config| config.subject = Some(Arc::new(Subject::plain(field.into()))))
    }

    /// Records a keyed hash of the token's subject in this field of the current span (feature `tracing`).
    ///
    /// Use it instead of [`record_subject`](Self::record_subject) if the logs must not contain the subject itself. The
    /// value is the first 16 bytes of the HMAC-SHA-256 of the subject, in hexadecimal. It is the same for every request
    /// of a subject, so its requests can be correlated. It cannot be computed from a known subject without the key.
    /// In OpenTelemetry, the field is named `user.hash`.
    ///
    /// ```
    /// use tower_jwt_auth::{JwtAuthLayer, Verifier, testing::TestIssuer};
    ///
    /// let verifier = Verifier::shared_secret(TestIssuer::hs256().secret()).any_audience().build()?;
    /// let key = [7; 32]; // random bytes from your secret store
    /// let layer = JwtAuthLayer::new(verifier).record_subject_hashed("user.hash", key)?;
    ///
    /// assert!(layer.record_subject_hashed("user.hash", "too short").is_err());
    /// # Ok::<(), tower_jwt_auth::BuildError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The key has fewer than 32 bytes.
    #[cfg(feature = "tracing")]
    #[cfg_attr(docsrs, doc(cfg(feature = "tracing")))]
    pub fn record_subject_hashed(
        self,
        field: impl Into<String>,
        key: impl AsRef<[u8]>,
    ) -> Result<Self, BuildError> {
        let subject = Subject::hashed(field.into(), key.as_ref()).map_err(BuildError::new)?;
        Ok(self.with(|config| config.subject = Some(Arc::new(subject))))
    }
}
