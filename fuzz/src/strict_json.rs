//! A strict reader of one JSON object, for comparison with the reader of the crate.
//!
//! It follows only RFC 8259 and is as simple as possible: recursive descent, one character at a time, owned values. It
//! uses neither `serde` nor code of the crate.

use std::str::Chars;

/// The maximum nesting depth of objects and arrays. The outermost object counts as one.
const MAX_DEPTH: usize = 64;

/// No string may begin like this, neither a name nor a value.
const PRIVATE: &str = "$serde_json::private::";

/// A top-level member of the object.
#[derive(Debug, PartialEq)]
pub struct Member<'t> {
    /// The unescaped name.
    pub name: String,
    /// The text of the value.
    pub raw: &'t str,
    /// The value itself.
    pub value: Value,
}

/// A value (RFC 8259 §3).
#[derive(Debug, PartialEq)]
#[expect(missing_docs, reason = "the names of the grammar")]
pub enum Value {
    Null,
    Bool(bool),
    Number,
    String(String),
    Array(Vec<Value>),
    /// Members of nested objects may have the same name.
    Object(Vec<(String, Value)>),
}

/// Why a text was rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rejected {
    /// The text is not one object of RFC 8259, with optional white space around it.
    Syntax,
    /// One half of a surrogate pair is escaped without the other.
    LoneSurrogate,
    /// A string begins like a private name of `serde_json`.
    PrivateName,
    /// Objects and arrays are nested too deeply.
    TooDeep,
    /// Two top-level members have the same name.
    Duplicate,
}

/// Reads one object, and returns its members in the order of the text.
///
/// # Errors
///
/// [`Rejected`] for the first fault in the text.
pub fn read_object(text: &str) -> Result<Vec<Member<'_>>, Rejected> {
    let mut reader = Reader(text.chars());
    reader.skip_space();
    let members = reader.top_level()?;
    reader.skip_space();
    match reader.0.next() {
        None => Ok(members),
        Some(_) => Err(Rejected::Syntax),
    }
}

/// The rest of the text.
struct Reader<'t>(Chars<'t>);

impl<'t> Reader<'t> {
    fn peek(&self) -> Option<char> {
        self.0.clone().next()
    }

    fn next(&mut self) -> Result<char, Rejected> {
        self.0.next().ok_or(Rejected::Syntax)
    }

    /// Consumes the next character if it is this one, and returns whether it was.
    fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.0.next();
        }
        found
    }

    fn require(&mut self, wanted: &str) -> Result<(), Rejected> {
        wanted.chars().all(|it| self.take(it)).then_some(()).ok_or(Rejected::Syntax)
    }

    fn skip_space(&mut self) {
        while self.take(' ') || self.take('\t') || self.take('\n') || self.take('\r') {}
    }

    fn top_level(&mut self) -> Result<Vec<Member<'t>>, Rejected> {
        let mut members: Vec<Member<'t>> = Vec::new();
        self.list('{', '}', |reader| {
            let name = reader.name()?;
            if members.iter().any(|member| member.name == name) {
                return Err(Rejected::Duplicate);
            }
            let before = reader.0.as_str();
            let value = reader.value(2)?;
            let length = before.len() - reader.0.as_str().len();
            let raw = before.get(..length).ok_or(Rejected::Syntax)?;
            members.push(Member { name, raw, value });
            Ok(())
        })?;
        Ok(members)
    }

    /// Reads items separated by commas.
    fn list(
        &mut self,
        open: char,
        close: char,
        mut item: impl FnMut(&mut Self) -> Result<(), Rejected>,
    ) -> Result<(), Rejected> {
        if !self.take(open) {
            return Err(Rejected::Syntax);
        }
        self.skip_space();
        if self.take(close) {
            return Ok(());
        }
        loop {
            item(self)?;
            self.skip_space();
            if self.take(close) {
                return Ok(());
            }
            if !self.take(',') {
                return Err(Rejected::Syntax);
            }
            self.skip_space();
        }
    }

    /// Reads a name and the colon before the value.
    fn name(&mut self) -> Result<String, Rejected> {
        let name = self.string()?;
        self.skip_space();
        self.require(":")?;
        self.skip_space();
        Ok(name)
    }

    /// Reads a value. An object or array here is at this depth.
    fn value(&mut self, depth: usize) -> Result<Value, Rejected> {
        match self.peek().ok_or(Rejected::Syntax)? {
            '{' | '[' if depth > MAX_DEPTH => Err(Rejected::TooDeep),
            '{' => self.object(depth),
            '[' => self.array(depth),
            '"' => Ok(Value::String(self.string()?)),
            'n' => self.require("null").map(|()| Value::Null),
            't' => self.require("true").map(|()| Value::Bool(true)),
            'f' => self.require("false").map(|()| Value::Bool(false)),
            _ => self.number().map(|()| Value::Number),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, Rejected> {
        let mut members = Vec::new();
        self.list('{', '}', |reader| {
            let name = reader.name()?;
            members.push((name, reader.value(depth + 1)?));
            Ok(())
        })?;
        Ok(Value::Object(members))
    }

    fn array(&mut self, depth: usize) -> Result<Value, Rejected> {
        let mut items = Vec::new();
        self.list('[', ']', |reader| {
            items.push(reader.value(depth + 1)?);
            Ok(())
        })?;
        Ok(Value::Array(items))
    }

    /// RFC 8259 §6.
    fn number(&mut self) -> Result<(), Rejected> {
        self.take('-');
        if !self.take('0') {
            self.digits()?;
        }
        if self.take('.') {
            self.digits()?;
        }
        if self.take('e') || self.take('E') {
            let _ = self.take('+') || self.take('-');
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), Rejected> {
        let mut count = 0;
        while self.peek().is_some_and(|it| it.is_ascii_digit()) {
            self.0.next();
            count += 1;
        }
        if count == 0 { Err(Rejected::Syntax) } else { Ok(()) }
    }

    /// RFC 8259 §7.
    fn string(&mut self) -> Result<String, Rejected> {
        self.require("\"")?;
        let mut text = String::new();
        loop {
            match self.next()? {
                '"' if text.starts_with(PRIVATE) => return Err(Rejected::PrivateName),
                '"' => return Ok(text),
                '\\' => text.push(self.escape()?),
                '\u{0}'..='\u{1F}' => return Err(Rejected::Syntax),
                plain => text.push(plain),
            }
        }
    }

    /// Reads an escape after the backslash.
    fn escape(&mut self) -> Result<char, Rejected> {
        match self.next()? {
            same @ ('"' | '\\' | '/') => Ok(same),
            'b' => Ok('\u{8}'),
            'f' => Ok('\u{C}'),
            'n' => Ok('\n'),
            'r' => Ok('\r'),
            't' => Ok('\t'),
            'u' => self.code_point(),
            _ => Err(Rejected::Syntax),
        }
    }

    fn code_point(&mut self) -> Result<char, Rejected> {
        let first = self.four_digits()?;
        // `from_u32` only fails for a second half without a first one.
        if !(0xD800..=0xDBFF).contains(&first) {
            return char::from_u32(first).ok_or(Rejected::LoneSurrogate);
        }
        if !(self.take('\\') && self.take('u')) {
            return Err(Rejected::LoneSurrogate);
        }
        let second = self.four_digits()?;
        if !(0xDC00..=0xDFFF).contains(&second) {
            return Err(Rejected::LoneSurrogate);
        }
        let code_point = 0x1_0000 + (first - 0xD800) * 0x400 + (second - 0xDC00);
        char::from_u32(code_point).ok_or(Rejected::LoneSurrogate)
    }

    fn four_digits(&mut self) -> Result<u32, Rejected> {
        let mut number = 0;
        for _ in 0..4 {
            number = number * 16 + self.next()?.to_digit(16).ok_or(Rejected::Syntax)?;
        }
        Ok(number)
    }
}

#[cfg(test)]
mod tests {
    use super::Rejected::{Duplicate, LoneSurrogate, PrivateName, Syntax, TooDeep};
    use super::*;

    /// Nested objects; the innermost is empty.
    fn objects(depth: usize) -> String {
        format!("{}{{}}{}", "{\"\":".repeat(depth - 1), "}".repeat(depth - 1))
    }

    /// An object with nested arrays.
    fn arrays(depth: usize) -> String {
        format!("{{\"\":{}{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1))
    }

    #[test]
    fn members_are_read_in_order() {
        let text = " { \"b\" :\t{\"x\":1, \"x\":[ true,null]} ,\n\"\\u0061\":\"\\n\\uD83D\\uDE00\" ,\"c\":-1.5e+3}\r";
        let inner = vec![
            ("x".to_owned(), Value::Number),
            ("x".to_owned(), Value::Array(vec![Value::Bool(true), Value::Null])),
        ];
        let expected = [
            ("b", "{\"x\":1, \"x\":[ true,null]}", Value::Object(inner)),
            ("a", "\"\\n\\uD83D\\uDE00\"", Value::String("\n😀".to_owned())),
            ("c", "-1.5e+3", Value::Number),
        ];
        let expected =
            expected.map(|(name, raw, value)| Member { name: name.to_owned(), raw, value });
        assert_eq!(read_object(text), Ok(expected.into()));
        assert_eq!(read_object("{}"), Ok(Vec::new()));
    }

    #[test]
    fn every_escape_has_its_character() {
        let text =
            r#"{"a":"\"\\\/\b\f\n\r\t\u0000\u00e9\u20AC\uD7FF\uE000\uD800\uDC00\uDBFF\uDFFF"}"#;
        let expected = "\"\\/\u{8}\u{C}\n\r\t\0é€\u{D7FF}\u{E000}\u{10000}\u{10FFFF}";
        let members = read_object(text).unwrap();
        assert_eq!(members[0].value, Value::String(expected.to_owned()));
    }

    #[test]
    fn numbers_follow_the_grammar() {
        for number in ["0", "-0", "10", "0.5", "-0.0", "1e5", "1E+5", "0.1e-05", "1e400"] {
            assert!(read_object(&format!("{{\"a\":{number}}}")).is_ok(), "{number}");
        }
        for number in [
            "", "-", "+1", "01", "-01", ".5", "5.", "1.e5", "1e", "1e+", "1.2.3", "0x1", "NaN", "٣",
        ] {
            assert_eq!(read_object(&format!("{{\"a\":{number}}}")), Err(Syntax), "{number}");
        }
    }

    #[test]
    fn each_rejection_names_its_rule() {
        let cases = [
            (r#"{"a":1}x"#, Syntax),
            ("\u{FEFF}{}", Syntax),
            ("{}\u{C}", Syntax),
            ("[]", Syntax),
            (r#"{"a":1,}"#, Syntax),
            (r#"{"a":[1,]}"#, Syntax),
            ("{\"a\":\"\u{1F}\"}", Syntax),
            (r#"{"a":"\x"}"#, Syntax),
            (r#"{"a":"\u+041"}"#, Syntax),
            (r#"{"a":"\uD83D"}"#, LoneSurrogate),
            (r#"{"a":"\uD83D\u0041"}"#, LoneSurrogate),
            (r#"{"a":[{"\uDE00":1}]}"#, LoneSurrogate),
            (r#"{"$serde_json::private::":1}"#, PrivateName),
            (r#"{"a":["\u0024serde_json::private::x"]}"#, PrivateName),
            (r#"{"a":1,"a":2}"#, Duplicate),
            (r#"{"a":1,"\u0061":2}"#, Duplicate),
        ];
        for (text, reason) in cases {
            assert_eq!(read_object(text), Err(reason), "{text}");
        }
    }

    #[test]
    fn nesting_ends_at_64_levels() {
        for text in [objects(64), arrays(64)] {
            assert!(read_object(&text).is_ok(), "{text}");
        }
        for text in [objects(65), arrays(65)] {
            assert_eq!(read_object(&text), Err(TooDeep), "{text}");
        }
    }

    #[test]
    fn corpus_files_get_the_verdict_in_their_name() {
        let mut counts = [0, 0];
        for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/corpus/json")).unwrap()
        {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            let is_accepted = name.starts_with("accepted-");
            // Other files are findings of the fuzzer.
            if !is_accepted && !name.starts_with("rejected-") {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            assert_eq!(read_object(&text).is_ok(), is_accepted, "{name}");
            counts[usize::from(is_accepted)] += 1;
        }
        assert!(counts.iter().all(|count| *count > 20), "{counts:?}");
    }
}
