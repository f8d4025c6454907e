//! The claims in which providers put scopes and roles.

use crate::claims::GrantClaims;

impl GrantClaims {
    /// Reads Keycloak's realm roles and the user's roles for this client.
    pub fn keycloak(client: impl Into<String>) -> Self {
        Self::new().roles(["realm_access", "roles"]).roles([
            "resource_access".to_owned(),
            client.into(),
            "roles".to_owned(),
        ])
    }

    /// Reads Amazon Cognito's `cognito:groups` as roles.
    pub fn cognito() -> Self {
        Self::new().roles("cognito:groups")
    }

    /// Reads Auth0's `permissions` (role-based access control) as scopes.
    pub fn auth0() -> Self {
        Self::new().scopes("permissions")
    }
}
