//! Tokens of browsers that open a WebSocket.

use std::sync::Arc;

use http::header::SEC_WEBSOCKET_PROTOCOL;
use http::request::Parts;

use super::grammar::token68;
use super::raw::{Origin, RawToken};
use super::token_source::TokenSource;
use crate::error::{Error, ErrorKind};

/// The token that a WebSocket client offers as a subprotocol, behind a marker.
///
/// In a browser, `new WebSocket(url, ["bearer", token])` is the only header that a page can set. The
/// server has to choose one of the offered protocols, or the browser closes the connection: have it answer
/// `Sec-WebSocket-Protocol: bearer` (axum: `upgrade.protocols(["bearer"])`), and never the token, which would
/// end up in the logs of whoever is in between. Other protocols may be offered beside the two.
///
/// A marker or a token that is offered twice is refused, as all protocols have to differ (RFC 6455 §4.1). A
/// list that is spread over several fields is one list (RFC 6455 §11.3.4).
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
    /// The token is the protocol behind this one.
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
}

/// All that is offered, in order; a list may be spread over fields (RFC 6455 §11.3.4).
fn protocols(parts: &Parts) -> impl Iterator<Item = &[u8]> {
    let fields = parts.headers.get_all(SEC_WEBSOCKET_PROTOCOL).iter();
    let listed = fields.flat_map(|field| field.as_bytes().split(|byte| *byte == b','));
    listed.map(<[u8]>::trim_ascii).filter(|protocol| !protocol.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_protocol_behind_the_marker_is_the_token() {
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
