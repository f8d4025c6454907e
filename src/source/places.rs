//! Marks the places of a token as sensitive, or removes the token from them.

use http::HeaderMap;
use http::header::{AUTHORIZATION, COOKIE, HeaderName, SEC_WEBSOCKET_PROTOCOL};
use http::request::Parts;

use super::lists::{chunk_number, remove_cookies};
use super::query::remove_parameter;
use super::raw::{Origin, Place, Places};
use super::websocket::remove_protocol_after;

impl Places {
    /// Marks the fields as sensitive, so that `Debug` output of the request does not contain the token.
    /// `Authorization` is always marked earlier, even without a token.
    pub(crate) fn mark_sensitive(&self, headers: &mut HeaderMap) {
        self.first.mark_sensitive(headers);
        for place in &self.further {
            match place {
                Place::Read(origin) => origin.mark_sensitive(headers),
                Place::Unread(_) => mark_all_sensitive(headers),
            }
        }
    }

    /// Removes the token from the request, and ignored tokens, but nothing else.
    pub(crate) fn remove(&self, parts: &mut Parts) {
        self.first.remove(parts);
        for place in &self.further {
            match place {
                Place::Read(origin) => origin.remove(parts),
                Place::Unread(remove) => remove(parts),
            }
        }
    }

    /// Whether `Authorization` is the only place of the token, and no other token is ignored.
    pub(crate) fn are_in_authorization(&self) -> bool {
        let is_in_authorization = |place: &Place| match place {
            Place::Read(origin) => origin.is_authorization(),
            Place::Unread(_) => false,
        };
        self.first.is_authorization() && self.further.iter().all(is_in_authorization)
    }
}

impl Origin {
    fn is_authorization(&self) -> bool {
        matches!(self, Self::Header(name) if *name == AUTHORIZATION)
    }

    fn mark_sensitive(&self, headers: &mut HeaderMap) {
        match self {
            Self::Header(name) if *name != AUTHORIZATION => mark_sensitive(headers, name),
            Self::Cookie(_) | Self::CookieChunks(_) => mark_sensitive(headers, &COOKIE),
            Self::WebSocketProtocol(_) => mark_sensitive(headers, &SEC_WEBSOCKET_PROTOCOL),
            Self::Header(_) | Self::Query(_) | Self::Other => {}
        }
    }

    fn remove(&self, parts: &mut Parts) {
        match self {
            Self::Header(name) => _ = parts.headers.remove(name),
            Self::Cookie(name) => {
                remove_cookies(&mut parts.headers, |cookie| cookie == name.as_bytes());
            }
            Self::CookieChunks(name) => {
                remove_cookies(&mut parts.headers, |cookie| chunk_number(cookie, name).is_some());
            }
            Self::Query(name) => remove_parameter(&mut parts.uri, name),
            Self::WebSocketProtocol(marker) => remove_protocol_after(&mut parts.headers, marker),
            Self::Other => {}
        }
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
