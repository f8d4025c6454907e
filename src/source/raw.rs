//! The unverified token of a request.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use http::header::HeaderName;
use http::request::Parts;

/// The unverified token of a request and its origin. `Debug` output omits the token.
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
///
/// ```
/// use tower_jwt_auth::source::{BearerHeader, Origin, TokenSource};
///
/// let request = http::Request::builder().header("authorization", "Bearer a.b.c").body(())?;
/// let (parts, ()) = request.into_parts();
/// let token = BearerHeader.find(&parts)?.unwrap();
/// assert_eq!(*token.origin(), Origin::Header(http::header::AUTHORIZATION));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// The header field of this name.
    Header(HeaderName),
    /// The cookie of this name.
    Cookie(Arc<str>),
    /// The chunks of the cookie of this name: `name.0`, `name.1` and so on.
    CookieChunks(Arc<str>),
    /// The query parameter of this name.
    Query(Arc<str>),
    /// The subprotocol that a WebSocket client offers after this marker.
    WebSocketProtocol(Arc<str>),
    /// Another place.
    Other,
}

impl<'a> RawToken<'a> {
    /// A token from [`Origin::Other`].
    pub fn new(text: impl Into<Cow<'a, str>>) -> Self {
        Self::at(Origin::Other, text)
    }

    /// A token from this header field, which the layer then marks as sensitive.
    pub fn in_header(name: HeaderName, text: impl Into<Cow<'a, str>>) -> Self {
        Self::at(Origin::Header(name), text)
    }

    /// A token from this origin.
    pub fn at(origin: Origin, text: impl Into<Cow<'a, str>>) -> Self {
        Self { text: text.into(), places: Places { first: origin, further: Vec::new() } }
    }

    /// Adds further places of this token, or of tokens that are ignored.
    pub(super) fn also_at(mut self, places: Places) -> Self {
        self.places.further.push(Place::Read(places.first));
        self.places.further.extend(places.further);
        self
    }

    /// Adds an ignored place that could not be read, and how to remove its tokens.
    pub(super) fn beside_unread(
        mut self,
        remove: impl Fn(&mut Parts) + Send + Sync + 'static,
    ) -> Self {
        self.places.further.push(Place::Unread(Arc::new(remove)));
        self
    }

    /// A copy that does not borrow from the request.
    pub(crate) fn to_owned(&self) -> RawToken<'static> {
        RawToken { text: Cow::Owned(self.text.clone().into_owned()), places: self.places.clone() }
    }

    /// The token itself. Do not log it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Where the token was found.
    pub const fn origin(&self) -> &Origin {
        &self.places.first
    }

    /// Every place that contains the token.
    pub(crate) const fn places(&self) -> &Places {
        &self.places
    }

    /// Every place that contains the token, without the token itself.
    pub(crate) fn into_places(self) -> Places {
        self.places
    }
}

/// The places of a request that contain its token, and those of ignored tokens.
#[derive(Clone)]
pub(crate) struct Places {
    pub(super) first: Origin,
    pub(super) further: Vec<Place>,
}

#[derive(Clone)]
pub(super) enum Place {
    Read(Origin),
    /// An ignored place that could not be read, with a function that removes its tokens. Any field may contain such a
    /// token.
    Unread(Arc<dyn Fn(&mut Parts) + Send + Sync>),
}

impl fmt::Debug for RawToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawToken").field("origin", self.origin()).finish_non_exhaustive()
    }
}
