//! Parses the URLs of issuers, servers and key sets.

use std::net::IpAddr;

use http::Uri;

use crate::error::ProblemKind;

/// An absolute `http` or `https` URL that has a host, and neither user information nor a fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Url(Uri);

impl Url {
    /// Parses a URL (RFC 3986 §4.3).
    pub(crate) fn read(text: &str) -> Result<Self, BadUrl> {
        if text.contains('#') {
            return Err(BadUrl::invalid("it has a fragment"));
        }
        let url: Uri = text.parse().map_err(|_| BadUrl::invalid("it is not a URL"))?;
        let (Some(scheme), Some(authority)) = (url.scheme_str(), url.authority()) else {
            return Err(BadUrl::invalid("it is not an absolute URL"));
        };
        if authority.as_str().contains('@') {
            return Err(BadUrl::insecure("it contains a user name or a password"));
        }
        if authority.host().is_empty() {
            return Err(BadUrl::invalid("it has no host"));
        }
        if authority.port_u16().is_none() && authority.as_str() != authority.host() {
            return Err(BadUrl::invalid("its port is not a number up to 65535"));
        }
        if !matches!(scheme, "https" | "http") {
            return Err(BadUrl::invalid("it is neither `https` nor `http`"));
        }
        Ok(Self(url))
    }

    pub(crate) const fn uri(&self) -> &Uri {
        &self.0
    }

    pub(crate) fn is_https(&self) -> bool {
        self.0.scheme_str() == Some("https")
    }

    /// The host as written; an IPv6 address is in brackets.
    pub(crate) fn host(&self) -> &str {
        self.0.host().unwrap_or_default()
    }

    /// The path, without a query; `/` if there is none.
    pub(crate) fn path(&self) -> &str {
        self.0.path()
    }

    pub(crate) fn query(&self) -> Option<&str> {
        self.0.query()
    }

    /// Scheme, host and port as a browser writes them (RFC 6454 §6.2): the host in lower case, no default port.
    pub(crate) fn origin(&self) -> String {
        let (scheme, default) = if self.is_https() { ("https", 443) } else { ("http", 80) };
        let host = self.host().to_ascii_lowercase();
        match self.0.port_u16() {
            Some(port) if port != default => format!("{scheme}://{host}:{port}"),
            _ => format!("{scheme}://{host}"),
        }
    }

    /// Scheme, host, port and path, without the query.
    pub(crate) fn place(&self) -> String {
        format!("{}{}", self.origin(), self.path())
    }

    /// Whether the host is `localhost` or a loopback address. Names are not resolved.
    pub(crate) fn is_loopback(&self) -> bool {
        is_loopback(self.host())
    }
}

/// The length of the scheme and the authority of an absolute URL.
pub(crate) fn origin_len(url: &str) -> usize {
    let authority = url.find("://").map_or(0, |at| at + 3);
    let rest = url.get(authority..).unwrap_or_default();
    authority + rest.find(['/', '?', '#']).unwrap_or(rest.len())
}

/// Whether the host of a URL is `localhost` or a loopback address.
pub(crate) fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    address == "localhost" || address.parse().is_ok_and(|it: IpAddr| it.is_loopback())
}

/// Why a URL cannot be used. Does not contain the URL, which may include a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BadUrl {
    kind: ProblemKind,
    why: &'static str,
}

impl BadUrl {
    pub(crate) const fn invalid(why: &'static str) -> Self {
        Self { kind: ProblemKind::InvalidUrl, why }
    }

    pub(crate) const fn insecure(why: &'static str) -> Self {
        Self { kind: ProblemKind::InsecureUrl, why }
    }

    pub(crate) const fn kind(self) -> ProblemKind {
        self.kind
    }

    pub(crate) const fn why(self) -> &'static str {
        self.why
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_split_into_its_parts() {
        for (text, origin, host, path, query, is_loopback) in [
            ("https://a.example", "https://a.example", "a.example", "/", None, false),
            ("https://A.example:443/x", "https://a.example", "A.example", "/x", None, false),
            ("HTTPS://a.example/X/", "https://a.example", "a.example", "/X/", None, false),
            ("https://a.example:8443", "https://a.example:8443", "a.example", "/", None, false),
            ("https://a.example:65535", "https://a.example:65535", "a.example", "/", None, false),
            ("https://a.example:80/", "https://a.example:80", "a.example", "/", None, false),
            ("https://a.example?b=/c", "https://a.example", "a.example", "/", Some("b=/c"), false),
            ("https://a.example/?", "https://a.example", "a.example", "/", Some(""), false),
            ("http://a.example:80/x", "http://a.example", "a.example", "/x", None, false),
            ("http://a.example:443", "http://a.example:443", "a.example", "/", None, false),
            ("http://localhost:3000", "http://localhost:3000", "localhost", "/", None, true),
            ("http://LOCALHOST", "http://localhost", "LOCALHOST", "/", None, false),
            ("http://localhost.", "http://localhost.", "localhost.", "/", None, false),
            (
                "https://localhost.b.example",
                "https://localhost.b.example",
                "localhost.b.example",
                "/",
                None,
                false,
            ),
            ("http://127.8.9.1", "http://127.8.9.1", "127.8.9.1", "/", None, true),
            ("http://127.1", "http://127.1", "127.1", "/", None, false),
            ("http://10.0.0.1", "http://10.0.0.1", "10.0.0.1", "/", None, false),
            ("http://[::1]:80/", "http://[::1]", "[::1]", "/", None, true),
            (
                "https://[2001:DB8::1]:8443/",
                "https://[2001:db8::1]:8443",
                "[2001:DB8::1]",
                "/",
                None,
                false,
            ),
        ] {
            let url = Url::read(text).unwrap();
            assert_eq!(url.origin(), origin, "{text}");
            assert_eq!(url.is_https(), origin.starts_with("https:"), "{text}");
            assert_eq!((url.host(), url.path(), url.query()), (host, path, query), "{text}");
            assert_eq!(url.is_loopback(), is_loopback, "{text}");
        }
    }

    #[test]
    fn the_origin_ends_before_the_path() {
        for (url, origin) in [
            ("https://a.example", "https://a.example"),
            ("https://a.example/", "https://a.example"),
            ("https://a.example:8443/x://y", "https://a.example:8443"),
            ("https://a.example?b=/c", "https://a.example"),
            ("https://a.example#b", "https://a.example"),
            ("https://[::1]/x", "https://[::1]"),
        ] {
            assert_eq!(url.get(..origin_len(url)), Some(origin));
        }
    }

    #[test]
    fn invalid_urls_are_rejected_with_a_reason() {
        for (text, why) in [
            ("", "it is not a URL"),
            ("https://", "it is not a URL"),
            ("https:///x", "it is not a URL"),
            ("https://a.example/b c", "it is not a URL"),
            (" https://a.example", "it is not a URL"),
            ("https://{a}.example", "it is not a URL"),
            ("https://a.example:65536", "its port is not a number up to 65535"),
            ("urn:example:issuer", "it is not a URL"),
            ("a.example", "it is not an absolute URL"),
            ("a.example:443", "it is not an absolute URL"),
            ("/keys", "it is not an absolute URL"),
            ("https://a.example#", "it has a fragment"),
            ("https://a.example/x#y", "it has a fragment"),
            ("https://b@a.example", "it contains a user name or a password"),
            ("https://b:hunter2@a.example", "it contains a user name or a password"),
            ("https://@a.example", "it contains a user name or a password"),
            ("https://:443", "it has no host"),
            ("https://a.example:", "its port is not a number up to 65535"),
            ("https://a.example:b", "its port is not a number up to 65535"),
            ("https://[::1]:b", "its port is not a number up to 65535"),
            ("ftp://a.example", "it is neither `https` nor `http`"),
            ("file:///etc/passwd", "it is not a URL"),
        ] {
            let insecure = text.contains('@');
            let error = if insecure { BadUrl::insecure(why) } else { BadUrl::invalid(why) };
            assert_eq!(Url::read(text), Err(error), "{text}");
        }
    }
}
