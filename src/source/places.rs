//! Marks the places of a token as sensitive, or removes the token from them.

use http::HeaderMap;
use http::header::{AUTHORIZATION, COOKIE, HeaderName, SEC_WEBSOCKET_PROTOCOL};
use http::request::Parts;

use super::lists::{chunk_number, remove_cookies};
use super::query::remove_parameter;
use super::raw::{Origin, Places};
use super::websocket::remove_protocol_after;

impl Places {
    /// Marks the fields as sensitive, so that `Debug` output of the request does not contain the token.
    /// `Authorization` is always marked earlier, even without a token.
    pub(crate) fn mark_sensitive(&self, headers: &mut HeaderMap) {
        if !self.unread().is_empty() {
            mark_all_sensitive(headers);
            return;
        }
        for origin in self.iter() {
            match origin {
                Origin::Header(name) if *name != AUTHORIZATION => mark_sensitive(headers, name),
                Origin::Cookie(_) | Origin::CookieChunks(_) => mark_sensitive(headers, &COOKIE),
                Origin::WebSocketProtocol(_) => mark_sensitive(headers, &SEC_WEBSOCKET_PROTOCOL),
                Origin::Header(_) | Origin::Query(_) | Origin::Other => {}
            }
        }
    }

    /// Removes the token from the request, and ignored tokens, but nothing else.
    pub(crate) fn remove(&self, parts: &mut Parts) {
        self.unread().iter().for_each(|remove| remove(parts));
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

    /// Whether `Authorization` is the only place of the token, and no other token is ignored.
    pub(crate) fn are_in_authorization(&self) -> bool {
        self.unread().is_empty()
            && self
                .iter()
                .all(|origin| matches!(origin, Origin::Header(name) if *name == AUTHORIZATION))
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
