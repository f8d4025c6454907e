//! The identifier of a resource, and the place of its metadata (RFC 9728 §1.2, §3).

use crate::url::{BadUrl, Url, origin_len};

const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// The identifier of a resource, as written, and what follows from it.
#[derive(Clone, Debug)]
pub(super) struct Identifier {
    pub(super) text: String,
    pub(super) metadata_url: String,
    pub(super) metadata_path: String,
}

impl Identifier {
    pub(super) fn read(text: String, plain_http: PlainHttp) -> Result<Self, BadUrl> {
        let url = read(&text, plain_http)?;
        // Routers read braces as parameters, and clients encode such characters in the URLs that they compare.
        if !text.bytes().all(is_url_character) {
            return Err(BadUrl::invalid("it has characters that must be percent-encoded"));
        }
        // Routers read these as parameters, and clients resolve dots before they compare.
        let is_reserved =
            |segment: &str| segment.starts_with([':', '*']) || matches!(segment, "." | "..");
        if url.path().split('/').any(is_reserved) {
            return Err(BadUrl::invalid(
                "a segment of its path is `.` or `..`, or begins with `:` or `*`",
            ));
        }
        let path = if url.path() == "/" { "" } else { url.path() };
        let metadata_path = format!("{WELL_KNOWN}{path}");
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        // As written: clients compare the host that they see with this one.
        let origin = text.get(..origin_len(&text)).unwrap_or(&text);
        let metadata_url = format!("{origin}{metadata_path}{query}");
        Ok(Self { text, metadata_url, metadata_path })
    }
}

/// The hosts to which `http` is allowed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum PlainHttp {
    #[default]
    Nowhere,
    /// This machine, for development.
    OnLoopback,
}

/// Reads a URL that clients rely on, or reports what is wrong with it.
pub(super) fn read(text: &str, plain_http: PlainHttp) -> Result<Url, BadUrl> {
    let url = Url::read(text)?;
    match plain_http {
        _ if url.is_https() => Ok(url),
        PlainHttp::OnLoopback if url.is_loopback() => Ok(url),
        PlainHttp::Nowhere if url.is_loopback() => Err(BadUrl::insecure(
            "plain HTTP is for development, and `allow_http_on_loopback` was not called",
        )),
        PlainHttp::Nowhere | PlainHttp::OnLoopback => Err(BadUrl::insecure(
            "with `http`, an attacker on the network path could read the tokens that clients send",
        )),
    }
}

/// Whether the character may appear in a URL (RFC 3986 §2).
const fn is_url_character(byte: u8) -> bool {
    matches!(
        byte,
        b'!' | b'#'..=b';' | b'=' | b'?'..=b'[' | b']' | b'_' | b'a'..=b'z' | b'~'
    )
}
