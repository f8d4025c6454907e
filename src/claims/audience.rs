//! The `aud` claim.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use super::string_or_list::StringOrList;

/// The recipients of a token: one or several (RFC 7519 §4.1.3).
///
/// Serialized in the form that was read: one string or a list. An empty list names no recipient. The
/// [`Policy`](crate::Policy) decides whether such a token is accepted.
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
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Audience(StringOrList);

impl Audience {
    /// Whether `recipient` is named, byte for byte.
    pub fn contains(&self, recipient: &str) -> bool {
        self.iter().any(|name| name == recipient)
    }

    /// The recipients, in the order of the token.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let names = match &self.0 {
            StringOrList::String(name) => std::slice::from_ref(name),
            StringOrList::List(names) => names,
        };
        names.iter().map(String::as_str)
    }
}

impl fmt::Debug for Audience {
    /// Shows the number and not the names, because `Debug` output ends up in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Audience({} recipients)", self.iter().count())
    }
}

impl<'de> Deserialize<'de> for Audience {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        StringOrList::deserialize(deserializer, "a string or a list of strings").map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_round_trip() {
        for text in [r#""orders""#, r#"["orders"]"#, r#"["orders","billing"]"#] {
            let audience: Audience = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&audience).unwrap(), text);
            assert_eq!(audience.iter().next(), Some("orders"));
        }
        let none: Audience = serde_json::from_str("[]").unwrap();
        assert_eq!((none.iter().count(), serde_json::to_string(&none).unwrap()), (0, "[]".into()));
    }
}
