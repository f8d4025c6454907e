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

    /// Reads the roles of this project from Zitadel's `urn:zitadel:iam:org:project:{project}:roles`.
    ///
    /// Zitadel lists the organizations in which the user has each role. They are not distinguished: a role of any
    /// organization is granted.
    pub fn zitadel(project: impl AsRef<str>) -> Self {
        Self::new().role_keys(format!("urn:zitadel:iam:org:project:{}:roles", project.as_ref()))
    }

    /// Reads Auth0's `permissions` (role-based access control) as scopes.
    pub fn auth0() -> Self {
        Self::new().scopes("permissions")
    }
}
