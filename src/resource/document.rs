//! The metadata document (RFC 9728 §2).

use serde::Serialize;

/// The members that are configured. Members without a value are left out (§3.2).
#[derive(Clone, Debug, Default)]
pub(super) struct Members {
    pub(super) authorization_servers: Vec<String>,
    pub(super) scopes_supported: Vec<String>,
    pub(super) resource_name: Option<String>,
    pub(super) resource_documentation: Option<String>,
    pub(super) resource_policy_uri: Option<String>,
    pub(super) resource_tos_uri: Option<String>,
    pub(super) jwks_uri: Option<String>,
    pub(super) authorization_details_types_supported: Vec<String>,
}

/// The members of the document, in the order in which they are written.
#[derive(Debug, Serialize)]
pub(super) struct Document<'r> {
    resource: &'r str,
    authorization_servers: &'r [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    scopes_supported: &'r [String],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    bearer_methods_supported: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_name: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_documentation: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_policy_uri: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_tos_uri: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jwks_uri: Option<&'r str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    authorization_details_types_supported: &'r [String],
}

impl<'r> Document<'r> {
    pub(super) fn new(
        resource: &'r str,
        members: &'r Members,
        bearer_methods: Vec<&'static str>,
    ) -> Self {
        Self {
            resource,
            authorization_servers: &members.authorization_servers,
            scopes_supported: &members.scopes_supported,
            bearer_methods_supported: bearer_methods,
            resource_name: members.resource_name.as_deref(),
            resource_documentation: members.resource_documentation.as_deref(),
            resource_policy_uri: members.resource_policy_uri.as_deref(),
            resource_tos_uri: members.resource_tos_uri.as_deref(),
            jwks_uri: members.jwks_uri.as_deref(),
            authorization_details_types_supported: &members.authorization_details_types_supported,
        }
    }

    pub(super) fn json(&self) -> String {
        // Texts in a structure can always be serialized.
        serde_json::to_string(self).unwrap_or_default()
    }
}
