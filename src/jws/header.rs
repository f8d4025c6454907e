//! The JOSE header (RFC 7515 §4), read strictly.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Deserializer as JsonDeserializer;
use serde_json::value::RawValue;

use super::Algorithm;
use crate::claims::json::{BorrowText, Names, OptionalText, check_shape};
use crate::error::{Error, ErrorKind};

/// The most members that a header may have: those of all standards together are fewer.
const MAX_MEMBERS: usize = 16;

/// The header of a verified token: its algorithm, key id and type.
///
/// Members that name keys (`jwk`, `jku`, `x5c`, `x5u`, `x5t`) are never read: trust comes from the
/// configuration alone.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct JoseHeader<'t> {
    /// `alg`: the algorithm that the signature was verified with (§4.1.1).
    pub algorithm: Algorithm,
    /// `kid`: the id of the key, as the token has it (§4.1.4); absent if empty or null.
    pub key_id: Option<&'t str>,
    /// `typ`: the media type of the token (§4.1.9).
    pub typ: Option<&'t str>,
}

impl fmt::Debug for JoseHeader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The two texts are the sender's.
        f.debug_struct("JoseHeader").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

/// A header as it stands in a token whose signature nobody has checked yet.
#[derive(Debug)]
pub(crate) struct UnverifiedHeader<'h> {
    pub(crate) text: &'h str,
    pub(crate) algorithm: Algorithm,
    pub(crate) kid: Option<Cow<'h, str>>,
    pub(crate) typ: Option<Cow<'h, str>>,
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
        check_shape(text).map_err(|_| malformed("the header is not one strict JSON object"))?;
        let mut parser = JsonDeserializer::from_str(text);
        let read = parser.deserialize_map(HeaderVisitor);
        let members = read
            .and_then(|members| parser.end().map(|()| members))
            .map_err(|_| malformed("the header is not one strict JSON object"))?;
        if let Some(refusal) = members.refusal {
            return Err(malformed(refusal));
        }
        let name = members.alg.ok_or_else(|| malformed("`alg` is missing"))?;
        let algorithm = Algorithm::from_name(&name).ok_or(ErrorKind::AlgorithmNotAllowed)?;
        Ok(Self { text, algorithm, kid: members.kid, typ: members.typ })
    }
}

fn malformed(detail: &'static str) -> Error {
    Error::new(ErrorKind::MalformedToken).with_detail(detail)
}

#[derive(Default)]
struct Members<'h> {
    alg: Option<Cow<'h, str>>,
    kid: Option<Cow<'h, str>>,
    typ: Option<Cow<'h, str>>,
    refusal: Option<&'static str>,
}

/// The members that are looked at.
enum Member {
    Alg,
    Kid,
    Typ,
    Crit,
    Enc,
    B64,
    Other,
}

impl Member {
    fn of(name: &str) -> Self {
        match name {
            "alg" => Self::Alg,
            "kid" => Self::Kid,
            "typ" => Self::Typ,
            "crit" => Self::Crit,
            "enc" => Self::Enc,
            "b64" => Self::B64,
            _ => Self::Other,
        }
    }
}

struct HeaderVisitor;

impl<'h> Visitor<'h> for HeaderVisitor {
    type Value = Members<'h>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JOSE header")
    }

    fn visit_map<A: MapAccess<'h>>(self, mut map: A) -> Result<Members<'h>, A::Error> {
        let mut members = Members::default();
        let mut names = Names::default();
        while let Some(name) = map.next_key_seed(BorrowText)? {
            let member = Member::of(&name);
            if !names.insert(name) {
                members.refusal = Some("a member name stands twice in the header");
            }
            if names.len() > MAX_MEMBERS {
                // Nobody has signed this yet: its work is bounded, whatever is in it.
                return Err(de::Error::custom("too many members"));
            }
            match member {
                Member::Alg => members.alg = Some(map.next_value_seed(BorrowText)?),
                // An empty or null id names no key.
                Member::Kid => {
                    let kid = map.next_value_seed(OptionalText)?;
                    members.kid = kid.filter(|kid| !kid.is_empty());
                }
                Member::Typ => members.typ = Some(map.next_value_seed(BorrowText)?),
                Member::Crit => {
                    map.next_value::<IgnoredAny>()?;
                    members.refusal = Some("`crit` asks for extensions that are not understood");
                }
                Member::Enc => {
                    map.next_value::<IgnoredAny>()?;
                    members.refusal = Some("the token is encrypted");
                }
                Member::B64 => {
                    if map.next_value::<&RawValue>()?.get() != "true" {
                        members.refusal = Some("the payload is not base64url-encoded");
                    }
                }
                Member::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(text: &str) -> Option<ErrorKind> {
        UnverifiedHeader::read(text).err().map(|error| error.kind())
    }

    #[test]
    fn the_members_that_matter_are_read_and_the_rest_is_left_alone() {
        let text = r#"{"typ":"at+jwt","alg":"ES256","kid":"a\u0062","jku":"https://evil.example","zip":"DEF"}"#;
        let header = UnverifiedHeader::read(text).unwrap();
        assert_eq!(header.algorithm, Algorithm::ES256);
        assert_eq!(header.kid.as_deref(), Some("ab"));
        assert_eq!(header.typ.as_deref(), Some("at+jwt"));
    }

    #[test]
    fn what_is_not_strict_is_malformed() {
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
            assert_eq!(UnverifiedHeader::read(&text).unwrap().kid.as_deref(), read, "{kid}");
        }
        let twice = r#"{"alg":"HS256","kid":null,"kid":"a"}"#;
        assert_eq!(kind(twice), Some(ErrorKind::MalformedToken));
    }

    #[test]
    fn sixteen_members_pass_and_seventeen_do_not() {
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
