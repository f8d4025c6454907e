//! The one look at a payload whose signature nobody has checked.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Deserializer as JsonDeserializer;
use serde_json::value::RawValue;

use super::json::{self, BorrowText};
use super::noted::{Claim, wrong_type};
use crate::error::{Error, ErrorKind};

/// Finds the top-level `iss` of a payload whose signature nobody has checked yet.
///
/// Good for choosing among configured issuers and for nothing else. `None` when there is none; a
/// payload that is odd in any other way is judged after its signature.
pub(crate) fn find_issuer(payload: &str) -> Result<Option<Cow<'_, str>>, Error> {
    let mut parser = JsonDeserializer::from_str(payload);
    let issuer = parser.deserialize_map(IssuerVisitor).map_err(|_| malformed())?;
    let Some(raw) = issuer else { return Ok(None) };
    json::text(raw).map(Some).ok_or_else(|| wrong_type(Claim::Iss))
}

fn malformed() -> Error {
    Error::new(ErrorKind::MalformedToken).with_detail("the payload is not one strict JSON object")
}

struct IssuerVisitor;

impl<'de> Visitor<'de> for IssuerVisitor {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of claims")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while let Some(name) = map.next_key_seed(BorrowText)? {
            if name == "iss" {
                let issuer = map.next_value()?;
                // The rest is read too: the answer must not depend on the order of the members.
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                return Ok(Some(issuer));
            }
            map.next_value::<IgnoredAny>()?;
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unverified_issuer_is_found_at_the_top_level_only() {
        let find = |payload| find_issuer(payload).map(|found| found.map(Cow::into_owned));
        assert_eq!(find(r#"{"sub":"s","iss":"a"}"#).unwrap().as_deref(), Some("a"));
        assert_eq!(find(r#"{"x":{"iss":"a"}}"#).unwrap(), None);
        assert_eq!(find(r#"{"iss":["a"]}"#).unwrap_err().kind(), ErrorKind::InvalidIssuer);
        assert_eq!(find(r#"{"iss":"a""#).unwrap_err().kind(), ErrorKind::MalformedToken);
        assert_eq!(find("7").unwrap_err().kind(), ErrorKind::MalformedToken);
    }
}
