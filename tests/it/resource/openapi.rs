//! The security scheme of a resource.

use serde_json::json;
use tower_jwt_auth::openapi::Security;

use super::fixture::{api, resource};

#[test]
fn the_security_scheme_describes_the_resource() {
    let scheme = |description: &str| {
        json!({
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": description,
        })
    };
    let full = Security::resource(&api());
    assert_eq!(full.name(), "bearer");
    assert_eq!(
        *full.scheme(),
        scheme(
            "An access token of https://auth.example.com for https://api.example.com/mcp. \
             Scopes: orders:read, orders:write. Metadata (RFC 9728): \
             https://api.example.com/.well-known/oauth-protected-resource/mcp"
        )
    );
    let bare = resource("https://api.example.com").authorization_server("https://b.example");
    assert_eq!(
        *Security::resource(&bare.build().unwrap()).scheme(),
        scheme(
            "An access token of https://auth.example.com or https://b.example for \
             https://api.example.com. Metadata (RFC 9728): \
             https://api.example.com/.well-known/oauth-protected-resource"
        )
    );
}
