//! A token as it was found.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use http::header::HeaderName;

/// A token as it was found in a request, and where. Never printed.
///
/// ```
/// use tower_jwt_auth::source::RawToken;
///
/// let token = RawToken::new("a.b.c");
/// assert_eq!(token.as_str(), "a.b.c");
/// assert!(!format!("{token:?}").contains("a.b.c"));
/// ```
#[derive(Clone)]
pub struct RawToken<'a> {
    text: Cow<'a, str>,
    places: Places,
}

/// Where a token was found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// In this header field.
    Header(HeaderName),
    /// In the cookie of this name.
    Cookie(Arc<str>),
    /// In the parts of a cookie of this name: `name.0`, `name.1` and so on.
    CookieChunks(Arc<str>),
    /// In the query parameter of this name.
    Query(Arc<str>),
    /// Behind this marker, among the subprotocols that a WebSocket client offers.
    WebSocketProtocol(Arc<str>),
    /// Somewhere else.
    Other,
}

impl<'a> RawToken<'a> {
    /// A token that was found somewhere else than in a header field.
    pub fn new(text: impl Into<Cow<'a, str>>) -> Self {
        Self::at(Origin::Other, text)
    }

    /// A token that was found in this header field, which the layer then marks as sensitive.
    pub fn in_header(name: HeaderName, text: impl Into<Cow<'a, str>>) -> Self {
        Self::at(Origin::Header(name), text)
    }

    /// A token that was found here.
    pub fn at(origin: Origin, text: impl Into<Cow<'a, str>>) -> Self {
        Self { text: text.into(), places: Places { first: origin, others: Vec::new() } }
    }

    /// The same token stands there too.
    pub(super) fn also_at(mut self, places: Places) -> Self {
        self.places.others.push(places.first);
        self.places.others.extend(places.others);
        self
    }

    /// The same, independent of the request.
    pub(crate) fn to_owned(&self) -> RawToken<'static> {
        RawToken { text: Cow::Owned(self.text.clone().into_owned()), places: self.places.clone() }
    }

    /// The token itself. Do not log it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Where it was found.
    pub const fn origin(&self) -> &Origin {
        &self.places.first
    }

    /// Every place where it stands.
    pub(crate) const fn places(&self) -> &Places {
        &self.places
    }

    /// Every place where it stands, without the token.
    pub(crate) fn into_places(self) -> Places {
        self.places
    }
}

/// Where in a request its token stands.
#[derive(Clone)]
pub(crate) struct Places {
    first: Origin,
    /// Where it stands once more.
    others: Vec<Origin>,
}

impl Places {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Origin> {
        std::iter::once(&self.first).chain(&self.others)
    }
}

impl fmt::Debug for RawToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawToken").field("origin", self.origin()).finish_non_exhaustive()
    }
}
