//! Strings of a token that are kept as places in its decoded text.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::json::{self, BorrowText};
use super::scope::split;

/// One string: a place in the decoded text, or its own when unescaping had to change it.
#[derive(Clone, Debug)]
pub(crate) enum Text {
    /// Byte positions: a token is at most a megabyte long.
    At {
        start: u32,
        end: u32,
    },
    Own(Box<str>),
}

impl Text {
    /// Notes where `string` stands in `text`, or keeps a copy when it does not stand there.
    pub(crate) fn locate(text: &str, string: Cow<'_, str>) -> Self {
        let Cow::Borrowed(part) = string else {
            return Self::Own(string.into());
        };
        let start = (part.as_ptr() as usize).wrapping_sub(text.as_ptr() as usize);
        let end = start.wrapping_add(part.len());
        match (u32::try_from(start), u32::try_from(end)) {
            // What lies inside of the text is a part of it: both are borrowed at once.
            (Ok(at), Ok(to)) if end <= text.len() => Self::At { start: at, end: to },
            _ => Self::Own(part.into()),
        }
    }

    /// Reads the string; `text` is the one that it was located in.
    pub(crate) fn read<'a>(&'a self, text: &'a str) -> &'a str {
        match self {
            Self::At { start, end } => {
                // Both ends were checked when the place was noted.
                text.get(*start as usize..*end as usize).unwrap_or_default()
            }
            Self::Own(own) => own,
        }
    }
}

/// One string or several, as `aud`, `scope` and `roles` have them.
#[derive(Clone, Debug)]
pub(crate) enum TextList {
    One(Text),
    Many(Box<[Text]>),
}

impl TextList {
    /// Reads a string or a list of strings; `None` for anything else.
    pub(super) fn read(text: &str, raw: &RawValue) -> Option<Self> {
        if let Some(one) = json::text(raw) {
            return Some(Self::One(Text::locate(text, one)));
        }
        let mut parser = serde_json::Deserializer::from_str(raw.get());
        parser.deserialize_seq(Located(text)).ok().map(Self::Many)
    }

    /// The words of one string, or the strings of a list as they are: a scope in a list is never split.
    pub(crate) fn words<'a>(&'a self, text: &'a str) -> impl Iterator<Item = &'a str> {
        let (words, list) = match self {
            Self::One(one) => (one.read(text), [].as_slice()),
            Self::Many(many) => ("", &**many),
        };
        split(words).chain(list.iter().map(|item| item.read(text)))
    }

    pub(crate) fn iter<'a>(&'a self, text: &'a str) -> impl Iterator<Item = &'a str> {
        let list = match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        };
        list.iter().map(|item| item.read(text))
    }
}

/// Locates every string of a list in this text.
struct Located<'t>(&'t str);

impl<'de> Visitor<'de> for Located<'_> {
    type Value = Box<[Text]>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of strings")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut texts = Vec::new();
        while let Some(text) = list.next_element_seed(BorrowText)? {
            texts.push(Text::locate(self.0, text));
        }
        Ok(texts.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_borrowed_part_is_kept_as_a_place_and_anything_else_as_a_copy() {
        let text = String::from("{\"sub\":\"user\"}");
        let place = Text::locate(&text, Cow::Borrowed(&text[8..12]));
        assert!(matches!(place, Text::At { start: 8, end: 12 }));
        assert_eq!(place.read(&text), "user");

        for foreign in [Cow::Borrowed("user"), Cow::Owned(String::from("user"))] {
            let copy = Text::locate(&text, foreign);
            assert!(matches!(copy, Text::Own(_)));
            assert_eq!(copy.read(&text), "user");
        }
    }
}
