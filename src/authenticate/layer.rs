//! The layer: settings, and the wrapping of services.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;
use tower_layer::Layer;

use super::config::{Config, LetPast};
use super::max_wait::MaxWait;
use super::service::JwtAuth;
use crate::claims::Claims;
use crate::error::BuildError;
use crate::possession::Confirm;
use crate::respond::{Challenges, Common, Rejector, Respond};
use crate::rule::Rule;
use crate::source::{BearerHeader, TokenSource};
use crate::verify::Verifier;

/// Puts authentication in front of a service.
///
/// A request with a valid token goes on with [`Verified<C>`](crate::Verified) and
/// [`Identity`](crate::Identity) in its extensions; any other is answered here and never
/// reaches the service. The module [`middleware`](crate::middleware) shows it around a service.
///
/// ```
/// # futures_util::future::FutureExt::now_or_never(async {
/// use http::{Request, Response, StatusCode};
/// use tower::{Layer, ServiceExt, service_fn};
/// use tower_jwt_auth::{JwtAuthLayer, Rule, Verifier, testing::TestIssuer};
///
/// let issuer = TestIssuer::hs256();
/// let verifier = Verifier::shared_secret(issuer.secret()).any_audience().build()?;
/// let layer = JwtAuthLayer::new(verifier)
///     .realm("orders")
///     .challenge_scope(&Rule::scope("orders:read"))
///     .bypass(|request| request.uri.path() == "/health");
/// let service = layer.layer(service_fn(async |_: Request<()>| {
///     Ok::<_, std::convert::Infallible>(Response::new(http_body_util::Empty::<bytes::Bytes>::new()))
/// }));
///
/// let health = Request::builder().uri("/health").body(())?;
/// assert_eq!(service.clone().oneshot(health).await?.status(), StatusCode::OK);
///
/// let refused = service.oneshot(Request::new(())).await?;
/// assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
/// assert_eq!(refused.headers()["www-authenticate"], r#"Bearer realm="orders", scope="orders:read""#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).expect("nothing waits")?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a layer does nothing until it is put around a service"]
#[doc(alias = "jwt")]
#[doc(alias = "middleware")]
#[doc(alias = "bearer")]
pub struct JwtAuthLayer<C = Claims> {
    config: Arc<Config<C>>,
}

impl<C> JwtAuthLayer<C> {
    /// Authenticates with this verifier: `Authorization: Bearer`, problem+json refusals, no exceptions.
    pub fn new(verifier: Verifier<C>) -> Self {
        let clock = Arc::clone(verifier.clock());
        let config = Config {
            rejector: Arc::new(Rejector::new(verifier.observer().clone(), clock)),
            verifier,
            source: Arc::new(BearerHeader),
            confirm: None,
            let_past: LetPast::default(),
            bound_tokens_accepted: false,
            token_removed: false,
            max_wait: MaxWait::default(),
            common: Common::default(),
        };
        Self { config: Arc::new(config) }
    }

    fn with(mut self, change: impl FnOnce(&mut Config<C>)) -> Self {
        change(Arc::make_mut(&mut self.config));
        self
    }

    /// Changes what the challenges are made of, and makes them anew.
    fn with_challenge(self, change: impl FnOnce(&mut Config<C>)) -> Self {
        self.with(|config| {
            change(config);
            let challenges = Challenges::new(config.common.clone());
            let further = config.confirm.as_ref().and_then(Confirm::challenge);
            Arc::make_mut(&mut config.rejector).challenges = challenges.with_further(further);
        })
    }

    /// Takes the token from here instead of the `Authorization` header.
    ///
    /// Shared caches know that header and no other place of a token, so that the response to a token from
    /// elsewhere gets `Cache-Control: private` (RFC 6750 §2.3, RFC 9111 §3.5). It is not added to a response
    /// that says `private`, `no-store`, `public` or `s-maxage`: `public` is the application's decision to
    /// let a cache give this user's answer to others.
    pub fn token_source(self, source: impl TokenSource) -> Self {
        self.with(|config| config.source = Arc::new(source))
    }

    /// Makes refusals look like this.
    pub fn responder(self, responder: impl Respond) -> Self {
        self.with(|config| Arc::make_mut(&mut config.rejector).responder = Arc::new(responder))
    }

    /// Names the protected space in every challenge (RFC 9110 §11.5).
    pub fn realm(self, realm: impl Into<String>) -> Self {
        self.with_challenge(|config| config.common.realm = Some(realm.into().into()))
    }

    /// Names the scopes of this rule to clients that come without a token (RFC 6750 §3).
    ///
    /// It only informs: to enforce a rule is authorization and not this layer's task.
    pub fn challenge_scope(self, rule: &Rule) -> Self {
        self.with_challenge(|config| config.common.scope = Some(rule.scopes().join(" ").into()))
    }

    /// Names the URL of the resource's metadata in every challenge, so that a client that knows nothing
    /// yet finds the authorization server (RFC 9728 §5.1).
    pub fn resource_metadata(self, url: impl Into<String>) -> Self {
        self.with_challenge(|config| config.common.resource_metadata = Some(url.into().into()))
    }

    /// Answers 401 instead of 503 while the keys cannot be had, for clients that know no better.
    ///
    /// They will throw away good tokens and ask for new ones, which is what an issuer in trouble needs
    /// least. The `Error` in the response's extensions still says
    /// [`KeysUnavailable`](crate::ErrorKind::KeysUnavailable).
    pub fn unauthorized_while_keys_unavailable(self) -> Self {
        self.with(|config| Arc::make_mut(&mut config.rejector).unavailable_is_unauthorized = true)
    }

    /// Asks for a proof that the token is in the hands it was issued to.
    pub fn confirm(self, confirm: impl Confirm) -> Self {
        self.with_challenge(|config| config.confirm = Some(Arc::new(confirm)))
    }

    /// Takes tokens that are bound to a key or certificate of their sender (`cnf`, RFC 7800) without
    /// any proof: whoever steals one can use it. Right only where a proxy has judged the proof.
    pub fn allow_bound_tokens_without_proof(self) -> Self {
        self.with(|config| config.bound_tokens_accepted = true)
    }

    /// Takes the token out of the request before the service gets it: what does not need it cannot leak it.
    ///
    /// Out of the places in which the [`token_source`](Self::token_source) found it: the header field, the
    /// cookie or its parts, the query parameter, the offered subprotocol. A cookie goes under every name that
    /// the source looks for, also under the weaker ones of
    /// [`allow_prefixes`](crate::source::CookieToken::allow_prefixes), whatever is in it. Everything else stays as it
    /// is, and so does a token that was not looked for, as with [`bypass`](Self::bypass), and what others made
    /// of the request before: axum keeps the URL in an extension, `OriginalUri`.
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
        self.with(|config| config.token_removed = true)
    }

    /// Rejects requests that have waited this long for their verdict; 10 s unless set.
    ///
    /// One limit for each request, over keys, revocation and the proof of possession together, by the
    /// verifier's clock. A request that reaches it gets 503 with `Retry-After`, without a challenge: the error
    /// is [`KeysUnavailable`], [`RevocationUnavailable`] or [`ConfirmUnavailable`], after what was waited
    /// for. The inner service is not called. Fetches that other requests share go on. A request that is
    /// answered at once costs nothing, and the wait for the inner service's readiness does not count.
    ///
    /// The limit needs a timer, that of [`Clock::sleep_until`]: in builds with the feature `tokio-timer` or
    /// `jwks`, a Tokio runtime with `enable_time`. Without a timer, the default is no limit, and with a
    /// limit that was set, requests that would have to wait are rejected at once.
    ///
    /// Verifying by hand, with [`Verifier::verify`], has no limit.
    ///
    /// # Errors
    ///
    /// The limit is zero or longer than 5 minutes, or there cannot be a timer: the build has none and neither
    /// has the verifier's clock.
    ///
    /// ```
    /// # #[cfg(feature = "tokio-timer")] {
    /// # tokio_test::block_on(async {
    /// use std::time::Duration;
    /// use http::{Request, Response, StatusCode};
    /// use tower::{Layer, ServiceExt, service_fn};
    /// use tower_jwt_auth::revocation::{Presented, Revocation, Standing};
    /// use tower_jwt_auth::{Answer, Error, JwtAuthLayer, Verifier, testing::TestIssuer};
    ///
    /// /// A server that never answers for one user.
    /// #[derive(Debug)]
    /// struct Hangs;
    ///
    /// impl Revocation for Hangs {
    ///     fn check(&self, presented: &Presented<'_>) -> Answer<Result<Standing, Error>> {
    ///         match presented.token().subject() {
    ///             Some("mallory") => Answer::later(std::future::pending()),
    ///             _ => Answer::now(Ok(Standing::Active)),
    ///         }
    ///     }
    /// }
    ///
    /// let issuer = TestIssuer::hs256();
    /// let verifier =
    ///     Verifier::shared_secret(issuer.secret()).any_audience().revocation(Hangs).build()?;
    /// let layer = JwtAuthLayer::new(verifier).max_wait(Duration::from_millis(20))?;
    /// let service = layer.layer(service_fn(async |_: Request<()>| {
    ///     Ok::<_, std::convert::Infallible>(Response::new(http_body_util::Empty::<bytes::Bytes>::new()))
    /// }));
    /// let request = |user| {
    ///     let token = issuer.token().subject(user).mint();
    ///     Request::builder().header("authorization", format!("Bearer {token}")).body(())
    /// };
    ///
    /// assert_eq!(service.clone().oneshot(request("ada")?).await?.status(), StatusCode::OK);
    /// let rejected = service.oneshot(request("mallory")?).await?;
    /// assert_eq!(rejected.status(), StatusCode::SERVICE_UNAVAILABLE);
    /// # Ok::<(), Box<dyn std::error::Error>>(()) })?;
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// [`Clock::sleep_until`]: crate::clock::Clock::sleep_until
    /// [`KeysUnavailable`]: crate::ErrorKind::KeysUnavailable
    /// [`RevocationUnavailable`]: crate::ErrorKind::RevocationUnavailable
    /// [`ConfirmUnavailable`]: crate::ErrorKind::ConfirmUnavailable
    pub fn max_wait(self, limit: Duration) -> Result<Self, BuildError> {
        let max_wait =
            MaxWait::new(limit, self.config.rejector.clock()).map_err(BuildError::new)?;
        Ok(self.with(|config| config.max_wait = max_wait))
    }

    /// Lets requests without a token through, with [`Anonymous`](crate::Anonymous) in their
    /// extensions. A token that is there and wrong is still refused.
    pub fn allow_missing_token(self) -> Self {
        self.with(|config| config.let_past.missing_token = true)
    }

    /// Lets CORS preflight requests through, as anonymous: `OPTIONS` with `Origin` and
    /// `Access-Control-Request-Method`, which browsers send without credentials and without a body.
    ///
    /// Not needed where the CORS layer is outside of this one, which is the better place for it: it
    /// answers them itself, and its headers are then on rejections too. A
    /// [`RequireLayer`](crate::RequireLayer) behind rejects them as it does every anonymous request.
    ///
    /// Any client can send such a request, not only a browser. Do not put a handler behind this that does
    /// more on `OPTIONS` than answer it, such as axum's `any(..)` or a proxy that passes requests on. An
    /// `OPTIONS` whose `Content-Length` is not 0, or with `Transfer-Encoding`, is not a preflight and needs a
    /// token. HTTP/2 and HTTP/3 need neither field to send a body, and the layer never reads the body: there
    /// a request with a body may get through.
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
        self.with(|config| config.let_past.cors_preflight = true)
    }

    /// Admits requests for which this returns true as anonymous, whatever token they carry.
    ///
    /// Prefer a router that has the public routes outside of the layer. Compare whole paths, and do not use
    /// `starts_with`: `/public` is also the beginning of `/public-admin` and of `/public/../admin`.
    pub fn bypass(self, bypass: impl Fn(&Parts) -> bool + Send + Sync + 'static) -> Self {
        self.with(|config| config.let_past.bypass = Some(Arc::new(bypass)))
    }
}

impl<S, C> Layer<S> for JwtAuthLayer<C> {
    type Service = JwtAuth<S, C>;

    fn layer(&self, inner: S) -> JwtAuth<S, C> {
        JwtAuth::new(inner, Arc::clone(&self.config))
    }
}

impl<C> Clone for JwtAuthLayer<C> {
    fn clone(&self) -> Self {
        Self { config: Arc::clone(&self.config) }
    }
}

impl<C> fmt::Debug for JwtAuthLayer<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtAuthLayer")
            .field("verifier", &self.config.verifier)
            .field("source", &self.config.source)
            .field("missing_allowed", &self.config.let_past.missing_token)
            .field("realm", &self.config.common.realm)
            .finish_non_exhaustive()
    }
}
