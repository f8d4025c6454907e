//! Discovery of an issuer's key set: OpenID Connect Discovery 1.0 §4, with RFC 8414 as the fallback.

use std::time::Duration;

use http::HeaderValue;
use serde::Deserialize;

use super::document;
use super::failure::FetchError;
use super::fetch::{Fetched, KeyClient, Validators};
use super::location::{self, Allowed};
use crate::error::quoted;
use crate::key::FetchFailure;
use crate::url::{BadUrl, Url};

/// An issuer whose metadata names the URL of its keys.
#[derive(Clone, Debug)]
pub(super) struct Issuer {
    /// The value of `iss`; the metadata must contain the same name, byte for byte.
    name: String,
    /// The URL of the metadata: that of OpenID Connect, or the configured one.
    metadata: Url,
    /// The URL of RFC 8414 §3.1, which appends the issuer's path to the well-known one. It is used if the first URL
    /// answers 404.
    oauth: Option<Url>,
    allowed: Allowed,
}

/// The result of discovery.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) jwks_uri: Url,
    pub(super) at: Duration,
}

#[derive(Deserialize)]
struct Metadata<'d> {
    #[serde(borrow)]
    issuer: std::borrow::Cow<'d, str>,
    #[serde(borrow)]
    jwks_uri: Option<std::borrow::Cow<'d, str>>,
}

impl Issuer {
    /// The issuer with this URL, or the problem with the URL.
    pub(super) fn new(name: &str, allowed: Allowed) -> Result<Self, BadUrl> {
        let url = location::read(name, allowed)?;
        if url.query().is_some() {
            return Err(BadUrl::invalid("an issuer's URL must not have a query (RFC 8414 §2)"));
        }
        let base = name.trim_end_matches('/');
        let path = url.path().trim_end_matches('/');
        let origin = base.strip_suffix(path).ok_or(BadUrl::invalid("it is not a URL"))?;
        let at = |text: String| location::read(&text, allowed);
        Ok(Self {
            name: name.to_owned(),
            metadata: at(format!("{base}/.well-known/openid-configuration"))?,
            oauth: Some(at(format!("{origin}/.well-known/oauth-authorization-server{path}"))?),
            allowed,
        })
    }

    /// The issuer with this name, whose metadata is read only from this URL.
    pub(super) fn with_metadata_at(
        name: &str,
        url: &str,
        allowed: Allowed,
    ) -> Result<Self, BadUrl> {
        let metadata = location::read(url, allowed)?;
        Ok(Self { name: name.to_owned(), metadata, oauth: None, allowed })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The first URL of the metadata.
    pub(super) const fn metadata(&self) -> &Url {
        &self.metadata
    }

    /// Fetches the metadata and returns the URL of the keys in it.
    ///
    /// # Errors
    ///
    /// There is no metadata, it names another issuer, or it names a forbidden URL. The second URL is used only if the
    /// first answers 404, not after other failures.
    pub(super) async fn discover(&self, client: &KeyClient) -> Result<Url, FetchError> {
        let (url, fetched) = match (self.request(client, &self.metadata).await, &self.oauth) {
            (Err(first), Some(oauth)) if first.failure == FetchFailure::NotFound => {
                let second = self.request(client, oauth).await;
                (oauth, second.map_err(|second| second.after(&first)))
            }
            (other, _) => (&self.metadata, other),
        };
        // For keys, these two failures trigger a new discovery; here they mean that there is no metadata.
        let fetched = fetched.map_err(|error| match error.failure {
            FetchFailure::NotFound | FetchFailure::Gone => {
                FetchError { failure: FetchFailure::NoMetadata, ..error }
            }
            _ => error,
        })?;
        let document = fetched.document.unwrap_or_default();
        let read = self.read(&document, fetched.content_type.as_ref());
        read.map_err(|error| error.at(url))
    }

    async fn request(&self, client: &KeyClient, url: &Url) -> Result<Fetched, FetchError> {
        client.get(url, &Validators::NONE).await
    }

    fn read(&self, document: &[u8], content_type: Option<&HeaderValue>) -> Result<Url, FetchError> {
        // The derived `Deserialize` also accepts an array of two strings.
        let is_object = document.trim_ascii_start().starts_with(b"{");
        let metadata = serde_json::from_slice(document).ok().filter(|_| is_object);
        let metadata: Metadata<'_> = metadata.ok_or_else(|| {
            let predicate = document::describe(document, content_type);
            FetchError::because(FetchFailure::NotMetadata, &predicate)
        })?;
        // Without normalization: RFC 8414 §3.3.
        if metadata.issuer != self.name {
            let (found, configured) = (quoted(&metadata.issuer), quoted(&self.name));
            let predicate = format!("names the issuer {found}, and {configured} is configured");
            return Err(FetchError::because(FetchFailure::OtherIssuer, &predicate));
        }
        let jwks_uri = metadata
            .jwks_uri
            .ok_or_else(|| FetchError::because(FetchFailure::NoMetadata, "has no `jwks_uri`"))?;
        self.allowed_url(&jwks_uri)
    }

    fn allowed_url(&self, jwks_uri: &str) -> Result<Url, FetchError> {
        let forbidden = |place: &str, rule: &str| {
            let predicate = format!("names {place}: {rule}");
            Err(FetchError::because(FetchFailure::ForbiddenUrl, &predicate))
        };
        let url = match Url::read(jwks_uri) {
            Ok(url) => url,
            // Without the URL, which may contain a password.
            Err(bad) => return forbidden("a bad `jwks_uri`", bad.why()),
        };
        let elsewhere = url.host() != self.metadata.host();
        let rule = if self.metadata.is_https() && !url.is_https() {
            // Rejected even if plain HTTP is allowed: it would give up the authenticity of the metadata.
            "metadata that was read over `https` must not name an `http` URL"
        } else if let Err(bad) = location::read(jwks_uri, self.allowed) {
            bad.why()
        } else if self.allowed.same_origin_only && url.origin() != self.metadata.origin() {
            "it is on another origin, and `require_same_origin` was called"
        } else if elsewhere && !self.allowed.private_jwks_uri && location::is_private(&url) {
            "it is at a private address, and `allow_private_jwks_uri` was not called"
        } else {
            return Ok(url);
        };
        forbidden(&quoted(&url.place()).to_string(), rule)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jwks::location::PlainHttp;

    const NAME: &str = "https://auth.example.com/tenant";

    fn issuer() -> Issuer {
        Issuer::new(NAME, Allowed::default()).unwrap()
    }

    #[test]
    fn metadata_urls_are_derived_from_the_issuer() {
        for (name, openid, oauth) in [
            (
                "https://a.example",
                "https://a.example/.well-known/openid-configuration",
                "https://a.example/.well-known/oauth-authorization-server",
            ),
            (
                "https://a.example/",
                "https://a.example/.well-known/openid-configuration",
                "https://a.example/.well-known/oauth-authorization-server",
            ),
            (
                "https://a.example:8443/realms/one/",
                "https://a.example:8443/realms/one/.well-known/openid-configuration",
                "https://a.example:8443/.well-known/oauth-authorization-server/realms/one",
            ),
        ] {
            let issuer = Issuer::new(name, Allowed::default()).unwrap();
            assert_eq!(issuer.metadata.uri().to_string(), openid);
            assert_eq!(issuer.name(), name);
            assert_eq!(issuer.oauth.unwrap().uri().to_string(), oauth);
        }
        for bad in ["http://a.example", "https://a.example?tenant=1", "https://a.example#x", "a"] {
            assert!(Issuer::new(bad, Allowed::default()).is_err(), "{bad}");
        }
    }

    #[test]
    fn metadata_must_contain_exactly_the_issuers_name() {
        let read = |name: &str| {
            issuer().read(
                format!(r#"{{"issuer":"{name}","jwks_uri":"https://k.example/k"}}"#).as_bytes(),
                None,
            )
        };
        assert_eq!(read(NAME).unwrap().uri().to_string(), "https://k.example/k");
        for other in [
            "https://auth.example.com/tenant/",
            "https://auth.example.com/TENANT",
            "https://auth.example.com",
            "https://evil.example/tenant",
            "",
        ] {
            assert_eq!(read(other).unwrap_err().failure, FetchFailure::OtherIssuer, "{other}");
        }
        for bad in [
            "",
            "{}",
            "[]",
            "<html>",
            r#"{"issuer":1,"jwks_uri":"https://k.example/k"}"#,
            r#"["https://auth.example.com/tenant","https://k.example/k"]"#,
        ] {
            assert_eq!(
                issuer().read(bad.as_bytes(), None).unwrap_err().failure,
                FetchFailure::NotMetadata,
                "{bad}"
            );
        }
    }

    #[test]
    fn only_json_white_space_may_surround_the_metadata() {
        let metadata = format!(r#"{{"issuer":"{NAME}","jwks_uri":"https://k.example/k"}}"#);
        let read = |before, after| {
            let read = issuer().read(format!("{before}{metadata}{after}").as_bytes(), None);
            read.map(drop).map_err(|error| error.failure)
        };
        for space in ["", " ", "\t", "\n", "\r\n", " \t\r\n"] {
            assert_eq!((read(space, ""), read("", space)), (Ok(()), Ok(())), "{space:?}");
        }
        let wrong = Err(FetchFailure::NotMetadata);
        for other in ["\u{feff}", "\u{a0}", "\u{b}", "\u{c}", "\u{2028}", "\0", "{}"] {
            assert_eq!((read(other, ""), read("", other)), (wrong, wrong), "{other:?}");
        }
    }

    #[test]
    fn https_metadata_may_only_name_https_urls() {
        for plain_http in [PlainHttp::Nowhere, PlainHttp::OnLoopback, PlainHttp::Anywhere] {
            let allowed = Allowed { plain_http, private_jwks_uri: true, ..Allowed::default() };
            let anywhere = matches!(plain_http, PlainHttp::Anywhere);
            let on_loopback = !matches!(plain_http, PlainHttp::Nowhere);
            for (name, jwks_uri, is_allowed) in [
                ("https://a.example", "https://a.example/keys", true),
                ("https://a.example", "http://a.example/keys", false),
                ("https://a.example", "http://127.0.0.1/keys", false),
                ("https://a.example", "http://localhost:3000/keys", false),
                ("https://localhost:3000", "http://localhost:3000/keys", false),
                ("http://localhost:3000", "http://localhost:3000/keys", on_loopback),
                ("http://localhost:3000", "https://localhost:3000/keys", on_loopback),
                ("http://a.example", "http://a.example/keys", anywhere),
                ("http://a.example", "https://a.example/keys", anywhere),
            ] {
                let text = format!(r#"{{"issuer":"{name}","jwks_uri":"{jwks_uri}"}}"#);
                let read = Issuer::new(name, allowed)
                    .is_ok_and(|it| it.read(text.as_bytes(), None).is_ok());
                assert_eq!(read, is_allowed, "{plain_http:?} {name} {jwks_uri}");
            }
        }
    }

    #[test]
    fn settings_restrict_the_hosts_of_the_jwks_uri() {
        let read = |issuer: &Issuer, url: &str| {
            let document = format!(r#"{{"issuer":"{NAME}","jwks_uri":"{url}"}}"#);
            issuer.read(document.as_bytes(), None).is_ok()
        };
        let (default, mut private, mut strict) = (issuer(), issuer(), issuer());
        private.allowed.private_jwks_uri = true;
        strict.allowed.same_origin_only = true;
        for (url, in_default, in_private, in_strict) in [
            ("https://auth.example.com/keys", true, true, true),
            ("https://Auth.Example.com:443/keys", true, true, true),
            ("https://auth.example.com:8443/keys", true, true, false),
            ("https://keys.example.com/keys", true, true, false),
            ("https://10.0.0.1/keys", false, true, false),
            ("https://169.254.169.254/latest", false, true, false),
            ("http://auth.example.com/keys", false, false, false),
            ("http://127.0.0.1/keys", false, false, false),
            ("https://user@auth.example.com/keys", false, false, false),
            ("/keys", false, false, false),
            ("", false, false, false),
        ] {
            assert_eq!(read(&default, url), in_default, "{url}");
            assert_eq!(read(&private, url), in_private, "{url}");
            assert_eq!(read(&strict, url), in_strict, "{url}");
        }
    }
}
