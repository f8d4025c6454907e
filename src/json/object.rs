//! The index of a JSON object.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use super::error::Malformed;
use super::scan::Scanner;
use super::text::{Span, Unescaped};
use super::value::Value;

/// The number of members that are stored inline. Most objects have no more.
const INLINE: usize = 16;

/// The number of members up to which each name is compared with the earlier ones.
const MAX_COMPARED: usize = 32;

/// A strict JSON object: its text, and the ranges of its members.
#[derive(Clone, Default)]
pub(crate) struct Object<T = String> {
    text: T,
    index: Arc<Index>,
}

#[derive(Default)]
struct Index {
    members: Members,
    unescaped: Unescaped,
    has_huge_number: bool,
}

/// The name without its quotes, and the value with them.
#[derive(Clone, Copy, Default)]
struct Member {
    name: Span,
    value: Span,
}

impl<T: Deref<Target = str>> Object<T> {
    /// Reads a text.
    ///
    /// # Errors
    ///
    /// The text breaks a rule of [this module](super).
    pub(crate) fn read(text: T) -> Result<Self, Malformed> {
        Self::read_from(text, 0)
    }

    /// Reads a text from the byte `start` on. The ranges of [`Text`](super::Text) count from the beginning of the
    /// text.
    ///
    /// # Errors
    ///
    /// The same as for [`read`](Self::read).
    pub(crate) fn read_from(text: T, start: usize) -> Result<Self, Malformed> {
        let mut index = Index::default();
        index.read(&text, start)?;
        let object = Self { text, index: Arc::new(index) };
        if object.has_duplicates() { Err(Malformed::Duplicate) } else { Ok(object) }
    }

    /// Finds duplicate names in a large object, whose names were not compared while reading.
    fn has_duplicates(&self) -> bool {
        if self.len() <= MAX_COMPARED {
            return false;
        }
        let mut names: Vec<&str> = self.members().map(|(name, _)| name).collect();
        names.sort_unstable();
        !names.is_sorted_by(|one, next| one < next)
    }

    /// The text that was read.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Whether a number is beyond the range of floating point. A value with such a number cannot be
    /// read.
    pub(crate) fn has_huge_number(&self) -> bool {
        self.index.has_huge_number
    }

    /// The number of members.
    pub(crate) fn len(&self) -> usize {
        self.index.members.len
    }

    /// The value of a member.
    #[inline]
    pub(crate) fn get(&self, name: &str) -> Option<Value<'_>> {
        let first = self.index.members.first(bucket(name.as_bytes()))?;
        let value = self.index.find(&self.text, first, name.as_bytes())?;
        Some(self.value(value))
    }

    /// Names and values, in the order of the text.
    pub(crate) fn members(&self) -> impl ExactSizeIterator<Item = (&str, Value<'_>)> {
        let read =
            |it: Member| (self.index.unescaped.read(&self.text, it.name), self.value(it.value));
        self.index.members.from(0).map(read)
    }

    #[inline]
    fn value(&self, span: Span) -> Value<'_> {
        Value::new(&self.text, &self.index.unescaped, span)
    }
}

impl Index {
    fn read(&mut self, text: &str, start: usize) -> Result<(), Malformed> {
        let mut scanner = Scanner::new(text, start)?;
        scanner.open_object()?;
        while let Some(name) = scanner.name(self.members.len == 0, &mut self.unescaped)? {
            let bytes = self.unescaped.bytes(text, name);
            let bucket = bucket(bytes);
            if let Some(first) = self.members.first(bucket)
                && self.members.len <= MAX_COMPARED
                && self.find(text, first, bytes).is_some()
            {
                return Err(Malformed::Duplicate);
            }
            let value = scanner.member_value(&mut self.unescaped)?;
            self.members.push(bucket, Member { name, value });
        }
        self.has_huge_number = scanner.has_huge_number;
        scanner.end()
    }

    /// Finds the value of a name among the members from `first` on.
    #[inline]
    fn find(&self, text: &str, first: usize, name: &[u8]) -> Option<Span> {
        let is_named = |it: Member| self.unescaped.bytes(text, it.name) == name;
        // The first member matches nearly always.
        match self.members.few.get(first) {
            Some(member) if is_named(*member) => Some(member.value),
            _ => self.find_slowly(text, first, name),
        }
    }

    #[cold]
    fn find_slowly(&self, text: &str, first: usize, name: &[u8]) -> Option<Span> {
        let is_named = |it: &Member| self.unescaped.bytes(text, it.name) == name;
        self.members.from(first).find(is_named).map(|it| it.value)
    }
}

/// The members, and for each hash the first member whose name has it.
struct Members {
    len: usize,
    few: [Member; INLINE],
    more: Vec<Member>,
    /// For each hash, the number of a member, counted from 1; 0 if there is none.
    first: [u8; BUCKETS],
}

const BUCKETS: usize = 64;

impl Default for Members {
    fn default() -> Self {
        let few = [Member::default(); INLINE];
        Self { len: 0, few, more: Vec::new(), first: [0; BUCKETS] }
    }
}

impl Members {
    #[inline]
    fn push(&mut self, bucket: usize, member: Member) {
        match self.few.get_mut(self.len) {
            Some(place) => *place = member,
            None => self.more.push(member),
        }
        self.len += 1;
        if let (Some(first @ 0), Ok(number)) = (self.first.get_mut(bucket), u8::try_from(self.len))
        {
            *first = number;
        }
    }

    /// The first member that may have this hash, if there is one.
    #[inline]
    fn first(&self, bucket: usize) -> Option<usize> {
        match self.first.get(bucket) {
            Some(&number @ 1..) => Some(usize::from(number) - 1),
            // The number of such a member did not fit into a byte.
            _ => (self.len > usize::from(u8::MAX)).then_some(usize::from(u8::MAX)),
        }
    }

    /// The members from `first` on.
    #[inline]
    fn from(&self, first: usize) -> impl ExactSizeIterator<Item = Member> {
        (first..self.len).map(|at| {
            let member = self.few.get(at).or_else(|| self.more.get(at - INLINE));
            member.copied().unwrap_or_default()
        })
    }
}

/// A cheap hash of a name. With these factors, common claim names do not collide.
#[inline]
fn bucket(name: &[u8]) -> usize {
    let first = name.first().copied().unwrap_or_default();
    let last = name.last().copied().unwrap_or_default();
    (5 * name.len() + 3 * usize::from(first) + 43 * usize::from(last)) % BUCKETS
}

/// Reads a small object member by member, without an index.
///
/// # Errors
///
/// The same as for [`Object::read`], and more than `N` members. After an error, discard what `each` received.
pub(crate) fn read_few<const N: usize>(
    text: &str,
    mut each: impl FnMut(&[u8], Value<'_>),
) -> Result<(), Malformed> {
    let (mut names, mut len, mut unescaped) = ([Span::default(); N], 0, Unescaped::default());
    let mut scanner = Scanner::new(text, 0)?;
    scanner.open_object()?;
    while let Some(name) = scanner.name(len == 0, &mut unescaped)? {
        let bytes = unescaped.bytes(text, name);
        if names.iter().take(len).any(|before| unescaped.bytes(text, *before) == bytes) {
            return Err(Malformed::Duplicate);
        }
        *names.get_mut(len).ok_or(Malformed::NotStrict)? = name;
        len += 1;
        let value = scanner.member_value(&mut unescaped)?;
        each(unescaped.bytes(text, name), Value::new(text, &unescaped, value));
    }
    scanner.end()
}

impl<T> fmt::Debug for Object<T> {
    /// Shows the number of members and not their contents, because `Debug` output ends up in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Object({} members)", self.index.members.len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value as Json;

    type Map = serde_json::Map<String, Json>;

    /// Reads an object with the index.
    fn read_by_index(text: &str) -> Option<Map> {
        Object::read(text).ok()?.deserialize().ok()
    }

    /// Reads an object with `serde_json`, unless it has a duplicate name.
    fn read_by_serde_json(text: &str) -> Option<Map> {
        struct Unique;

        impl<'de> serde::de::Visitor<'de> for Unique {
            type Value = Map;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Map, A::Error> {
                let mut unique = Map::new();
                while let Some((name, value)) = map.next_entry()? {
                    if unique.insert(name, value).is_some() {
                        return Err(serde::de::Error::custom("twice"));
                    }
                }
                Ok(unique)
            }
        }

        let mut parser = serde_json::Deserializer::from_str(text);
        let map = serde::Deserializer::deserialize_map(&mut parser, Unique).ok()?;
        parser.end().ok().map(|()| map)
    }

    #[test]
    fn the_index_reads_the_same_as_serde_json() {
        // Every sequence of four pieces, alone and after a first member.
        let pieces = [
            "\"a\"",
            "\"\\u0062\"",
            "\"",
            "\\",
            "\u{1}",
            "\u{e9}",
            ":",
            ",",
            "{",
            "}",
            "[]",
            "1",
            "-0",
            "01",
            "1.5",
            "9223372036854775808",
            "null",
            " ",
            "\n",
            "\u{a0}",
            "",
        ];
        let (mut read, mut all) = (0, 0);
        let count = pieces.len();
        for number in 0..count.pow(4) {
            let digits = [number, number / count, number / count.pow(2), number / count.pow(3)];
            let text = digits.map(|digit| pieces[digit % count]).concat();
            for text in [format!("{{{text}}}"), format!(" \r{{\"name\" : -7{text}}}\t\n")] {
                let expected = read_by_serde_json(&text);
                assert_eq!(read_by_index(&text), expected, "{text:?}");
                read += usize::from(expected.is_some());
                all += 1;
            }
        }
        println!("{read} of {all} are objects");
        assert!(read > 1000, "{read} of {all}");
    }

    #[test]
    fn only_json_white_space_may_surround_an_object() {
        for text in ["{}", " {}", "{} ", "\t\r\n{ \n}\r\n\t ", "{\"a\":{}}"] {
            assert!(Object::read(text).is_ok(), "{text:?}");
        }
        for text in [
            "",
            " ",
            "[]",
            "null",
            "7",
            "\"{}\"",
            "{",
            "}",
            "{}{}",
            "{},",
            "{} }",
            "{}\0",
            "{\"a\":{}",
            "{\"a\":{}}}",
            "\u{feff}{}",
            "{} \u{feff}",
            "\u{a0}{}",
            "{}\u{a0}",
            "\u{b}{}",
            "{}\u{b}",
            "\u{c}{}",
            "{}\u{c}",
        ] {
            assert_eq!(Object::read(text).unwrap_err(), Malformed::NotStrict, "{text:?}");
        }
    }

    #[test]
    fn a_text_can_be_read_from_any_offset() {
        let text = "{\"alg\":\"\\u0041\"}{\"a\":\"\\u0062\",\"c\":\"d\"}";
        let object = Object::read_from(text, 16).unwrap();
        assert_eq!(object.len(), 2);
        assert_eq!(object.get("a").and_then(Value::string), Some("b"));
        assert_eq!(object.get("c").and_then(Value::to_text).unwrap().read(text), "d");
        assert!(object.get("alg").is_none());
        assert!(Object::read_from(text, 0).is_err());
        assert!(Object::read_from(text, text.len()).is_err());
        assert!(Object::read_from(text, text.len() + 1).is_err());
    }

    #[test]
    fn duplicates_are_found_in_small_and_large_objects() {
        let object = |names: &[String]| {
            let members: Vec<String> = names.iter().map(|name| format!("\"{name}\":0")).collect();
            Object::read(format!("{{{}}}", members.join(","))).map(|object| object.len())
        };
        for count in [1, 2, 15, 16, 17, 31, 32, 33, 34, 35, 64, 65, 300] {
            let names: Vec<String> = (0..count).map(|number| format!("name-{number}")).collect();
            assert_eq!(object(&names), Ok(count));
            for twice in [0, count / 2, count - 1] {
                let mut names = names.clone();
                names.push(names[twice].clone());
                assert_eq!(object(&names), Err(Malformed::Duplicate), "{count}, {twice}");
                names.push("other".to_owned());
                assert_eq!(object(&names), Err(Malformed::Duplicate), "{count}, {twice}");
            }
        }
    }

    #[test]
    fn names_are_compared_after_unescaping() {
        for text in [
            r#"{"sub":1,"s\u0075b":2}"#,
            r#"{"s\u0075b":1,"sub":2}"#,
            r#"{"s\u0075b":1,"su\u0062":2}"#,
            r#"{"":1,"":2}"#,
        ] {
            assert_eq!(Object::read(text).unwrap_err(), Malformed::Duplicate, "{text}");
        }
        let object = Object::read(r#"{"s\u0075b":1,"s\\u0075b":2,"x":{"a":1,"a":2}}"#).unwrap();
        assert_eq!(object.get("sub").map(Value::json), Some("1"));
        assert_eq!(object.get("s\\u0075b").map(Value::json), Some("2"));
    }
}
