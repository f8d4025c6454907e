//! The default claims type.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::{Lenience, check_types};
use crate::json::Object;

/// All claims of a token, by name.
///
/// It stores the text of the token's claims and parses a value when you read it. Read the subject, issuer, scopes and
/// other registered claims from [`Verified`](crate::Verified) or [`Token`](crate::Token), which apply the issuer's
/// [`Policy`](crate::Policy). It serializes to the object that it was read from. `Debug` shows names and no values.
///
/// ```
/// use tower_jwt_auth::Claims;
///
/// let claims: Claims = serde_json::from_str(r#"{"sub":"user-1","email":"a@b.example"}"#)?;
/// assert_eq!(claims.text("email"), Some("a@b.example"));
/// assert_eq!(claims.text("name"), None);
/// // A registered claim of the wrong type is an error, never an absent claim.
/// assert!(serde_json::from_str::<Claims>(r#"{"exp":"tomorrow"}"#).is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Claims(Object);

impl Claims {
    /// Wraps an object whose registered claims have been checked; `None` if a value could not be read later.
    pub(crate) fn new(object: Object) -> Option<Self> {
        (!object.has_huge_number()).then_some(Self(object))
    }

    /// The value of a claim, by its name.
    ///
    /// Each call parses the value; [`text`](Self::text) does not parse.
    pub fn get(&self, name: &str) -> Option<Value> {
        self.0.get(name)?.read()
    }

    /// The text of a string claim, by its name: `claims.text("email")`.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.string()
    }

    /// The names and values of all claims, in the order of the token.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Value)> {
        self.0.members().filter_map(|(name, value)| Some((name, value.read()?)))
    }

    fn to_map(&self) -> Map<String, Value> {
        self.iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

impl PartialEq for Claims {
    /// Whether both have the same claims, in any order.
    fn eq(&self, other: &Self) -> bool {
        self.to_map() == other.to_map()
    }
}

impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Claims ")?;
        f.debug_set().entries(self.0.members().map(|(name, _)| name)).finish()
    }
}

impl Serialize for Claims {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Claims {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ClaimsVisitor)
    }
}

struct ClaimsVisitor;

impl<'de> Visitor<'de> for ClaimsVisitor {
    type Value = Claims;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of claims")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Claims, A::Error> {
        let mut members = Map::new();
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom("duplicate claim"));
            }
        }
        let object = Object::read(Value::Object(members).to_string());
        let object = object.map_err(|_| A::Error::custom("not one strict JSON object"))?;
        check_types(&object, Lenience::default()).map_err(A::Error::custom)?;
        Ok(Claims(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_serialize_to_the_object_they_were_read_from() {
        let text = r#"{"iss":"a","sub":"b","aud":["c"],"exp":9,"nbf":1.5,"iat":2,"jti":"d",
            "scope":"e f","email":"g","nested":{"h":[null,true]}}"#;
        let claims: Claims = serde_json::from_str(text).unwrap();
        let there: Value = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_value(&claims).unwrap(), there);
    }

    #[test]
    fn a_scope_of_another_type_is_kept() {
        let claims: Claims = serde_json::from_str(r#"{"scope":{"read":true}}"#).unwrap();
        assert!(claims.get("scope").is_some());
    }

    #[test]
    fn wrong_types_and_duplicates_are_rejected() {
        for text in [
            r#"{"exp":null}"#,
            r#"{"sub":7}"#,
            r#"{"aud":[7]}"#,
            r#"{"sub":"a","sub":"b"}"#,
            r#"{"x":1,"x":2}"#,
            "[]",
        ] {
            assert!(serde_json::from_str::<Claims>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn debug_shows_claim_names_but_no_values() {
        let claims: Claims =
            serde_json::from_str(r#"{"sub":"secret-1","email":"secret-2"}"#).unwrap();
        let debug = format!("{claims:?}");
        assert!(debug.contains("email") && debug.contains("sub"));
        assert!(!debug.contains("secret"));
    }
}
