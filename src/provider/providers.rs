//! The constructors of the presets, one for each provider.

use super::preset::{Argument, Provider};
#[cfg(feature = "pem")]
use super::rows::ALB;
use super::rows::{
    APPLE, AUTH0, CLERK, CLOUDFLARE_ACCESS, COGNITO, ENTRA, ENTRA_TEMPLATE, FIREBASE,
    GITHUB_ACTIONS, GITLAB, GOOGLE, IAP, KEYCLOAK, KUBERNETES, LOGTO, OKTA, SPIFFE, SUPABASE,
    VAULT, WORKOS, ZITADEL,
};
#[cfg(feature = "pem")]
use crate::jwks::PemByKeyId;
#[cfg(feature = "pem")]
use crate::jws::Algorithm::ES256;

/// Services for the login of users.
impl Provider {
    /// ID tokens of Google, as the clients of "Sign in with Google" receive them, for this OAuth client id.
    ///
    /// Access tokens of Google are opaque.
    pub fn google(client: impl Into<String>) -> Self {
        Self::of(&GOOGLE, &[&Argument::text(client)])
    }

    /// ID tokens of Firebase Authentication and Google Cloud Identity Platform, for this project.
    ///
    /// Session cookies have another issuer. Tokens of the emulator are not signed and are never accepted.
    pub fn firebase(project: impl Into<String>) -> Self {
        Self::of(&FIREBASE, &[&Argument::id("project", project)])
    }

    /// ID tokens of "Sign in with Apple", for this service id or bundle id.
    pub fn apple(client: impl Into<String>) -> Self {
        Self::of(&APPLE, &[&Argument::text(client)])
    }

    /// Session tokens of Clerk. `url` is the Frontend API URL, which is the issuer.
    ///
    /// Call [`authorized_party`](Self::authorized_party) with the origin of each of your pages. Roles are those in the
    /// active organization. OAuth, machine and template tokens are rejected.
    pub fn clerk(url: impl Into<String>) -> Self {
        Self::of(&CLERK, &[&Argument::url(url)])
    }

    /// Access tokens of the users of a Supabase project that signs with a key pair. `url` is the project's URL.
    ///
    /// Tokens of OAuth clients are rejected, because they are not limited to what the user allowed. Users who did not
    /// sign up are accepted as well: check the claim `is_anonymous`.
    pub fn supabase(url: impl Into<String>) -> Self {
        Self::of(&SUPABASE, &[&Argument::url(url)])
    }

    /// Session tokens of WorkOS AuthKit, for this client id.
    ///
    /// The issuer is `https://api.workos.com/user_management/{client}`. Environments from before 2025 and custom
    /// domains have another one: call [`issuer_name`](Self::issuer_name). Permissions are scopes. In an
    /// impersonated session, [`Token::actors`](crate::Token::actors) names the impersonator.
    pub fn workos(client: impl Into<String>) -> Self {
        Self::of(&WORKOS, &[&Argument::id("client id", client)])
    }
}

/// Identity providers.
impl Provider {
    /// Access tokens of version 2 of one tenant of Microsoft Entra ID. Call [`audience`](Self::audience).
    ///
    /// `tenant` is the tenant's id, and the audience is the client id of the API's app registration. Set
    /// `requestedAccessTokenVersion` to 2 in the manifest of that registration. The subject is `oid`, the id of the
    /// user or the service in the tenant, and the tenant is `tid`.
    pub fn entra(tenant: impl Into<String>) -> Self {
        let tenant = tenant.into();
        let preset = Self::of(&ENTRA, &[&Argument::id("tenant", tenant.clone())]);
        preset.with_tenants(ENTRA_TEMPLATE, [tenant])
    }

    /// Access tokens of these tenants of Microsoft Entra ID; otherwise like [`entra`](Self::entra).
    ///
    /// ```
    /// use tower_jwt_auth::provider::Provider;
    ///
    /// let ours = ["72f988bf-86f1-41af-91ab-2d7cd011db47"];
    /// assert!(Provider::entra_tenants(ours).audience("6e74172b-be56-4843-9ff4-e66a39bb12e3").build().is_ok());
    ///
    /// // The metadata of `common` contains no tenant, and no token has it in `iss`.
    /// assert!(Provider::entra_tenants(["common"]).audience("6e74172b-be56-4843-9ff4-e66a39bb12e3").build().is_err());
    /// ```
    pub fn entra_tenants(tenants: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let preset = Self::of(&ENTRA, &[&Argument::id("tenant", "common")]);
        preset.with_tenants(ENTRA_TEMPLATE, tenants.into_iter().map(Into::into))
    }

    /// Access tokens of a user pool of Amazon Cognito. Call [`client_id`](Self::client_id) or
    /// [`audience`](Self::audience).
    ///
    /// They have no `aud`, unless the client names a resource. Groups are roles.
    pub fn cognito(region: impl Into<String>, pool: impl Into<String>) -> Self {
        Self::of(&COGNITO, &[&Argument::id("region", region), &Argument::id("user pool", pool)])
    }

    /// Access tokens of a realm of Keycloak. Call [`audience`](Self::audience) or [`client_id`](Self::client_id).
    ///
    /// `url` is the server's URL as the clients use it. For an audience, add an audience mapper to the client or its
    /// scope. For roles, call `grants(GrantClaims::keycloak("client"))`.
    pub fn keycloak(url: impl Into<String>, realm: impl Into<String>) -> Self {
        Self::of(&KEYCLOAK, &[&Argument::url(url), &Argument::id("realm", realm)])
    }

    /// Access tokens of a tenant of Auth0. Call [`audience`](Self::audience) with the identifier of the API.
    ///
    /// `domain` is the tenant's domain or your custom domain. Permissions are scopes.
    pub fn auth0(domain: impl Into<String>) -> Self {
        Self::of(&AUTH0, &[&Argument::host("domain", domain)])
    }

    /// Access tokens of a custom authorization server of Okta. Call [`audience`](Self::audience).
    ///
    /// `server` is its id, such as `default`. Tokens of the org authorization server are for Okta only. The subject is
    /// the name with which the user signs in; for the id of the user, call `subject_claim("uid")`.
    pub fn okta(domain: impl Into<String>, server: impl Into<String>) -> Self {
        Self::of(&OKTA, &[&Argument::host("domain", domain), &Argument::id("server", server)])
    }

    /// Access tokens of Zitadel, for this project. `url` is the instance's URL.
    ///
    /// Set the access tokens of the application to JWT. For roles, call `grants(GrantClaims::zitadel(project))`.
    pub fn zitadel(url: impl Into<String>, project: impl Into<String>) -> Self {
        Self::of(&ZITADEL, &[&Argument::url(url), &Argument::text(project)])
    }

    /// Access tokens of Logto. Call [`audience`](Self::audience) with the indicator of the API resource.
    ///
    /// `url` is the tenant's endpoint, such as `https://tenant.logto.app`. Tokens without a resource are opaque.
    pub fn logto(url: impl Into<String>) -> Self {
        Self::of(&LOGTO, &[&Argument::url(url)])
    }
}

/// Gateways that authenticate users in front of the server. Read the token with [`token_source`](Self::token_source).
impl Provider {
    /// Application tokens of Cloudflare Access, for this team and the audience tag of the application.
    ///
    /// The subject of a service token is empty; the claim `common_name` identifies it.
    pub fn cloudflare_access(team: impl Into<String>, audience: impl Into<String>) -> Self {
        let team = Argument::id("team", team);
        Self::of(&CLOUDFLARE_ACCESS, &[&team, &Argument::text(audience)])
    }

    /// Assertions of Google's Identity-Aware Proxy, for this audience, such as
    /// `/projects/123/global/backendServices/456`.
    pub fn iap(audience: impl Into<String>) -> Self {
        Self::of(&IAP, &[&Argument::text(audience)])
    }
}

#[cfg(feature = "pem")]
impl Provider {
    /// Assertions of an AWS Application Load Balancer, in `x-amzn-oidc-data`.
    ///
    /// `arn` is that of the load balancer, which must have signed the token: the keys are those of every load balancer in
    /// its region. `issuer` is the identity provider in the listener's rule. If the load balancer serves several
    /// clients, also check the member `client` of the header with [`check_token`](Self::check_token). Regions in China
    /// are not supported, because the URL of their keys is not documented.
    ///
    /// ```
    /// use tower_jwt_auth::provider::Provider;
    ///
    /// let issuer = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab12Cd34";
    /// let arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/shop/6284be65b827c598";
    /// # #[cfg(feature = "jwks-client")]
    /// assert!(Provider::alb(arn, issuer).build().is_ok());
    /// assert!(Provider::alb("eu-west-1", issuer).build().is_err());
    /// ```
    pub fn alb(arn: impl Into<String>, issuer: impl Into<String>) -> Self {
        let arn: String = arn.into();
        let preset = Self::of(&ALB, &[&Argument::text(issuer)]).allow_padded_base64();
        let preset = match url_of_load_balancer_keys(&arn) {
            Some(url) => preset.keys(PemByKeyId::url(url, ES256)),
            None => preset.with_problem_of(&Argument::invalid("ARN", &arn)),
        };
        preset.check_token("the load balancer signed the token", move |token| {
            token.header().member::<String>("signer").as_deref() == Some(&*arn)
        })
    }
}

/// The URL of the keys of the region in an ARN.
#[cfg(feature = "pem")]
fn url_of_load_balancer_keys(arn: &str) -> Option<String> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", partition, "elasticloadbalancing", region, _, balancer] = parts[..] else {
        return None;
    };
    let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let is_region = !region.is_empty() && region.bytes().all(is_allowed);
    match partition {
        _ if !is_region || !balancer.starts_with("loadbalancer/") => None,
        "aws" => Some(format!("https://public-keys.auth.elb.{region}.amazonaws.com/{{kid}}")),
        "aws-us-gov" => Some(format!(
            "https://s3-{region}.amazonaws.com/aws-elb-public-keys-prod-{region}/{{kid}}"
        )),
        _ => None,
    }
}

/// Jobs and services.
impl Provider {
    /// ID tokens of jobs of GitHub Actions, for the audience that the job requests.
    ///
    /// **Every repository of GitHub can request such a token**: also require yours, with
    /// `Rule::claim("repository_id", ..)` or `Rule::claim("repository_owner_id", ..)`. The ids are strings, and remain
    /// the same when a repository is renamed.
    pub fn github_actions(audience: impl Into<String>) -> Self {
        Self::of(&GITHUB_ACTIONS, &[&Argument::text(audience)])
    }

    /// ID tokens of jobs of GitLab CI/CD, for the audience in `id_tokens`. `url` is the instance's URL.
    ///
    /// **Every project of the instance can request such a token**: also require yours, with
    /// `Rule::claim("project_id", ..)`. The ids are strings. In the pipeline of a merge request from a fork, this is the
    /// fork.
    pub fn gitlab(url: impl Into<String>, audience: impl Into<String>) -> Self {
        Self::of(&GITLAB, &[&Argument::url(url), &Argument::text(audience)])
    }

    /// Service account tokens of a Kubernetes cluster. Call [`audience`](Self::audience).
    ///
    /// `issuer` is the cluster's `--service-account-issuer`. The tenant is the namespace. The token of a deleted pod is
    /// accepted until it expires.
    pub fn kubernetes(issuer: impl Into<String>) -> Self {
        Self::of(&KUBERNETES, &[&Argument::text(issuer)])
    }

    /// JWT-SVIDs of SPIFFE, of this trust domain. Call [`audience`](Self::audience).
    ///
    /// `bundle` is the URL of the trust domain's bundle. The subject is the SPIFFE ID.
    pub fn spiffe(trust_domain: impl Into<String>, bundle: impl Into<String>) -> Self {
        let domain = Argument::id("trust domain", trust_domain);
        let prefix = format!("spiffe://{}/", domain.as_str());
        Self::of(&SPIFFE, &[&domain, &Argument::text(bundle)])
            .remote_keys(|keys| keys.key_use("jwt-svid"))
            .check_token("the subject is of the trust domain", move |token| {
                token.subject().is_some_and(|subject| subject.starts_with(&prefix))
            })
    }

    /// Identity tokens of Vault and OpenBao, for the client id of this role. `url` is the server's address.
    pub fn vault(url: impl Into<String>, role: impl Into<String>) -> Self {
        Self::of(&VAULT, &[&Argument::url(url), &Argument::text(role)])
    }
}
