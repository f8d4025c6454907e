//! Changes JSON texts so that most of them stay valid JSON.
//!
//! Nearly every change of a single byte breaks the grammar, and an invalid text does not test the rest of the reader.

use std::fmt::Write;
use std::ops::Range;

/// The replacements for a value.
const VALUES: [&str; 14] = [
    "null",
    "true",
    "0",
    "-0",
    "1.5e3",
    "-1e400",
    "18446744073709551615",
    "-9223372036854775809",
    "\"\"",
    "\"$serde_json::private::\"",
    "{}",
    "[]",
    "[1,\"a\",[]]",
    "{\"a\":1,\"a\":{}}",
];

/// The texts inserted into a string.
const CHARACTERS: [&str; 16] = [
    "a",
    "12345678",
    "é",
    "€",
    "😀",
    "\u{7F}",
    "$serde_json::private::",
    "\\\"",
    "\\\\",
    "\\/",
    "\\n",
    "\\u0000",
    "\\u0024",
    "\\uD83D\\uDE00",
    "\\uDE00",
    "\u{1F}",
];

const SPACE: [&str; 4] = [" ", "\t", "\n", "\r"];

/// A string, a number, a literal, an array or an object in a text.
struct Token {
    place: Range<usize>,
    is_string: bool,
    is_name: bool,
    /// Whether the token is directly in an object.
    is_member: bool,
}

/// Changes a text; `None` if this kind of change does not apply.
pub fn mutate(text: &str, seed: u32) -> Option<String> {
    let mut random = Random(u64::from(seed) << 1 | 1);
    let tokens = tokens(text);
    let token = random.choose(&tokens)?;
    let place = token.place.clone();
    let old = text.get(place.clone())?;
    let new = match random.below(8) {
        0 | 1 if token.is_string => insert_character(old, &mut random)?,
        2 if token.is_string => escape_character(old, &mut random)?,
        3 => {
            let space = random.choose(&SPACE)?;
            if random.below(2) == 0 { format!("{space}{old}") } else { format!("{old}{space}") }
        }
        _ if token.is_name => string(text, &tokens, &mut random)?.to_owned(),
        4 if random.below(2) == 0 => format!("[{old}]"),
        4 => format!("{{{}:{old}}}", string(text, &tokens, &mut random)?),
        5 | 6 if token.is_member => {
            let name = string(text, &tokens, &mut random)?;
            format!("{old},{name}:{}", value(text, &tokens, &mut random)?)
        }
        5 | 6 => format!("{old},{}", value(text, &tokens, &mut random)?),
        _ => value(text, &tokens, &mut random)?.to_owned(),
    };
    Some([text.get(..place.start)?, &new, text.get(place.end..)?].concat())
}

/// A value from the text, or one from the list.
fn value<'t>(text: &'t str, tokens: &[Token], random: &mut Random) -> Option<&'t str> {
    match random.below(2) {
        0 => random.choose(&VALUES).copied(),
        _ => text.get(random.choose(tokens)?.place.clone()),
    }
}

/// A string from the text, or an empty one.
fn string<'t>(text: &'t str, tokens: &[Token], random: &mut Random) -> Option<&'t str> {
    let token = random.choose(tokens)?;
    if token.is_string { text.get(token.place.clone()) } else { Some("\"\"") }
}

fn insert_character(string: &str, random: &mut Random) -> Option<String> {
    let (before, after) = string.split_at_checked(1 + random.below(string.len() - 1))?;
    Some(format!("{before}{}{after}", random.choose(&CHARACTERS)?))
}

/// Writes a character as its escape, which does not change the value of the string.
fn escape_character(string: &str, random: &mut Random) -> Option<String> {
    let (before, after) = string.split_at_checked(1 + random.below(string.len() - 1))?;
    let character = after.chars().next().filter(|it| !matches!(it, '"' | '\\'))?;
    let mut new = before.to_owned();
    for unit in character.encode_utf16(&mut [0; 2]) {
        write!(new, "\\u{unit:04x}").ok()?;
    }
    Some(new + after.get(character.len_utf8()..)?)
}

/// Finds the tokens of a text, if it is valid JSON.
fn tokens(text: &str) -> Vec<Token> {
    let bytes = text.as_bytes();
    let (mut tokens, mut open, mut at) = (Vec::new(), Vec::new(), 0);
    while let Some(byte) = bytes.get(at) {
        let start = at;
        at += 1;
        let start = match byte {
            b'{' | b'[' => {
                open.push((start, *byte == b'{'));
                continue;
            }
            b'}' | b']' => match open.pop() {
                Some((start, _)) => start,
                None => continue,
            },
            b'"' => {
                at += string_length(bytes.get(at..).unwrap_or_default());
                start
            }
            b'-' | b'0'..=b'9' | b'a'..=b'z' => {
                let is_part = |it: &&u8| it.is_ascii_alphanumeric() || b"+-.".contains(it);
                at += bytes.get(at..).unwrap_or_default().iter().take_while(is_part).count();
                start
            }
            _ => continue,
        };
        let is_member = open.last().is_some_and(|(_, is_object)| *is_object);
        let is_name = is_member && bytes.get(at) == Some(&b':');
        tokens.push(Token { place: start..at, is_string: *byte == b'"', is_name, is_member });
    }
    tokens
}

/// The length of a string after its opening quote.
fn string_length(bytes: &[u8]) -> usize {
    let mut is_escaped = false;
    let is_end = |byte: &u8| {
        let is_end = *byte == b'"' && !is_escaped;
        is_escaped = *byte == b'\\' && !is_escaped;
        is_end
    };
    bytes.iter().position(is_end).map_or(bytes.len(), |end| end + 1)
}

/// Marsaglia's xorshift.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or_default() % end.max(1)
    }

    fn choose<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(self.below(items.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strict_json::read_object;

    const TEXT: &str = r#"{"iss":"a\n","aud":["b",1,{"c":null}],"exp":1.5}"#;

    #[test]
    fn most_changes_leave_json() {
        let is_json = |seed: &u32| mutate(TEXT, *seed).is_some_and(|it| read_object(&it).is_ok());
        let count = (0..1_000).filter(is_json).count();
        assert!((600..1_000).contains(&count), "{count}");
    }

    #[test]
    fn same_seed_makes_same_change() {
        assert!((0..100).all(|seed| mutate(TEXT, seed) == mutate(TEXT, seed)));
    }

    #[test]
    fn texts_that_are_not_json_cause_no_panic() {
        for text in ["\"", "]}", "{\"a", "{\"é😀\\", "[[[", "-", "\u{1F}"] {
            let longest = (0..1_000).filter_map(|seed| mutate(text, seed)).map(|it| it.len()).max();
            assert!(longest.is_none_or(|it| it < 100), "{text}");
        }
        assert_eq!(mutate("", 1), None);
    }
}
