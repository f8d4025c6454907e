//! One value of an object.

use serde::de::DeserializeOwned;

use super::scan::{Scanner, escaped_end};
use super::text::{Span, Text, Unescaped};

/// A value, as a range of a text that was found to be strict.
#[derive(Clone, Copy)]
pub(crate) struct Value<'a> {
    text: &'a str,
    unescaped: &'a Unescaped,
    span: Span,
}

/// The type of a value.
pub(super) enum Kind<'a> {
    Null,
    Bool(bool),
    Number(Number),
    String(&'a str),
    Array,
    Object,
}

/// A number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Number {
    Signed(i64),
    /// An integer that is too large for `i64`.
    Unsigned(u64),
    /// A number that is not a 64-bit integer.
    Other,
}

/// The result of a lookup by name.
pub(crate) enum Found<'a> {
    Value(Value<'a>),
    /// There is no such member, or the value is not an object.
    Absent,
    /// Two members have the name, and it is not clear which one counts.
    Ambiguous,
}

impl<'a> Value<'a> {
    pub(super) const fn new(text: &'a str, unescaped: &'a Unescaped, span: Span) -> Self {
        Self { text, unescaped, span }
    }

    /// The value as JSON.
    #[inline]
    pub(crate) fn json(self) -> &'a str {
        self.span.of(self.text)
    }

    #[inline]
    fn first(self) -> u8 {
        self.text.as_bytes().get(self.span.start()).copied().unwrap_or_default()
    }

    pub(crate) fn is_null(self) -> bool {
        self.first() == b'n'
    }

    /// The value as a string, unescaped.
    #[inline]
    pub(crate) fn string(self) -> Option<&'a str> {
        (self.first() == b'"').then(|| self.unescaped.read(self.text, self.span.inside()))
    }

    /// A string, or the digits of an integer that fits 64 bits. JSON allows one spelling of an integer except for `-0`,
    /// which is not accepted.
    pub(crate) fn string_or_integer(self) -> Option<&'a str> {
        self.string().or_else(|| match self.number()? {
            Number::Signed(_) | Number::Unsigned(_) => Some(self.json()),
            Number::Other => None,
        })
    }

    /// The value as a string that does not need the index.
    pub(crate) fn to_text(self) -> Option<Text> {
        let string = self.string()?;
        Some(Text::new(self.span.inside(), string))
    }

    /// The value as strings: one string, or a list of only strings.
    pub(crate) fn strings(self) -> Option<Strings<'a>> {
        if let Some(string) = self.string() {
            return Some(Strings::One(string));
        }
        let list = List { value: self, at: self.span.start() + 1 };
        let is_list = self.first() == b'[' && list.clone().all(|item| item.is_some());
        is_list.then_some(Strings::Many(list))
    }

    /// The value's member of this name.
    pub(crate) fn member(self, wanted: &str) -> Found<'a> {
        let mut found = Found::Absent;
        let visited = self.visit_members(|name, value| {
            if name == wanted {
                let is_first = matches!(found, Found::Absent);
                found = if is_first { Found::Value(value) } else { Found::Ambiguous };
            }
        });
        visited.map_or(Found::Absent, |()| found)
    }

    /// The value's members, in the order of the text. There are none if the value is not an object, or if two members
    /// have one name, because it is not clear which one counts.
    pub(crate) fn members(self) -> Vec<(&'a str, Self)> {
        let mut members = Vec::new();
        let visited = self.visit_members(|name, value| members.push((name, value)));
        let mut names: Vec<_> = members.iter().map(|(name, _)| *name).collect();
        names.sort_unstable();
        let are_distinct = names.is_sorted_by(|one, next| one < next);
        if visited.is_some() && are_distinct { members } else { Vec::new() }
    }

    /// Calls `visit` with each member; `None` if the value is not an object.
    fn visit_members(self, mut visit: impl FnMut(&'a str, Self)) -> Option<()> {
        let mut again = Unescaped::default();
        let mut scanner = Scanner::new(self.text, self.span.start()).ok()?;
        let mut is_first = true;
        scanner.open_object().ok()?;
        while let Some(name) = scanner.name(is_first, &mut again).ok()? {
            let value = Self { span: scanner.member_value(&mut again).ok()?, ..self };
            visit(self.unescaped.read(self.text, name), value);
            is_first = false;
        }
        Some(())
    }

    /// Whether the value is `true`, or an object with members. An object with two members of one name has none.
    pub(crate) fn is_true_or_members(self) -> bool {
        self.first() == b't' || !self.members().is_empty()
    }

    /// Deserializes the value into any type; `None` if it does not fit.
    pub(crate) fn read<T: DeserializeOwned>(self) -> Option<T> {
        serde_json::from_str(self.json()).ok()
    }

    pub(super) fn kind(self) -> Kind<'a> {
        match self.first() {
            b'"' => Kind::String(self.unescaped.read(self.text, self.span.inside())),
            b'{' => Kind::Object,
            b'[' => Kind::Array,
            b't' => Kind::Bool(true),
            b'f' => Kind::Bool(false),
            b'n' => Kind::Null,
            _ => Kind::Number(read_number(self.json())),
        }
    }

    /// The value as a number.
    pub(crate) fn number(self) -> Option<Number> {
        matches!(self.first(), b'-' | b'0'..=b'9').then(|| read_number(self.json()))
    }
}

fn read_number(json: &str) -> Number {
    // A number of so many digits fits into 63 bits.
    if json.len() <= 18 {
        let add = |number: i64, byte: u8| {
            byte.is_ascii_digit().then(|| 10 * number + i64::from(byte - b'0'))
        };
        if let Some(number) = json.bytes().try_fold(0, add) {
            return Number::Signed(number);
        }
    }
    match json.parse() {
        // To `serde_json`, `-0` is a floating-point number.
        Ok(0) => Number::Other,
        Ok(signed) => Number::Signed(signed),
        Err(_) => json.parse().map_or(Number::Other, Number::Unsigned),
    }
}

/// One string, or several.
#[derive(Clone)]
pub(crate) enum Strings<'a> {
    One(&'a str),
    Many(List<'a>),
}

impl<'a> Strings<'a> {
    pub(crate) fn iter(self) -> impl Iterator<Item = &'a str> {
        let (one, many) = match self {
            Self::One(one) => (Some(one), None),
            Self::Many(many) => (None, Some(many)),
        };
        one.into_iter().chain(many.into_iter().flatten().flatten())
    }

    /// The words of one string, or the strings of a list as they are.
    pub(crate) fn words(self) -> impl Iterator<Item = &'a str> {
        let (words, many) = match self {
            Self::One(words) => (words, None),
            Self::Many(many) => ("", Some(many)),
        };
        let words = words.split(' ').filter(|word| !word.is_empty());
        words.chain(many.into_iter().flatten().flatten())
    }
}

/// The items of an array. A string is `Some`; the first other item is `None` and ends the iteration.
#[derive(Clone)]
pub(crate) struct List<'a> {
    value: Value<'a>,
    at: usize,
}

impl<'a> Iterator for List<'a> {
    type Item = Option<&'a str>;

    fn next(&mut self) -> Option<Self::Item> {
        let Value { text, unescaped, .. } = self.value;
        let bytes = text.as_bytes();
        let is_between = |byte: &&u8| matches!(byte, b',' | b' ' | b'\n' | b'\t' | b'\r');
        self.at += bytes.get(self.at..)?.iter().take_while(is_between).count();
        match bytes.get(self.at)? {
            b']' => None,
            b'"' => {
                let start = self.at + 1;
                let end = escaped_end(bytes, start)?;
                self.at = end + 1;
                Some(Some(unescaped.read(text, Span::new(start, end))))
            }
            _ => {
                self.at = bytes.len();
                Some(None)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Object;

    #[test]
    fn strings_are_one_string_or_a_list_of_strings() {
        let text = r#"{"one":"a b","escaped":"\u0061","list":["a b", "\"c\\" ,"\u0064"],"none":[ ],
            "mixed":["a",1],"nested":[["a"]],"number":1,"object":{"a":"b"},"null":null}"#;
        let object = Object::read(text).unwrap();
        let strings = |name: &str| object.get(name).unwrap().strings();
        let iter = |name: &str| strings(name).map(|it| it.iter().collect::<Vec<_>>());
        assert_eq!(iter("one"), Some(vec!["a b"]));
        assert_eq!(iter("escaped"), Some(vec!["a"]));
        assert_eq!(iter("list"), Some(vec!["a b", "\"c\\", "d"]));
        assert_eq!(iter("none"), Some(vec![]));
        for other in ["mixed", "nested", "number", "object", "null"] {
            assert_eq!(iter(other), None, "{other}");
        }
        let words = |name: &str| strings(name).unwrap().words().collect::<Vec<_>>();
        assert_eq!(words("one"), ["a", "b"]);
        assert_eq!(words("list"), ["a b", "\"c\\", "d"]);
    }

    #[test]
    fn only_objects_without_duplicate_names_have_members() {
        let text = r#"{"a":{"x":1,"\u0079":{"z":[]}," z":"{"},"b":{"x":1,"y":2,"\u0078":3},"c":{ },"d":["x"],
            "e":"x","f":null,"g":true,"h":false,"i":7}"#;
        let object = Object::read(text).unwrap();
        let members = |name: &str| {
            let members = object.get(name).unwrap().members();
            members.iter().map(|(name, it)| format!("{name}={}", it.json())).collect::<Vec<_>>()
        };
        assert_eq!(members("a"), ["x=1", r#"y={"z":[]}"#, r#" z="{""#]);
        for other in ["b", "c", "d", "e", "f", "g", "h", "i"] {
            assert!(members(other).is_empty(), "{other}");
        }
        let kept: Vec<_> = object.members().filter(|(_, it)| it.is_true_or_members()).collect();
        assert_eq!(kept.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["a", "g"]);
    }

    #[test]
    fn integers_are_read_exactly_up_to_64_bits() {
        let number = |json: &str| {
            let object = Object::read(format!("{{\"a\":{json}}}")).unwrap();
            object.get("a").unwrap().number()
        };
        for json in [
            "0",
            "7",
            "-1",
            "10",
            "999999999999999999",
            "-999999999999999999",
            "1000000000000000000",
            "9223372036854775807",
            "-9223372036854775808",
        ] {
            assert_eq!(number(json), json.parse().ok().map(Number::Signed), "{json}");
        }
        for json in ["9223372036854775808", "18446744073709551615"] {
            assert_eq!(number(json), json.parse().ok().map(Number::Unsigned), "{json}");
        }
        for json in ["-0", "1.0", "1e3", "18446744073709551616", "-9223372036854775809"] {
            assert_eq!(number(json), Some(Number::Other), "{json}");
        }
        for json in ["\"1\"", "null", "true", "[1]", "{\"a\":1}"] {
            assert_eq!(number(json), None, "{json}");
        }
    }

    #[test]
    fn a_text_is_a_range_unless_it_has_escapes() {
        let text = String::from("{\"a\":\"user\",\"b\":\"\\u0075ser\",\"c\":7}");
        let object = Object::read(&*text).unwrap();
        let text_of = |name: &str| object.get(name).unwrap().to_text();
        assert!(matches!(text_of("a"), Some(Text::At(_))));
        assert!(matches!(text_of("b"), Some(Text::Own(_))));
        assert!(text_of("c").is_none());
        assert_eq!(text_of("a").unwrap().read(&text), "user");
        assert_eq!(text_of("b").unwrap().read(&text), "user");
    }
}
