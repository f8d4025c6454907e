//! The settings of policies, verifiers and layers that take a resource.

use super::resource::Resource;
use crate::authenticate::JwtAuthLayer;
use crate::policy::Policy;
use crate::verify::VerifierBuilder;

/// The audience from a resource.
impl Policy {
    /// Accepts tokens for this resource; see [`VerifierBuilder::resource`].
    pub fn resource(mut self, resource: &Resource) -> Self {
        self.set_resource(resource.identifier(), resource.implied());
        self
    }
}

/// The audience from a resource.
impl<C> VerifierBuilder<C> {
    /// Accepts tokens for this resource (RFC 8707 §2); `aud` is then required.
    ///
    /// The audience is the identifier of the resource. It is compared byte for byte, except for the case of the scheme
    /// and the host, and for a slash in place of an empty path. If [`audience`](Self::audience) is called with another
    /// value, [`build`](Self::build) fails. The scopes of
    /// [`ResourceBuilder::implied_scopes`](super::ResourceBuilder::implied_scopes) apply as well.
    ///
    /// ```
    /// use tower_jwt_auth::resource::Resource;
    /// use tower_jwt_auth::{ErrorKind, Verifier, testing::TestIssuer};
    ///
    /// let api = Resource::new("https://api.example.com").authorization_server("https://auth.example.com").build()?;
    /// let issuer = TestIssuer::hs256();
    /// let verifier = Verifier::shared_secret(issuer.secret()).resource(&api).build()?;
    /// let verify = |audience: &str| verifier.verify_now(&issuer.token().claim("aud", audience).mint());
    ///
    /// assert!(verify("https://api.example.com").is_ok());
    /// assert!(verify("https://API.example.com/").is_ok());
    /// for other in ["https://api.example.com:8443", "https://api.example.com.evil.example", "api.example.com"] {
    ///     assert_eq!(verify(other).unwrap_err().kind(), ErrorKind::InvalidAudience);
    /// }
    /// # Ok::<(), tower_jwt_auth::BuildError>(())
    /// ```
    pub fn resource(mut self, resource: &Resource) -> Self {
        self.policy_mut().set_resource(resource.identifier(), resource.implied());
        self
    }
}

/// The parameters of challenges from a resource.
impl<C> JwtAuthLayer<C> {
    /// Adds the resource's metadata and scopes to the challenges (RFC 9728 §5.1), and registers this layer with
    /// the resource.
    ///
    /// Every challenge then has `resource_metadata`, and the one for requests without a token has the resource's scopes,
    /// unless [`challenge_scope`](Self::challenge_scope) is called. The metadata document then contains the methods of
    /// this layer's [`token_source`](Self::token_source). These settings may be called in any order. A second call
    /// replaces the resource of the first.
    ///
    /// The verifier does not get the audience by this call; see
    /// [`VerifierBuilder::resource`](crate::VerifierBuilder::resource).
    ///
    /// ```
    /// # futures_util::future::FutureExt::now_or_never(async {
    /// use http::{Request, Response, StatusCode};
    /// use tower::{Layer, ServiceExt, service_fn};
    /// use tower_jwt_auth::resource::Resource;
    /// use tower_jwt_auth::{JwtAuthLayer, Verifier, testing::TestIssuer};
    ///
    /// let api = Resource::new("https://api.example.com")
    ///     .authorization_server("https://auth.example.com")
    ///     .scopes(["orders:read"])
    ///     .build()?;
    /// let issuer = TestIssuer::hs256().audience("https://api.example.com");
    /// let verifier = Verifier::shared_secret(issuer.secret()).resource(&api).build()?;
    /// let service = JwtAuthLayer::new(verifier).resource(&api).layer(service_fn(async |_: Request<()>| {
    ///     Ok::<_, std::convert::Infallible>(Response::new(http_body_util::Empty::<bytes::Bytes>::new()))
    /// }));
    ///
    /// let bearer = format!("Bearer {}", issuer.token().mint());
    /// let accepted = service.clone().oneshot(Request::builder().header("authorization", bearer).body(())?).await?;
    /// assert_eq!(accepted.status(), StatusCode::OK);
    ///
    /// let rejected = service.oneshot(Request::new(())).await?;
    /// assert_eq!(
    ///     rejected.headers()["www-authenticate"],
    ///     "Bearer scope=\"orders:read\", \
    ///      resource_metadata=\"https://api.example.com/.well-known/oauth-protected-resource\"",
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).expect("nothing waits")?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn resource(self, resource: &Resource) -> Self {
        self.of_resource(resource.metadata_url(), resource.scopes(), resource.layers())
    }
}
