//! A scanner for the grammar of JSON (RFC 8259).

use super::error::Malformed;
use super::text::{Span, Unescaped};

/// The maximum nesting of objects and arrays.
const MAX_DEPTH: usize = 64;

/// The beginning of the private names of `serde_json`. In a document, they make it parse a string as JSON, without
/// the checks of this module.
const PRIVATE: &[u8] = b"$serde_json::private::";

/// Scans a text from an offset on.
pub(super) struct Scanner<'j> {
    text: &'j str,
    at: usize,
    /// Whether a number is beyond the range of floating point.
    pub(super) has_huge_number: bool,
}

impl<'j> Scanner<'j> {
    /// Scans a text from the byte `at` on.
    ///
    /// # Errors
    ///
    /// The text is longer than [`Span::MAX`] bytes.
    pub(super) const fn new(text: &'j str, at: usize) -> Result<Self, Malformed> {
        if text.len() > Span::MAX {
            return Err(Malformed::NotStrict);
        }
        Ok(Self { text, at, has_huge_number: false })
    }

    /// Reads the opening brace of an object.
    pub(super) fn open_object(&mut self) -> Result<(), Malformed> {
        self.skip_space();
        self.expect(b'{')
    }

    /// Reads a member up to its value. Returns the range of its name, or `None` at the end of the object.
    ///
    /// This and the following methods add strings with escapes to `unescaped`.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "as for `string`")]
    pub(super) fn name(
        &mut self,
        is_first: bool,
        unescaped: &mut Unescaped,
    ) -> Result<Option<Span>, Malformed> {
        if !self.has_next(is_first, b'}')? {
            return Ok(None);
        }
        let name = self.string(unescaped)?;
        self.skip_space();
        self.expect(b':')?;
        self.skip_space();
        Ok(Some(name))
    }

    /// Moves to the next item of an array or an object; `false` at its end.
    #[inline]
    fn has_next(&mut self, is_first: bool, end: u8) -> Result<bool, Malformed> {
        let next = self.skip_space();
        if next == Some(end) {
            self.at += 1;
            return Ok(false);
        }
        if !is_first {
            self.expect(b',')?;
            self.skip_space();
        }
        Ok(true)
    }

    /// Reads a value of the outermost object.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "as for `string`")]
    pub(super) fn member_value(&mut self, unescaped: &mut Unescaped) -> Result<Span, Malformed> {
        let start = self.at;
        match self.next() {
            Some(b'"') => self.string(unescaped).map(|_| ())?,
            _ => self.value(1, unescaped)?,
        }
        Ok(Span::new(start, self.at))
    }

    /// Reads a value that is `depth` levels deep.
    fn value(&mut self, depth: usize, unescaped: &mut Unescaped) -> Result<(), Malformed> {
        match self.next() {
            Some(b'"') => self.string(unescaped).map(|_| ()),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b'{' | b'[') if depth == MAX_DEPTH => Err(Malformed::NotStrict),
            Some(b'{') => self.object(depth + 1, unescaped),
            Some(b'[') => self.array(depth + 1, unescaped),
            Some(b't') => self.literal("true"),
            Some(b'f') => self.literal("false"),
            Some(b'n') => self.literal("null"),
            _ => Err(Malformed::NotStrict),
        }
    }

    fn object(&mut self, depth: usize, unescaped: &mut Unescaped) -> Result<(), Malformed> {
        self.open_object()?;
        let mut is_first = true;
        while self.name(is_first, unescaped)?.is_some() {
            self.value(depth, unescaped)?;
            is_first = false;
        }
        Ok(())
    }

    fn array(&mut self, depth: usize, unescaped: &mut Unescaped) -> Result<(), Malformed> {
        self.at += 1;
        let mut is_first = true;
        while self.has_next(is_first, b']')? {
            self.value(depth, unescaped)?;
            is_first = false;
        }
        Ok(())
    }

    /// Reads a string. Returns the range between its quotes.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "an object is mostly strings: 5 % of a verification")]
    fn string(&mut self, unescaped: &mut Unescaped) -> Result<Span, Malformed> {
        self.expect(b'"')?;
        let (bytes, start) = (self.text.as_bytes(), self.at);
        let end = match plain_end(bytes, start) {
            Some(end) => end,
            None => self.unescape(unescaped)?,
        };
        if bytes.get(start) == Some(&b'$') && bytes.get(start..end).is_some_and(is_private) {
            return Err(Malformed::NotStrict);
        }
        self.at = end + 1;
        Ok(Span::new(start, end))
    }

    /// Unescapes a string. Returns the offset of its end.
    #[cold]
    fn unescape(&self, unescaped: &mut Unescaped) -> Result<usize, Malformed> {
        let start = self.at;
        let end = escaped_end(self.text.as_bytes(), start).ok_or(Malformed::NotStrict)?;
        let quoted = self.text.get(start - 1..=end).ok_or(Malformed::NotStrict)?;
        let string = unescaped.add(start, quoted)?;
        if is_private(string.as_bytes()) { Err(Malformed::NotStrict) } else { Ok(end) }
    }

    fn number(&mut self) -> Result<(), Malformed> {
        let start = self.at;
        if self.next() == Some(b'-') {
            self.at += 1;
        }
        match self.next() {
            Some(b'0') => self.at += 1,
            _ => self.digits()?,
        }
        let integer_end = self.at;
        if self.next() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.next(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.next(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        if self.at != integer_end || self.at - start > 300 {
            self.check_range(start);
        }
        Ok(())
    }

    #[cold]
    fn check_range(&mut self, start: usize) {
        let number = self.text.get(start..self.at).unwrap_or_default();
        self.has_huge_number |= serde_json::from_str::<f64>(number).is_err();
    }

    fn digits(&mut self) -> Result<(), Malformed> {
        let start = self.at;
        while matches!(self.next(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start { Err(Malformed::NotStrict) } else { Ok(()) }
    }

    fn literal(&mut self, literal: &str) -> Result<(), Malformed> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        if !rest.starts_with(literal.as_bytes()) {
            return Err(Malformed::NotStrict);
        }
        self.at += literal.len();
        Ok(())
    }

    /// Checks that only white space follows.
    pub(super) fn end(&mut self) -> Result<(), Malformed> {
        if self.skip_space().is_some() { Err(Malformed::NotStrict) } else { Ok(()) }
    }

    #[inline]
    fn next(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    #[inline]
    fn expect(&mut self, byte: u8) -> Result<(), Malformed> {
        if self.next() != Some(byte) {
            return Err(Malformed::NotStrict);
        }
        self.at += 1;
        Ok(())
    }

    /// Skips white space (RFC 8259 §2). Returns the next byte.
    #[inline]
    fn skip_space(&mut self) -> Option<u8> {
        loop {
            match self.next() {
                Some(b' ' | b'\n' | b'\t' | b'\r') => self.at += 1,
                next => return next,
            }
        }
    }
}

fn is_private(string: &[u8]) -> bool {
    string.starts_with(PRIVATE)
}

/// The end of the string that begins at `start`, unless it contains an escape or a control character.
///
/// Tests eight bytes at once: subtracting from a byte borrows from its highest bit only if the byte is less
/// (Mycroft's test). Borrows go upwards, so the first byte that is found is correct.
#[inline]
fn plain_end(text: &[u8], start: usize) -> Option<usize> {
    const ONES: u64 = u64::MAX / 255;
    let less = |word: u64, than: u8| word.wrapping_sub(ONES * u64::from(than)) & !word;
    let equal = |word: u64, byte: u8| less(word ^ (ONES * u64::from(byte)), 1);
    let mut at = start;
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

/// The end of the string that begins at `start`, with or without escapes.
pub(super) fn escaped_end(text: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    loop {
        at += memchr::memchr2(b'"', b'\\', text.get(at..)?)?;
        if text.get(at) == Some(&b'"') {
            return Some(at);
        }
        at += 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Object;

    fn is_strict(text: &str) -> bool {
        Object::read(text).is_ok()
    }

    /// Whether a string is accepted. Asserts that a name and values at any depth give the same result.
    fn accepts(string: &str) -> bool {
        let as_name = is_strict(&format!("{{\"{string}\":1}}"));
        for text in [
            format!("{{\"a\":\"{string}\"}}"),
            format!("{{\"a\":[\"{string}\"]}}"),
            format!("{{\"a\":[{{\"{string}\":1}}]}}"),
        ] {
            assert_eq!(is_strict(&text), as_name, "{text}");
        }
        as_name
    }

    #[test]
    fn private_names_are_rejected_in_any_encoding() {
        const NAME: &str = "$serde_json::private::RawValue";
        assert!(!accepts(NAME));
        for letter in ['b', 'f', 'n', 'r', 't'] {
            // The escape is another character: in place of the letter, at every other position, and at the start.
            let swapped = NAME.replace(letter, &format!("\\{letter}"));
            assert_eq!(accepts(&swapped), swapped != NAME, "{swapped}");
            for at in 0..22 {
                assert!(accepts(&format!("{}\\{letter}{}", &NAME[..at], &NAME[at + 1..])));
            }
            assert!(accepts(&format!("\\{letter}{NAME}")));
            assert!(!accepts(&format!("{}\\{letter}", &NAME[..22])));
        }
        for itself in ["\\\"", "\\\\", "\\/"] {
            assert!(accepts(&format!("{itself}{NAME}")), "{itself}");
            assert!(!accepts(&format!("{}{itself}", &NAME[..22])), "{itself}");
        }
        for at in 0..22 {
            let code = u32::from(NAME.as_bytes()[at]);
            for escape in [format!("\\u{code:04x}"), format!("\\u{code:04X}")] {
                let text = format!("{}{escape}{}", &NAME[..at], &NAME[at + 1..]);
                assert!(!accepts(&text), "{text}");
                assert!(accepts(&format!("\\u000a{text}")), "{text}");
            }
        }
        for other in [
            "about $serde_json::private::RawValue",
            "$serde_json",
            "$serde_json::privat\\u00e9::",
            "$",
            "\\u0024",
        ] {
            assert!(accepts(other), "{other}");
        }
    }

    #[test]
    fn objects_and_arrays_are_nested_at_most_64_levels() {
        let arrays = |depth| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        let objects =
            |depth| format!("{{\"a\":{}1{}}}", "{\"a\":".repeat(depth), "}".repeat(depth));
        for (depth, passes) in [(0, true), (1, true), (63, true), (64, false), (100_000, false)] {
            assert_eq!(is_strict(&arrays(depth)), passes && depth != 0, "{depth}");
            assert_eq!(is_strict(&objects(depth)), passes, "{depth}");
        }
        // Many siblings are not deep, and brackets in strings do not count.
        assert!(is_strict(&format!("{{\"a\":[{}0]}}", "[],".repeat(500))));
        assert!(is_strict(&format!("{{\"a\":\"\\\\{}\"}}", "[".repeat(500))));
    }

    #[test]
    fn lone_surrogates_are_rejected_and_pairs_are_not() {
        assert!(accepts(r#"\ud83d\ude00 \u00e9 \\ud800 \" \\"#));
        for lone in [r"\ud800", r"\ud800\u0041", r"\udc00", r"\ud83d\ud83d\ude00", r"\ud83d\\ude00"]
        {
            assert!(!accepts(lone), "{lone}");
        }
    }

    #[test]
    fn invalid_escapes_and_raw_control_characters_are_rejected() {
        for good in [
            r#"\""#, r"\\", r"\/", r"\b", r"\f", r"\n", r"\r", r"\t", r"\u0000", r"\uABcd",
            "\u{7f}",
        ] {
            assert!(accepts(good), "{good}");
        }
        for bad in
            [r"\a", r"\U0041", r"\u004", r"\u00g0", r"\u+041", r"\'", "\n", "\t", "\0", "\u{1f}"]
        {
            assert!(!accepts(bad), "{bad:?}");
        }
    }

    #[test]
    fn only_json_numbers_and_literals_are_accepted() {
        let is_value = |value: &str| {
            let is_item = is_strict(&format!("{{\"a\":[{value}]}}"));
            assert_eq!(is_strict(&format!("{{\"a\":{value}}}")), is_item, "{value}");
            assert_eq!(is_strict(&format!("{{\"a\": {value} ,\"b\":1}}")), is_item, "{value}");
            is_item
        };
        for good in [
            "0",
            "-0",
            "7",
            "-7",
            "10",
            "1.5",
            "0.50",
            "-0.0",
            "1e3",
            "1E+3",
            "1e-3",
            "0e0",
            "1.5e300",
            "1e400",
            "123456789012345678901234567890",
            "true",
            "false",
            "null",
            "[]",
            "{}",
            "\"\"",
        ] {
            assert!(is_value(good), "{good}");
        }
        for bad in [
            "01",
            "-",
            "--1",
            "+1",
            ".5",
            "1.",
            "1.e3",
            "1e",
            "1e+",
            "0x1",
            "1_0",
            "NaN",
            "Infinity",
            "-Infinity",
            "tru",
            "truE",
            "True",
            "nul",
            "nulll",
            "'a'",
            "[1 2]",
            "[,]",
            "{1:2}",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1 \"b\":2}",
            "{a:1}",
        ] {
            assert!(!is_value(bad), "{bad}");
        }
        // No item or member may be missing.
        for bad in ["[1,]", "[,1]", "[1,,2]", "{\"a\":1,}", "{,\"a\":1}", "{\"a\":1,,\"b\":2}"] {
            assert!(!is_value(bad), "{bad}");
        }
    }

    #[test]
    fn the_end_of_a_string_is_found_at_every_offset() {
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
                    assert_eq!(plain_end(text.as_bytes(), 0), quote, "{text:?}");
                }
            }
        }
        assert_eq!(plain_end(b"no end", 0), None);
    }
}
