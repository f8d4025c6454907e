//! Issuer names that look plausible but never appear in a token.

use crate::error::{Problem, ProblemKind};
use crate::url::Url;

/// The hosts of Microsoft Entra ID, including the national clouds.
const ENTRA: [&str; 5] = [
    "login.microsoftonline.com",
    "login.microsoftonline.us",
    "login.partner.microsoftonline.cn",
    "login.windows.net",
    "sts.windows.net",
];

/// The reason why no token can have this name in `iss`, if one is known.
pub(crate) fn problem(name: &str) -> Option<Problem> {
    // A placeholder such as `{tenant id}` is not valid in a URL: replace it with zeros to read the rest.
    let url = Url::read(&name.replace(['{', '}', ' '], "0")).ok()?;
    let first = url.path().split('/').nth(1).unwrap_or_default();
    let is_entra = ENTRA.iter().any(|it| url.host().eq_ignore_ascii_case(it));
    if url.path().contains("/.well-known/") {
        Some(metadata_url())
    } else if name.contains(['{', '}']) {
        Some(placeholder())
    } else if is_entra && is_shared_by_tenants(first) {
        Some(shared_endpoint(first))
    } else if is_entra && first.contains('.') {
        Some(tenant_domain())
    } else if url.host().eq_ignore_ascii_case("account.apple.com") {
        Some(apple_account())
    } else {
        None
    }
}

/// Whether this is an Entra endpoint for the users of every tenant.
fn is_shared_by_tenants(segment: &str) -> bool {
    ["common", "organizations", "consumers"].iter().any(|it| segment.eq_ignore_ascii_case(it))
}

fn metadata_url() -> Problem {
    Problem::new(
        ProblemKind::InvalidIssuer,
        "a URL under `/.well-known/` as the issuer",
        "no token has it in `iss`; the issuer's name is the value of `issuer` in that document",
        "Pass that value, often the URL without `/.well-known/…`; if the metadata is at another URL, call \
         `metadata_url`",
    )
}

fn placeholder() -> Problem {
    Problem::new(
        ProblemKind::InvalidIssuer,
        "a placeholder in the name of the issuer",
        "tokens contain a value in its place, so no token would be accepted",
        "Replace the placeholder with that value, such as the id of the tenant",
    )
}

fn shared_endpoint(endpoint: &str) -> Problem {
    Problem::new(
        ProblemKind::InvalidIssuer,
        format!("the Entra endpoint `{endpoint}` as the issuer"),
        "its metadata and its tokens name the tenant of each user, so no token would be accepted",
        "Pass `https://login.microsoftonline.com/<tenant id>/v2.0`; for several tenants, call `trust` for \
         each",
    )
}

fn tenant_domain() -> Problem {
    Problem::new(
        ProblemKind::InvalidIssuer,
        "the domain of an Entra tenant in the name of the issuer",
        "its metadata and its tokens contain the id of the tenant instead, so no token would be accepted",
        "Pass `https://login.microsoftonline.com/<tenant id>/v2.0`",
    )
}

fn apple_account() -> Problem {
    Problem::new(
        ProblemKind::InvalidIssuer,
        "`account.apple.com` as the issuer",
        "Apple's tokens have `https://appleid.apple.com` in `iss`",
        "Pass that name; `keys_url(\"https://appleid.apple.com/auth/keys\")` needs no metadata",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_no_token_has_are_rejected() {
        for name in [
            "https://auth.example.com/.well-known/openid-configuration",
            "https://auth.example.com/realms/one/.well-known/openid-configuration",
            "https://auth.example.com/.well-known/oauth-authorization-server",
            "https://auth.example.com/.well-known/oauth-authorization-server/tenant",
            "https://auth.example.com/.well-known/jwks.json",
            "https://login.microsoftonline.com/common/v2.0",
            "https://login.microsoftonline.com/common",
            "https://login.microsoftonline.com/organizations/v2.0",
            "https://login.microsoftonline.com/consumers/v2.0",
            "https://LOGIN.microsoftonline.com/Common/v2.0",
            "https://login.microsoftonline.com:443/common/v2.0",
            "https://login.microsoftonline.us/organizations/v2.0",
            "https://login.partner.microsoftonline.cn/common/v2.0",
            "https://sts.windows.net/common/",
            "https://login.microsoftonline.com/contoso.onmicrosoft.com/v2.0",
            "https://login.microsoftonline.com/{tenantid}/v2.0",
            "https://auth.example.com/{realm}",
            "https://{tenant}.example.com",
            "https://auth.example.com/{tenant id}/v2.0",
            "HTTP://Account.Apple.com:80/",
            "https://account.apple.com",
        ] {
            assert!(problem(name).is_some(), "{name}");
        }
    }

    #[test]
    fn similar_valid_names_are_accepted() {
        for name in [
            "https://auth.example.com",
            "https://auth.example.com/well-known/one",
            "https://auth.example.com/common/v2.0",
            "https://auth.example.com/contoso.com/v2.0",
            "https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0",
            "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0",
            "https://sts.windows.net/72f988bf-86f1-41af-91ab-2d7cd011db47/",
            "https://evil.example/login.microsoftonline.com/common",
            "https://appleid.apple.com",
            "https://account.apple.com.evil.example",
            "https://accounts.google.com",
            "accounts.google.com",
            "urn:example:issuer",
            "urn:example:{issuer}",
            "ftp://auth.example.com/{realm}",
            "common",
            "",
        ] {
            assert_eq!(problem(name), None, "{name}");
        }
    }
}
