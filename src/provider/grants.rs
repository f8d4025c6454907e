//! Where providers say what a token grants.

use crate::claims::GrantClaims;

impl GrantClaims {
    /// Keycloak: the roles of the realm, and those that a user has with this client.
    pub fn keycloak(client: impl Into<String>) -> Self {
        Self::new().roles(["realm_access", "roles"]).roles([
            "resource_access".to_owned(),
            client.into(),
            "roles".to_owned(),
        ])
    }

    /// Amazon Cognito: `cognito:groups` are the roles.
    pub fn cognito() -> Self {
        Self::new().roles("cognito:groups")
    }

    /// Auth0 with role-based access control: `permissions` are scopes.
    pub fn auth0() -> Self {
        Self::new().scopes("permissions")
    }
}
