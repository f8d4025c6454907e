//! The headers of a fetch request.

use http::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::failure::FetchError;
use crate::error::{BoxError, Problem, ProblemKind, quoted};
use crate::key::FetchFailure;

/// Headers that the client sets, or that change what the response means.
const RESERVED: [&str; 19] = [
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "keep-alive",
    "proxy-authorization",
    "range",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

type ReadAuthorization = Box<dyn Fn() -> Result<HeaderValue, BoxError> + Send + Sync>;

/// The configured headers.
#[derive(Default)]
pub(super) struct RequestHeaders {
    more: HeaderMap,
    authorization: Option<ReadAuthorization>,
    problems: Vec<Problem>,
}

impl RequestHeaders {
    /// Adds a header; a bad one is a problem.
    pub(super) fn add(&mut self, name: Option<HeaderName>, value: Option<HeaderValue>) {
        match (name, value) {
            (Some(name), _) if RESERVED.contains(&name.as_str()) => {
                self.problems.push(reserved(&name));
            }
            (Some(name), Some(mut value)) => {
                // Any of them may be a credential.
                value.set_sensitive(true);
                self.more.append(name, value);
            }
            (name, _) => self.problems.push(malformed(name.as_ref())),
        }
    }

    /// Reads `Authorization` from this function for each request.
    pub(super) fn authorize(&mut self, read: ReadAuthorization) {
        self.authorization = Some(read);
    }

    pub(super) fn problems(&mut self) -> Vec<Problem> {
        if self.authorization.is_some() && self.more.contains_key(AUTHORIZATION) {
            self.problems.push(two_authorizations());
        }
        std::mem::take(&mut self.problems)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.more.is_empty() && self.authorization.is_none()
    }

    /// The headers of one request; the configured ones only for the configured origin.
    pub(super) fn for_request(&self, is_configured_origin: bool) -> Result<HeaderMap, FetchError> {
        let mut headers = HeaderMap::new();
        if is_configured_origin {
            headers.clone_from(&self.more);
        }
        let mut default = |name, value| {
            headers.entry(name).or_insert_with(|| HeaderValue::from_static(value));
        };
        // Firewalls reject requests without it.
        default(USER_AGENT, concat!("tower-jwt-auth/", env!("CARGO_PKG_VERSION")));
        default(ACCEPT, "application/json, application/jwk-set+json");
        // Without it, any content coding is acceptable (RFC 9110 §12.5.3), and none can be decoded.
        default(ACCEPT_ENCODING, "identity");
        if let Some(read) = self.authorization.as_ref().filter(|_| is_configured_origin) {
            let mut value =
                read().map_err(|error| FetchError::caused(FetchFailure::NoCredential, error))?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        Ok(headers)
    }
}

fn reserved(name: &HeaderName) -> Problem {
    Problem::new(
        ProblemKind::Conflict,
        format!("`header` with `{name}`"),
        "the client sets this header itself, or it would change what the response means",
        "Remove the call",
    )
}

fn malformed(name: Option<&HeaderName>) -> Problem {
    let what = match name {
        Some(name) => format!("a malformed value of the header {}", quoted(name.as_str())),
        None => "a malformed name of a header".to_owned(),
    };
    Problem::new(
        ProblemKind::InvalidValue,
        what,
        "the request for the keys could not be sent",
        "Pass a name such as `x-api-key`, and a value without line breaks",
    )
}

fn two_authorizations() -> Problem {
    Problem::new(
        ProblemKind::Conflict,
        "both `authorization` and `header` with `authorization`",
        "a request has only one `Authorization` header",
        "Call only one of them",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str, value: &str) -> RequestHeaders {
        let mut headers = RequestHeaders::default();
        headers.add(name.try_into().ok(), value.try_into().ok());
        headers
    }

    #[test]
    fn reserved_and_malformed_headers_are_problems() {
        for (name, value, kind) in [
            ("x-api-key", "secret", None),
            ("Authorization", "Bearer secret", None),
            ("Cookie", "a=b", None),
            ("User-Agent", "mine/1", None),
            ("accept", "*/*", None),
            ("Host", "evil.example", Some(ProblemKind::Conflict)),
            ("content-length", "7", Some(ProblemKind::Conflict)),
            ("If-None-Match", "*", Some(ProblemKind::Conflict)),
            ("Accept-Encoding", "gzip", Some(ProblemKind::Conflict)),
            ("Range", "bytes=0-", Some(ProblemKind::Conflict)),
            ("Proxy-Authorization", "Basic secret", Some(ProblemKind::Conflict)),
            ("x api key", "secret", Some(ProblemKind::InvalidValue)),
            ("", "secret", Some(ProblemKind::InvalidValue)),
            ("x-api-key", "secret\r\nHost: evil", Some(ProblemKind::InvalidValue)),
        ] {
            let problems = named(name, value).problems();
            let kinds: Vec<_> = problems.iter().map(Problem::kind).collect();
            assert_eq!(kinds, Vec::from_iter(kind), "{name}");
            assert!(!format!("{problems:?}").contains("secret"), "{name}");
        }
        let mut both = named("authorization", "Bearer a");
        both.authorize(Box::new(|| Ok(HeaderValue::from_static("Bearer b"))));
        assert_eq!(both.problems()[0].kind(), ProblemKind::Conflict);
    }

    #[test]
    fn configured_headers_are_sensitive_and_for_one_origin() {
        let mut headers = named("x-api-key", "secret");
        headers.add("user-agent".try_into().ok(), "mine/1".try_into().ok());
        headers.authorize(Box::new(|| Ok(HeaderValue::from_static("Bearer secret"))));
        let own = headers.for_request(true).unwrap();
        assert_eq!(
            (&own["x-api-key"], &own["user-agent"]),
            (&"secret".parse().unwrap(), &"mine/1".parse().unwrap())
        );
        assert_eq!(own["authorization"], "Bearer secret");
        assert!(!format!("{own:?}").contains("secret"));
        let other = headers.for_request(false).unwrap();
        assert_eq!(other.len(), 3, "{other:?}");
        assert!(other["user-agent"].to_str().unwrap().starts_with("tower-jwt-auth/"));
        assert_eq!(other["accept-encoding"], "identity");
    }
}
