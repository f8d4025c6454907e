//! The ids of keys, and the URLs that contain them.

use crate::jwks::location::{self, Allowed};
use crate::url::{BadUrl, Url};

/// The placeholder for the id in a URL.
const PLACEHOLDER: &str = "{kid}";

/// The length of a UUID in text form (RFC 9562 §4).
const LEN: usize = 36;

/// An id in the form of a UUID. Its characters have no meaning in a URL.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct KeyId([u8; LEN]);

impl KeyId {
    /// Reads the `kid` of a token, which is not verified.
    pub(super) fn read(text: &str) -> Option<Self> {
        let bytes: [u8; LEN] = text.as_bytes().try_into().ok()?;
        let fits = |(at, byte): (usize, &u8)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        };
        bytes.iter().enumerate().all(fits).then_some(Self(bytes))
    }

    pub(super) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// A URL with one placeholder for the id, in the path.
#[derive(Clone, Debug)]
pub(super) struct Template(Url);

impl Template {
    pub(super) fn read(text: &str, allowed: Allowed) -> Result<Self, BadUrl> {
        let url = location::read(text, allowed)?;
        let is_single = text.matches(PLACEHOLDER).count() == 1
            && text.matches(['{', '}']).count() == 2
            && url.path().contains(PLACEHOLDER);
        if is_single {
            Ok(Self(url))
        } else {
            Err(BadUrl::invalid("it does not contain `{kid}` exactly once, in its path"))
        }
    }

    /// The URL with the placeholder.
    pub(super) const fn url(&self) -> &Url {
        &self.0
    }

    /// The URL of one key.
    pub(super) fn url_of(&self, id: &KeyId) -> Result<Url, BadUrl> {
        Url::read(&self.0.uri().to_string().replacen(PLACEHOLDER, id.as_str(), 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "c2f80c8b-c05c-4068-af14-17299f7896b1";

    #[test]
    fn only_uuids_are_ids() {
        for id in [ID, "C2F80C8B-C05C-4068-AF14-17299F7896B1"] {
            assert_eq!(KeyId::read(id).unwrap().as_str(), id);
        }
        for id in [
            "",
            "known",
            "c2f80c8bc05c4068af1417299f7896b1",
            "c2f80c8b-c05c-4068-af14-17299f7896b",
            "c2f80c8b-c05c-4068-af14-17299f7896b1a",
            "c2f80c8b-c05c-4068-af14-17299f7896g1",
            "c2f80c8b-c05c-4068-af14_17299f7896b1",
            "c2f80c8-bc05c-4068-af14-17299f7896b1",
            "../0c8b-c05c-4068-af14-17299f7896b1a",
            "c2f80c8b/c05c-4068-af14-17299f7896b1",
            "c2f80c8b-c05c-4068-af14-17299f7896b?",
            "c2f80c8b-c05c-4068-af14-17299f7896b#",
            "c2f80c8b-c05c-4068-af14-17299f7896%1",
            "c2f80c8b-c05c-4068-af14-17299f7896\u{e9}",
            "------------------------------------",
            "c2f80c8b-c05c-4068-af14-17299f7896b\0",
            " 2f80c8b-c05c-4068-af14-17299f7896b1",
        ] {
            assert!(KeyId::read(id).is_none(), "{id}");
        }
    }

    #[test]
    fn a_template_has_one_placeholder_in_its_path() {
        let id = KeyId::read(ID).unwrap();
        for (template, url) in [
            ("https://keys.example/{kid}", format!("https://keys.example/{ID}")),
            (
                "https://keys.example:8443/a/{kid}.pem",
                format!("https://keys.example:8443/a/{ID}.pem"),
            ),
            ("https://keys.example/{kid}?v=1", format!("https://keys.example/{ID}?v=1")),
        ] {
            let template = Template::read(template, Allowed::default()).unwrap();
            assert_eq!(template.url_of(&id).unwrap().uri().to_string(), url);
        }
        for template in [
            "https://keys.example/",
            "https://keys.example/{id}",
            "https://keys.example/{kid}/{kid}",
            "https://keys.example/{kid}/{x}",
            "https://keys.example/{{kid}}",
            "https://keys.example/?id={kid}",
            "https://{kid}.keys.example/",
            "https://{kid}@keys.example/",
            "https://keys.example/#{kid}",
            "http://keys.example/{kid}",
            "http://127.0.0.1/{kid}",
            "{kid}",
            "",
        ] {
            assert!(Template::read(template, Allowed::default()).is_err(), "{template}");
        }
    }
}
