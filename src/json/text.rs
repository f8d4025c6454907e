//! Strings, stored as ranges of the text that they come from.

use std::fmt;

use serde::de::{Deserializer, Visitor};
use zeroize::Zeroizing;

use super::error::Malformed;

/// A range of a text, in bytes.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Span {
    start: u32,
    end: u32,
}

impl Span {
    /// The length of the longest text that ranges can refer to: 4 GiB.
    pub(super) const MAX: usize = u32::MAX as usize;

    /// A range of a text of at most [`MAX`](Self::MAX) bytes.
    #[inline]
    #[allow(clippy::cast_possible_truncation, reason = "the text is no longer than `MAX`")]
    pub(super) const fn new(start: usize, end: usize) -> Self {
        Self { start: start as u32, end: end as u32 }
    }

    const fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    pub(super) const fn start(self) -> usize {
        self.start as usize
    }

    #[inline]
    pub(super) fn of(self, text: &str) -> &str {
        text.get(self.start as usize..self.end as usize).unwrap_or_default()
    }

    /// The range between the quotes, for the range of a string.
    pub(super) const fn inside(self) -> Self {
        Self { start: self.start + 1, end: self.end - 1 }
    }
}

/// The strings of a text that have escapes, unescaped.
#[derive(Default)]
pub(super) struct Unescaped {
    /// For each string, in the order of the source: its start there, and its range in `text`.
    strings: Vec<(u32, Span)>,
    /// Wiped when it is dropped: a JSON Web Key may hold a secret.
    text: Zeroizing<String>,
}

impl Unescaped {
    /// Unescapes a quoted string.
    pub(super) fn add(&mut self, start: usize, quoted: &str) -> Result<&str, Malformed> {
        let mut parser = serde_json::Deserializer::from_str(quoted);
        let from = self.text.len();
        let read = parser.deserialize_str(Append(&mut self.text)).and_then(|()| parser.end());
        read.map_err(|_| Malformed::NotStrict)?;
        let span = Span::new(from, self.text.len());
        self.strings.push((Span::new(start, start).start, span));
        Ok(span.of(&self.text))
    }

    /// The string at this range of the text, unescaped, as bytes.
    #[inline]
    pub(super) fn bytes<'a>(&'a self, text: &'a str, span: Span) -> &'a [u8] {
        if self.strings.is_empty() {
            let (start, end) = (span.start as usize, span.end as usize);
            return text.as_bytes().get(start..end).unwrap_or_default();
        }
        self.find(text, span).as_bytes()
    }

    /// The string at this range of the text, unescaped.
    #[inline]
    pub(super) fn read<'a>(&'a self, text: &'a str, span: Span) -> &'a str {
        if self.strings.is_empty() { span.of(text) } else { self.find(text, span) }
    }

    #[cold]
    fn find<'a>(&'a self, text: &'a str, span: Span) -> &'a str {
        match self.strings.binary_search_by_key(&span.start, |(start, _)| *start) {
            Ok(found) => self.strings.get(found).map_or("", |(_, span)| span.of(&self.text)),
            Err(_) => span.of(text),
        }
    }
}

/// Appends a string to another one.
struct Append<'a>(&'a mut String);

impl Visitor<'_> for Append<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E>(self, string: &str) -> Result<(), E> {
        self.0.push_str(string);
        Ok(())
    }
}

/// A string that does not need the index: a range of the text, or a copy if it has escapes.
#[derive(Clone)]
pub(crate) enum Text {
    At(Place),
    Own(Box<str>),
}

/// A range of a text.
#[derive(Clone, Copy)]
pub(crate) struct Place(Span);

impl Text {
    pub(super) fn new(span: Span, string: &str) -> Self {
        // Unescaping makes a string shorter.
        if span.len() == string.len() { Self::At(Place(span)) } else { Self::Own(string.into()) }
    }

    /// The string. `text` must begin with the text that it was read from.
    pub(crate) fn read<'a>(&'a self, text: &'a str) -> &'a str {
        match self {
            Self::At(Place(span)) => span.of(text),
            Self::Own(own) => own,
        }
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Text(..)")
    }
}
