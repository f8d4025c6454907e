//! The problems of a resource.

use crate::error::{Problem, ProblemKind, quoted};
use crate::url::BadUrl;

/// A URL in a setting. A URL with user information is not shown, because it may contain a password.
fn shown(text: &str) -> String {
    if text.contains('@') { "…".to_owned() } else { quoted(text).to_string() }
}

pub(super) fn identifier(text: &str, bad: BadUrl) -> Problem {
    Problem::new(
        bad.kind(),
        format!("the resource identifier {}", shown(text)),
        bad.why(),
        "Pass the `https` URL that clients call, without a fragment (RFC 9728 §1.2); for development on this machine, \
         call `allow_http_on_loopback`",
    )
}

pub(super) fn no_authorization_server(resource: &str) -> Problem {
    Problem::new(
        ProblemKind::MissingIssuer,
        format!("no authorization server for the resource {}", shown(resource)),
        "clients could not learn from the metadata where to get a token",
        "Call `authorization_server(\"https://…\")` with the issuer of the tokens",
    )
}

pub(super) fn authorization_server(text: &str, bad: BadUrl) -> Problem {
    Problem::new(
        bad.kind(),
        format!("the authorization server {}", shown(text)),
        bad.why(),
        "Pass the issuer's `https` URL, without a query and a fragment (RFC 8414 §2); for development on this machine, \
         call `allow_http_on_loopback`",
    )
}

pub(super) fn url(setting: &str, text: &str, bad: BadUrl) -> Problem {
    Problem::new(
        bad.kind(),
        format!("the URL {} of `{setting}`", shown(text)),
        bad.why(),
        "Pass an absolute `https` URL, or remove the call",
    )
}

pub(super) fn empty(setting: &str) -> Problem {
    Problem::new(
        ProblemKind::EmptyValue,
        format!("an empty value of `{setting}`"),
        "an empty value is usually a missing setting",
        "Pass a value, or remove the call",
    )
}

pub(super) fn malformed_scope(scope: &str) -> Problem {
    Problem::new(
        ProblemKind::InvalidScope,
        format!("the scope {}", quoted(scope)),
        "a scope has no spaces, quotes or backslashes, and no characters outside of ASCII (RFC 6749 §3.3)",
        "Pass each scope as an element of its own",
    )
}

pub(super) fn scope_of_the_server(scope: &str) -> Problem {
    Problem::new(
        ProblemKind::InvalidScope,
        format!("the scope {} of a resource", quoted(scope)),
        "it requests an ID token or a refresh token from the authorization server, and permits nothing at a resource",
        "Remove it; clients that need it request it themselves",
    )
}
