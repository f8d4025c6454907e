//! Issuer names that look plausible but never appear in a token.

use super::value::is_padded;
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
    if is_padded(name) {
        return Some(padded());
    }
    if let Some(host) = host_of(name).filter(|host| !may_exist(host)) {
        return Some(impossible_host(host));
    }
    // A placeholder such as `{tenant id}` is not valid in a URL: replace it with zeros to read the rest.
    let url = Url::read(&name.replace(['{', '}', '<', '>', ' '], "0")).ok()?;
    let first = url.path().split('/').nth(1).unwrap_or_default();
    let is_entra = ENTRA.iter().any(|it| url.host().eq_ignore_ascii_case(it));
    if url.path().contains("/.well-known/") {
        Some(metadata_url())
    } else if name.contains(['{', '}', '<', '>']) || name.contains("YOUR_") {
        Some(placeholder())
    } else if is_entra && is_shared_by_tenants(first) {
        Some(shared_endpoint(first))
    } else if is_entra && (first.is_empty() || first == "v2.0") {
        Some(no_tenant())
    } else if is_entra && first.contains('.') {
        Some(tenant_domain())
    } else if url.host().eq_ignore_ascii_case("account.apple.com") {
        Some(apple_account())
    } else {
        None
    }
}

/// The host in an `http` or `https` name, as written, even if the rest is not a URL.
fn host_of(name: &str) -> Option<&str> {
    let (scheme, rest) = name.split_once("://")?;
    let is_web = ["https", "http"].iter().any(|it| scheme.eq_ignore_ascii_case(it));
    let authority = rest.split(['/', '?', '#']).next().filter(|_| is_web)?;
    let host = authority.rsplit('@').next().unwrap_or_default();
    // An IPv6 address contains colons.
    if host.starts_with('[') { Some(host) } else { host.split(':').next() }
}

/// Whether every label of the host is present. The root label, after a last dot, is empty (RFC 1034 §3.1).
fn may_exist(host: &str) -> bool {
    host.strip_suffix('.').unwrap_or(host).split('.').all(|label| !label.is_empty())
}

/// Whether this is an Entra endpoint for the users of every tenant.
fn is_shared_by_tenants(segment: &str) -> bool {
    ["common", "organizations", "consumers"].iter().any(|it| segment.eq_ignore_ascii_case(it))
}

/// Without the name: a URL may contain a password.
fn padded() -> Problem {
    Problem::new(
        ProblemKind::InvalidIssuer,
        "white space around the name of the issuer",
        "`iss` is compared byte for byte, so no token would be accepted",
        "Remove the white space; a value from a file often ends with a line break",
    )
}

/// Names only the host: the rest may contain a password.
fn impossible_host(host: &str) -> Problem {
    Problem::new(
        ProblemKind::InvalidIssuer,
        format!("the host `{}` in the name of the issuer", host.escape_debug()),
        "a part of it is empty, usually because a setting is missing, so no token would be accepted",
        "Pass the value of `iss` in the issuer's tokens",
    )
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
        "Replace the placeholder with that value, such as the id of the tenant; for several tenants, trust an \
         `Issuer::template`",
    )
}

fn shared_endpoint(endpoint: &str) -> Problem {
    Problem::new(
        ProblemKind::InvalidIssuer,
        format!("the Entra endpoint `{endpoint}` as the issuer"),
        "its metadata and its tokens name the tenant of each user, so no token would be accepted",
        "Pass `https://login.microsoftonline.com/<tenant id>/v2.0`; for several tenants, trust an `Issuer::template`",
    )
}

fn no_tenant() -> Problem {
    Problem::new(
        ProblemKind::InvalidIssuer,
        "an Entra issuer without the id of a tenant",
        "its tokens contain the id of the tenant, so no token would be accepted",
        "Pass `https://login.microsoftonline.com/<tenant id>/v2.0` with the id",
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
            "https://login.microsoftonline.com/<tenant id>/v2.0",
            "https://<tenant>.example.com",
            "https://auth.example.com/${TENANT}",
            "https://YOUR_DOMAIN/",
            "https://cognito-idp.eu-west-1.amazonaws.com/YOUR_POOL_ID",
            "https://login.microsoftonline.com//v2.0",
            "https://login.microsoftonline.com/v2.0",
            "https://sts.windows.net/",
            "https://",
            "https:///realms/one",
            "HTTPS://:8443/realms/one",
            "https://user@/realms/one",
            "https://?a=b",
            "https://.acme.example",
            "https://acme..example",
            "https://acme.example../",
            "http://..",
            " https://auth.example.com",
            "https://auth.example.com ",
            "https://auth.example.com\n",
            "\u{feff}https://auth.example.com",
            "issuer\r\n",
            " ",
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
            "https://acme.example.",
            "https://localhost:8443/",
            "https://[::1]:8443/realms/one",
            "https://auth.example.com/a..b//c",
            "https://auth.example.com/?tenant=..",
            "https://user@auth.example.com#part",
            "urn:..",
            "my..issuer",
            "my issuer",
            "auth.example.com/YOUR",
        ] {
            assert_eq!(problem(name), None, "{name}");
        }
    }
}
