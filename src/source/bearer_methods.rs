//! The methods with which clients send tokens (RFC 6750 §2).

/// A set of the methods with which clients send tokens (RFC 6750 §2).
///
/// A token source returns it from [`bearer_methods`](super::TokenSource::bearer_methods), for the metadata of a
/// [`Resource`](crate::resource::Resource).
///
/// ```
/// use http::HeaderName;
/// use tower_jwt_auth::source::{BearerHeader, BearerMethods, CookieToken, HeaderToken, QueryToken, TokenSource};
///
/// let source = BearerHeader.or(QueryToken::new("access_token"));
/// assert_eq!(source.bearer_methods(), BearerMethods::HEADER.or(BearerMethods::QUERY));
///
/// // RFC 6750 names neither cookies nor other fields.
/// let field = HeaderToken::new(HeaderName::from_static("x-access-token"));
/// assert_eq!(CookieToken::new("session").or(field).bearer_methods(), BearerMethods::NONE);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BearerMethods {
    header: bool,
    body: bool,
    query: bool,
}

impl BearerMethods {
    /// No method of RFC 6750.
    pub const NONE: Self = Self { header: false, body: false, query: false };

    /// The field `Authorization` with the scheme `Bearer` (§2.1).
    pub const HEADER: Self = Self { header: true, ..Self::NONE };

    /// The parameter `access_token` of a form in the body (§2.2), for your own sources.
    pub const BODY: Self = Self { body: true, ..Self::NONE };

    /// The query parameter `access_token` (§2.3).
    pub const QUERY: Self = Self { query: true, ..Self::NONE };

    /// The methods of both sets.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self {
            header: self.header || other.header,
            body: self.body || other.body,
            query: self.query || other.query,
        }
    }

    /// The names of the methods in metadata (RFC 9728 §2).
    pub(crate) fn names(self) -> Vec<&'static str> {
        let all = [(self.header, "header"), (self.body, "body"), (self.query, "query")];
        all.into_iter().filter(|(is_member, _)| *is_member).map(|(_, name)| name).collect()
    }
}
