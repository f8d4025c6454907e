//! The layer and its settings.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tower_layer::Layer;

use super::config::{Config, Exemptions, InnerToken};
use super::enforced::{Membership, ResourceLayers};
use super::max_wait::MaxWait;
use super::service::JwtAuth;
use crate::claims::Claims;
use crate::error::BuildError;
use crate::possession::Confirm;
use crate::respond::{Challenges, Common, Rejector, Respond};
use crate::rule::Rule;
use crate::source::{BearerHeader, TokenSource};
use crate::verify::Verifier;

/// Verifies the token of each request before the inner service is called.
///
/// A request with a valid token reaches the service with [`Verified<C>`](crate::Verified) and
/// [`Identity`](crate::Identity) in its extensions. The layer rejects any other request, and does not call the service.
/// See the module [`middleware`](crate::middleware) for the rules.
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
/// let rejected = service.oneshot(Request::new(())).await?;
/// assert_eq!(rejected.status(), StatusCode::UNAUTHORIZED);
/// assert_eq!(rejected.headers()["www-authenticate"], r#"Bearer realm="orders", scope="orders:read""#);
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
    /// Creates a layer that uses this verifier, with the default settings.
    ///
    /// By default the token comes from `Authorization: Bearer`, every request needs a token, and
    /// [`ProblemJson`](crate::respond::ProblemJson) builds the responses to rejected requests.
    pub fn new(verifier: Verifier<C>) -> Self {
        let config = Config {
            rejector: Arc::new(Rejector::new(verifier.observer(), verifier.clock())),
            verifier,
            source: Arc::new(BearerHeader),
            confirm: None,
            exemptions: Exemptions::default(),
            bound_tokens_accepted: false,
            inner_token: InnerToken::default(),
            subject: None,
            max_wait: MaxWait::default(),
            ends_streams: false,
            common: Common::default(),
            membership: None,
        };
        Self { config: Arc::new(config) }
    }

    pub(super) fn with(mut self, change: impl FnOnce(&mut Config<C>)) -> Self {
        change(Arc::make_mut(&mut self.config));
        self
    }

    /// Changes the settings of the challenges, and rebuilds the challenges.
    fn with_challenge(self, change: impl FnOnce(&mut Config<C>)) -> Self {
        self.with(|config| {
            change(config);
            let challenges = Challenges::new(config.common.clone());
            let further = config.confirm.as_ref().and_then(Confirm::challenge);
            Arc::make_mut(&mut config.rejector).challenges = challenges.with_further(further);
        })
    }

    /// Reads the token from this source instead of the `Authorization` header.
    ///
    /// A second call replaces the source of the first. To read several places, combine their sources with `or`.
    ///
    /// If the token is not in `Authorization`, the layer adds `Cache-Control: private` to the service's response
    /// (RFC 6750 §2.3, RFC 9111 §3.5). Without that header, a shared cache could serve this user's response to others,
    /// because caches recognize a token only in `Authorization`. The layer adds nothing if the service's
    /// `Cache-Control` already contains `private`, `no-store`, `public` or `s-maxage`. With `public`, the application
    /// itself allows caches to serve the response to others.
    pub fn token_source(self, source: impl TokenSource) -> Self {
        self.with(|config| {
            let membership = config.membership.take();
            config.membership = membership.map(|it| it.with_source(&source));
            config.source = Arc::new(source);
        })
    }

    /// Builds the responses to rejected requests with this responder.
    pub fn responder(self, responder: impl Respond) -> Self {
        self.with(|config| Arc::make_mut(&mut config.rejector).responder = Arc::new(responder))
    }

    /// Adds this `realm` to every challenge (RFC 9110 §11.5).
    pub fn realm(self, realm: impl Into<String>) -> Self {
        self.with_challenge(|config| config.common.realm = Some(realm.into().into()))
    }

    /// Adds the scopes of this rule to the challenge for requests without a token (RFC 6750 §3).
    ///
    /// This only informs the client. To enforce the rule, add a [`RequireLayer`](crate::RequireLayer).
    pub fn challenge_scope(self, rule: &Rule) -> Self {
        self.with_challenge(|config| config.common.scope = Some(rule.scopes().join(" ").into()))
    }

    /// Adds the URL of the resource's metadata to every challenge (RFC 9728 §5.1).
    ///
    /// With it, a client can discover the authorization server. [`resource`](Self::resource) sets it as well.
    pub fn resource_metadata(self, url: impl Into<String>) -> Self {
        self.with_challenge(|config| config.common.resource_metadata = Some(url.into().into()))
    }

    /// Names this metadata and these scopes in the challenges, and adds the layer to those of the resource.
    pub(crate) fn of_resource(
        self,
        metadata_url: &str,
        scopes: &[String],
        layers: &Arc<ResourceLayers>,
    ) -> Self {
        self.with_challenge(|config| {
            config.membership = Some(Membership::new(Arc::clone(layers), &*config.source));
            config.common.resource_metadata = Some(metadata_url.into());
            let scope = (!scopes.is_empty()).then(|| scopes.join(" ").into());
            config.common.resource_scope = scope;
        })
    }

    /// Answers 401 instead of 503 while keys are unavailable, for clients that cannot handle 503.
    ///
    /// Clients may then discard valid tokens and request new ones, which adds load to an issuer that is already
    /// failing. The `Error` in the response's extensions is still
    /// [`KeysUnavailable`](crate::ErrorKind::KeysUnavailable).
    pub fn unauthorized_while_keys_unavailable(self) -> Self {
        self.with(|config| Arc::make_mut(&mut config.rejector).unavailable_is_unauthorized = true)
    }

    /// Checks that the client has the key or certificate that the token is bound to.
    ///
    /// Without such a check, the layer rejects tokens with a `cnf` claim (RFC 7800); see [`Confirm`].
    pub fn confirm(self, confirm: impl Confirm) -> Self {
        self.with_challenge(|config| config.confirm = Some(Arc::new(confirm)))
    }

    /// Accepts tokens with a `cnf` claim without a proof of possession (RFC 7800).
    ///
    /// Such a token is bound to a key or certificate. An attacker who steals the token can then use it, so call this
    /// only if a proxy in front checks the proof.
    pub fn allow_bound_tokens_without_proof(self) -> Self {
        self.with(|config| config.bound_tokens_accepted = true)
    }

    /// Rejects requests that have waited this long for their verdict; the default is 10 s.
    ///
    /// The limit covers keys, revocation and proof of possession together, and is measured by the verifier's clock. It
    /// does not cover the wait for the readiness of the inner service. A request that reaches the limit gets 503 with
    /// `Retry-After` and no challenge, and the inner service is not called. The error is [`KeysUnavailable`],
    /// [`RevocationUnavailable`] or [`ConfirmUnavailable`], depending on what the request waited for. If the signature was
    /// wrong for a known key, and newer keys were awaited, the request gets the 401 of that signature. A key fetch
    /// continues, because other requests may wait for it. The limit costs nothing for a request that does not wait.
    ///
    /// The limit needs the timer of [`Clock::sleep_until`]. In builds with the feature `tokio-timer` or `jwks`, that is
    /// the timer of a Tokio runtime with `enable_time`. Without a timer, the default is no limit. If a limit is set and
    /// there is no timer, requests that would have to wait are rejected immediately.
    ///
    /// [`Verifier::verify`] has no limit.
    ///
    /// # Errors
    ///
    /// The limit is zero or longer than 5 minutes, or neither the build nor the verifier's clock has a timer.
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
            .field("missing_allowed", &self.config.exemptions.missing_token)
            .field("invalid_allowed", &self.config.exemptions.invalid_token)
            .field("realm", &self.config.common.realm)
            .finish_non_exhaustive()
    }
}
