//! Tokens in the subprotocols of a WebSocket handshake.

use std::sync::Arc;

use http::HeaderMap;
use http::header::SEC_WEBSOCKET_PROTOCOL;
use http::request::Parts;

use super::grammar::token68;
use super::lists::retain;
use super::raw::{Origin, RawToken};
use super::token_source::TokenSource;
use crate::error::{Error, ErrorKind};

/// A token source that reads the WebSocket subprotocol after a marker.
///
/// Use it for web pages, which can set no other header field of a WebSocket handshake:
/// `new WebSocket(url, ["bearer", token])`, where `bearer` is the marker. The client may offer other protocols as well.
///
/// The server must select one of the offered protocols, otherwise the browser closes the connection. Select the marker
/// (axum: `upgrade.protocols(["bearer"])`). Never select the token, because proxies may log the response.
///
/// A marker or a token that is offered twice is rejected with
/// [`MultipleTokens`](crate::ErrorKind::MultipleTokens), because the protocols must be unique (RFC 6455 §4.1). A
/// marker without a token is rejected with [`MalformedHeader`](crate::ErrorKind::MalformedHeader). Several header
/// fields are one list (RFC 6455 §11.3.4).
///
/// ```
/// use tower_jwt_auth::ErrorKind;
/// use tower_jwt_auth::source::{TokenSource, WebSocketProtocol};
///
/// let source = WebSocketProtocol::new("bearer");
/// let parts = |value| {
///     let request = http::Request::builder().header("sec-websocket-protocol", value);
///     request.body(()).unwrap().into_parts().0
/// };
/// assert_eq!(source.find(&parts("bearer, a.b.c")).unwrap().unwrap().as_str(), "a.b.c");
/// assert!(source.find(&parts("chat")).unwrap().is_none());
/// assert_eq!(source.find(&parts("bearer")).unwrap_err().kind(), ErrorKind::MalformedHeader);
/// let twice = source.find(&parts("bearer, a.b.c, bearer, d.e.f")).unwrap_err();
/// assert_eq!(twice.kind(), ErrorKind::MultipleTokens);
/// ```
#[derive(Clone, Debug)]
pub struct WebSocketProtocol {
    marker: Arc<str>,
}

impl WebSocketProtocol {
    /// Reads the token from the protocol that follows this marker.
    pub fn new(marker: impl Into<String>) -> Self {
        Self { marker: marker.into().into() }
    }
}

impl TokenSource for WebSocketProtocol {
    fn find<'a>(&self, parts: &'a Parts) -> Result<Option<RawToken<'a>>, Error> {
        let marker = self.marker.as_bytes();
        let mut offered = protocols(parts);
        if !offered.any(|protocol| protocol == marker) {
            return Ok(None);
        }
        let token = offered.next().ok_or(ErrorKind::MalformedHeader)?;
        let is_repeated = |wanted| protocols(parts).filter(|one| *one == wanted).nth(1).is_some();
        if is_repeated(marker) || is_repeated(token) {
            return Err(ErrorKind::MultipleTokens.into());
        }
        let origin = Origin::WebSocketProtocol(Arc::clone(&self.marker));
        Ok(Some(RawToken::at(origin, token68(token)?)))
    }

    fn remove_all(&self, parts: &mut Parts) {
        remove_protocol_after(&mut parts.headers, &self.marker);
    }
}

/// Removes the protocol after the marker. Keeps the marker, because the server must answer with a protocol that the
/// client offered.
pub(super) fn remove_protocol_after(headers: &mut HeaderMap, marker: &str) {
    let mut follows_marker = false;
    retain(headers, &SEC_WEBSOCKET_PROTOCOL, b',', |part| {
        let protocol = part.trim_ascii();
        let is_token = follows_marker && !protocol.is_empty();
        follows_marker = (follows_marker && !is_token) || protocol == marker.as_bytes();
        !is_token
    });
}

/// All offered protocols, in order; the list may span several fields (RFC 6455 §11.3.4).
fn protocols(parts: &Parts) -> impl Iterator<Item = &[u8]> {
    let fields = parts.headers.get_all(SEC_WEBSOCKET_PROTOCOL).iter();
    let listed = fields.flat_map(|field| field.as_bytes().split(|byte| *byte == b','));
    listed.map(<[u8]>::trim_ascii).filter(|protocol| !protocol.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_protocol_after_the_marker_is_the_token() {
        use ErrorKind::{MalformedHeader, MultipleTokens};
        let source = WebSocketProtocol::new("bearer");
        for (fields, expected) in [
            (&[][..], Ok(None)),
            (&["chat, v2"], Ok(None)),
            (&["Bearer, a.b.c"], Ok(None)),
            (&["bearer, a.b.c"], Ok(Some("a.b.c"))),
            (&["chat, bearer ,a.b.c, v2"], Ok(Some("a.b.c"))),
            (&["bearer", "a.b.c"], Ok(Some("a.b.c"))),
            (&["bearer"], Err(MalformedHeader)),
            (&["bearer, "], Err(MalformedHeader)),
            (&["bearer, a b"], Err(MalformedHeader)),
            (&["bearer, a, bearer, b"], Err(MultipleTokens)),
            (&["bearer, bearer"], Err(MultipleTokens)),
            (&["bearer, a", "bearer, a"], Err(MultipleTokens)),
            (&["bearer, a, chat, a"], Err(MultipleTokens)),
            (&["a, bearer, a"], Err(MultipleTokens)),
        ] {
            let mut request = http::Request::new(());
            for field in fields {
                request.headers_mut().append(SEC_WEBSOCKET_PROTOCOL, field.parse().unwrap());
            }
            let (parts, ()) = request.into_parts();
            let found = source.find(&parts);
            let found = found.as_ref().map(|token| token.as_ref().map(RawToken::as_str));
            assert_eq!(found.map_err(Error::kind), expected, "{fields:?}");
        }
    }
}
