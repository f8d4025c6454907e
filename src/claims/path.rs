//! Where in a token a claim stands.

use std::fmt;

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Deserializer as JsonDeserializer;
use serde_json::value::RawValue;

use super::json::BorrowText;

/// The way to a claim: its name, or the names of the objects around it and then its own.
///
/// A name is taken as it stands, dots, slashes and colons included: many servers use URLs as names.
///
/// ```
/// use tower_jwt_auth::claims::ClaimPath;
///
/// let top = ClaimPath::from("https://example.com/roles");
/// let nested = ClaimPath::from(["realm_access", "roles"]);
/// assert_eq!(top.to_string(), "https://example.com/roles");
/// assert_eq!(nested.to_string(), "realm_access › roles");
/// assert_ne!(nested, ClaimPath::from("realm_access.roles"));
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ClaimPath(Box<[Box<str>]>);

impl ClaimPath {
    /// Finds the value in the text of a JSON object, if there is exactly one.
    pub(crate) fn find<'j>(&self, text: &'j str) -> Option<&'j RawValue> {
        match self.look_up(text) {
            Found::Value(value) => Some(value),
            Found::Absent | Found::Ambiguous => None,
        }
    }

    /// As [`find`](Self::find), and says why there is no value.
    pub(crate) fn look_up<'j>(&self, text: &'j str) -> Found<'j> {
        let Some((last, around)) = self.0.split_last() else { return Found::Absent };
        let mut text = text;
        for name in around {
            match member(text, name) {
                Found::Value(value) => text = value.get(),
                missing => return missing,
            }
        }
        member(text, last)
    }
}

/// What a path leads to.
pub(crate) enum Found<'j> {
    Value(&'j RawValue),
    /// A name is missing, or something on the way is not an object.
    Absent,
    /// A name on the way appears twice: which value counts would be a guess.
    Ambiguous,
}

impl From<&str> for ClaimPath {
    fn from(name: &str) -> Self {
        Self([name.into()].into())
    }
}

impl From<String> for ClaimPath {
    fn from(name: String) -> Self {
        Self([name.into()].into())
    }
}

impl<T: Into<String>, const N: usize> From<[T; N]> for ClaimPath {
    fn from(names: [T; N]) -> Self {
        Self(names.into_iter().map(|name| name.into().into()).collect())
    }
}

impl fmt::Display for ClaimPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" › "))
    }
}

impl fmt::Debug for ClaimPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{self}`")
    }
}

fn member<'j>(text: &'j str, name: &str) -> Found<'j> {
    if !text.trim_ascii_start().starts_with('{') {
        return Found::Absent;
    }
    // An object that cannot be read says nothing about its members.
    JsonDeserializer::from_str(text).deserialize_map(Member(name)).unwrap_or(Found::Ambiguous)
}

/// Finds one member of an object.
struct Member<'n>(&'n str);

impl<'de> Visitor<'de> for Member<'_> {
    type Value = Found<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        let mut twice = false;
        while let Some(name) = map.next_key_seed(BorrowText)? {
            if name == self.0 {
                twice |= found.replace(map.next_value()?).is_some();
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(match found {
            _ if twice => Found::Ambiguous,
            Some(value) => Found::Value(value),
            None => Found::Absent,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_followed_by_whole_names_only() {
        let text = r#"{"a":{"b":[1],"b.c":2},"a.b":3,"x":7,"s\u0075b":4}"#;
        let find = |path: ClaimPath| path.find(text).map(RawValue::get);
        assert_eq!(find(["a", "b"].into()), Some("[1]"));
        assert_eq!(find(["a", "b.c"].into()), Some("2"));
        assert_eq!(find("a.b".into()), Some("3"));
        assert_eq!(find("sub".into()), Some("4"));
        for path in
            [ClaimPath::from(["a", "x"]), ["x", "b"].into(), ["a", "b", "c"].into(), "".into()]
        {
            assert_eq!(find(path.clone()), None, "{path}");
        }
        assert_eq!(find(ClaimPath::from([] as [&str; 0])), None);
    }

    #[test]
    fn a_name_that_stands_twice_leads_nowhere() {
        let text = r#"{"a":{"roles":["user"],"roles":["admin"]},"b":{"roles":[]}}"#;
        assert!(ClaimPath::from(["a", "roles"]).find(text).is_none());
        assert!(ClaimPath::from(["b", "roles"]).find(text).is_some());
    }

    #[test]
    fn an_ambiguous_name_is_told_from_a_missing_one() {
        let text = r#" {"a":{"x":1,"x":2},"b":{"x":1},"c":{"y":1},"d":null,"e":[{"x":1}]}"#;
        let found = |path: [&str; 2]| match ClaimPath::from(path).look_up(text) {
            Found::Value(value) => value.get(),
            Found::Absent => "absent",
            Found::Ambiguous => "ambiguous",
        };
        for (object, outcome) in [
            ("a", "ambiguous"),
            ("b", "1"),
            ("c", "absent"),
            ("d", "absent"),
            ("e", "absent"),
            ("f", "absent"),
        ] {
            assert_eq!(found([object, "x"]), outcome, "{object}");
        }
    }
}
