//! Which URLs keys may be fetched from.

use super::addresses::{is_private_v4, is_private_v6};
use crate::url::{BadUrl, Url};

/// The URLs that are allowed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Allowed {
    pub(super) plain_http: PlainHttp,
    /// Whether metadata may name a private address of another host.
    pub(super) private_jwks_uri: bool,
    /// Whether metadata may only name URLs of its own origin.
    pub(super) same_origin_only: bool,
}

/// The hosts to which `http` is allowed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum PlainHttp {
    #[default]
    Nowhere,
    /// This machine, for development.
    OnLoopback,
    /// Any host. An attacker on the network path can substitute the keys.
    Anywhere,
}

/// Reads a URL, or reports what is wrong with it.
pub(super) fn read(text: &str, allowed: Allowed) -> Result<Url, BadUrl> {
    let url = Url::read(text)?;
    match allowed.plain_http {
        PlainHttp::Nowhere | PlainHttp::OnLoopback if !url.is_https() && !url.is_loopback() => {
            Err(BadUrl::insecure(
                "`http` lets an attacker on the network path substitute the keys, and \
                 `allow_insecure_http` was not called",
            ))
        }
        PlainHttp::Nowhere if !url.is_https() => Err(BadUrl::insecure(
            "plain HTTP is for development, and `allow_http_on_loopback` was not called",
        )),
        _ => Ok(url),
    }
}

/// Whether this is the URL of an issuer's metadata (OpenID Connect Discovery 1.0 §4, RFC 8414 §3).
pub(super) fn is_metadata(url: &Url) -> bool {
    ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"]
        .iter()
        .any(|place| url.path().contains(place))
}

/// Whether the host is outside the public internet: a special-purpose address, a name of this machine, or an unusual
/// form of an address that only some resolvers accept. Names are not resolved.
pub(super) fn is_private(url: &Url) -> bool {
    let host = url.host().to_ascii_lowercase();
    let host = host.strip_suffix('.').unwrap_or(&host);
    match host.parse() {
        Ok(address) => return is_private_v4(address),
        // Some resolvers read `127.1`, `0x7f.1` and `2130706433` as addresses.
        Err(_) if ends_in_a_number(host) => return true,
        Err(_) => {}
    }
    match host.strip_prefix('[') {
        Some(host) => host.trim_end_matches(']').parse().map_or(true, is_private_v6),
        None => host == "localhost" || host.ends_with(".localhost"),
    }
}

/// Whether the last label is a number. No top-level domain is one.
fn ends_in_a_number(host: &str) -> bool {
    let last = host.rsplit('.').next().unwrap_or_default();
    let digits = last.strip_prefix("0x").unwrap_or(last);
    last.starts_with("0x") || !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_and_allowed_loopback_urls_are_accepted() {
        let development = Allowed { plain_http: PlainHttp::OnLoopback, ..Allowed::default() };
        for (url, in_production, in_development) in [
            ("https://auth.example.com/keys", true, true),
            ("https://127.0.0.1:8443/keys", true, true),
            ("http://127.0.0.1:3000/keys", false, true),
            ("http://[::1]:3000/keys", false, true),
            ("http://localhost/keys", false, true),
            ("HTTP://LOCALHOST/keys", false, false),
            ("http://localhost.evil.example/keys", false, false),
            ("http://evil-localhost/keys", false, false),
            ("http://evillocalhost:3000/keys", false, false),
            ("http://evil.localhost/keys", false, false),
            ("http://localhost./keys", false, false),
            ("http://localhost.localdomain/keys", false, false),
            ("http://localhost:3000/keys", false, true),
            ("http://127.0.0.1.evil.example/keys", false, false),
            ("http://auth.example.com/keys", false, false),
            ("http://10.0.0.1/keys", false, false),
            ("https://user@auth.example.com/keys", false, false),
            ("https://user:pass@auth.example.com/keys", false, false),
            ("https://auth.example.com/keys#part", false, false),
            ("https:///keys", false, false),
            ("https://auth.example.com:99999/keys", false, false),
            ("https://auth.example.com:8443/keys", true, true),
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
    fn private_hosts_are_recognized_in_every_form() {
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
            ("LOCALHOST", true),
            ("localhost.", true),
            ("auth.example.com.", false),
            ("1.example.com", false),
            ("127.1", true),
            ("2130706433", true),
            ("0x7f.0.0.1", true),
            ("0x7f000001", true),
            ("0177.0.0.1", true),
            ("127.0.0.1.", true),
            ("0", true),
            ("192.0.0.1", true),
            ("192.0.2.1", true),
            ("192.0.3.1", false),
            ("198.18.0.1", true),
            ("198.20.0.1", false),
            ("240.0.0.1", true),
            ("255.255.255.255", true),
            ("[64:ff9b::a00:1]", true),
            ("[64:ff9b::808:808]", false),
            ("[2002:a00:1::]", true),
            ("[2002:808:808::]", false),
            ("[::ffff:0:10.0.0.1]", true),
            ("[fec0::1]", true),
            ("[64:ff9b:1::808:808]", true),
            ("[2001::1]", true),
            ("[2001:4860:4860::8888]", false),
            ("0177.1", true),
            ("0X7F.1", true),
            ("127.0.0.0x1", true),
            ("017700000001", true),
            ("foo.localhost", true),
            ("foo.localhost.", true),
            ("localhost.example", false),
            ("evil-localhost", false),
            ("[fe80::1%25eth0]", true),
        ] {
            let url = read(&format!("https://{host}/keys"), Allowed::default()).unwrap();
            assert_eq!(is_private(&url), private, "{host}");
        }
    }
}
