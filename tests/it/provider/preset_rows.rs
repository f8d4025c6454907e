//! What each provider sends: an access token, and tokens that are not for an API.

use serde_json::json;
use tower_jwt_auth::Algorithm::{ES256, RS256};
use tower_jwt_auth::ErrorKind::{
    CheckFailed, InvalidAudience, InvalidIssuer, InvalidType, MissingClaim,
};
use tower_jwt_auth::provider::Provider;

use super::presets::Row;

const SHAPE: &str = "shape from documents";
const TENANT: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";

pub(super) fn rows() -> Vec<Row> {
    [logins(), servers(), gateways(), balancers(), machines()].into_iter().flatten().collect()
}

/// Services for the login of users.
#[expect(clippy::too_many_lines, reason = "a table")]
fn logins() -> Vec<Row> {
    vec![
        Row {
            name: "Google",
            preset: || Provider::google("123.apps.googleusercontent.com"),
            algorithm: RS256,
            token: json!({"iss": "https://accounts.google.com", "aud": "123.apps.googleusercontent.com",
                "azp": "123.apps.googleusercontent.com", "sub": "110169484474386276334", "hd": "example.com",
                "email": "ada@example.com", "email_verified": true, "at_hash": "HK6E_P6Dh8Y93mRNtsDB1Q"}),
            others: vec![
                ("the other name", json!({"iss": "accounts.google.com"}), Ok(())),
                (
                    "another client",
                    json!({"aud": "456.apps.googleusercontent.com"}),
                    Err(InvalidAudience),
                ),
                ("no client", json!({"aud": null}), Err(InvalidAudience)),
                ("no user", json!({"sub": null}), Err(MissingClaim)),
            ],
            tested: SHAPE,
            source: "developers.google.com/identity/sign-in/web/backend-auth, 2026-11-30",
        },
        Row {
            name: "Firebase",
            preset: || Provider::firebase("shop-1"),
            algorithm: RS256,
            token: json!({"iss": "https://securetoken.google.com/shop-1", "aud": "shop-1", "sub": "uid1",
                "user_id": "uid1", "auth_time": 1_767_225_000, "firebase": {"sign_in_provider": "password"}}),
            others: vec![
                ("another project", json!({"aud": "shop-2"}), Err(InvalidAudience)),
                (
                    "a session cookie",
                    json!({"iss": "https://session.firebase.google.com/shop-1"}),
                    Err(InvalidIssuer),
                ),
                ("no user", json!({"sub": ""}), Err(CheckFailed)),
                ("a user id of 129 characters", json!({"sub": "u".repeat(129)}), Err(CheckFailed)),
                (
                    "a blocking function",
                    json!({"aud": "https://us-central1-shop-1.cloudfunctions.net/f"}),
                    Err(InvalidAudience),
                ),
                ("no login", json!({"auth_time": null}), Err(MissingClaim)),
            ],
            tested: SHAPE,
            source: "firebase.google.com/docs/auth/admin/verify-id-tokens, 2026-11-30",
        },
        Row {
            name: "Apple",
            preset: || Provider::apple("com.example.app"),
            algorithm: RS256,
            token: json!({"iss": "https://appleid.apple.com", "aud": "com.example.app", "sub": "000657.6656.1142",
                "at_hash": "HK6E_P6Dh8Y93mRNtsDB1Q", "email_verified": "true"}),
            others: vec![
                ("another app", json!({"aud": "com.example.other"}), Err(InvalidAudience)),
                ("a notification", json!({"sub": null, "events": "{}"}), Err(MissingClaim)),
                ("a notification with a subject", json!({"events": "{}"}), Err(CheckFailed)),
            ],
            tested: SHAPE,
            source: "developer.apple.com/documentation/signinwithapple, forums thread 124175, 2026-11-30",
        },
        Row {
            name: "Clerk",
            preset: || {
                Provider::clerk("https://clerk.example.com")
                    .authorized_party("https://app.example.com")
            },
            algorithm: RS256,
            token: json!({"iss": "https://clerk.example.com", "azp": "https://app.example.com", "sub": "user_1",
                "sid": "sess_1", "fva": [1, -1], "v": 2, "o": {"id": "org_1", "rol": "admin"}}),
            others: vec![
                ("another page", json!({"azp": "https://evil.example"}), Err(InvalidAudience)),
                ("no page", json!({"azp": null}), Err(InvalidAudience)),
                ("a template's token", json!({"sid": null}), Err(MissingClaim)),
                ("a pending session", json!({"sts": "pending"}), Err(CheckFailed)),
                ("an active session", json!({"sts": "active"}), Ok(())),
                (
                    "an OAuth token",
                    json!({"header:typ": "at+jwt", "client_id": "oauth"}),
                    Err(CheckFailed),
                ),
                (
                    "an OAuth token with a session",
                    json!({"header:typ": "application/at+jwt"}),
                    Err(CheckFailed),
                ),
                ("a machine", json!({"sub": "mch_1"}), Err(CheckFailed)),
            ],
            tested: SHAPE,
            source: "clerk.com/docs/guides/sessions/session-tokens, 2026-11-30",
        },
        Row {
            name: "Supabase",
            preset: || Provider::supabase("https://abc.supabase.co"),
            algorithm: ES256,
            token: json!({"iss": "https://abc.supabase.co/auth/v1", "aud": "authenticated", "sub": "user",
                "role": "authenticated", "session_id": "s1", "aal": "aal1", "is_anonymous": false}),
            others: vec![
                ("the anonymous key", json!({"aud": "anon"}), Err(InvalidAudience)),
                (
                    "a service key",
                    json!({"aud": null, "role": "service_role"}),
                    Err(InvalidAudience),
                ),
                ("no session", json!({"session_id": null}), Err(MissingClaim)),
                ("another application", json!({"client_id": "app"}), Err(CheckFailed)),
                ("another role", json!({"role": "service_role"}), Err(CheckFailed)),
                (
                    "an ID token",
                    json!({"aud": "app", "role": null, "session_id": null}),
                    Err(InvalidAudience),
                ),
            ],
            tested: "real tokens: its key tool 2.117.0",
            source: "supabase.com/docs/guides/auth/jwt-fields, 2026-11-30",
        },
        Row {
            name: "WorkOS AuthKit",
            preset: || Provider::workos("client_1"),
            algorithm: RS256,
            token: json!({"iss": "https://api.workos.com/user_management/client_1", "sub": "user_1", "org_id": "org_1",
                "sid": "session_1", "role": "member", "permissions": ["posts:read"]}),
            others: vec![
                ("an impersonated session", json!({"act": {"sub": "admin@example.com"}}), Ok(())),
                (
                    "another application",
                    json!({"sid": "app_consent_1", "client_id": "app"}),
                    Err(CheckFailed),
                ),
                ("a machine", json!({"sid": null, "client_id": "app"}), Err(CheckFailed)),
                ("an agent", json!({"sid": null}), Err(CheckFailed)),
            ],
            tested: SHAPE,
            source: "workos.com/docs/reference/authkit/session-tokens, 2026-11-30",
        },
    ]
}

/// Identity providers of companies.
#[expect(clippy::too_many_lines, reason = "a table")]
fn servers() -> Vec<Row> {
    let entra = format!("https://login.microsoftonline.com/{TENANT}/v2.0");
    vec![
        Row {
            name: "Microsoft Entra ID",
            preset: || Provider::entra(TENANT).audience("6e74172b-be56-4843-9ff4-e66a39bb12e3"),
            algorithm: RS256,
            token: json!({"iss": entra, "aud": "6e74172b-be56-4843-9ff4-e66a39bb12e3", "azp": "web", "ver": "2.0",
                "oid": "user", "tid": TENANT, "scp": "orders.read", "sub": "pairwise"}),
            others: vec![
                (
                    "another API",
                    json!({"aud": "https://graph.microsoft.com"}),
                    Err(InvalidAudience),
                ),
                ("an ID token", json!({"azp": null, "nonce": "n", "scp": null}), Err(MissingClaim)),
                (
                    "an ID token with roles",
                    json!({"nonce": "n", "scp": null, "roles": ["Admin"]}),
                    Err(CheckFailed),
                ),
                ("no permission", json!({"scp": null}), Err(CheckFailed)),
                (
                    "another tenant's claim",
                    json!({"tid": "5d1c8bc6-1111-2222-3333-444455556666"}),
                    Err(InvalidIssuer),
                ),
                ("version 1", json!({"ver": "1.0"}), Err(CheckFailed)),
                ("no tenant", json!({"tid": null}), Err(InvalidIssuer)),
                ("no user", json!({"oid": null}), Err(MissingClaim)),
                ("a service", json!({"scp": null, "roles": ["Orders.Read"]}), Ok(())),
            ],
            tested: SHAPE,
            source: "learn.microsoft.com/entra/identity-platform/access-token-claims-reference, 2026-11-30",
        },
        Row {
            name: "Amazon Cognito",
            preset: || Provider::cognito("eu-west-1", "eu-west-1_Ab12Cd34").client_id("7h5q3c"),
            algorithm: RS256,
            token: json!({"iss": "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab12Cd34",
                "client_id": "7h5q3c", "token_use": "access", "scope": "orders/read", "sub": "user",
                "cognito:groups": ["admins"], "username": "ada"}),
            others: vec![
                ("another client", json!({"client_id": "8i6r4d"}), Err(InvalidAudience)),
                (
                    "an ID token",
                    json!({"token_use": "id", "aud": "7h5q3c", "client_id": null}),
                    Err(InvalidType),
                ),
                ("no kind", json!({"token_use": null}), Err(CheckFailed)),
                ("no client", json!({"client_id": null}), Err(InvalidAudience)),
            ],
            tested: "emulated servers: moto 5.2.5, cognito-local 5.3.0",
            source: "docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-access-token.html, 2026-11-30",
        },
        Row {
            name: "Keycloak",
            preset: || Provider::keycloak("https://sso.example.com/", "shop").audience("orders"),
            algorithm: RS256,
            token: json!({"iss": "https://sso.example.com/realms/shop", "aud": ["orders", "account"], "typ": "Bearer",
                "azp": "web", "sub": "user", "scope": "openid", "realm_access": {"roles": ["clerk"]}}),
            others: vec![
                ("the default audience", json!({"aud": "account"}), Err(InvalidAudience)),
                ("an ID token", json!({"typ": "ID", "aud": "orders"}), Err(InvalidType)),
                ("a refresh token", json!({"typ": "Refresh"}), Err(InvalidType)),
                ("an offline token", json!({"typ": "Offline"}), Err(InvalidType)),
                ("no kind", json!({"typ": null}), Err(CheckFailed)),
                ("a bound kind without its key", json!({"typ": "DPoP"}), Err(CheckFailed)),
                ("a logout token", json!({"typ": "Logout", "events": {}}), Err(InvalidType)),
            ],
            tested: SHAPE,
            source: "www.keycloak.org/docs/latest/server_admin (Audience support), keycloak TokenUtil.java, 2026-11-30",
        },
        Row {
            name: "Auth0",
            preset: || Provider::auth0("example.eu.auth0.com").audience("https://api.example.com"),
            algorithm: RS256,
            token: json!({"iss": "https://example.eu.auth0.com/", "azp": "web", "sub": "auth0|1", "scope": "openid",
                "aud": ["https://api.example.com", "https://example.eu.auth0.com/userinfo"],
                "permissions": ["orders:read"]}),
            others: vec![
                (
                    "another API",
                    json!({"aud": "https://example.eu.auth0.com/userinfo"}),
                    Err(InvalidAudience),
                ),
                ("the profile of RFC 9068", json!({"azp": null, "client_id": "web"}), Ok(())),
                ("an ID token", json!({"azp": null, "nonce": "n"}), Err(CheckFailed)),
                ("a logout token", json!({"events": {}, "azp": null}), Err(InvalidType)),
                ("no audience", json!({"aud": null}), Err(InvalidAudience)),
            ],
            tested: SHAPE,
            source: "auth0.com/docs/secure/tokens/access-tokens/access-token-profiles, 2026-11-30",
        },
        Row {
            name: "Okta",
            preset: || Provider::okta("example.okta.com", "default").audience("api://default"),
            algorithm: RS256,
            token: json!({"iss": "https://example.okta.com/oauth2/default", "aud": "api://default", "cid": "web",
                "uid": "00u1", "sub": "ada@example.com", "scp": ["orders.read"], "ver": 1}),
            others: vec![
                ("another API", json!({"aud": "api://other"}), Err(InvalidAudience)),
                ("an ID token", json!({"cid": null, "scp": null}), Err(MissingClaim)),
                ("no scopes", json!({"scp": null}), Err(MissingClaim)),
                ("the org server", json!({"iss": "https://example.okta.com"}), Err(InvalidIssuer)),
            ],
            tested: SHAPE,
            source: "developer.okta.com/docs/concepts/oauth-claims, 2026-11-30",
        },
        Row {
            name: "Zitadel",
            preset: || Provider::zitadel("https://acme.zitadel.cloud/", "project-1"),
            algorithm: RS256,
            token: json!({"iss": "https://acme.zitadel.cloud", "aud": ["web", "project-1"], "client_id": "web",
                "sub": "user", "jti": "t1"}),
            others: vec![
                ("another project", json!({"aud": ["web", "project-2"]}), Err(InvalidAudience)),
                (
                    "an ID token",
                    json!({"at_hash": "h", "jti": null, "azp": "web"}),
                    Err(InvalidType),
                ),
                ("an ID token without a hash", json!({"jti": null}), Err(MissingClaim)),
            ],
            tested: SHAPE,
            source: "github.com/zitadel/zitadel (apps/docs/content/apis/openidoauth/claims.mdx), 2026-11-30",
        },
        Row {
            name: "Logto",
            preset: || {
                Provider::logto("https://acme.logto.app").audience("https://api.example.com")
            },
            algorithm: ES256,
            token: json!({"iss": "https://acme.logto.app/oidc", "aud": "https://api.example.com", "client_id": "web",
                "sub": "user", "scope": "read:orders", "header:typ": "at+jwt"}),
            others: vec![
                ("another API", json!({"aud": "https://other.example.com"}), Err(InvalidAudience)),
                ("an ID token", json!({"header:typ": "JWT", "client_id": null}), Err(MissingClaim)),
                ("another type", json!({"header:typ": "JWT"}), Err(CheckFailed)),
            ],
            tested: SHAPE,
            source: "docs.logto.io/authorization/validate-access-tokens, 2026-11-30",
        },
    ]
}

/// Gateways that authenticate in front of the server.
fn gateways() -> Vec<Row> {
    vec![
        Row {
            name: "Cloudflare Access",
            preset: || Provider::cloudflare_access("acme", "32eafc7626e737136662"),
            algorithm: RS256,
            token: json!({"iss": "https://acme.cloudflareaccess.com", "aud": ["32eafc7626e737136662"], "type": "app",
                "email": "ada@example.com", "sub": "user"}),
            others: vec![
                ("another application", json!({"aud": ["other"]}), Err(InvalidAudience)),
                ("no application", json!({"aud": null}), Err(InvalidAudience)),
                ("the session of the team", json!({"type": "org"}), Err(CheckFailed)),
                (
                    "a service",
                    json!({"sub": "", "common_name": "e367.access", "email": null}),
                    Ok(()),
                ),
            ],
            tested: SHAPE,
            source: "developers.cloudflare.com/cloudflare-one/access-controls/applications/http-apps/authorization-cookie/application-token, 2026-11-30",
        },
        Row {
            name: "Google Identity-Aware Proxy",
            preset: || Provider::iap("/projects/1/global/backendServices/2"),
            algorithm: ES256,
            token: json!({"iss": "https://cloud.google.com/iap", "aud": "/projects/1/global/backendServices/2",
                "sub": "accounts.google.com:7", "email": "ada@example.com", "hd": "example.com"}),
            others: vec![
                (
                    "another backend",
                    json!({"aud": "/projects/1/global/backendServices/3"}),
                    Err(InvalidAudience),
                ),
                ("no user", json!({"sub": null}), Err(MissingClaim)),
            ],
            tested: SHAPE,
            source: "cloud.google.com/iap/docs/signed-headers-howto, 2026-11-30",
        },
    ]
}

/// A load balancer, whose tokens have claims in the header.
#[cfg(feature = "pem")]
fn balancers() -> Vec<Row> {
    const ARN: &str = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/shop/6284be65b827c598";
    let other = ARN.replace("shop", "other");
    vec![Row {
        name: "AWS Application Load Balancer",
        preset: || {
            Provider::alb(ARN, "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab12Cd34")
        },
        algorithm: ES256,
        token: json!({"iss": "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab12Cd34", "sub": "user",
            "email_verified": "true", "header:signer": ARN, "header:client": "7h5q3c"}),
        others: vec![
            ("another load balancer", json!({"header:signer": other}), Err(CheckFailed)),
            ("no load balancer", json!({"header:signer": null}), Err(CheckFailed)),
            (
                "a load balancer in a claim",
                json!({"header:signer": null, "signer": ARN}),
                Err(CheckFailed),
            ),
            ("no user", json!({"sub": null}), Err(MissingClaim)),
        ],
        tested: SHAPE,
        source: "docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-authenticate-users.html, 2026-11-30",
    }]
}

#[cfg(not(feature = "pem"))]
fn balancers() -> Vec<Row> {
    Vec::new()
}

/// Jobs and services.
fn machines() -> Vec<Row> {
    vec![
        Row {
            name: "GitHub Actions",
            preset: || Provider::github_actions("https://deploy.example.com"),
            algorithm: RS256,
            token: json!({"iss": "https://token.actions.githubusercontent.com", "aud": "https://deploy.example.com",
                "sub": "repo:acme/shop:ref:refs/heads/main", "repository_id": "74", "repository_owner_id": "65"}),
            others: vec![
                (
                    "the default audience",
                    json!({"aud": "https://github.com/acme"}),
                    Err(InvalidAudience),
                ),
                ("no repository", json!({"repository_id": null}), Err(MissingClaim)),
                (
                    "the new form of the subject",
                    json!({"sub": "repo:acme@65/shop@74:ref:refs/heads/main"}),
                    Ok(()),
                ),
            ],
            tested: SHAPE,
            source: "docs.github.com/actions/reference/security/oidc, 2026-11-30",
        },
        Row {
            name: "GitLab CI/CD",
            preset: || Provider::gitlab("https://gitlab.example.com", "https://deploy.example.com"),
            algorithm: RS256,
            token: json!({"iss": "https://gitlab.example.com", "aud": "https://deploy.example.com", "project_id": "22", "job_id": "302",
                "sub": "project_path:acme/shop:ref_type:branch:ref:main", "ref_protected": "true"}),
            others: vec![
                (
                    "another audience",
                    json!({"aud": "https://vault.example.com"}),
                    Err(InvalidAudience),
                ),
                ("no project", json!({"project_id": null}), Err(MissingClaim)),
                ("a user of the instance", json!({"job_id": null}), Err(MissingClaim)),
            ],
            tested: SHAPE,
            source: "docs.gitlab.com/ci/secrets/id_token_authentication, 2026-11-30",
        },
        Row {
            name: "Kubernetes",
            preset: || Provider::kubernetes("https://oidc.example.com/id/AB12").audience("orders"),
            algorithm: RS256,
            token: json!({"iss": "https://oidc.example.com/id/AB12", "aud": ["orders"],
                "sub": "system:serviceaccount:shop:web", "kubernetes.io": {"namespace": "shop",
                    "serviceaccount": {"name": "web", "uid": "7"}, "pod": {"name": "web-1", "uid": "8"}}}),
            others: vec![
                (
                    "the API server's audience",
                    json!({"aud": ["https://kubernetes.default.svc"]}),
                    Err(InvalidAudience),
                ),
                (
                    "a token of a secret",
                    json!({"kubernetes.io": null, "kubernetes.io/serviceaccount/namespace": "shop"}),
                    Err(MissingClaim),
                ),
                ("no namespace", json!({"kubernetes.io": {}}), Err(MissingClaim)),
                ("another subject", json!({"sub": "system:node:n1"}), Err(CheckFailed)),
            ],
            tested: SHAPE,
            source: "github.com/kubernetes/kubernetes (pkg/serviceaccount/claims.go), 2026-11-30",
        },
        Row {
            name: "Vault and OpenBao",
            preset: || Provider::vault("https://vault.example.com:8200", "orders"),
            algorithm: RS256,
            token: json!({"iss": "https://vault.example.com:8200/v1/identity/oidc", "aud": "orders", "sub": "entity",
                "namespace": "root"}),
            others: vec![
                ("another role", json!({"aud": "billing"}), Err(InvalidAudience)),
                (
                    "a provider's token",
                    json!({"iss": "https://vault.example.com:8200/v1/identity/oidc/provider/p"}),
                    Err(InvalidIssuer),
                ),
                ("no entity", json!({"sub": null}), Err(MissingClaim)),
            ],
            tested: "real server: OpenBao 2.7.2",
            source: "openbao.org/docs/secrets/identity/identity-token, 2026-11-30",
        },
    ]
}
