//! Errors for layers and extractors that do not fit together. They are for operators, and never sent to clients.

use http::request::Parts;

use crate::error::{Error, ErrorKind, quoted};

/// Longer path segments are left out: they may be tokens. A UUID has 36 characters.
const LONGEST_SEGMENT: usize = 31;
const MOST_SEGMENTS: usize = 16;

/// What needs an identity.
#[derive(Clone, Copy)]
pub(crate) enum Needed {
    /// A `RequireLayer`.
    ByRule,
    /// The extractor `Identity`.
    #[cfg_attr(not(feature = "axum"), allow(dead_code))]
    AsIdentity,
    /// The extractor `Verified` of the claims type with this name.
    #[cfg_attr(not(feature = "axum"), allow(dead_code))]
    AsVerified(&'static str),
}

impl Needed {
    /// The layer that is needed.
    fn layer(self) -> String {
        match self {
            Self::ByRule | Self::AsIdentity => "a `JwtAuthLayer`".to_owned(),
            Self::AsVerified(claims) => format!("`JwtAuthLayer<{claims}>`"),
        }
    }

    fn by(self) -> String {
        match self {
            Self::ByRule => "`RequireLayer`".to_owned(),
            Self::AsIdentity => "the extractor `Identity`".to_owned(),
            Self::AsVerified(claims) => format!("the extractor `Verified<{claims}>`"),
        }
    }

    /// The error for a request that no layer has judged.
    pub(crate) fn without_layer(self, parts: &Parts) -> Error {
        let (layer, by, at) = (self.layer(), self.by(), place(parts));
        misconfigured("the route has no JwtAuthLayer in front of it").with_expected(format!(
            "{layer} outside of {by} on {at} (in axum, the layer that is added last is the outermost)"
        ))
    }

    /// The error for an extractor behind a layer of another claims type, whose name is `found`.
    #[cfg_attr(not(feature = "axum"), allow(dead_code))]
    pub(crate) fn with_other_claims(self, found: &str, parts: &Parts) -> Error {
        let (layer, by, at) = (self.layer(), self.by(), place(parts));
        misconfigured(
            "the claims type of the handler is not that of the verifier in its JwtAuthLayer",
        )
        .with_expected(format!(
            "{layer} for {by} on {at}, found `JwtAuthLayer<{found}>` as the innermost one"
        ))
    }
}

/// The error for a `RequireLayer` with a scope that the resource of its `JwtAuthLayer` does not list. Clients could not
/// learn that the scope exists.
pub(crate) fn unlisted_scope(scope: &str, parts: &Parts) -> Error {
    let (scope, at) = (quoted(scope), place(parts));
    misconfigured("the route requires a scope that its resource does not list").with_expected(
        format!("the scope {scope} of the `RequireLayer` on {at} in `scopes` of the `Resource`"),
    )
}

fn misconfigured(detail: &'static str) -> Error {
    Error::new(ErrorKind::Internal).with_detail(detail)
}

/// The method and the path of the request, without the query.
fn place(parts: &Parts) -> String {
    let segments = parts.uri.path().split('/').take(MOST_SEGMENTS).map(shown);
    let path = segments.collect::<Vec<_>>().join("/");
    format!("`{} {}`", shown(parts.method.as_str()), path.escape_debug())
}

fn shown(text: &str) -> &str {
    if text.len() > LONGEST_SEGMENT { "…" } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_shows_no_query_and_no_long_segment() {
        let long = "x".repeat(LONGEST_SEGMENT + 1);
        let token = format!("/feed/{long}/last");
        let deep = "/a".repeat(100);
        for (method, uri, expected) in [
            ("GET", "/", "`GET /`"),
            ("POST", "/orders/7?token=secret", "`POST /orders/7`"),
            ("GET", "https://api.example/users/a%20b", "`GET /users/a%20b`"),
            // Links with a secret in the path often have one of these.
            ("GET", "/reset/6a3f1c4e-7d20-4b55-9a51-0c9be2f0a7d1", "`GET /reset/…`"),
            ("GET", "/orders/0123456789abcdef", "`GET /orders/0123456789abcdef`"),
            ("GET", &token, "`GET /feed/…/last`"),
            ("GET", &deep, "`GET /a/a/a/a/a/a/a/a/a/a/a/a/a/a/a`"),
            (&long, "/", "`… /`"),
        ] {
            let request = http::Request::builder().method(method).uri(uri).body(());
            assert_eq!(place(&request.unwrap().into_parts().0), expected);
        }
    }
}
