//! Finding the key set of an issuer: OpenID Connect Discovery 1.0 §4, and RFC 8414 where there is none.

use std::time::Duration;

use serde::Deserialize;

use super::failure::FetchError;
use super::fetch::{Get, Validators, get};
use super::location::{self, Allowed};
use super::sync::Mutex;
use crate::key::FetchFailure;
use crate::url::{BadUrl, Url};

/// An issuer whose metadata says where its keys are.
#[derive(Clone, Debug)]
pub(super) struct Issuer {
    /// As it stands in `iss`; the metadata has to say the same, byte for byte.
    name: String,
    /// Where the metadata is: that of OpenID Connect, or the place that was configured.
    metadata: Url,
    /// RFC 8414 §3.1, which puts the path of the issuer behind the well-known one; asked when there is nothing
    /// at the first place.
    oauth: Option<Url>,
    allowed: Allowed,
}

/// Where the keys were found.
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
    /// The issuer with this URL, or what is wrong with the URL.
    pub(super) fn new(name: &str, allowed: Allowed) -> Result<Self, BadUrl> {
        let url = location::read(name, allowed)?;
        if url.query().is_some() {
            return Err(BadUrl::invalid("an issuer's URL has no query (RFC 8414 §2)"));
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

    /// The issuer of this name, whose metadata is at this URL and nowhere else.
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

    /// The URL of the metadata that is asked first.
    pub(super) const fn metadata(&self) -> &Url {
        &self.metadata
    }

    /// Reads the metadata and finds the URL of the keys in it.
    ///
    /// # Errors
    ///
    /// No metadata, metadata of another issuer, and a URL that may not be asked. The second place is
    /// asked only when there is nothing at the first: trouble there is no reason to look elsewhere.
    pub(super) async fn discover(
        &self,
        client: &Mutex<Box<dyn Get>>,
        most_bytes: usize,
    ) -> Result<Url, FetchError> {
        let ask = |url| get(client, url, &Validators::NONE, most_bytes);
        let fetched = match (ask(&self.metadata).await, &self.oauth) {
            (Err(error), Some(oauth)) if error.failure == FetchFailure::NotFound => {
                ask(oauth).await
            }
            (other, _) => other,
        };
        // The two failures of keys that have the metadata read again.
        let fetched = fetched.map_err(|error| match error.failure {
            FetchFailure::NotFound | FetchFailure::Gone => {
                FetchError { failure: FetchFailure::NoMetadata, ..error }
            }
            _ => error,
        })?;
        Ok(self.read(&fetched.document.unwrap_or_default())?)
    }

    fn read(&self, document: &[u8]) -> Result<Url, FetchFailure> {
        // An array of two strings would do for the derived reader, too.
        let is_object = document.trim_ascii_start().starts_with(b"{");
        let metadata = serde_json::from_slice(document).ok().filter(|_| is_object);
        let metadata: Metadata<'_> = metadata.ok_or(FetchFailure::NotMetadata)?;
        // No folding, no trimming: RFC 8414 §3.3.
        if metadata.issuer != self.name {
            return Err(FetchFailure::OtherIssuer);
        }
        let jwks_uri = metadata.jwks_uri.ok_or(FetchFailure::NoMetadata)?;
        let url = location::read(&jwks_uri, self.allowed);
        let url = url.map_err(|_| FetchFailure::ForbiddenUrl)?;
        let elsewhere = url.host() != self.metadata.host();
        // Whatever is allowed: plain HTTP would give up what TLS has shown about the metadata.
        let downgraded = self.metadata.is_https() && !url.is_https();
        let forbidden = downgraded
            || self.allowed.same_origin_only && url.origin() != self.metadata.origin()
            || elsewhere && !self.allowed.private_jwks_uri && location::is_private(&url);
        if forbidden { Err(FetchFailure::ForbiddenUrl) } else { Ok(url) }
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
    fn the_well_known_places_follow_from_the_issuer() {
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
    fn the_metadata_has_to_be_that_of_the_issuer_to_the_letter() {
        let read = |name: &str| {
            issuer().read(
                format!(r#"{{"issuer":"{name}","jwks_uri":"https://k.example/k"}}"#).as_bytes(),
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
            assert_eq!(read(other).unwrap_err(), FetchFailure::OtherIssuer, "{other}");
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
                issuer().read(bad.as_bytes()).unwrap_err(),
                FetchFailure::NotMetadata,
                "{bad}"
            );
        }
    }

    #[test]
    fn only_json_white_space_may_surround_the_metadata() {
        let metadata = format!(r#"{{"issuer":"{NAME}","jwks_uri":"https://k.example/k"}}"#);
        let read = |before, after| {
            issuer().read(format!("{before}{metadata}{after}").as_bytes()).map(|_| ())
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
    fn metadata_read_over_https_leads_to_https_only() {
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
                let read =
                    Issuer::new(name, allowed).is_ok_and(|it| it.read(text.as_bytes()).is_ok());
                assert_eq!(read, is_allowed, "{plain_http:?} {name} {jwks_uri}");
            }
        }
    }

    #[test]
    fn the_keys_are_where_they_may_be() {
        let read = |issuer: &Issuer, url: &str| {
            issuer.read(format!(r#"{{"issuer":"{NAME}","jwks_uri":"{url}"}}"#).as_bytes()).is_ok()
        };
        let (plain, mut private, mut strict) = (issuer(), issuer(), issuer());
        private.allowed.private_jwks_uri = true;
        strict.allowed.same_origin_only = true;
        for (url, in_plain, in_private, in_strict) in [
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
            assert_eq!(read(&plain, url), in_plain, "{url}");
            assert_eq!(read(&private, url), in_private, "{url}");
            assert_eq!(read(&strict, url), in_strict, "{url}");
        }
    }
}
