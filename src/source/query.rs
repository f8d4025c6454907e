//! Tokens in the URL (RFC 6750 §2.3).

use std::borrow::Cow;
use std::sync::Arc;

use http::Uri;
use http::request::Parts;
use http::uri::PathAndQuery;
use percent_encoding::percent_decode;

use super::bearer_methods::BearerMethods;
use super::grammar::token68;
use super::raw::{Origin, RawToken};
use super::token_source::TokenSource;
use crate::error::{Error, ErrorKind};

/// A token source that reads one query parameter, form-decoded.
///
/// Use it only for clients that can set neither a header nor a cookie. URLs end up in logs, in browser histories and in
/// the `Referer` header, where an attacker can read the token (RFC 9700 §4.3.2). Layers outside of this one, such as
/// tower-http's `TraceLayer`, log the URL as well.
///
/// ```
/// use tower_jwt_auth::ErrorKind;
/// use tower_jwt_auth::source::{QueryToken, TokenSource};
///
/// let source = QueryToken::new("access_token");
/// let parts = |uri| http::Request::builder().uri(uri).body(()).unwrap().into_parts().0;
/// assert_eq!(source.find(&parts("/?x=1&access_token=a.b.c")).unwrap().unwrap().as_str(), "a.b.c");
///
/// let twice = source.find(&parts("/?access_token=a&access_token=b")).unwrap_err();
/// assert_eq!(twice.kind(), ErrorKind::MultipleTokens);
/// ```
#[derive(Clone, Debug)]
pub struct QueryToken {
    name: Arc<str>,
}

impl QueryToken {
    /// Reads the parameter of this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into().into() }
    }
}

impl TokenSource for QueryToken {
    fn find<'a>(&self, parts: &'a Parts) -> Result<Option<RawToken<'a>>, Error> {
        let query = parts.uri.query().unwrap_or_default();
        let mut values = query.split('&').filter_map(|part| value_of(part, &self.name));
        let Some(value) = values.next() else { return Ok(None) };
        if values.next().is_some() {
            return Err(ErrorKind::MultipleTokens.into());
        }
        let token = match decoded(value) {
            Cow::Borrowed(bytes) => Cow::Borrowed(token68(bytes)?),
            Cow::Owned(bytes) => Cow::Owned(token68(&bytes)?.to_owned()),
        };
        Ok(Some(RawToken::at(Origin::Query(Arc::clone(&self.name)), token)))
    }

    fn remove_all(&self, parts: &mut Parts) {
        remove_parameter(&mut parts.uri, &self.name);
    }

    fn bearer_methods(&self) -> BearerMethods {
        if *self.name == *"access_token" { BearerMethods::QUERY } else { BearerMethods::NONE }
    }
}

/// Removes every parameter whose decoded name is this one.
pub(super) fn remove_parameter(uri: &mut Uri, name: &str) {
    let Some(query) = uri.query() else { return };
    let left: Vec<_> = query.split('&').filter(|part| value_of(part, name).is_none()).collect();
    let path = match uri.path() {
        "" => "/",
        path => path,
    };
    let left = if left.is_empty() { String::new() } else { format!("?{}", left.join("&")) };
    let path_and_query = format!("{path}{left}").parse::<PathAndQuery>();
    // A valid URL stays valid without a parameter. If it did not, only the path would remain.
    let path_and_query = path_and_query.or_else(|_| path.parse()).ok();
    let mut parts = std::mem::take(uri).into_parts();
    parts.path_and_query = path_and_query;
    *uri = Uri::from_parts(parts).unwrap_or_default();
}

/// The value of one query parameter, if its decoded name is this one.
fn value_of<'a>(part: &'a str, name: &str) -> Option<&'a str> {
    let (given, value) = part.split_once('=').unwrap_or((part, ""));
    (*decoded(given) == *name.as_bytes()).then_some(value)
}

/// Decodes `application/x-www-form-urlencoded`. An invalid escape stays as it is; a token cannot contain `%`.
fn decoded(text: &str) -> Cow<'_, [u8]> {
    if text.contains('+') {
        let spaced: Vec<u8> =
            text.bytes().map(|byte| if byte == b'+' { b' ' } else { byte }).collect();
        return Cow::Owned(percent_decode(&spaced).collect());
    }
    percent_decode(text.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_parameter_of_the_name_is_the_token() {
        use ErrorKind::{MalformedHeader, MultipleTokens};
        let source = QueryToken::new("access_token");
        let token = |text: &str| Ok(Some(text.to_owned()));
        for (uri, expected) in [
            ("/", Ok(None)),
            ("/?", Ok(None)),
            ("/?x=access_token", Ok(None)),
            ("/?Access_token=a", Ok(None)),
            ("/?access_token=a.b.c", token("a.b.c")),
            ("/?x=1&access_token=a.b.c&y", token("a.b.c")),
            ("/?access%5ftoken=a%2Eb", token("a.b")),
            ("/?access_token=a%3D", token("a=")),
            ("/?access_token=a=", token("a=")),
            ("/?access_token", Err(MalformedHeader)),
            ("/?access_token=", Err(MalformedHeader)),
            ("/?access_token=a+b", Err(MalformedHeader)),
            ("/?access_token=a%2", Err(MalformedHeader)),
            ("/?access_token=a%zz", Err(MalformedHeader)),
            ("/?access_token=a%ff", Err(MalformedHeader)),
            ("/?access_token=a%252E", Err(MalformedHeader)),
            ("/?access_token=a&access_token=a", Err(MultipleTokens)),
            ("/?access_token=a&access%5Ftoken=b", Err(MultipleTokens)),
        ] {
            let (parts, ()) = http::Request::get(uri).body(()).unwrap().into_parts();
            let found = source.find(&parts).map_err(|error| error.kind());
            let found = found.map(|token| token.map(|token| token.as_str().to_owned()));
            assert_eq!(found, expected, "{uri}");
        }
    }
}
