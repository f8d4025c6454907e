//! Strings, kept as places in the text that they come from.

use std::fmt;

use serde::de::{Deserializer, Visitor};
use zeroize::Zeroizing;

use super::error::Malformed;

/// A part of a text, in bytes.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Span {
    start: u32,
    end: u32,
}

impl Span {
    /// The longest text that has places: 4 GiB.
    pub(super) const MAX: usize = u32::MAX as usize;

    /// A part of a text that is no longer than [`MAX`](Self::MAX).
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

    /// What is between the quotes, of the place of a string.
    pub(super) const fn inside(self) -> Self {
        Self { start: self.start + 1, end: self.end - 1 }
    }
}

/// The strings of a text that have escapes, without them.
#[derive(Default)]
pub(super) struct Unescaped {
    /// In the order of the text: where each begins there, and where it is in `text`.
    strings: Vec<(u32, Span)>,
    /// Wiped when it is dropped: a JSON Web Key may hold a secret.
    text: Zeroizing<String>,
}

impl Unescaped {
    /// Unescapes the string that is in these quotes.
    pub(super) fn add(&mut self, start: usize, quoted: &str) -> Result<&str, Malformed> {
        let mut parser = serde_json::Deserializer::from_str(quoted);
        let from = self.text.len();
        let read = parser.deserialize_str(Append(&mut self.text)).and_then(|()| parser.end());
        read.map_err(|_| Malformed::NotStrict)?;
        let span = Span::new(from, self.text.len());
        self.strings.push((Span::new(start, start).start, span));
        Ok(span.of(&self.text))
    }

    /// The string between these quotes of the text, as bytes.
    #[inline]
    pub(super) fn bytes<'a>(&'a self, text: &'a str, span: Span) -> &'a [u8] {
        if self.strings.is_empty() {
            let (start, end) = (span.start as usize, span.end as usize);
            return text.as_bytes().get(start..end).unwrap_or_default();
        }
        self.find(text, span).as_bytes()
    }

    /// The string between these quotes of the text.
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

/// Adds a string to another one.
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

/// One string of a text that outlives its index: a place in the text, or its own where unescaping has changed it.
#[derive(Clone)]
pub(crate) enum Text {
    At(Place),
    Own(Box<str>),
}

/// A place in a text.
#[derive(Clone, Copy)]
pub(crate) struct Place(Span);

impl Text {
    pub(super) fn new(span: Span, string: &str) -> Self {
        // An escape makes a string shorter.
        if span.len() == string.len() { Self::At(Place(span)) } else { Self::Own(string.into()) }
    }

    /// The string; `text` begins with the text that it comes from.
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
