//! What strict reading of a JSON object asks for beyond a JSON parser.
//!
//! `serde_json` checks the grammar. It does not see duplicate member names, lone surrogates in
//! members that nobody reads, or the depth of such members; and it takes names of its own to mean
//! that the string behind them is JSON to be read once more. All of that is checked here, the same
//! for every claims type.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Visitor};
use serde_json::value::RawValue;

/// How deep objects and arrays may stand in each other.
const MAX_DEPTH: usize = 64;

/// What the names begin with by which `serde_json` talks to itself. In a document they would make it
/// read a string as JSON, with none of the checks here and with a depth that starts anew.
const PRIVATE: &[u8] = b"$serde_json::private::";

/// The white space of JSON, which may surround a text (RFC 8259 §2). There is no other.
const SPACE: [char; 4] = [' ', '\t', '\n', '\r'];

/// Why a text is not one strict JSON object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Malformed {
    NotAnObject,
    TooDeep,
    LoneSurrogate,
    PrivateName,
}

/// Checks the outer shape, the depth and the escapes of a text that is then given to `serde_json`.
///
/// Almost every token passes without the slow scan: it has few brackets and no backslash.
pub(crate) fn check_shape(text: &str) -> Result<(), Malformed> {
    let object = text.trim_matches(SPACE);
    if !(object.starts_with('{') && object.ends_with('}')) {
        return Err(Malformed::NotAnObject);
    }
    // A private name begins with a dollar, which hardly any token has.
    if memchr::memchr(b'$', text.as_bytes()).is_some() {
        return scan(text);
    }
    let mut brackets = 0;
    for at in memchr::memchr3_iter(b'{', b'[', b'\\', text.as_bytes()) {
        brackets += 1;
        if brackets > MAX_DEPTH || text.as_bytes().get(at) == Some(&b'\\') {
            return scan(text);
        }
    }
    Ok(())
}

fn scan(text: &str) -> Result<(), Malformed> {
    let (mut depth, mut rest) = (0_usize, text.as_bytes());
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match byte {
            b'"' => rest = scan_string(rest)?,
            b'{' | b'[' => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err(Malformed::TooDeep);
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(())
}

/// Goes to the end of a string. A surrogate must be the first half of a pair (RFC 8259 §7), and the
/// unescaped text must not begin like a private name, be it a name or a value.
fn scan_string(mut rest: &[u8]) -> Result<&[u8], Malformed> {
    // How much of a private name the string has spelled from its beginning; `None` once it differs.
    let mut spelled = Some(0);
    while let Some((&byte, tail)) = rest.split_first() {
        let unit = match byte {
            b'"' => return Ok(tail),
            b'\\' => {
                let (unit, tail) = unescape(tail)?;
                rest = tail;
                unit
            }
            plain => {
                rest = tail;
                plain.into()
            }
        };
        spelled =
            spelled.filter(|at| PRIVATE.get(*at).is_some_and(|byte| u16::from(*byte) == unit));
        spelled = spelled.map(|at| at + 1);
        if spelled == Some(PRIVATE.len()) {
            return Err(Malformed::PrivateName);
        }
    }
    Ok(rest)
}

/// Reads what follows a backslash. Only ASCII has to come out right: what else there is spells no
/// private name.
fn unescape(rest: &[u8]) -> Result<(u16, &[u8]), Malformed> {
    match code_unit(rest) {
        None => {
            let (escape, tail) = rest.split_first().unwrap_or((&0, rest));
            Ok((escaped(*escape).into(), tail))
        }
        Some((high @ 0xD800..=0xDBFF, tail)) => {
            match tail.strip_prefix(b"\\").and_then(code_unit) {
                Some((0xDC00..=0xDFFF, tail)) => Ok((high, tail)),
                _ => Err(Malformed::LoneSurrogate),
            }
        }
        Some((0xDC00..=0xDFFF, _)) => Err(Malformed::LoneSurrogate),
        Some(unit) => Ok(unit),
    }
}

/// The character of an escape of two (RFC 8259 §7). Of a wrong one it does not matter: the parser rejects it.
const fn escaped(escape: u8) -> u8 {
    match escape {
        b'b' => 0x08,
        b'f' => 0x0C,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        itself => itself,
    }
}

/// Reads `uXXXX`. Anything else is left to the parser, which knows the grammar.
fn code_unit(rest: &[u8]) -> Option<(u16, &[u8])> {
    let (digits, tail) = rest.strip_prefix(b"u")?.split_at_checked(4)?;
    let digits = std::str::from_utf8(digits).ok()?;
    Some((u16::from_str_radix(digits, 16).ok()?, tail))
}

/// The member names of one object so far, to find duplicates in linear time.
///
/// Names are compared after unescaping: `"s\u0075b"` is `"sub"`.
#[derive(Default)]
pub(crate) struct Names<'de> {
    /// A bit for each name seen, by a cheap hash: most new names are known to be new from this alone.
    seen: u64,
    few: [&'de str; 16],
    len: usize,
    /// Takes what `few` cannot hold. Randomly keyed, so that nobody can choose collisions.
    many: Option<HashSet<Cow<'de, str>>>,
}

impl<'de> Names<'de> {
    /// Notes a name; `false` if it was there already.
    pub(crate) fn insert(&mut self, name: Cow<'de, str>) -> bool {
        let bit = 1_u64 << (cheap_hash(&name) & 63);
        let known = self.seen & bit != 0
            && (self.few.iter().take(self.len).any(|seen| *seen == name)
                || self.many.as_ref().is_some_and(|many| many.contains(&name)));
        if known {
            return false;
        }
        self.seen |= bit;
        match (name, self.few.get_mut(self.len)) {
            (Cow::Borrowed(name), Some(slot)) => {
                *slot = name;
                self.len += 1;
            }
            (name, _) => {
                self.many.get_or_insert_default().insert(name);
            }
        }
        true
    }

    /// The number of names.
    pub(crate) fn len(&self) -> usize {
        self.len + self.many.as_ref().map_or(0, HashSet::len)
    }
}

fn cheap_hash(name: &str) -> usize {
    let bytes = name.as_bytes();
    let first = bytes.first().copied().unwrap_or_default();
    let last = bytes.last().copied().unwrap_or_default();
    bytes.len() + 7 * usize::from(first) + 13 * usize::from(last)
}

/// Reads a string without copying it, unless it has escapes.
pub(crate) struct BorrowText;

impl<'de> DeserializeSeed<'de> for BorrowText {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for BorrowText {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(value.to_owned()))
    }
}

/// As [`BorrowText`], and `None` for null.
pub(crate) struct OptionalText;

impl<'de> DeserializeSeed<'de> for OptionalText {
    type Value = Option<Cow<'de, str>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for OptionalText {
    type Value = Option<Cow<'de, str>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or null")
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        BorrowText.deserialize(deserializer).map(Some)
    }
}

/// The string that a raw value is, if it is one.
pub(crate) fn text(raw: &RawValue) -> Option<Cow<'_, str>> {
    if !raw.get().starts_with('"') {
        return None;
    }
    BorrowText.deserialize(&mut serde_json::Deserializer::from_str(raw.get())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_not_mistaken_for_the_letters_behind_the_backslash() {
        const NAME: &str = "$serde_json::private::RawValue";
        let shape = |string: &str| {
            let as_name = check_shape(&format!("{{\"{string}\":1}}"));
            let as_value = check_shape(&format!("{{\"a\":[\"{string}\"]}}"));
            assert_eq!(as_name, as_value, "{string}");
            as_name
        };
        assert_eq!(shape(NAME), Err(Malformed::PrivateName));
        for letter in ['b', 'f', 'n', 'r', 't'] {
            // In the place of the letter itself, in every other place, and in front.
            let swapped = NAME.replace(letter, &format!("\\{letter}"));
            assert_eq!(shape(&swapped).is_ok(), swapped != NAME, "{swapped}");
            for at in 0..22 {
                let text = format!("{}\\{letter}{}", &NAME[..at], &NAME[at + 1..]);
                assert_eq!(shape(&text), Ok(()), "{text}");
            }
            assert_eq!(shape(&format!("\\{letter}{NAME}")), Ok(()));
            let behind = format!("{}\\{letter}", &NAME[..22]);
            assert_eq!(shape(&behind), Err(Malformed::PrivateName), "{behind}");
        }
        for itself in ["\\\"", "\\\\", "\\/"] {
            assert_eq!(shape(&format!("{itself}{NAME}")), Ok(()), "{itself}");
            let behind = format!("{}{itself}", &NAME[..22]);
            assert_eq!(shape(&behind), Err(Malformed::PrivateName), "{behind}");
        }
        for at in 0..22 {
            let code = u32::from(NAME.as_bytes()[at]);
            for escape in [format!("\\u{code:04x}"), format!("\\u{code:04X}")] {
                let text = format!("{}{escape}{}", &NAME[..at], &NAME[at + 1..]);
                assert_eq!(shape(&text), Err(Malformed::PrivateName), "{text}");
                // The same name behind a control character is another name.
                assert_eq!(shape(&format!("\\u000a{text}")), Ok(()), "{text}");
            }
        }
    }

    #[test]
    fn the_text_is_an_object_with_json_white_space_around_it() {
        for text in ["{}", " {}", "{}\n", "\r\n\t {} \t\r\n"] {
            assert_eq!(check_shape(text), Ok(()), "{text:?}");
        }
        for text in ["", " ", "[]", "\u{feff}{}", "{}\u{a0}", "\u{b}{}", "{}\u{c}", "null", "{"] {
            assert_eq!(check_shape(text), Err(Malformed::NotAnObject), "{text:?}");
        }
    }

    #[test]
    fn sixty_four_levels_pass_and_sixty_five_do_not() {
        let nested =
            |arrays: usize| format!("{{\"a\":{}{}}}", "[".repeat(arrays), "]".repeat(arrays));
        assert_eq!(check_shape(&nested(63)), Ok(()));
        assert_eq!(check_shape(&nested(64)), Err(Malformed::TooDeep));
        // Many brackets side by side are not deep, and brackets in strings do not count.
        assert_eq!(check_shape(&format!("{{\"a\":[{}0]}}", "[],".repeat(500))), Ok(()));
        assert_eq!(check_shape(&format!("{{\"a\":\"\\\\{}\"}}", "[".repeat(500))), Ok(()));
    }

    #[test]
    fn lone_surrogates_are_refused_and_pairs_are_not() {
        assert_eq!(check_shape(r#"{"a":"\ud83d\ude00 \u00e9 \\ud800 \" \\"}"#), Ok(()));
        for text in [r#"{"a":"\ud800"}"#, r#"{"a":"\ud800\u0041"}"#, r#"{"a":"\udc00"}"#] {
            assert_eq!(check_shape(text), Err(Malformed::LoneSurrogate), "{text}");
        }
    }

    #[test]
    fn names_by_which_the_parser_talks_to_itself_are_refused_at_any_depth_and_in_any_spelling() {
        for text in [
            r#"{"$serde_json::private::RawValue":"{}"}"#,
            r#"{"a":[{"$serde_json::private::Number":"1"}]}"#,
            r#"{"a":{"\u0024serde_json::private::RawValue":"{}"}}"#,
            r#"{"$serde\u005fjson::private::RawValue":"{}"}"#,
        ] {
            assert_eq!(check_shape(text), Err(Malformed::PrivateName), "{text}");
        }
        for text in [
            r#"{"a":"about $serde_json::private::RawValue"}"#,
            r#"{"$serde_json":"::private::"}"#,
            r#"{"$serde_json::privat\u00e9::":1}"#,
        ] {
            assert_eq!(check_shape(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn duplicate_names_are_found_among_few_and_among_many() {
        for count in [1_usize, 2, 15, 16, 17, 18, 300] {
            let names: Vec<String> = (0..count).map(|i| format!("name-{i}")).collect();
            let mut seen = Names::default();
            assert!(names.iter().all(|name| seen.insert(Cow::Borrowed(name))), "{count}");
            assert!(names.iter().all(|name| !seen.insert(Cow::Borrowed(name))), "{count}");
            assert!(seen.insert(Cow::Owned("other".into())));
            assert!(!seen.insert(Cow::Borrowed("other")));
        }
    }

    #[test]
    fn an_unescaped_name_meets_its_plain_spelling_in_either_order() {
        let mut seen = Names::default();
        assert!(seen.insert(Cow::Owned("sub".into())));
        assert!(!seen.insert(Cow::Borrowed("sub")));
        let mut seen = Names::default();
        assert!(seen.insert(Cow::Borrowed("sub")));
        assert!(!seen.insert(Cow::Owned("sub".into())));
    }
}
