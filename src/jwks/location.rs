//! URLs that may be asked for keys.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::Uri;

/// Where a URL may lead.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Allowed {
    /// `http` to this machine, for development.
    pub(super) http_on_loopback: bool,
    /// From metadata to a private address of another host.
    pub(super) private_jwks_uri: bool,
    /// From metadata to nowhere but the issuer's own origin.
    pub(super) same_origin_only: bool,
}

/// Reads a URL, or says what is wrong with it.
pub(super) fn read(text: &str, allowed: Allowed) -> Result<Uri, &'static str> {
    if text.contains('#') {
        return Err("it has a fragment");
    }
    let url: Uri = text.parse().map_err(|_| "it is no URL")?;
    let (Some(scheme), Some(authority)) = (url.scheme_str(), url.authority()) else {
        return Err("it is no absolute URL");
    };
    if authority.as_str().contains('@') {
        return Err("it holds a user name or a password");
    }
    if authority.host().is_empty() {
        return Err("it names no host");
    }
    match scheme {
        "http" if !is_loopback(&url) => {
            Err("whoever stands between could put their own keys into the answer")
        }
        "http" if !allowed.http_on_loopback => {
            Err("plain HTTP is for development, and has to be allowed")
        }
        "https" | "http" => Ok(url),
        _ => Err("it is neither `https` nor `http`"),
    }
}

/// Whether the host is this machine by its name or address.
fn is_loopback(url: &Uri) -> bool {
    url.host() == Some("localhost") || address(url).is_some_and(|address| address.is_loopback())
}

/// Whether the host is an address that is not meant for the public: of this machine, of a local network,
/// or of the machine's own services. Names are not resolved.
pub(super) fn is_private(url: &Uri) -> bool {
    if url.host().is_some_and(|host| host == "localhost" || host.ends_with(".localhost")) {
        return true;
    }
    match address(url) {
        Some(IpAddr::V4(address)) => is_private_v4(address),
        Some(IpAddr::V6(address)) => match address.to_ipv4() {
            // Mapped and compatible addresses lead to the same places.
            Some(mapped) if address != Ipv6Addr::LOCALHOST => is_private_v4(mapped),
            _ => is_private_v6(address),
        },
        None => false,
    }
}

const fn is_private_v4(address: Ipv4Addr) -> bool {
    let [a, b, ..] = address.octets();
    address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_broadcast()
        || address.is_multicast()
        || a == 0
        // Shared between carriers and their customers (RFC 6598).
        || (a == 100 && b & 0xc0 == 64)
}

const fn is_private_v6(address: Ipv6Addr) -> bool {
    address.is_loopback()
        || address.is_unspecified()
        || address.is_multicast()
        || address.is_unique_local()
        || address.is_unicast_link_local()
}

fn address(url: &Uri) -> Option<IpAddr> {
    url.host()?.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// Whether both URLs have one scheme, host and port (RFC 6454 §5).
pub(super) fn is_same_origin(one: &Uri, other: &Uri) -> bool {
    let port = |url: &Uri| {
        url.port_u16().unwrap_or(if url.scheme_str() == Some("http") { 80 } else { 443 })
    };
    let host = |url: &Uri| url.host().map(str::to_ascii_lowercase);
    one.scheme_str() == other.scheme_str() && host(one) == host(other) && port(one) == port(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_over_https_or_from_this_machine_where_that_is_allowed() {
        let development = Allowed { http_on_loopback: true, ..Allowed::default() };
        for (url, in_production, in_development) in [
            ("https://auth.example.com/keys", true, true),
            ("https://127.0.0.1:8443/keys", true, true),
            ("http://127.0.0.1:3000/keys", false, true),
            ("http://[::1]:3000/keys", false, true),
            ("http://localhost/keys", false, true),
            ("HTTP://LOCALHOST/keys", false, false),
            ("http://localhost.evil.example/keys", false, false),
            ("http://127.0.0.1.evil.example/keys", false, false),
            ("http://auth.example.com/keys", false, false),
            ("http://10.0.0.1/keys", false, false),
            ("https://user@auth.example.com/keys", false, false),
            ("https://user:pass@auth.example.com/keys", false, false),
            ("https://auth.example.com/keys#part", false, false),
            ("https:///keys", false, false),
            ("/keys", false, false),
            ("auth.example.com", false, false),
            ("file:///etc/passwd", false, false),
            ("ftp://auth.example.com/keys", false, false),
            ("https://auth.example.com/a b", false, false),
            ("", false, false),
        ] {
            assert_eq!(read(url, Allowed::default()).is_ok(), in_production, "{url}");
            assert_eq!(read(url, development).is_ok(), in_development, "{url}");
        }
    }

    #[test]
    fn addresses_that_are_not_public_are_known_in_every_spelling() {
        for (host, private) in [
            ("auth.example.com", false),
            ("8.8.8.8", false),
            ("100.63.255.255", false),
            ("100.64.0.1", true),
            ("127.0.0.1", true),
            ("127.255.255.254", true),
            ("10.1.2.3", true),
            ("172.15.0.1", false),
            ("172.16.0.1", true),
            ("192.168.0.1", true),
            ("169.254.169.254", true),
            ("0.0.0.0", true),
            ("localhost", true),
            ("a.localhost", true),
            ("[::1]", true),
            ("[::]", true),
            ("[fe80::1]", true),
            ("[fd00::1]", true),
            ("[::ffff:10.0.0.1]", true),
            ("[::ffff:8.8.8.8]", false),
            ("[2001:4860:4860::8888]", false),
        ] {
            let url = read(&format!("https://{host}/keys"), Allowed::default()).unwrap();
            assert_eq!(is_private(&url), private, "{host}");
        }
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let same =
            |one: &str, other: &str| is_same_origin(&one.parse().unwrap(), &other.parse().unwrap());
        assert!(same("https://a.example/x", "https://A.example:443/y"));
        assert!(!same("https://a.example/x", "https://a.example:8443/x"));
        assert!(!same("https://a.example/x", "https://b.example/x"));
        assert!(!same("https://localhost/x", "http://localhost/x"));
    }
}
