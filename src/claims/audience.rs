//! The `aud` claim.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};
use serde::{Serialize, Serializer};

/// Whom a token is for: one recipient or several (RFC 7519 §4.1.3).
///
/// Written back in the form in which it came, one string or a list. An empty list names no recipient; whether
/// such a token is accepted is for the [`Policy`](crate::Policy) to say.
///
/// ```
/// use tower_jwt_auth::claims::Audience;
///
/// let audience: Audience = serde_json::from_str(r#"["orders","billing"]"#)?;
/// assert!(audience.contains("orders"));
/// assert!(!audience.contains("order"));
///
/// let none: Audience = serde_json::from_str("[]")?;
/// assert!(!none.contains(""));
/// for wrong in ["{}", "7", "null", r#"["orders", 7]"#] {
///     assert!(serde_json::from_str::<Audience>(wrong).is_err());
/// }
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Audience(Form);

#[derive(Clone, PartialEq, Eq)]
enum Form {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    /// Whether `recipient` is named, byte for byte.
    pub fn contains(&self, recipient: &str) -> bool {
        self.iter().any(|name| name == recipient)
    }

    /// The recipients, in the order of the token.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let names = match &self.0 {
            Form::One(one) => std::slice::from_ref(one),
            Form::Many(many) => many,
        };
        names.iter().map(String::as_str)
    }
}

impl fmt::Debug for Audience {
    /// How many, not which: this ends up in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Audience({} recipients)", self.iter().count())
    }
}

impl Serialize for Audience {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Form::One(one) => one.serialize(serializer),
            Form::Many(many) => many.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Audience {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AudienceVisitor;

        impl<'de> Visitor<'de> for AudienceVisitor {
            type Value = Audience;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or a list of strings")
            }

            fn visit_str<E: de::Error>(self, value: &str) -> Result<Audience, E> {
                Ok(Audience(Form::One(value.to_owned())))
            }

            fn visit_string<E: de::Error>(self, value: String) -> Result<Audience, E> {
                Ok(Audience(Form::One(value)))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Audience, A::Error> {
                let mut names = Vec::new();
                while let Some(name) = list.next_element()? {
                    names.push(name);
                }
                Ok(Audience(Form::Many(names)))
            }
        }

        deserializer.deserialize_any(AudienceVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_written_back_as_they_came() {
        for text in [r#""orders""#, r#"["orders"]"#, r#"["orders","billing"]"#] {
            let audience: Audience = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&audience).unwrap(), text);
            assert_eq!(audience.iter().next(), Some("orders"));
        }
        let none: Audience = serde_json::from_str("[]").unwrap();
        assert_eq!((none.iter().count(), serde_json::to_string(&none).unwrap()), (0, "[]".into()));
    }
}
