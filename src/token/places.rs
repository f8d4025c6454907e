//! What becomes of the places where a token stood.

use http::header::{AUTHORIZATION, COOKIE, HeaderName, SEC_WEBSOCKET_PROTOCOL};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Uri};

use super::cookie::{chunk_number, pair};
use super::query::value_of;
use super::raw::{Origin, Places};

impl Places {
    /// Marks the fields as sensitive: whoever prints the request does not print the token. `Authorization`
    /// is marked before anything else, token or none.
    pub(crate) fn mark_sensitive(&self, headers: &mut HeaderMap) {
        for origin in self.iter() {
            match origin {
                Origin::Header(name) if *name != AUTHORIZATION => mark_sensitive(headers, name),
                Origin::Cookie(_) => mark_sensitive(headers, &COOKIE),
                Origin::WebSocketProtocol => mark_sensitive(headers, &SEC_WEBSOCKET_PROTOCOL),
                Origin::Header(_) | Origin::Query(_) | Origin::Other => {}
            }
        }
    }

    /// Takes the token out of the request, and nothing else.
    pub(crate) fn remove(&self, parts: &mut Parts, token: &str) {
        for origin in self.iter() {
            match origin {
                Origin::Header(name) => _ = parts.headers.remove(name),
                Origin::Cookie(name) => {
                    let is_it = |cookie: &[u8]| {
                        cookie == name.as_bytes() || chunk_number(cookie, name).is_some()
                    };
                    retain(&mut parts.headers, &COOKIE, b';', |part| {
                        !pair(part).is_some_and(|(cookie, _)| is_it(cookie))
                    });
                }
                Origin::Query(name) => remove_parameter(&mut parts.uri, name),
                Origin::WebSocketProtocol => {
                    retain(&mut parts.headers, &SEC_WEBSOCKET_PROTOCOL, b',', |part| {
                        part.trim_ascii() != token.as_bytes()
                    });
                }
                Origin::Other => {}
            }
        }
    }

    /// Whether the URL has the token in it.
    pub(crate) fn are_in_query(&self) -> bool {
        self.iter().any(|origin| matches!(origin, Origin::Query(_)))
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

/// Leaves out parts of the lists in the fields of a name. What stays, stays as it was.
fn retain(headers: &mut HeaderMap, name: &HeaderName, between: u8, keep: impl Fn(&[u8]) -> bool) {
    let mut kept = Vec::new();
    for value in headers.get_all(name) {
        let parts: Vec<_> = value.as_bytes().split(|byte| *byte == between).collect();
        let left: Vec<_> = parts.iter().copied().filter(|part| keep(part)).collect();
        if left.len() == parts.len() {
            kept.push(value.clone());
        } else if let Ok(mut left) = HeaderValue::from_bytes(left.join(&between).trim_ascii())
            && !left.is_empty()
        {
            left.set_sensitive(value.is_sensitive());
            kept.push(left);
        }
    }
    headers.remove(name);
    for value in kept {
        headers.append(name, value);
    }
}

fn remove_parameter(uri: &mut Uri, name: &str) {
    let Some(query) = uri.query() else { return };
    let left: Vec<_> = query.split('&').filter(|part| value_of(part, name).is_none()).collect();
    let path = match uri.path() {
        "" => "/",
        path => path,
    };
    let left = if left.is_empty() { String::new() } else { format!("?{}", left.join("&")) };
    let path_and_query: Option<PathAndQuery> = format!("{path}{left}").parse().ok();
    let mut parts = std::mem::take(uri).into_parts();
    // What was a URL is one without one of its parameters, too; were it not, the path alone is left.
    parts.path_and_query = path_and_query;
    *uri = Uri::from_parts(parts).unwrap_or_default();
}
