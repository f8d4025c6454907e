//! The members of an object, one by one.
//!
//! What most members of a token are made of is read here: names and texts without escapes, and whole
//! numbers. That is nearly all of the work, and most of it is what a parser of everything has to look out
//! for besides. Whatever else there is `serde_json` reads, from where it begins; a test holds the two
//! together.

use std::borrow::Cow;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, Visitor};
use serde_json::de::StrRead;
use serde_json::{Deserializer as JsonDeserializer, Error};

use super::json::BorrowText;

/// The most digits that are read here: no number of so many is beyond 64 bits.
const MAX_DIGITS: usize = 18;

/// Reads a text that is one object, with nothing but white space around it.
pub(super) struct Members<'de> {
    text: &'de str,
    /// How far it was read.
    at: usize,
    place: Place,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Begin,
    Within,
    /// Behind the last brace and what white space follows it.
    End,
}

impl<'de> Members<'de> {
    /// Reads this text. That it is an object shows later.
    pub(super) const fn new(text: &'de str) -> Self {
        Self { text, at: 0, place: Place::Begin }
    }

    /// Whether everything was read, up to the end of the text.
    pub(super) fn is_at_end(&self) -> bool {
        self.place == Place::End
    }

    /// The name of the next member, which has to be read next; `None` at the end.
    #[inline]
    pub(super) fn name(&mut self) -> Result<Option<Cow<'de, str>>, Error> {
        if self.place == Place::Begin {
            self.skip_space();
            self.expect(b'{')?;
        }
        match (self.skip_space(), self.place) {
            (Some(b','), Place::Within) => {
                self.at += 1;
                self.skip_space();
            }
            (Some(b'}'), _) if self.is_last() => {
                self.at = self.text.len();
                self.place = Place::End;
                return Ok(None);
            }
            (Some(b'"'), Place::Begin) => self.place = Place::Within,
            (None, Place::End) => return Ok(None),
            _ => return Err(malformed()),
        }
        let name = self.any_text()?.ok_or_else(malformed)?;
        self.skip_space();
        self.expect(b':')?;
        self.skip_space();
        Ok(Some(name))
    }

    /// Reads what comes next if it is a text.
    #[inline]
    pub(super) fn any_text(&mut self) -> Result<Option<Cow<'de, str>>, Error> {
        match self.text() {
            Some(text) => Ok(Some(Cow::Borrowed(text))),
            None => self.escaped_text(),
        }
    }

    /// Reads what comes next if it is a text without escapes.
    #[inline]
    fn text(&mut self) -> Option<&'de str> {
        if self.next() != Some(b'"') {
            return None;
        }
        let inside = self.at + 1;
        let end = closing_quote(self.text.as_bytes(), inside)?;
        self.at = end + 1;
        self.text.get(inside..end)
    }

    #[cold]
    fn escaped_text(&mut self) -> Result<Option<Cow<'de, str>>, Error> {
        if self.next() != Some(b'"') {
            return Ok(None);
        }
        self.parse(|parser| BorrowText.deserialize(parser)).map(Some)
    }

    /// Reads the value if it is a whole number of a usual size.
    #[inline]
    pub(super) fn integer(&mut self) -> Option<i64> {
        let is_negative = self.next() == Some(b'-');
        let begin = self.at + usize::from(is_negative);
        let (mut number, mut end) = (0_i64, begin);
        let bytes = self.text.as_bytes();
        while let Some(digit @ b'0'..=b'9') = bytes.get(end) {
            // What does not fit has too many digits.
            number = number.wrapping_mul(10).wrapping_add(i64::from(digit - b'0'));
            end += 1;
        }
        let is_usual = match (bytes.get(begin), end - begin) {
            // To the parser `-0` is a fraction.
            (Some(b'0'), len) => len == 1 && !is_negative,
            (_, len) => (1..=MAX_DIGITS).contains(&len),
        };
        // Behind it no fraction, no exponent, and nothing that is no JSON.
        if !is_usual || !matches!(bytes.get(end), Some(b',' | b'}' | b' ' | b'\n' | b'\t' | b'\r'))
        {
            return None;
        }
        self.at = end;
        Some(if is_negative { -number } else { number })
    }

    /// What comes next, whatever it is.
    pub(super) const fn value(&mut self) -> Value<'_, 'de> {
        Value(self)
    }

    /// Has the parser read what comes next.
    fn parse<T>(
        &mut self,
        read: impl FnOnce(&mut JsonDeserializer<StrRead<'de>>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut parser = JsonDeserializer::from_str(self.text.get(self.at..).unwrap_or_default());
        let value = read(&mut parser)?;
        self.at += parser.into_iter::<IgnoredAny>().byte_offset();
        Ok(value)
    }

    #[inline]
    fn next(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    #[inline]
    fn expect(&mut self, byte: u8) -> Result<(), Error> {
        if self.next() != Some(byte) {
            return Err(malformed());
        }
        self.at += 1;
        Ok(())
    }

    #[inline]
    fn skip_space(&mut self) -> Option<u8> {
        loop {
            match self.next() {
                Some(byte) if is_space(byte) => self.at += 1,
                next => return next,
            }
        }
    }

    /// Whether only white space follows what comes next.
    #[inline]
    fn is_last(&self) -> bool {
        let rest = self.text.as_bytes().get(self.at + 1..).unwrap_or_default();
        rest.iter().all(|byte| is_space(*byte))
    }
}

/// A value that is still to be read.
pub(super) struct Value<'m, 'de>(&'m mut Members<'de>);

macro_rules! by_the_parser {
    ($($method:ident($($argument:ident: $kind:ty),*);)+) => {
        $(fn $method<V: Visitor<'de>>(self, $($argument: $kind,)* visitor: V) -> Result<V::Value, Error> {
            self.0.parse(|parser| parser.$method($($argument,)* visitor))
        })+
    };
}

impl<'de> Deserializer<'de> for Value<'_, 'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0.text() {
            Some(text) => visitor.visit_borrowed_str(text),
            None => self.0.parse(|parser| parser.deserialize_any(visitor)),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0.text() {
            Some(text) => visitor.visit_borrowed_str(text),
            None => self.0.parse(|parser| parser.deserialize_str(visitor)),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0.next() {
            Some(b'"') => visitor.visit_some(self),
            _ => self.0.parse(|parser| parser.deserialize_option(visitor)),
        }
    }

    by_the_parser! {
        deserialize_bool();
        deserialize_i8();
        deserialize_i16();
        deserialize_i32();
        deserialize_i64();
        deserialize_i128();
        deserialize_u8();
        deserialize_u16();
        deserialize_u32();
        deserialize_u64();
        deserialize_u128();
        deserialize_f32();
        deserialize_f64();
        deserialize_char();
        deserialize_bytes();
        deserialize_byte_buf();
        deserialize_unit();
        deserialize_unit_struct(name: &'static str);
        deserialize_newtype_struct(name: &'static str);
        deserialize_seq();
        deserialize_tuple(len: usize);
        deserialize_tuple_struct(name: &'static str, len: usize);
        deserialize_map();
        deserialize_struct(name: &'static str, fields: &'static [&'static str]);
        deserialize_enum(name: &'static str, variants: &'static [&'static str]);
        deserialize_identifier();
        deserialize_ignored_any();
    }
}

/// White space as JSON has it (RFC 8259 §2).
const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\t' | b'\r')
}

#[cold]
fn malformed() -> Error {
    Error::custom("not the members of an object")
}

/// Where a text that begins here ends, if there is neither an escape nor a control character before that.
///
/// Looks at eight bytes at once: subtracting from a byte borrows from its highest bit only where the byte
/// is less (Mycroft's test). Borrows go upwards, so that the first byte found is a right one.
#[inline]
fn closing_quote(text: &[u8], begin: usize) -> Option<usize> {
    const ONES: u64 = u64::MAX / 255;
    let less = |word: u64, than: u8| word.wrapping_sub(ONES * u64::from(than)) & !word;
    let equal = |word: u64, byte: u8| less(word ^ (ONES * u64::from(byte)), 1);
    let mut at = begin;
    while let Some(word) = text.get(at..).and_then(<[u8]>::first_chunk) {
        let word = u64::from_le_bytes(*word);
        let found = (less(word, b' ') | equal(word, b'"') | equal(word, b'\\')) & (ONES << 7);
        if found != 0 {
            at += found.trailing_zeros() as usize / 8;
            return (text.get(at) == Some(&b'"')).then_some(at);
        }
        at += 8;
    }
    let is_found = |byte: &u8| matches!(byte, 0..b' ' | b'"' | b'\\');
    at += text.get(at..)?.iter().position(is_found)?;
    (text.get(at) == Some(&b'"')).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use serde_json::{Map, Value as Json};

    /// Reads an object by whatever is quickest for each value.
    fn quickly(text: &str) -> Option<Map<String, Json>> {
        let (mut members, mut map) = (Members::new(text), Map::new());
        while let Some(name) = members.name().ok()? {
            let value = match members.any_text().ok()? {
                Some(text) => text.into(),
                None => match members.integer() {
                    Some(integer) => integer.into(),
                    None => Json::deserialize(members.value()).ok()?,
                },
            };
            map.insert(name.into_owned(), value);
        }
        members.is_at_end().then_some(map)
    }

    /// Reads an object with every value left to its type.
    fn slowly(text: &str) -> Option<Map<String, Json>> {
        let (mut members, mut map) = (Members::new(text), Map::new());
        while let Some(name) = members.name().ok()? {
            map.insert(name.into_owned(), Json::deserialize(members.value()).ok()?);
        }
        members.is_at_end().then_some(map)
    }

    fn assert_same(text: &str) -> bool {
        let expected: Option<Map<String, Json>> = serde_json::from_str(text).ok();
        assert_eq!(quickly(text), expected, "{text:?}");
        assert_eq!(slowly(text), expected, "{text:?}");
        expected.is_some()
    }

    #[test]
    fn whatever_the_parser_makes_of_a_text_is_made_of_it_here() {
        // Four of these in a row, on their own and as what stands behind a first member.
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
                read += usize::from(assert_same(&text));
                all += 1;
            }
        }
        println!("{read} of {all} are objects");
        assert!(read > 1000, "{read} of {all}");
    }

    #[test]
    fn only_white_space_follows_the_last_brace() {
        for text in ["{}", " {}", "{} ", "\t\r\n{ \n}\r\n\t "] {
            let mut whole = Members::new(text);
            assert!(!whole.is_at_end());
            for _ in 0..2 {
                assert!(matches!(whole.name(), Ok(None)), "{text:?}");
                assert!(whole.is_at_end(), "{text:?}");
            }
        }
        for text in ["\u{feff}{}", "\u{a0}{}", "\u{b}{}", "\u{c}{}", ""] {
            assert!(Members::new(text).name().is_err(), "{text:?}");
        }
        // What ends with the text, and what goes on behind the object.
        for text in [
            r#"{"a":{}"#,
            r#"{"a":{}}}"#,
            r#"{"a":{}} }"#,
            r#"{"a":{}},"#,
            "{\"a\":{}}\u{b}",
            "{\"a\":{}}\u{c}",
            "{\"a\":{}}\u{a0}",
            "{\"a\":{}} \u{feff}",
            "{\"a\":{}}\0",
        ] {
            let mut members = Members::new(text);
            members.name().unwrap();
            Json::deserialize(members.value()).unwrap();
            for _ in 0..2 {
                assert!(members.name().is_err(), "{text}");
                assert!(!members.is_at_end(), "{text}");
            }
        }
    }

    #[test]
    fn whole_numbers_are_read_exactly_up_to_eighteen_digits() {
        let integer = |text: &str| {
            let json = format!("{{\"a\":{text}}}");
            let mut members = Members::new(&json);
            members.name().unwrap();
            members.integer()
        };
        for text in ["0", "7", "-1", "10", "999999999999999999", "-999999999999999999"] {
            assert_eq!(integer(text), text.parse().ok(), "{text}");
        }
        for text in
            ["-0", "00", "01", "-", "", "1.0", "1e3", "1000000000000000000", "1x", "+1", "1]"]
        {
            assert_eq!(integer(text), None, "{text}");
        }
    }

    #[test]
    fn the_end_of_a_text_is_found_wherever_it_is_and_nothing_odd_is_passed_over() {
        for len in 0..40 {
            for other in
                ['"', '\\', '\u{0}', '\u{1f}', ' ', '!', '\u{7f}', '\u{80}', '\u{a2}', '\u{dc}']
            {
                for place in 0..len {
                    let mut text: Vec<char> = vec!['a'; len];
                    text[place] = other;
                    let text: String = text.into_iter().chain("\"a".chars()).collect();
                    let is_odd = |byte: &u8| *byte < b' ' || b"\"\\".contains(byte);
                    let at = text.bytes().position(|byte| is_odd(&byte));
                    let quote = at.filter(|at| text.as_bytes()[*at] == b'"');
                    assert_eq!(closing_quote(text.as_bytes(), 0), quote, "{text:?}");
                }
            }
        }
        assert_eq!(closing_quote(b"no end", 0), None);
    }

    #[test]
    fn values_are_of_any_type_that_the_parser_could_fill() {
        #[derive(Debug, Deserialize, PartialEq)]
        struct Pair(String, u8);
        fn read<'de, T: Deserialize<'de>>(text: &'de str) -> Result<T, Error> {
            let mut members = Members::new(text);
            members.name()?;
            T::deserialize(members.value())
        }
        assert_eq!(read::<Option<&str>>(r#"{"a":"b"}"#).unwrap(), Some("b"));
        assert_eq!(read::<Option<String>>(r#"{"a":null}"#).unwrap(), None);
        assert_eq!(read::<String>(r#"{"a":"\u0062"}"#).unwrap(), "b");
        assert_eq!(read::<char>(r#"{"a":"b"}"#).unwrap(), 'b');
        assert_eq!(read::<u128>(r#"{"a":18446744073709551616}"#).unwrap(), 1 << 64);
        assert_eq!(read::<Pair>(r#"{"a":["b",1]}"#).unwrap(), Pair("b".into(), 1));
        let raw = read::<&serde_json::value::RawValue>(r#"{"a":"b"}"#).unwrap();
        assert_eq!(raw.get(), "\"b\"");
        assert!(read::<String>(r#"{"a":1}"#).is_err());
        assert!(read::<&str>(r#"{"a":"\u0062"}"#).is_err());
    }
}
