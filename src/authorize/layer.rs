//! The layer and its settings.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;
use tower_layer::Layer;

use super::owner::Owner;
use super::requirement::Requirement;
use super::service::Require;
use super::step_up::StepUp;
use crate::clock::Clock;
use crate::error::BuildError;
use crate::respond::Demand;
use crate::rule::Rule;

/// Admits a request if its token satisfies a rule, and otherwise answers 403.
///
/// It needs a [`JwtAuthLayer`](crate::JwtAuthLayer) outside of it, and uses that layer's responder, realm and
/// challenges.
///
/// 1. Without a `JwtAuthLayer`, every request is answered 500, because there is no verified token to check.
/// 2. A request that was admitted without a token is answered 401.
/// 3. The checks run in this order: the rule, the owners, the login. The first one that fails decides the response.
/// 4. If the rule or an owner check fails, the answer is 403. If the login is too weak or old, it is 401 (RFC 9470).
///
/// ```
/// # futures_util::future::FutureExt::now_or_never(async {
/// use http::{Request, Response, StatusCode};
/// use tower::{ServiceBuilder, ServiceExt};
/// use tower_jwt_auth::{JwtAuthLayer, RequireLayer, Verifier, testing::TestIssuer};
///
/// let issuer = TestIssuer::hs256();
/// let verifier = Verifier::shared_secret(issuer.secret()).any_audience().build()?;
/// let service = ServiceBuilder::new()
///     .layer(JwtAuthLayer::new(verifier))
///     .layer(RequireLayer::scope("orders:read"))
///     .service_fn(async |_: Request<()>| {
///         Ok::<_, std::convert::Infallible>(Response::new(http_body_util::Empty::<bytes::Bytes>::new()))
///     });
/// let with = |scope| {
///     let token = issuer.token().claim("scope", scope).mint();
///     Request::builder().header("authorization", format!("Bearer {token}")).body(())
/// };
///
/// assert_eq!(service.clone().oneshot(with("orders:read")?).await?.status(), StatusCode::OK);
/// let rejected = service.clone().oneshot(with("orders")?).await?;
/// assert_eq!(rejected.status(), StatusCode::FORBIDDEN);
/// let challenge = rejected.headers()["www-authenticate"].to_str()?;
/// assert!(challenge.starts_with(r#"Bearer scope="orders:read", error="insufficient_scope""#));
///
/// // A request without a token is rejected by the `JwtAuthLayer`.
/// assert_eq!(service.oneshot(Request::new(())).await?.status(), StatusCode::UNAUTHORIZED);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).expect("nothing waits")?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// In axum, add it to single routes with `route_layer` or `get(..).layer(..)`, and add the `JwtAuthLayer` to the
/// router with `route_layer`:
///
/// ```
/// # #[cfg(feature = "axum")] {
/// use axum::{Router, routing::get};
/// use tower_jwt_auth::{JwtAuthLayer, RequireLayer, Verifier, testing::TestIssuer};
///
/// let verifier = Verifier::shared_secret(TestIssuer::hs256().secret()).any_audience().build()?;
/// let app: Router = Router::new()
///     .route("/orders", get(|| async { "all orders" }).layer(RequireLayer::scope("orders:read")))
///     .route(
///         "/users/{user_id}/orders",
///         get(|| async { "yours" })
///             .layer(RequireLayer::owner_in_path("/users/{user_id}")?),
///     )
///     .route_layer(JwtAuthLayer::new(verifier));
/// # let _ = app;
/// # }
/// # Ok::<(), tower_jwt_auth::BuildError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a layer does nothing until it is put around a service"]
#[doc(alias = "guard")]
#[doc(alias = "permission")]
pub struct RequireLayer {
    requirement: Arc<Requirement>,
}

impl RequireLayer {
    /// Requires that this rule permits the request.
    pub fn new(rule: Rule) -> Self {
        let demand = Demand { scope: words(&rule.scopes()), ..Demand::NOTHING };
        let requirement = Requirement {
            rule,
            owners: Vec::new(),
            step_up: StepUp::default(),
            clock: None,
            demand,
        };
        Self { requirement: Arc::new(requirement) }
    }

    /// Requires this scope.
    pub fn scope(scope: impl Into<String>) -> Self {
        Self::new(Rule::scope(scope))
    }

    /// Requires all of these scopes; see [`Rule::all_scopes`].
    pub fn all_scopes<I: IntoIterator<Item = T>, T: Into<String>>(scopes: I) -> Self {
        Self::new(Rule::all_scopes(scopes))
    }

    /// Requires at least one of these scopes; see [`Rule::any_scope`].
    pub fn any_scope<I: IntoIterator<Item = T>, T: Into<String>>(scopes: I) -> Self {
        Self::new(Rule::any_scope(scopes))
    }

    /// Requires this role.
    pub fn role(role: impl Into<String>) -> Self {
        Self::new(Rule::role(role))
    }

    /// Requires at least one of these roles; see [`Rule::any_role`].
    pub fn any_role<I: IntoIterator<Item = T>, T: Into<String>>(roles: I) -> Self {
        Self::new(Rule::any_role(roles))
    }

    /// Requires that a segment of the path is the token's subject; see [`Rule::owner_in_path`].
    ///
    /// # Errors
    ///
    /// The template does not begin with a slash, or does not have exactly one segment in braces.
    pub fn owner_in_path(template: impl AsRef<str>) -> Result<Self, BuildError> {
        Rule::owner_in_path(template).map(Self::new)
    }

    /// Requires that a segment of the path is the token's tenant; see [`Rule::tenant_in_path`].
    ///
    /// # Errors
    ///
    /// The template does not begin with a slash, or does not have exactly one segment in braces.
    pub fn tenant_in_path(template: impl AsRef<str>) -> Result<Self, BuildError> {
        Rule::tenant_in_path(template).map(Self::new)
    }

    /// The required rule.
    pub fn rule(&self) -> &Rule {
        &self.requirement.rule
    }

    fn with(mut self, change: impl FnOnce(&mut Requirement)) -> Self {
        change(Arc::make_mut(&mut self.requirement));
        self
    }

    /// Requires that the token's subject is the owner that this function returns.
    ///
    /// If the function returns `None`, the request is rejected. Each further call adds a condition.
    ///
    /// If the owner is known only after reading the stored data, call [`Token::owns`](crate::Token::owns) in the
    /// handler instead.
    pub fn owner<F>(self, find: F) -> Self
    where
        F: for<'a> Fn(&'a Parts) -> Option<Cow<'a, str>> + Send + Sync + 'static,
    {
        self.with(|it| it.owners.push(Owner::new(find)))
    }

    /// Requires that `acr` is one of these authentication contexts, in order of preference (RFC 9470).
    ///
    /// A token with another context, or without one, gets 401 with `insufficient_user_authentication` and these
    /// values, so that the client can send the user to log in again.
    ///
    /// An empty list rejects every token.
    pub fn authentication_context<I: IntoIterator<Item = T>, T: Into<String>>(
        self,
        contexts: I,
    ) -> Self {
        let contexts: Vec<String> = contexts.into_iter().map(Into::into).collect();
        self.with(|it| {
            it.demand.acr_values = words(&contexts);
            it.step_up.contexts = Some(contexts);
        })
    }

    /// Requires that `auth_time`, the time of the login, is at most this long ago (RFC 9470).
    ///
    /// The leeway for clock differences is one minute. A token with an older login, or without `auth_time`, gets 401 as
    /// for [`authentication_context`](Self::authentication_context), with `max_age` in seconds.
    pub fn max_authentication_age(self, age: Duration) -> Self {
        self.with(|it| {
            it.demand.max_age = Some(age);
            it.step_up.max_age = Some(age);
        })
    }

    /// Sets the clock for [`max_authentication_age`](Self::max_authentication_age).
    ///
    /// The default is the clock of the verifier that accepted the token
    /// ([`VerifierBuilder::clock`](crate::verify::VerifierBuilder::clock)). For an [`Identity`](crate::Identity) that
    /// the application inserted into the extensions, it is the system clock.
    pub fn clock(self, clock: impl Clock) -> Self {
        self.with(|it| it.clock = Some(Arc::new(clock)))
    }
}

impl<S> Layer<S> for RequireLayer {
    type Service = Require<S>;

    fn layer(&self, inner: S) -> Require<S> {
        Require::new(inner, Arc::clone(&self.requirement))
    }
}

/// A space-separated list; `None` if it is empty.
fn words<T: AsRef<str>>(words: &[T]) -> Option<Box<str>> {
    let words: Vec<&str> = words.iter().map(T::as_ref).collect();
    (!words.is_empty()).then(|| words.join(" ").into())
}
