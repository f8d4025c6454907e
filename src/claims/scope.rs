//! The `scope` claim.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use super::string_or_list::StringOrList;

/// The scopes of a token: space-separated (RFC 8693 §4.2), or a list.
///
/// ```
/// use tower_jwt_auth::claims::ScopeSet;
///
/// let scope: ScopeSet = serde_json::from_str(r#""orders:read orders:write""#)?;
/// assert!(scope.contains("orders:read"));
/// assert!(!scope.contains("orders")); // whole names only, never a prefix
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ScopeSet(StringOrList);

impl ScopeSet {
    /// Whether `scope` was granted, byte for byte.
    pub fn contains(&self, scope: &str) -> bool {
        self.iter().any(|granted| granted == scope)
    }

    /// The scopes, in the order of the token.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let (words, list) = match &self.0 {
            StringOrList::String(words) => (words.as_str(), [].as_slice()),
            StringOrList::List(list) => ("", list.as_slice()),
        };
        let words = words.split(' ').filter(|word| !word.is_empty());
        words.chain(list.iter().map(String::as_str))
    }
}

impl fmt::Debug for ScopeSet {
    /// Shows the number and not the names, because `Debug` output ends up in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ScopeSet({} scopes)", self.iter().count())
    }
}

impl<'de> Deserialize<'de> for ScopeSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        StringOrList::deserialize(deserializer, "space-separated scopes or a list of them")
            .map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_grant_the_same_scopes_and_round_trip() {
        for text in [r#""a  b""#, r#"["a","b"]"#] {
            let scope: ScopeSet = serde_json::from_str(text).unwrap();
            assert_eq!(scope.iter().collect::<Vec<_>>(), ["a", "b"]);
            assert_eq!(serde_json::to_string(&scope).unwrap(), text);
        }
        assert!(serde_json::from_str::<ScopeSet>("7").is_err());
        assert!(serde_json::from_str::<ScopeSet>("[7]").is_err());
    }
}
