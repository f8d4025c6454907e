//! A string or a list of strings, the two forms of `aud` and `scope`.

use std::fmt;

use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde::{Serialize, Serializer};

/// Serialized in the form that was read.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum StringOrList {
    String(String),
    List(Vec<String>),
}

impl StringOrList {
    /// Reads either form. Errors name what was expected.
    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
        expected: &'static str,
    ) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Expected(expected))
    }
}

impl Serialize for StringOrList {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::String(string) => string.serialize(serializer),
            Self::List(list) => list.serialize(serializer),
        }
    }
}

struct Expected(&'static str);

impl<'de> Visitor<'de> for Expected {
    type Value = StringOrList;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<StringOrList, E> {
        Ok(StringOrList::String(value.to_owned()))
    }

    fn visit_string<E: de::Error>(self, value: String) -> Result<StringOrList, E> {
        Ok(StringOrList::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<StringOrList, A::Error> {
        let mut strings = Vec::new();
        while let Some(string) = list.next_element()? {
            strings.push(string);
        }
        Ok(StringOrList::List(strings))
    }
}
