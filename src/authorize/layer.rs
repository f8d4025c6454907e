//! The layer: what is required, and the wrapping of services.

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

/// Lets a request through when its token grants what is required, and answers 403 when not.
///
/// It needs a [`JwtAuthLayer`](crate::JwtAuthLayer) outside of it, whose responder, realm and
/// challenges it uses; without one every request is answered 500, because without a verified token the rule
/// cannot be checked. A request that was admitted without a token is answered 401.
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
/// let refused = service.clone().oneshot(with("orders")?).await?;
/// assert_eq!(refused.status(), StatusCode::FORBIDDEN);
/// let challenge = refused.headers()["www-authenticate"].to_str()?;
/// assert!(challenge.starts_with(r#"Bearer scope="orders:read", error="insufficient_scope""#));
///
/// // Who has not logged in is asked to, and is told the scope.
/// assert_eq!(service.oneshot(Request::new(())).await?.status(), StatusCode::UNAUTHORIZED);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).expect("nothing waits")?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// In axum, put it on single routes with `route_layer` or `get(..).layer(..)`, and the `JwtAuthLayer`
/// around the router:
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
///     .layer(JwtAuthLayer::new(verifier));
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
    /// Requires that this rule permits.
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

    /// Requires all of these scopes; as [`Rule::all_scopes`].
    pub fn all_scopes<I: IntoIterator<Item = T>, T: Into<String>>(scopes: I) -> Self {
        Self::new(Rule::all_scopes(scopes))
    }

    /// Requires at least one of these scopes; as [`Rule::any_scope`].
    pub fn any_scope<I: IntoIterator<Item = T>, T: Into<String>>(scopes: I) -> Self {
        Self::new(Rule::any_scope(scopes))
    }

    /// Requires this role.
    pub fn role(role: impl Into<String>) -> Self {
        Self::new(Rule::role(role))
    }

    /// Requires at least one of these roles; as [`Rule::any_role`].
    pub fn any_role<I: IntoIterator<Item = T>, T: Into<String>>(roles: I) -> Self {
        Self::new(Rule::any_role(roles))
    }

    /// Requires that a segment of the path is the token's subject; as [`Rule::owner_in_path`].
    ///
    /// # Errors
    ///
    /// The template does not begin with a slash, or does not have exactly one segment in braces.
    pub fn owner_in_path(template: impl AsRef<str>) -> Result<Self, BuildError> {
        Rule::owner_in_path(template).map(Self::new)
    }

    /// The rule that has to permit.
    pub fn rule(&self) -> &Rule {
        &self.requirement.rule
    }

    fn with(mut self, change: impl FnOnce(&mut Requirement)) -> Self {
        change(Arc::make_mut(&mut self.requirement));
        self
    }

    /// Requires that the token's subject is what this finds in the request. `None` rejects the request. Each further call
    /// adds a condition.
    ///
    /// For an owner that only the data know, ask [`Token::owns`](crate::Token::owns) in
    /// the handler.
    pub fn owner<F>(self, find: F) -> Self
    where
        F: for<'a> Fn(&'a Parts) -> Option<Cow<'a, str>> + Send + Sync + 'static,
    {
        self.with(|it| it.owners.push(Owner::new(find)))
    }

    /// Requires one of these authentication contexts, the best one first, in `acr` (RFC 9470). Who
    /// logged in with a weaker one, or whose token does not say, is answered 401 with
    /// `insufficient_user_authentication` and these values, so that their client can send them to log in
    /// again.
    ///
    /// An empty list is met by nobody.
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

    /// Requires that the bearer logged in at most this long ago by `auth_time` (RFC 9470), give or take
    /// a minute for clocks that differ. Answers as
    /// [`authentication_context`](Self::authentication_context), with `max_age` in seconds.
    pub fn max_authentication_age(self, age: Duration) -> Self {
        self.with(|it| {
            it.demand.max_age = Some(age);
            it.step_up.max_age = Some(age);
        })
    }

    /// Reads the time from this clock, for [`max_authentication_age`](Self::max_authentication_age).
    ///
    /// Without it, that is the clock of the verifier that accepted the token
    /// ([`VerifierBuilder::clock`](crate::verify::VerifierBuilder::clock)), and the system's for an
    /// [`Identity`](crate::Identity) that the application itself put into the extensions.
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

/// A space-separated list, unless it would be empty.
fn words<T: AsRef<str>>(words: &[T]) -> Option<Box<str>> {
    let words: Vec<&str> = words.iter().map(T::as_ref).collect();
    (!words.is_empty()).then(|| words.join(" ").into())
}
