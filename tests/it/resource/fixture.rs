//! Resources, and layers that belong to them.

use http::Request;
use tower_jwt_auth::resource::{Resource, ResourceBuilder};
use tower_jwt_auth::testing::TestIssuer;
use tower_jwt_auth::{JwtAuthLayer, Verifier};

use crate::support::ask::{Reply, ask};

pub(super) const API: &str = "https://api.example.com/mcp";
pub(super) const SERVER: &str = "https://auth.example.com";

/// A resource with everything that is required.
pub(super) fn resource(identifier: &str) -> ResourceBuilder {
    Resource::new(identifier).authorization_server(SERVER)
}

/// The resource of most tests.
pub(super) fn api() -> Resource {
    resource(API).scopes(["orders:read", "orders:write"]).build().unwrap()
}

pub(super) fn issuer() -> TestIssuer {
    TestIssuer::hs256()
}

/// A layer of this resource that accepts its tokens.
pub(super) fn layer(api: &Resource) -> JwtAuthLayer {
    let verifier = Verifier::shared_secret(issuer().secret()).resource(api).build().unwrap();
    JwtAuthLayer::new(verifier).resource(api)
}

/// A token for this resource with this scope.
pub(super) fn token(api: &Resource, scope: &str) -> String {
    issuer().token().subject("ada").claim("aud", api.identifier()).claim("scope", scope).mint()
}

/// The response of the metadata service to a `GET`.
pub(super) fn metadata(api: &Resource) -> Reply {
    ask(api.service(), Request::get(api.metadata_path()).body(()).unwrap())
}
