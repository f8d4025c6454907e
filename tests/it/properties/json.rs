//! JSON as data, and the equivalent spellings of the same value.

use std::fmt::{Display, Write};

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::select;
use serde_json::Value;

/// A JSON value whose members keep their order and may have the same name twice.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Json {
    /// A number, `true`, `false` or `null`, verbatim.
    Bare(String),
    Text(String),
    List(Vec<Json>),
    Object(Members),
}

pub(super) type Members = Vec<(String, Json)>;

impl Json {
    pub(super) fn bare(text: impl Display + Copy) -> Self {
        Self::Bare(text.to_string())
    }

    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// The shortest spelling.
    pub(super) fn plain(&self) -> String {
        self.written(&Style::default())
    }

    pub(super) fn written(&self, style: &Style) -> String {
        let mut writer = Writer { style, at: 0, text: String::new() };
        writer.gap();
        writer.value(self);
        writer.gap();
        writer.text
    }

    /// The value as `serde_json` reads it.
    pub(super) fn value(&self) -> Value {
        match self {
            Self::Bare(text) => text.parse().unwrap(),
            Self::Text(text) => text.as_str().into(),
            Self::List(list) => list.iter().map(Self::value).collect(),
            Self::Object(members) => {
                members.iter().map(|(name, value)| (name.clone(), value.value())).collect()
            }
        }
    }
}

/// Selects among equivalent spellings. The choices are used in order, and repeat from the first.
#[derive(Clone, Debug, Default)]
pub(super) struct Style(Vec<u8>);

struct Writer<'s> {
    style: &'s Style,
    at: usize,
    text: String,
}

impl Writer<'_> {
    fn choice(&mut self) -> u8 {
        let choices = &self.style.0;
        self.at += 1;
        choices.get(self.at % choices.len().max(1)).copied().unwrap_or_default()
    }

    fn gap(&mut self) {
        let gap = ["", "", "", " ", "\n\t", "\r\n  "][usize::from(self.choice() % 6)];
        self.text.push_str(gap);
    }

    fn value(&mut self, value: &Json) {
        match value {
            Json::Bare(text) => self.text.push_str(text),
            Json::Text(text) => self.string(text),
            Json::List(list) => self.several(['[', ']'], list, Self::value),
            Json::Object(members) => self.several(['{', '}'], members, |writer, (name, value)| {
                writer.string(name);
                writer.gap();
                writer.text.push(':');
                writer.gap();
                writer.value(value);
            }),
        }
    }

    fn several<T>(&mut self, [open, close]: [char; 2], items: &[T], one: fn(&mut Self, &T)) {
        self.text.push(open);
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.text.push(',');
            }
            self.gap();
            one(self, item);
        }
        self.gap();
        self.text.push(close);
    }

    fn string(&mut self, text: &str) {
        self.text.push('"');
        for char in text.chars() {
            self.char(char);
        }
        self.text.push('"');
    }

    fn char(&mut self, char: char) {
        let short = match char {
            '"' | '\\' | '/' => Some(char),
            '\u{8}' => Some('b'),
            '\u{c}' => Some('f'),
            '\n' => Some('n'),
            '\r' => Some('r'),
            '\t' => Some('t'),
            _ => None,
        };
        let must_be_escaped = matches!(char, '"' | '\\' | '\0'..='\u{1f}');
        match (self.choice() % 8, short) {
            (1 | 2, Some(short)) => self.text.extend(['\\', short]),
            (1, None) => self.code_units(char, false),
            (2, None) => self.code_units(char, true),
            _ if must_be_escaped => self.code_units(char, false),
            _ => self.text.push(char),
        }
    }

    /// One escape, or two for a character beyond 16 bits (RFC 8259 §7).
    fn code_units(&mut self, char: char, upper: bool) {
        for unit in char.encode_utf16(&mut [0; 2]) {
            let written = if upper {
                write!(self.text, "\\u{unit:04X}")
            } else {
                write!(self.text, "\\u{unit:04x}")
            };
            written.unwrap();
        }
    }
}

pub(super) fn style() -> impl Strategy<Value = Style> {
    prop_oneof![1 => Just(Style::default()), 4 => vec(any::<u8>(), 1..40).prop_map(Style)]
}

const AWKWARD: [&str; 16] = [
    "",
    "\0",
    "\u{1f}",
    "\u{7f}",
    "\"",
    "\\",
    "\\u0041",
    "\\\"",
    "a/b",
    "\u{e9}e\u{301}",
    "\u{feff}",
    "\u{2028}\u{2029}",
    "\u{1f600}\u{10ffff}",
    "{\"exp\":0}",
    "[[[[{{{{",
    "$serde_json",
];

/// Arbitrary text.
pub(super) fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[a-zA-Z0-9 ._:/@+-]{0,16}",
        2 => vec(any::<char>(), 0..12).prop_map(String::from_iter),
        1 => select(&AWKWARD[..]).prop_map(str::to_owned),
    ]
}

/// Numbers that an `f64` or 64 bits represent exactly, so that they round-trip.
fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        any::<u64>().prop_map(|number| number.to_string()),
        any::<i16>().prop_map(|number| number.to_string()),
        any::<i32>().prop_map(|eighths| format!("{:?}", f64::from(eighths) / 8.0)),
    ]
}

/// An arbitrary value, nested a few levels deep.
pub(super) fn json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        3 => text().prop_map(Json::Text),
        2 => number().prop_map(Json::Bare),
        1 => select(&["null", "true", "false"][..]).prop_map(Json::bare),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Json::List),
            vec((text(), inner), 0..4).prop_map(unique).prop_map(Json::Object),
        ]
    })
}

/// Members with distinct names that have no meaning to a verifier.
pub(super) fn members(most: usize) -> impl Strategy<Value = Members> {
    vec((name(), json()), 0..=most).prop_map(unique)
}

fn name() -> impl Strategy<Value = String> {
    const TAKEN: [&str; 21] = [
        "iss", "sub", "aud", "exp", "nbf", "iat", "jti", "scope", "scp", "roles", "cnf", "alg",
        "kid", "typ", "crit", "enc", "b64", "tenant", "huge", "text", "count",
    ];
    let any = prop_oneof![2 => "[a-z_]{1,8}", 1 => text(), 1 => "(Exp|SUB|aud |a?lg|iss\\.)"];
    any.prop_map(|name| if TAKEN.contains(&name.as_str()) { name + "?" } else { name })
}

/// Removes members with duplicate names, except for the first.
fn unique(members: Members) -> Members {
    let mut unique: Members = Vec::new();
    for (name, value) in members {
        if unique.iter().all(|(other, _)| *other != name) {
            unique.push((name, value));
        }
    }
    unique
}

impl From<Value> for Json {
    fn from(value: Value) -> Self {
        match value {
            Value::String(text) => Self::Text(text),
            Value::Array(list) => Self::List(list.into_iter().map(Self::from).collect()),
            Value::Object(members) => {
                let member = |(name, value)| (name, Self::from(value));
                Self::Object(members.into_iter().map(member).collect())
            }
            bare => Self::Bare(bare.to_string()),
        }
    }
}
