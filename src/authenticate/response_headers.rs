//! What the layer does to the service's response: it adds headers, ends the body with the token, or replaces the
//! response to a request that no layer has judged.

use std::sync::Arc;

use bytes::Bytes;
use http::header::CACHE_CONTROL;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Response, StatusCode};

use crate::identity::Unjudged;
use crate::respond::{Ending, ResponseBody};
use crate::verify::{AnyToken, Expiry};

const PRIVATE: HeaderValue = HeaderValue::from_static("private");

/// The directives with which a response controls shared caches itself (RFC 9111 §5.2.2).
const SHARED_CACHE_DIRECTIVES: [&[u8]; 4] = [b"private", b"no-store", b"public", b"s-maxage"];

/// What is added to the response to an admitted request.
#[derive(Default)]
pub(super) struct ResponseHeaders {
    /// Boxed, because most responses have none.
    more: Option<Box<More>>,
    is_private: bool,
}

#[derive(Default)]
struct More {
    added: HeaderMap,
    /// Boxed, because it is larger than the rest.
    unless_judged: Option<Box<UnlessJudged>>,
    /// The token with which the body ends.
    ends_with: Option<Arc<dyn AnyToken>>,
}

/// The rejection of a request, unless an inner layer judges it.
struct UnlessJudged {
    unjudged: Unjudged,
    /// The request as it was before the inner service.
    parts: Parts,
}

impl ResponseHeaders {
    pub(super) fn new(added: HeaderMap) -> Self {
        let more = (!added.is_empty()).then(|| Box::new(More { added, ..More::default() }));
        Self { more, is_private: false }
    }

    /// Adds `Cache-Control: private`, unless the response controls shared caches itself.
    ///
    /// Shared caches do not store the response to a request with `Authorization` (RFC 9111 §3.5). They do not
    /// recognize a token in any other place, and would serve the response to other clients.
    pub(super) const fn keep_private(&mut self) {
        self.is_private = true;
    }

    /// Replaces the response to this request with a rejection, unless an inner layer judges it.
    pub(super) fn reject_unless_judged(&mut self, unjudged: Unjudged, parts: Parts) {
        let more = self.more.get_or_insert_default();
        more.unless_judged = Some(Box::new(UnlessJudged { unjudged, parts }));
    }

    /// Ends the body of the response when this token is no longer valid.
    pub(super) fn end_with(&mut self, token: Arc<dyn AnyToken>) {
        self.more.get_or_insert_default().ends_with = Some(token);
    }

    /// Adds the headers, or replaces the response.
    #[inline]
    pub(super) fn apply_to<B>(self, response: &mut Response<ResponseBody<B>>) {
        if let Some(more) = self.more {
            more.apply_to(response);
        }
        if self.is_private {
            make_private(response.headers_mut());
        }
    }
}

impl More {
    #[cold]
    fn apply_to<B>(self, response: &mut Response<ResponseBody<B>>) {
        if let Some(rejection) = self.unless_judged.and_then(|it| it.rejection(response.status())) {
            *response = rejection.map(ResponseBody::rejection);
            return;
        }
        append(self.added, response.headers_mut());
        if let Some(token) = self.ends_with {
            let ending = Ending::new(Expiry::new(token), response.headers());
            response.body_mut().end_with(ending);
        }
    }
}

impl UnlessJudged {
    /// The response to send in place of one with this status, if the request was not judged. An error status stays: it
    /// is the answer of the layer that could have judged it.
    fn rejection(self, status: StatusCode) -> Option<Response<Bytes>> {
        if self.unjudged.has_verdict() {
            return None;
        }
        if status.is_client_error() || status.is_server_error() {
            self.unjudged.report_rejection();
            return None;
        }
        Some(self.unjudged.reject(&self.parts))
    }
}

/// Appends the headers. The layer does not replace the headers of the service.
fn append(added: HeaderMap, headers: &mut HeaderMap) {
    let mut last = None;
    for (name, value) in added {
        // The iterator yields a name only with its first value.
        last = name.or(last);
        if let Some(name) = &last {
            headers.append(name, value);
        }
    }
}

fn make_private(headers: &mut HeaderMap) {
    let controls_shared_caches = |value: &HeaderValue| {
        directives(value.as_bytes()).any(|name| {
            SHARED_CACHE_DIRECTIVES.iter().any(|known| name.eq_ignore_ascii_case(known))
        })
    };
    if headers.get_all(CACHE_CONTROL).iter().any(controls_shared_caches) {
        return;
    }
    let first = headers.get(CACHE_CONTROL).map(HeaderValue::as_bytes).filter(|it| !it.is_empty());
    let joined =
        first.and_then(|first| HeaderValue::from_bytes(&[first, b", private"].concat()).ok());
    let value = joined.unwrap_or(PRIVATE);
    match headers.get_mut(CACHE_CONTROL) {
        Some(first) => *first = value,
        None => _ = headers.insert(CACHE_CONTROL, value),
    }
}

/// The names of the directives in a list. A quoted comma is not a separator.
fn directives(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut is_quoted = false;
    let is_end = move |byte: &u8| {
        is_quoted ^= *byte == b'"';
        *byte == b',' && !is_quoted
    };
    value.split(is_end).filter_map(|directive| {
        let name = directive.split(|byte| *byte == b'=').next()?;
        Some(name.trim_ascii())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made_private(cache_control: &[&str]) -> Vec<String> {
        let mut response = Response::new(ResponseBody::inner(()));
        for value in cache_control {
            response.headers_mut().append(CACHE_CONTROL, value.parse().unwrap());
        }
        let mut added = ResponseHeaders::default();
        added.keep_private();
        added.apply_to(&mut response);
        let values = response.headers().get_all(CACHE_CONTROL).iter();
        values.map(|value| value.to_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn private_is_added_unless_the_response_controls_shared_caches() {
        for (before, after) in [
            (&[][..], &["private"][..]),
            (&[""], &["private"]),
            (&["max-age=60"], &["max-age=60, private"]),
            (&["no-cache"], &["no-cache, private"]),
            (&["max-age=1", "must-revalidate"], &["max-age=1, private", "must-revalidate"]),
            (&["no-transform, max-age=0"], &["no-transform, max-age=0, private"]),
            (&["x-private"], &["x-private, private"]),
            (&["community=\"a, public, b\""], &["community=\"a, public, b\", private"]),
            (&["private"], &["private"]),
            (&["Private, max-age=60"], &["Private, max-age=60"]),
            (&["max-age=60,PRIVATE"], &["max-age=60,PRIVATE"]),
            (&["no-store"], &["no-store"]),
            (&["no-cache, no-store"], &["no-cache, no-store"]),
            (&["max-age=60", "no-store"], &["max-age=60", "no-store"]),
            // The decision of the application is not changed, even if it is wrong.
            (&["public, max-age=60"], &["public, max-age=60"]),
            (&["s-maxage=60"], &["s-maxage=60"]),
            (&["private=\"set-cookie\""], &["private=\"set-cookie\""]),
        ] {
            assert_eq!(made_private(before), after, "{before:?}");
        }
    }

    #[test]
    fn empty_response_headers_add_nothing() {
        let mut response = Response::new(ResponseBody::inner(()));
        ResponseHeaders::default().apply_to(&mut response);
        ResponseHeaders::new(HeaderMap::new()).apply_to(&mut response);
        assert!(response.headers().is_empty());
    }
}
