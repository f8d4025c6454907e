//! The headers that the layer adds to the service's response.

use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderValue};

const PRIVATE: HeaderValue = HeaderValue::from_static("private");

/// The directives by which a response decides itself what shared caches do with it (RFC 9111 §5.2.2).
const ON_SHARED_CACHES: [&[u8]; 4] = [b"private", b"no-store", b"public", b"s-maxage"];

/// What the response to an admitted request gets beside the service's own headers.
#[derive(Debug, Default)]
pub(super) struct ResponseHeaders {
    /// Boxed, because there are hardly ever any.
    added: Option<Box<HeaderMap>>,
    is_private: bool,
}

impl ResponseHeaders {
    pub(super) fn new(added: HeaderMap) -> Self {
        Self { added: (!added.is_empty()).then(|| Box::new(added)), is_private: false }
    }

    /// Keeps shared caches from storing the response, unless it speaks of them itself.
    ///
    /// They store no answer to a request with `Authorization` (RFC 9111 §3.5). They do not know any other
    /// place of a token, and would give the answer to the next client.
    pub(super) const fn keep_private(&mut self) {
        self.is_private = true;
    }

    /// Adds them beside those of the service, which are not the layer's to replace.
    pub(super) fn put_into(self, headers: &mut HeaderMap) {
        let mut last = None;
        for (name, value) in self.added.into_iter().flat_map(|added| *added) {
            // A name comes with the first of its values only.
            last = name.or(last);
            if let Some(name) = &last {
                headers.append(name, value);
            }
        }
        if self.is_private {
            make_private(headers);
        }
    }
}

fn make_private(headers: &mut HeaderMap) {
    let speaks_of_shared_caches = |value: &HeaderValue| {
        directives(value.as_bytes())
            .any(|name| ON_SHARED_CACHES.iter().any(|known| name.eq_ignore_ascii_case(known)))
    };
    if headers.get_all(CACHE_CONTROL).iter().any(speaks_of_shared_caches) {
        return;
    }
    let said = headers.get(CACHE_CONTROL).map(HeaderValue::as_bytes).filter(|it| !it.is_empty());
    let joined = said.and_then(|said| HeaderValue::from_bytes(&[said, b", private"].concat()).ok());
    let value = joined.unwrap_or(PRIVATE);
    match headers.get_mut(CACHE_CONTROL) {
        Some(first) => *first = value,
        None => _ = headers.insert(CACHE_CONTROL, value),
    }
}

/// The names of a list of directives. A comma in quotes separates nothing.
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

    fn made_private(said: &[&str]) -> Vec<String> {
        let mut headers = HeaderMap::new();
        for value in said {
            headers.append(CACHE_CONTROL, value.parse().unwrap());
        }
        let mut added = ResponseHeaders::default();
        added.keep_private();
        added.put_into(&mut headers);
        let values = headers.get_all(CACHE_CONTROL).iter();
        values.map(|value| value.to_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn private_is_added_unless_the_response_decides_itself() {
        for (said, left) in [
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
            // The application's own decision, be it right or wrong.
            (&["public, max-age=60"], &["public, max-age=60"]),
            (&["s-maxage=60"], &["s-maxage=60"]),
            (&["private=\"set-cookie\""], &["private=\"set-cookie\""]),
        ] {
            assert_eq!(made_private(said), left, "{said:?}");
        }
    }

    #[test]
    fn nothing_is_added_where_nothing_was_asked_for() {
        let mut headers = HeaderMap::new();
        ResponseHeaders::default().put_into(&mut headers);
        ResponseHeaders::new(HeaderMap::new()).put_into(&mut headers);
        assert!(headers.is_empty());
    }
}
