//! The errors of reading a text and of deserializing an object.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Expected, Unexpected};

/// Why a text is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Malformed {
    /// It is not one strict JSON object.
    NotStrict,
    /// It has two members with the same name.
    Duplicate,
}

/// Why an object does not fit a type: the member and what was expected of it, without its value.
///
/// `serde_json`'s own errors quote values, which are claims.
#[derive(Debug)]
pub(crate) struct Unfit {
    member: Option<Cow<'static, str>>,
    reason: Reason,
}

#[derive(Debug)]
enum Reason {
    Missing,
    Expected(String),
    /// The type has its own message, which is dropped because it may quote the value.
    Other,
}

impl Unfit {
    /// What the type expects, as a noun; `None` if it does not say.
    pub(crate) fn expected(&self) -> Option<String> {
        // A name that is not from the type is from the token, and may be data.
        let member = match &self.member {
            Some(Cow::Borrowed(name)) => Some(name),
            _ => None,
        };
        match (&self.reason, member) {
            (Reason::Missing, Some(member)) => Some(format!("the claim `{member}`")),
            (Reason::Expected(expected), Some(member)) => Some(format!("{expected} in `{member}`")),
            (Reason::Other, Some(member)) => Some(format!("another value in `{member}`")),
            (Reason::Expected(expected), None) => Some(expected.clone()),
            (_, None) => None,
        }
    }

    pub(super) const OTHER: Self = Self { member: None, reason: Reason::Other };

    /// Adds the name of the member, unless the type has already named it.
    pub(super) fn at(mut self, name: &str, fields: &'static [&'static str]) -> Self {
        self.member.get_or_insert_with(|| match fields.iter().find(|field| **field == name) {
            Some(field) => Cow::Borrowed(field),
            None => Cow::Owned(name.to_owned()),
        });
        self
    }
}

impl de::Error for Unfit {
    /// Drops the message.
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::OTHER
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self { member: None, reason: Reason::Expected(expected.to_string()) }
    }

    fn invalid_value(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(unexpected, expected)
    }

    fn invalid_length(_: usize, expected: &dyn Expected) -> Self {
        Self { member: None, reason: Reason::Expected(expected.to_string()) }
    }

    fn unknown_variant(_: &str, _: &'static [&'static str]) -> Self {
        Self::OTHER
    }

    fn unknown_field(_: &str, _: &'static [&'static str]) -> Self {
        Self::OTHER
    }

    fn missing_field(field: &'static str) -> Self {
        Self { member: Some(Cow::Borrowed(field)), reason: Reason::Missing }
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self { member: Some(Cow::Borrowed(field)), reason: Reason::Other }
    }
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.member {
            Some(member) => write!(f, "`{}`", member.escape_debug())?,
            None => f.write_str("the object")?,
        }
        match &self.reason {
            Reason::Missing => f.write_str(" is missing"),
            Reason::Expected(expected) => write!(f, ": expected {expected}"),
            Reason::Other => f.write_str(" does not fit"),
        }
    }
}

impl std::error::Error for Unfit {}
