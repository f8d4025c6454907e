//! The settings that admit requests without a verified token.

use std::sync::Arc;

use http::request::Parts;

use super::layer::JwtAuthLayer;

impl<C> JwtAuthLayer<C> {
    /// Admits requests without a token, with [`Anonymous`](crate::Anonymous) in their extensions.
    ///
    /// An invalid token is still rejected. [`allow_invalid_token`](Self::allow_invalid_token) admits it as well.
    pub fn allow_missing_token(self) -> Self {
        self.with(|config| config.exemptions.missing_token = true)
    }

    /// Admits requests with a missing or an invalid token, with [`Anonymous`](crate::Anonymous) in their extensions.
    ///
    /// Use it for pages that must be shown to a browser with a stale cookie, such as the login page. It includes
    /// [`allow_missing_token`](Self::allow_missing_token).
    ///
    /// - The service gets no claims of an invalid token. [`Anonymous::error`](crate::Anonymous::error) is the reason.
    ///   The token itself is still in the request, unless [`remove_token`](Self::remove_token) is set.
    /// - A [`RequireLayer`](crate::RequireLayer), or an extractor that requires an identity, answers with that reason:
    ///   the same status and challenge as without this setting.
    /// - A request is admitted whatever the reason: a malformed, repeated, expired, forged or revoked token, a missing
    ///   proof of possession, or a check of keys, revocation or proof that is not possible now. Only
    ///   [`Internal`](crate::ErrorKind::Internal) errors are still answered 500.
    /// - Observers and logs receive the reason, with the verdict
    ///   [`Anonymous`](crate::observe::Verdict::Anonymous).
    ///
    /// A request still waits for keys, the revocation check or the proof, for at most [`max_wait`](Self::max_wait).
    ///
    /// ```
    /// # futures_util::future::FutureExt::now_or_never(async {
    /// use http::{Request, Response, StatusCode};
    /// use tower::{Layer, ServiceExt, service_fn};
    /// use tower_jwt_auth::{Anonymous, ErrorKind, JwtAuthLayer, RequireLayer, Rule, Verifier, testing::TestIssuer};
    ///
    /// let issuer = TestIssuer::hs256();
    /// let verifier = Verifier::shared_secret(issuer.secret()).any_audience().build()?;
    /// let layer = JwtAuthLayer::new(verifier).allow_invalid_token();
    /// let login = layer.layer(service_fn(async |request: Request<()>| {
    ///     let anonymous = request.extensions().get::<Anonymous>().expect("the token has expired");
    ///     assert_eq!(anonymous.error().map(|error| error.kind()), Some(ErrorKind::TokenExpired));
    ///     Ok::<_, std::convert::Infallible>(Response::new(http_body_util::Empty::<bytes::Bytes>::new()))
    /// }));
    /// let stale = || {
    ///     let token = issuer.token().expired().mint();
    ///     Request::builder().header("authorization", format!("Bearer {token}")).body(())
    /// };
    /// assert_eq!(login.clone().oneshot(stale()?).await?.status(), StatusCode::OK);
    ///
    /// let account = layer.layer(RequireLayer::new(Rule::authenticated()).layer(login));
    /// let rejected = account.oneshot(stale()?).await?;
    /// assert_eq!(rejected.status(), StatusCode::UNAUTHORIZED);
    /// let challenge = rejected.headers()["www-authenticate"].to_str()?;
    /// assert_eq!(challenge, r#"Bearer error="invalid_token", error_description="The access token expired""#);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).expect("nothing waits")?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn allow_invalid_token(self) -> Self {
        self.allow_missing_token().with(|config| config.exemptions.invalid_token = true)
    }

    /// Leaves credentials that are not JWTs, such as API keys, to an inner layer.
    ///
    /// `is_other` receives a credential from the [`token_source`](Self::token_source), and returns `true` for one that is
    /// left to the inner layer, for example because of its prefix. It is not called for a JWT: if the text before the
    /// first dot is the beginning of an encoded JSON object, this layer judges the credential itself.
    ///
    /// The request has an [`Unjudged`](crate::Unjudged) in its extensions, which the inner layer accepts. If it does not,
    /// a [`RequireLayer`](crate::RequireLayer) and the extractors answer 401, and the layer replaces every other response
    /// but an error by the same 401. With gRPC, errors have the status 200, and are replaced as well. By then the handler
    /// has run, so **use an extractor or a `RequireLayer` on every route behind it**.
    ///
    /// ```
    /// # futures_util::future::FutureExt::now_or_never(async {
    /// use http::{Request, Response, StatusCode};
    /// use tower::{Layer, ServiceExt, service_fn};
    /// use tower_jwt_auth::{Identity, JwtAuthLayer, Unjudged, Verifier, testing::TestIssuer};
    ///
    /// let verifier = Verifier::shared_secret(TestIssuer::hs256().secret()).any_audience().build()?;
    /// let layer = JwtAuthLayer::new(verifier).allow_non_jwt(|credential| credential.starts_with("sk_"));
    /// // In place of an inner layer, this handler judges the key itself.
    /// let service = layer.layer(service_fn(async |mut request: Request<()>| {
    ///     let unjudged = Unjudged::of(&request).cloned();
    ///     if let Some(unjudged) = unjudged.filter(|unjudged| unjudged.credential() == "sk_7h5q3c") {
    ///         unjudged.accept(Identity::external("api-key", "service-7", &[]), request.extensions_mut());
    ///     }
    ///     Ok::<_, std::convert::Infallible>(Response::new(http_body_util::Empty::<bytes::Bytes>::new()))
    /// }));
    ///
    /// let send = |credential: &str| {
    ///     let request = Request::builder().header("authorization", format!("Bearer {credential}"));
    ///     service.clone().oneshot(request.body(()).expect("the request is valid"))
    /// };
    /// assert_eq!(send("sk_7h5q3c").await?.status(), StatusCode::OK);
    /// for rejected in ["sk_another", "pk_7h5q3c", "eyJhbGciOiJub25lIn0.e30."] {
    ///     assert_eq!(send(rejected).await?.status(), StatusCode::UNAUTHORIZED);
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).expect("nothing waits")?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn allow_non_jwt(self, is_other: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        self.with(|config| config.exemptions.non_jwt = Some(Arc::new(is_other)))
    }

    /// Admits CORS preflight requests as anonymous.
    ///
    /// A preflight is `OPTIONS` with `Origin` and `Access-Control-Request-Method`. Browsers send it without credentials
    /// and without a body.
    ///
    /// Prefer a CORS layer outside of this one. It answers preflights itself, and also adds its headers to rejections;
    /// this method is then not needed. A [`RequireLayer`](crate::RequireLayer) behind this layer rejects preflights,
    /// as it rejects every anonymous request.
    ///
    /// Any client can send such a request, not only a browser. Behind this layer, do not use a handler that acts on
    /// `OPTIONS` requests, such as axum's `any(..)` or a proxy that forwards them. An `OPTIONS` request with
    /// `Transfer-Encoding`, or whose `Content-Length` is not 0, is not a preflight and needs a token. HTTP/2 and
    /// HTTP/3 need neither field to send a body, and the layer never reads the body, so a request with a body may be
    /// admitted there.
    ///
    /// ```
    /// # futures_util::future::FutureExt::now_or_never(async {
    /// use http::{Request, Response, StatusCode};
    /// use tower::{Layer, ServiceExt, service_fn};
    /// use tower_jwt_auth::{JwtAuthLayer, Verifier, testing::TestIssuer};
    ///
    /// let issuer = TestIssuer::hs256();
    /// let verifier = Verifier::shared_secret(issuer.secret()).any_audience().build()?;
    /// let layer = JwtAuthLayer::new(verifier).allow_cors_preflight();
    /// let service = layer.layer(service_fn(async |_: Request<()>| {
    ///     Ok::<_, std::convert::Infallible>(Response::new(http_body_util::Empty::<bytes::Bytes>::new()))
    /// }));
    /// let preflight = || {
    ///     let request = Request::options("/orders").header("origin", "https://app.example.com");
    ///     request.header("access-control-request-method", "PUT")
    /// };
    ///
    /// assert_eq!(service.clone().oneshot(preflight().body(())?).await?.status(), StatusCode::OK);
    /// let with_body = preflight().header("content-length", "7").body(())?;
    /// assert_eq!(service.oneshot(with_body).await?.status(), StatusCode::UNAUTHORIZED);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).expect("nothing waits")?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn allow_cors_preflight(self) -> Self {
        self.with(|config| config.exemptions.cors_preflight = true)
    }

    /// Admits requests as anonymous if this function returns `true`, whatever token they carry.
    ///
    /// Prefer a router that has the public routes outside of the layer. Compare whole paths, and do not use
    /// `starts_with`: `/public` is also a prefix of `/public-admin` and of `/public/../admin`.
    ///
    /// Inside of axum's `nest`, the path is without the prefix; the guide page
    /// [Layer order](crate::guide::layer_order) reads the whole path.
    pub fn bypass(self, bypass: impl Fn(&Parts) -> bool + Send + Sync + 'static) -> Self {
        self.with(|config| config.exemptions.bypass = Some(Arc::new(bypass)))
    }
}
