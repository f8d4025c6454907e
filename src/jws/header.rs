//! The JOSE header (RFC 7515 §4), read strictly.

use std::borrow::Cow;
use std::fmt;

use serde::de::DeserializeOwned;

use super::Algorithm;
use crate::error::{Error, ErrorKind};
use crate::json::{Text, read_few};

/// The maximum number of members of a header. All standards together define fewer.
const MAX_MEMBERS: usize = 16;

/// The header of a verified token: its algorithm, key id and type.
///
/// The verifier never uses members that name keys (`jwk`, `jku`, `x5c`, `x5u`, `x5t`): only the configuration decides
/// which keys are trusted.
///
/// ```
/// use tower_jwt_auth::{Algorithm, Verifier, testing::TestIssuer};
///
/// let issuer = TestIssuer::es256().key_id("2026");
/// let verifier = Verifier::jwks(issuer.jwks()).any_issuer().any_audience().build()?;
/// let verified = verifier.verify_now(&issuer.token().mint())?;
/// let header = verified.token().header();
/// assert_eq!((header.algorithm, header.key_id), (Algorithm::ES256, Some("2026")));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct JoseHeader<'t> {
    /// `alg`: the algorithm that the signature was verified with (§4.1.1).
    pub algorithm: Algorithm,
    /// `kid`: the id of the key (§4.1.4); `None` if it is empty or null.
    pub key_id: Option<&'t str>,
    /// `typ`: the media type of the token (§4.1.9).
    pub typ: Option<&'t str>,
    text: &'t str,
}

impl JoseHeader<'_> {
    /// Reads any member of the header into any type.
    ///
    /// Use it in [`Policy::check_token`](crate::Policy::check_token), for issuers that put a claim into the header.
    /// Returns `None` if the member is absent or has another type: never accept a token because of it. Each call parses
    /// the header.
    ///
    /// ```
    /// use tower_jwt_auth::{ErrorKind, Verifier, testing::TestIssuer};
    ///
    /// let gateway = TestIssuer::es256();
    /// let verifier = Verifier::jwks(gateway.jwks())
    ///     .any_issuer()
    ///     .any_audience()
    ///     .check_token("signed by our gateway", |token| {
    ///         token.header().member::<String>("signer").is_some_and(|signer| signer == "gateway-1")
    ///     })
    ///     .build()?;
    /// assert!(verifier.verify_now(&gateway.token().header("signer", "gateway-1").mint()).is_ok());
    /// for other in [gateway.token(), gateway.token().header("signer", "gateway-2")] {
    ///     assert_eq!(verifier.verify_now(&other.mint()).unwrap_err().kind(), ErrorKind::CheckFailed);
    /// }
    /// # Ok::<(), tower_jwt_auth::BuildError>(())
    /// ```
    pub fn member<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        let mut found = None;
        let strict = read_few::<MAX_MEMBERS>(self.text, |member, value| {
            if member == name.as_bytes() {
                found = value.read();
            }
        });
        strict.ok().and(found)
    }
}

impl fmt::Debug for JoseHeader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The strings are left out because the sender chooses them.
        f.debug_struct("JoseHeader").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

/// The header of a token whose signature has not been checked.
#[derive(Clone, Debug)]
pub(crate) struct UnverifiedHeader<'h> {
    pub(crate) text: &'h str,
    /// Borrowed from the cache, if the header is in it.
    pub(crate) members: Cow<'h, HeaderMembers>,
}

/// The members of a header that are read. Strings are ranges of the header's text.
#[derive(Clone, Debug)]
pub(crate) struct HeaderMembers {
    pub(crate) algorithm: Algorithm,
    /// The length of the header's text.
    len: usize,
    kid: Option<Text>,
    typ: Option<Text>,
}

impl<'h> UnverifiedHeader<'h> {
    /// Reads the decoded header.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::MalformedToken`] for anything but one strict JSON object of at most sixteen members, a
    /// member of the wrong type, `crit` (no extension is understood, RFC 7515 §4.1.11), `b64` other than `true` (RFC 7797
    /// §7) and `enc` (an encrypted token); [`ErrorKind::AlgorithmNotAllowed`] for an unknown `alg`.
    pub(crate) fn read(text: &'h str) -> Result<Self, Error> {
        let (mut algorithm, mut kid, mut typ, mut wrong) = (None, None, None, None);
        let not_a_string = "`alg`, `kid` or `typ` is not a string";
        let strict = read_few::<MAX_MEMBERS>(text, |name, value| match name {
            b"alg" => match value.string() {
                Some(name) => algorithm = Some(Algorithm::from_name(name)),
                None => wrong = Some(not_a_string),
            },
            // An empty or null id counts as absent.
            b"kid" if value.is_null() || value.string() == Some("") => {}
            b"kid" | b"typ" => match value.to_text() {
                text @ Some(_) if name == b"kid" => kid = text,
                text @ Some(_) => typ = text,
                None => wrong = Some(not_a_string),
            },
            b"crit" => wrong = Some("`crit` requires extensions that are not supported"),
            b"enc" => wrong = Some("the token is encrypted"),
            b"b64" if value.json() != "true" => {
                wrong = Some("the payload is not base64url-encoded");
            }
            _ => {}
        });
        strict.map_err(|_| malformed("the header is not one strict JSON object"))?;
        if let Some(wrong) = wrong {
            return Err(malformed(wrong));
        }
        let algorithm = algorithm.ok_or_else(|| malformed("`alg` is missing"))?;
        let algorithm = algorithm.ok_or(ErrorKind::AlgorithmNotAllowed)?;
        let members = HeaderMembers { algorithm, len: text.len(), kid, typ };
        Ok(Self { text, members: Cow::Owned(members) })
    }

    pub(crate) fn algorithm(&self) -> Algorithm {
        self.members.algorithm
    }

    /// The key id, unless it is absent or empty.
    pub(crate) fn key_id(&self) -> Option<&str> {
        self.members.key_id(self.text)
    }
}

impl HeaderMembers {
    /// Those of a caller without a JWT.
    pub(crate) const ABSENT: Self =
        Self { algorithm: Algorithm::HS256, len: 0, kid: None, typ: None };

    /// The length of the header's text.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// Reads the header. `text` must begin with the text of the header.
    pub(crate) fn read<'a>(&'a self, text: &'a str) -> JoseHeader<'a> {
        JoseHeader {
            algorithm: self.algorithm,
            key_id: self.key_id(text),
            typ: self.typ.as_ref().map(|typ| typ.read(text)),
            text: text.get(..self.len).unwrap_or_default(),
        }
    }

    fn key_id<'a>(&'a self, text: &'a str) -> Option<&'a str> {
        self.kid.as_ref().map(|kid| kid.read(text))
    }
}

fn malformed(detail: &'static str) -> Error {
    Error::new(ErrorKind::MalformedToken).with_detail(detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(text: &str) -> Option<ErrorKind> {
        UnverifiedHeader::read(text).err().map(|error| error.kind())
    }

    #[test]
    fn known_members_are_read_and_others_are_ignored() {
        let text = r#"{"typ":"at+jwt","alg":"ES256","kid":"a\u0062","jku":"https://evil.example","zip":"DEF"}"#;
        let header = UnverifiedHeader::read(text).unwrap();
        assert_eq!(header.algorithm(), Algorithm::ES256);
        assert_eq!(header.key_id(), Some("ab"));
        assert_eq!(header.members.read(text).typ, Some("at+jwt"));
    }

    #[test]
    fn any_member_is_read_by_its_name() {
        let text = r#"{"alg":"ES256","sign\u0065r":"arn:\u0061","exp":7,"x":null,"aud":["a"]}"#;
        let header = UnverifiedHeader::read(text).unwrap();
        let followed = format!("{text}{{\"signer\":\"another\"}}");
        let header = header.members.read(&followed);
        assert_eq!(header.member::<String>("signer").as_deref(), Some("arn:a"));
        assert_eq!(header.member::<i64>("exp"), Some(7));
        assert_eq!(header.member::<Vec<String>>("aud").unwrap(), ["a"]);
        for absent in ["exp", "x", "Signer", "signer ", "", "kid", "sign\\u0065r"] {
            assert_eq!(header.member::<String>(absent), None, "{absent}");
        }
        assert!(!format!("{header:?}").contains("arn"));
    }

    #[test]
    fn headers_that_are_not_strict_are_malformed() {
        for text in [
            "",
            "[]",
            "{\"alg\":\"HS256\"}\u{a0}",
            "\u{feff}{\"alg\":\"HS256\"}",
            "\u{b}{\"alg\":\"HS256\"}",
            r#"{"alg":"HS256"}{}"#,
            r#"{"alg":"HS256","alg":"HS256"}"#,
            r#"{"alg":"HS256","x":1,"\u0078":1}"#,
            r#"{"kid":"a"}"#,
            r#"{"alg":null}"#,
            r#"{"alg":256}"#,
            r#"{"alg":["HS256"]}"#,
            r#"{"alg":"HS256","kid":7}"#,
            r#"{"alg":"HS256","kid":false}"#,
            r#"{"alg":"HS256","typ":7}"#,
            r#"{"alg":"HS256","enc":"A256GCM"}"#,
            r#"{"alg":"HS256","b64":false}"#,
            r#"{"alg":"HS256","b64":"true"}"#,
            r#"{"alg":"HS256","crit":[]}"#,
            r#"{"alg":"HS256","crit":["exp"],"exp":1}"#,
            r#"{"alg":"HS256","crit":null}"#,
            r#"{"alg":"HS256","crit":["b64"],"b64":true}"#,
        ] {
            assert_eq!(kind(text), Some(ErrorKind::MalformedToken), "{text}");
        }
        assert_eq!(kind(r#"{"alg":"HS256","b64":true}"#), None);
        assert_eq!(kind("\r\n\t {\"alg\":\"HS256\"} \t\r\n"), None);
    }

    #[test]
    fn an_empty_or_null_id_is_absent() {
        for (kid, read) in [
            ("'a'", Some("a")),
            ("' '", Some(" ")),
            ("'\\u0061'", Some("a")),
            ("''", None),
            ("null", None),
        ] {
            let text = format!("{{'alg':'HS256','kid':{kid}}}").replace('\'', "\"");
            assert_eq!(UnverifiedHeader::read(&text).unwrap().key_id(), read, "{kid}");
        }
        let twice = r#"{"alg":"HS256","kid":null,"kid":"a"}"#;
        assert_eq!(kind(twice), Some(ErrorKind::MalformedToken));
    }

    #[test]
    fn a_header_has_at_most_sixteen_members() {
        let with = |others: usize| {
            let others: Vec<_> = (0..others).map(|i| format!("\"x{i}\":{i},")).collect();
            kind(&format!("{{{}\"alg\":\"HS256\"}}", others.concat()))
        };
        assert_eq!(with(15), None);
        assert_eq!(with(16), Some(ErrorKind::MalformedToken));
    }

    #[test]
    fn an_unknown_algorithm_is_not_allowed() {
        for name in ["none", "None", "NONE", "", "hs256", "HS256 ", "HS256\\u0000", "ES256K", "dir"]
        {
            let text = format!("{{\"alg\":\"{name}\"}}");
            assert_eq!(kind(&text), Some(ErrorKind::AlgorithmNotAllowed), "{text}");
        }
        assert_eq!(kind(r#"{"alg":"\u0048S256"}"#), None);
    }
}
