//! The providers, one row each.

use super::row::{Audience, ROW, Row, has, is};
use crate::claims::{ClaimPath, GrantClaims};
use crate::jws::Algorithm::{ES256, RS256};

pub(super) const ENTRA: Row = Row {
    name: "Microsoft Entra ID",
    issuers: &["https://login.microsoftonline.com/{0}/v2.0"],
    keys: Some("https://login.microsoftonline.com/{0}/discovery/v2.0/keys"),
    algorithms: &[RS256],
    // ID tokens have no `azp`.
    required: &["azp", "sub"],
    checks: &[
        ("`ver` is `2.0`", |token| is(token, "ver", "2.0")),
        ("`scp` or `roles` is present", |token| has(token, "scp") || has(token, "roles")),
        ("`nonce` is absent", |token| !has(token, "nonce")),
    ],
    subject: Some("oid"),
    tenant: Some(|| ClaimPath::from("tid")),
    ..ROW
};

/// The issuer of each tenant of Entra.
pub(super) const ENTRA_TEMPLATE: &str = "https://login.microsoftonline.com/{tid}/v2.0";

pub(super) const COGNITO: Row = Row {
    name: "Amazon Cognito",
    issuers: &["https://cognito-idp.{0}.amazonaws.com/{1}"],
    keys: Some("https://cognito-idp.{0}.amazonaws.com/{1}/.well-known/jwks.json"),
    algorithms: &[RS256],
    checks: &[("`token_use` is `access`", |token| is(token, "token_use", "access"))],
    grants: GrantClaims::cognito,
    ..ROW
};

pub(super) const GOOGLE: Row = Row {
    name: "Google",
    issuers: &["https://accounts.google.com", "accounts.google.com"],
    keys: Some("https://www.googleapis.com/oauth2/v3/certs"),
    algorithms: &[RS256],
    audience: Audience::Fixed("{0}"),
    is_for_apis: false,
    required: &["sub"],
    ..ROW
};

pub(super) const FIREBASE: Row = Row {
    name: "Firebase",
    issuers: &["https://securetoken.google.com/{0}"],
    keys: Some(
        "https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com",
    ),
    algorithms: &[RS256],
    audience: Audience::Fixed("{0}"),
    is_for_apis: false,
    required: &["auth_time"],
    checks: &[("`sub` has 1 to 128 characters", |token| {
        token.subject().is_some_and(|subject| (1..=128).contains(&subject.chars().count()))
    })],
    ..ROW
};

pub(super) const APPLE: Row = Row {
    name: "Apple",
    issuers: &["https://appleid.apple.com"],
    keys: Some("https://appleid.apple.com/auth/keys"),
    algorithms: &[RS256],
    audience: Audience::Fixed("{0}"),
    is_for_apis: false,
    required: &["sub"],
    // Notifications to the server have the same issuer, audience and keys.
    checks: &[("`events` is absent", |token| !has(token, "events"))],
    ..ROW
};

pub(super) const CLERK: Row = Row {
    name: "Clerk",
    issuers: &["{0}"],
    keys: Some("{0}/.well-known/jwks.json"),
    algorithms: &[RS256],
    audience: Audience::Page,
    // Tokens of JWT templates have no session.
    required: &["sid"],
    checks: &[
        ("the subject is a user", |token| {
            token.subject().is_some_and(|subject| subject.starts_with("user_"))
        }),
        ("the session is not pending", |token| !is(token, "sts", "pending")),
        ("`client_id` is absent", |token| !has(token, "client_id")),
        ("`typ` is not `at+jwt`", |token| {
            !token.header().typ.is_some_and(|typ| typ.to_ascii_lowercase().ends_with("at+jwt"))
        }),
    ],
    grants: || GrantClaims::new().roles("org_role").roles(["o", "rol"]),
    ..ROW
};

pub(super) const SUPABASE: Row = Row {
    name: "Supabase",
    issuers: &["{0}/auth/v1"],
    keys: Some("{0}/auth/v1/.well-known/jwks.json"),
    audience: Audience::Fixed("authenticated"),
    required: &["sub", "session_id"],
    checks: &[
        ("`role` is `authenticated`", |token| is(token, "role", "authenticated")),
        // Tokens of other applications, to which the user gave access.
        ("`client_id` is absent", |token| !has(token, "client_id")),
    ],
    ..ROW
};

pub(super) const WORKOS: Row = Row {
    name: "WorkOS AuthKit",
    issuers: &["https://api.workos.com/user_management/{0}"],
    keys: Some("https://api.workos.com/sso/jwks/{0}"),
    algorithms: &[RS256],
    // The keys and the issuer are those of one client.
    audience: Audience::Issuer,
    required: &["sub"],
    checks: &[
        ("`sid` is a session", |token| {
            token.session_id().is_some_and(|session| session.starts_with("session_"))
        }),
        ("`client_id` is absent", |token| !has(token, "client_id")),
    ],
    grants: || GrantClaims::new().scopes("permissions").roles("role"),
    ..ROW
};

pub(super) const KEYCLOAK: Row = Row {
    name: "Keycloak",
    issuers: &["{0}/realms/{1}"],
    checks: &[("`typ` is `Bearer`, or `DPoP` for a bound token", |token| {
        is(token, "typ", "Bearer") || (is(token, "typ", "DPoP") && token.is_sender_constrained())
    })],
    ..ROW
};

pub(super) const AUTH0: Row = Row {
    name: "Auth0",
    issuers: &["https://{0}/"],
    required: &["sub"],
    checks: &[
        ("`azp` or `client_id` is present", |token| has(token, "azp") || has(token, "client_id")),
        ("`nonce` is absent", |token| !has(token, "nonce")),
    ],
    grants: GrantClaims::auth0,
    ..ROW
};

pub(super) const OKTA: Row = Row {
    name: "Okta",
    issuers: &["https://{0}/oauth2/{1}"],
    algorithms: &[RS256],
    // ID tokens have neither.
    required: &["cid", "scp"],
    ..ROW
};

pub(super) const ZITADEL: Row = Row {
    name: "Zitadel",
    issuers: &["{0}"],
    audience: Audience::Fixed("{1}"),
    // ID tokens have no `jti`.
    required: &["jti", "client_id"],
    ..ROW
};

pub(super) const LOGTO: Row = Row {
    name: "Logto",
    issuers: &["{0}/oidc"],
    keys: Some("{0}/oidc/jwks"),
    required: &["client_id"],
    checks: &[("`typ` is `at+jwt`", |token| {
        token.header().typ.is_some_and(|typ| typ.eq_ignore_ascii_case("at+jwt"))
    })],
    ..ROW
};

pub(super) const CLOUDFLARE_ACCESS: Row = Row {
    name: "Cloudflare Access",
    issuers: &["https://{0}.cloudflareaccess.com"],
    keys: Some("https://{0}.cloudflareaccess.com/cdn-cgi/access/certs"),
    algorithms: &[RS256],
    audience: Audience::Fixed("{1}"),
    checks: &[("`type` is `app`", |token| is(token, "type", "app"))],
    header: Some("cf-access-jwt-assertion"),
    ..ROW
};

pub(super) const IAP: Row = Row {
    name: "Google Identity-Aware Proxy",
    issuers: &["https://cloud.google.com/iap"],
    keys: Some("https://www.gstatic.com/iap/verify/public_key-jwk"),
    algorithms: &[ES256],
    audience: Audience::Fixed("{0}"),
    required: &["sub"],
    header: Some("x-goog-iap-jwt-assertion"),
    ..ROW
};

#[cfg(feature = "pem")]
pub(super) const ALB: Row = Row {
    name: "AWS Application Load Balancer",
    issuers: &["{0}"],
    algorithms: &[ES256],
    // The load balancer that signed is checked.
    audience: Audience::Issuer,
    is_for_apis: false,
    required: &["sub"],
    header: Some("x-amzn-oidc-data"),
    ..ROW
};

pub(super) const GITHUB_ACTIONS: Row = Row {
    name: "GitHub Actions",
    issuers: &["https://token.actions.githubusercontent.com"],
    algorithms: &[RS256],
    audience: Audience::Fixed("{0}"),
    required: &["sub", "repository_id", "repository_owner_id"],
    ..ROW
};

pub(super) const GITLAB: Row = Row {
    name: "GitLab CI/CD",
    issuers: &["{0}"],
    algorithms: &[RS256],
    audience: Audience::Fixed("{1}"),
    // ID tokens of users have no job.
    required: &["sub", "project_id", "job_id"],
    ..ROW
};

pub(super) const KUBERNETES: Row = Row {
    name: "Kubernetes",
    issuers: &["{0}"],
    checks: &[("the subject is a service account", |token| {
        token.subject().is_some_and(|subject| subject.starts_with("system:serviceaccount:"))
    })],
    tenant: Some(|| ClaimPath::from(["kubernetes.io", "namespace"])),
    ..ROW
};

/// Without a name: the standard has no `iss`.
pub(super) const SPIFFE: Row = Row {
    name: "SPIFFE",
    keys: Some("{1}"),
    checks: &[("`typ` is absent, `JWT` or `JOSE`", |token| {
        token.header().typ.is_none_or(|typ| ["JWT", "JOSE"].contains(&typ))
    })],
    ..ROW
};

pub(super) const VAULT: Row = Row {
    name: "Vault and OpenBao",
    issuers: &["{0}/v1/identity/oidc"],
    keys: Some("{0}/v1/identity/oidc/.well-known/keys"),
    audience: Audience::Fixed("{1}"),
    required: &["sub"],
    ..ROW
};
