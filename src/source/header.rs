//! Tokens in header fields: `Authorization: Bearer …` (RFC 6750 §2.1, RFC 9110 §11.6.2) and others.

use http::header::{AUTHORIZATION, HeaderName, PROXY_AUTHORIZATION};
use http::request::Parts;
use http::{HeaderMap, HeaderValue};

use super::bearer_methods::BearerMethods;
use super::grammar::{after_scheme, credentials, has_scheme, padded_token, token68};
use super::lists::retain;
use super::raw::RawToken;
use super::token_source::TokenSource;
use crate::error::{Error, ErrorKind};

const SCHEME: &[u8] = b"Bearer";

/// A token source that reads `Authorization: Bearer`; the default.
///
/// The scheme is case-insensitive, and one or more spaces follow it. A second `Authorization` field is rejected with
/// [`MultipleTokens`](crate::ErrorKind::MultipleTokens), whatever its scheme, because two parts of a system might use
/// different ones.
///
/// ```
/// use tower_jwt_auth::ErrorKind;
/// use tower_jwt_auth::source::{BearerHeader, TokenSource};
///
/// let parts = |value| http::Request::builder().header("authorization", value).body(()).unwrap().into_parts().0;
/// assert_eq!(BearerHeader.find(&parts("bearer a.b.c")).unwrap().unwrap().as_str(), "a.b.c");
/// assert_eq!(BearerHeader.find(&parts("Bearer a b")).unwrap_err().kind(), ErrorKind::MalformedHeader);
/// assert_eq!(BearerHeader.find(&parts("Basic YTpi")).unwrap_err().kind(), ErrorKind::UnsupportedScheme);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)] // a unit struct, which callers construct
pub struct BearerHeader;

impl TokenSource for BearerHeader {
    fn find<'a>(&self, parts: &'a Parts) -> Result<Option<RawToken<'a>>, Error> {
        let Some(value) = only_field(parts, &AUTHORIZATION)? else { return Ok(None) };
        let token = credentials(SCHEME, value)?;
        Ok(Some(RawToken::in_header(AUTHORIZATION, token)))
    }

    /// Removes credentials of this scheme, and keeps others.
    fn remove_all(&self, parts: &mut Parts) {
        remove_fields(&mut parts.headers, &AUTHORIZATION, |value| credentials(SCHEME, value));
    }

    fn bearer_methods(&self) -> BearerMethods {
        BearerMethods::HEADER
    }
}

/// A token source that reads a header field with another name or scheme.
///
/// By default the whole value is the token, as many gateways send it. With a [`scheme`](Self::scheme), the value has
/// the form that [`BearerHeader`] reads. A second field of this name is rejected with
/// [`MultipleTokens`](crate::ErrorKind::MultipleTokens).
///
/// For clients that send `Authorization` without a scheme, use `HeaderToken::new(AUTHORIZATION)`. In that field, a value
/// with a scheme is [`UnsupportedScheme`](crate::ErrorKind::UnsupportedScheme), and not a malformed token. Combined
/// with [`BearerHeader`], it accepts both forms.
///
/// ```
/// use http::HeaderName;
/// use tower_jwt_auth::ErrorKind;
/// use tower_jwt_auth::source::{HeaderToken, TokenSource};
///
/// let parts = |name, value| http::Request::builder().header(name, value).body(()).unwrap().into_parts().0;
///
/// let name = "cf-access-jwt-assertion";
/// let assertion = HeaderToken::new(HeaderName::from_static(name));
/// assert_eq!(assertion.find(&parts(name, "a.b.c")).unwrap().unwrap().as_str(), "a.b.c");
/// assert_eq!(assertion.find(&parts(name, "a b")).unwrap_err().kind(), ErrorKind::MalformedHeader);
///
/// let token = HeaderToken::new(http::header::AUTHORIZATION).scheme("Token");
/// assert_eq!(token.find(&parts("authorization", "token a.b.c")).unwrap().unwrap().as_str(), "a.b.c");
/// let other = token.find(&parts("authorization", "Bearer a.b.c")).unwrap_err();
/// assert_eq!(other.kind(), ErrorKind::UnsupportedScheme);
/// ```
#[derive(Clone, Debug)]
pub struct HeaderToken {
    name: HeaderName,
    scheme: Option<Box<str>>,
    allows_padding: bool,
}

impl HeaderToken {
    /// Reads the token from the value of this field.
    pub const fn new(name: HeaderName) -> Self {
        Self { name, scheme: None, allows_padding: false }
    }

    /// Expects this scheme (case-insensitive) and one or more spaces before the token.
    #[must_use]
    pub fn scheme(mut self, scheme: impl Into<String>) -> Self {
        self.scheme = Some(scheme.into().into());
        self
    }

    /// Accepts `=` at the end of each part of the token.
    ///
    /// Use it together with [`Policy::allow_padded_base64`](crate::Policy::allow_padded_base64).
    ///
    /// ```
    /// use tower_jwt_auth::source::{HeaderToken, TokenSource};
    ///
    /// let parts = |value| http::Request::builder().header("x-amzn-oidc-data", value).body(()).unwrap().into_parts().0;
    /// let strict = HeaderToken::new("x-amzn-oidc-data".parse()?);
    /// let padded = strict.clone().allow_padding();
    /// assert!(strict.find(&parts("aaa=.bb==.cccc")).is_err());
    /// assert_eq!(padded.find(&parts("aaa=.bb==.cccc")).unwrap().unwrap().as_str(), "aaa=.bb==.cccc");
    /// assert!(padded.find(&parts("a=aa.bb==.cccc")).is_err());
    /// # Ok::<(), http::header::InvalidHeaderName>(())
    /// ```
    #[must_use]
    pub fn allow_padding(mut self) -> Self {
        self.allows_padding = true;
        self
    }

    /// The token in a value.
    fn token<'a>(&self, value: &'a [u8]) -> Result<&'a str, Error> {
        let text = match &self.scheme {
            Some(scheme) => after_scheme(scheme.as_bytes(), value)?,
            None if self.has_credentials() && has_scheme(value) => {
                return Err(ErrorKind::UnsupportedScheme.into());
            }
            None => value,
        };
        if self.allows_padding { padded_token(text) } else { token68(text) }
    }

    /// Whether the field contains credentials, which begin with a scheme (RFC 9110 §11.4).
    fn has_credentials(&self) -> bool {
        self.name == AUTHORIZATION || self.name == PROXY_AUTHORIZATION
    }
}

impl TokenSource for HeaderToken {
    fn find<'a>(&self, parts: &'a Parts) -> Result<Option<RawToken<'a>>, Error> {
        let Some(value) = only_field(parts, &self.name)? else { return Ok(None) };
        Ok(Some(RawToken::in_header(self.name.clone(), self.token(value)?)))
    }

    /// Removes credentials of this scheme, and keeps others.
    fn remove_all(&self, parts: &mut Parts) {
        remove_fields(&mut parts.headers, &self.name, |value| self.token(value));
    }

    fn bearer_methods(&self) -> BearerMethods {
        let scheme = self.scheme.as_deref().unwrap_or_default().as_bytes();
        let is_bearer = self.name == AUTHORIZATION && scheme.eq_ignore_ascii_case(SCHEME);
        if is_bearer { BearerMethods::HEADER } else { BearerMethods::NONE }
    }
}

/// Removes `Authorization` unless it is of a scheme other than `Bearer`. A token without a scheme is removed as well.
pub(crate) fn remove_unverified_credentials(headers: &mut HeaderMap) {
    retain(headers, &AUTHORIZATION, 0, |value| {
        let is_other = |error: Error| error.kind() == ErrorKind::UnsupportedScheme;
        has_scheme(value) && credentials(SCHEME, value).is_err_and(is_other)
    });
}

/// Removes the fields of this name, except for those of another scheme.
fn remove_fields(
    headers: &mut HeaderMap,
    name: &HeaderName,
    read: impl for<'v> Fn(&'v [u8]) -> Result<&'v str, Error>,
) {
    let is_other = |error: Error| error.kind() == ErrorKind::UnsupportedScheme;
    // No value contains this separator, so each value is one item.
    retain(headers, name, 0, |value| read(value).is_err_and(is_other));
}

/// The value of the only field of this name.
fn only_field<'a>(parts: &'a Parts, name: &HeaderName) -> Result<Option<&'a [u8]>, Error> {
    let mut fields = parts.headers.get_all(name).iter();
    let field = fields.next().map(HeaderValue::as_bytes);
    match fields.next() {
        Some(_) => Err(ErrorKind::MultipleTokens.into()),
        None => Ok(field),
    }
}
