//! Marks the places of a token as sensitive, or removes the token from them.

use http::header::{AUTHORIZATION, COOKIE, HeaderName, SEC_WEBSOCKET_PROTOCOL};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderMap, Uri};

use super::lists::{chunk_number, remove_cookies, retain};
use super::query::value_of;
use super::raw::{Origin, Places};

impl Places {
    /// Marks the fields as sensitive, so that `Debug` output of the request does not contain the token.
    /// `Authorization` is always marked earlier, even without a token.
    pub(crate) fn mark_sensitive(&self, headers: &mut HeaderMap) {
        for origin in self.iter() {
            match origin {
                Origin::Header(name) if *name != AUTHORIZATION => mark_sensitive(headers, name),
                Origin::Cookie(_) | Origin::CookieChunks(_) => mark_sensitive(headers, &COOKIE),
                Origin::WebSocketProtocol(_) => mark_sensitive(headers, &SEC_WEBSOCKET_PROTOCOL),
                Origin::Header(_) | Origin::Query(_) | Origin::Other => {}
            }
        }
    }

    /// Removes the token from the request, and nothing else.
    pub(crate) fn remove(&self, parts: &mut Parts) {
        for origin in self.iter() {
            match origin {
                Origin::Header(name) => _ = parts.headers.remove(name),
                Origin::Cookie(name) => {
                    remove_cookies(&mut parts.headers, |cookie| cookie == name.as_bytes());
                }
                Origin::CookieChunks(name) => {
                    remove_cookies(&mut parts.headers, |cookie| {
                        chunk_number(cookie, name).is_some()
                    });
                }
                Origin::Query(name) => remove_parameter(&mut parts.uri, name),
                Origin::WebSocketProtocol(marker) => {
                    remove_protocol_after(&mut parts.headers, marker);
                }
                Origin::Other => {}
            }
        }
    }

    /// Whether `Authorization` is the only place of the token.
    pub(crate) fn are_in_authorization(&self) -> bool {
        self.iter().all(|origin| matches!(origin, Origin::Header(name) if *name == AUTHORIZATION))
    }
}

/// Marks every value of a field as sensitive.
pub(crate) fn mark_sensitive(headers: &mut HeaderMap, name: &HeaderName) {
    if headers.len() == headers.keys_len() {
        // No field is repeated: the first value is the only one.
        if let Some(value) = headers.get_mut(name) {
            value.set_sensitive(true);
        }
        return;
    }
    let values = headers.iter_mut().filter(|(header, _)| *header == name);
    values.for_each(|(_, value)| value.set_sensitive(true));
}

/// Marks every field as sensitive, for requests whose token may be in any of them.
pub(crate) fn mark_all_sensitive(headers: &mut HeaderMap) {
    headers.values_mut().for_each(|value| value.set_sensitive(true));
}

/// Keeps the marker, because the server must answer with a protocol that the client offered.
fn remove_protocol_after(headers: &mut HeaderMap, marker: &str) {
    let mut follows_marker = false;
    retain(headers, &SEC_WEBSOCKET_PROTOCOL, b',', |part| {
        let protocol = part.trim_ascii();
        let is_token = follows_marker && !protocol.is_empty();
        follows_marker = (follows_marker && !is_token) || protocol == marker.as_bytes();
        !is_token
    });
}

fn remove_parameter(uri: &mut Uri, name: &str) {
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
