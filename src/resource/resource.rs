//! The declaration of a protected resource.

use std::fmt;
use std::sync::Arc;

use super::document::{Document, Members};
use super::identifier::Identifier;
use crate::authenticate::ResourceLayers;
use crate::claims::Scopes;

/// The declaration of an API for OAuth clients: its identifier, authorization servers and scopes (RFC 9728).
///
/// Pass it to [`VerifierBuilder::resource`](crate::VerifierBuilder::resource), to
/// [`JwtAuthLayer::resource`](crate::JwtAuthLayer::resource), and mount its [`service`](Self::service). The module
/// [`resource`](crate::resource) has the rules. A clone is the same resource.
///
/// ```
/// # #[cfg(feature = "axum")] {
/// use axum::{Router, routing::post};
/// use tower_jwt_auth::resource::Resource;
/// use tower_jwt_auth::{JwtAuthLayer, Verifier, testing::TestIssuer};
///
/// let api = Resource::new("https://api.example.com/mcp")
///     .authorization_server("https://auth.example.com")
///     .scopes(["orders:read", "orders:write"])
///     .name("Orders")
///     .documentation("https://docs.example.com/orders")
///     .build()?;
/// let verifier = Verifier::shared_secret(TestIssuer::hs256().secret()).resource(&api).build()?;
/// let app: Router = Router::new()
///     .route("/mcp", post(async || "hello"))
///     .route_layer(JwtAuthLayer::new(verifier).resource(&api))
///     .route_service(api.metadata_path(), api.service());
/// # let _ = app;
/// # }
/// # use tower_jwt_auth::resource::Resource as R;
/// assert!(R::new("https://api.example.com/mcp#tools").authorization_server("https://auth.example.com").build().is_err());
/// # Ok::<(), tower_jwt_auth::BuildError>(())
/// ```
#[derive(Clone)]
#[doc(alias = "RFC 9728")]
#[doc(alias = "MCP")]
pub struct Resource {
    inner: Arc<Inner>,
}

struct Inner {
    identifier: Identifier,
    members: Members,
    implied: Scopes,
    layers: Arc<ResourceLayers>,
}

impl Resource {
    pub(super) fn from_parts(identifier: Identifier, members: Members, implied: Scopes) -> Self {
        let layers = Arc::default();
        Self { inner: Arc::new(Inner { identifier, members, implied, layers }) }
    }

    /// The resource identifier, as configured.
    pub fn identifier(&self) -> &str {
        &self.inner.identifier.text
    }

    /// The authorization servers.
    pub fn authorization_servers(&self) -> &[String] {
        &self.inner.members.authorization_servers
    }

    /// The scopes that clients can request; empty if they are not configured.
    pub fn scopes(&self) -> &[String] {
        &self.inner.members.scopes_supported
    }

    /// The URL of the metadata document (RFC 9728 §3.1), which challenges contain.
    pub fn metadata_url(&self) -> &str {
        &self.inner.identifier.metadata_url
    }

    /// The path of the metadata document, for a router.
    ///
    /// Resources that differ only in the query have the same path. Mount the service of one of them there, or choose
    /// one by the query of the request.
    pub fn metadata_path(&self) -> &str {
        &self.inner.identifier.metadata_path
    }

    /// The scopes that imply others.
    pub(super) fn implied(&self) -> &Scopes {
        &self.inner.implied
    }

    pub(super) fn layers(&self) -> &Arc<ResourceLayers> {
        &self.inner.layers
    }

    /// The metadata document.
    pub(super) fn document(&self) -> String {
        let methods = self.inner.layers.enforced().bearer_methods.names();
        Document::new(self.identifier(), &self.inner.members, methods).json()
    }
}

impl fmt::Debug for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resource")
            .field("identifier", &self.identifier())
            .field("members", &self.inner.members)
            .finish_non_exhaustive()
    }
}
