//! The identifier of a protected resource as an audience (RFC 8707 §2, RFC 9728 §1.2).

use crate::url::origin_len;

/// The identifier of a protected resource. Tokens may spell it in two other ways.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ResourceAudience {
    identifier: Box<str>,
    /// The length of the scheme and the authority.
    origin_len: usize,
}

impl ResourceAudience {
    /// The identifier is an absolute URL without user information.
    pub(super) fn new(identifier: &str) -> Self {
        Self { identifier: identifier.into(), origin_len: origin_len(identifier) }
    }

    pub(super) const fn identifier(&self) -> &str {
        &self.identifier
    }

    /// Whether an audience is this resource: byte for byte, or with a difference that the MCP specification asks servers
    /// to accept. These are the case of the scheme and the host, and a slash in place of an empty path.
    #[inline]
    pub(super) fn is(&self, audience: &str) -> bool {
        *self.identifier == *audience || self.is_spelled(audience)
    }

    /// The port is part of the compared authority: nothing is added to it or removed from it.
    fn is_spelled(&self, audience: &str) -> bool {
        let own = self.identifier.as_bytes().split_at_checked(self.origin_len);
        let other = audience.as_bytes().split_at_checked(self.origin_len);
        let (Some((origin, path)), Some((other_origin, other_path))) = (own, other) else {
            return false;
        };
        let is_empty = |path: &[u8]| matches!(path, b"" | b"/");
        origin.eq_ignore_ascii_case(other_origin)
            && (path == other_path || is_empty(path) && is_empty(other_path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_two_other_spellings_are_the_same_resource() {
        for (identifier, audience, is_same) in [
            ("https://api.example.com", "https://api.example.com", true),
            ("https://api.example.com", "https://api.example.com/", true),
            ("https://api.example.com/", "https://api.example.com", true),
            ("https://api.example.com", "HTTPS://API.EXAMPLE.COM", true),
            ("https://api.example.com", "HTTPS://API.EXAMPLE.COM/", true),
            ("https://API.example.com", "https://api.example.com", true),
            ("https://api.example.com:8443", "https://Api.example.com:8443/", true),
            ("https://[2001:db8::1]", "https://[2001:DB8::1]/", true),
            ("https://api.example.com?a", "HTTPS://api.example.com?a", true),
            ("https://api.example.com", "https://api.example.com//", false),
            ("https://api.example.com", "https://api.example.com/.", false),
            ("https://api.example.com", "https://api.example.com/?", false),
            ("https://api.example.com", "https://api.example.com#", false),
            ("https://api.example.com?a", "https://api.example.com/?a", false),
            ("https://api.example.com?a", "https://api.example.com?A", false),
            ("https://api.example.com", "https:/api.example.com", false),
            ("https://api.example.com", "", false),
        ] {
            let resource = ResourceAudience::new(identifier);
            assert_eq!(resource.is(audience), is_same, "{identifier} {audience}");
        }
    }
}
