//! The claims type that is used when nothing else is named.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::{Map, Value};

use super::{Audience, NumericDate, RegisteredClaims, ScopeSet};

/// All claims of a token: the registered ones typed, everything else by name.
///
/// Serializes to the object it was read from. Its `Debug` output names the claims and keeps their
/// values to itself.
///
/// ```
/// use tower_jwt_auth::Claims;
///
/// let claims: Claims = serde_json::from_str(r#"{"sub":"user-1","email":"a@b.example"}"#)?;
/// assert_eq!(claims.subject(), Some("user-1"));
/// assert_eq!(claims.text("email"), Some("a@b.example"));
/// assert_eq!(claims.text("name"), None);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Default, PartialEq)]
pub struct Claims {
    registered: RegisteredClaims,
    scope: Option<ScopeSet>,
    other: Map<String, Value>,
}

impl Claims {
    /// The claims of RFC 7519 §4.1.
    pub const fn registered(&self) -> &RegisteredClaims {
        &self.registered
    }

    /// `sub`: whom the token is about; the user's id with most issuers.
    pub fn subject(&self) -> Option<&str> {
        self.registered.subject.as_deref()
    }

    /// `iss`: who issued the token.
    pub fn issuer(&self) -> Option<&str> {
        self.registered.issuer.as_deref()
    }

    /// `aud`: whom the token is for.
    pub const fn audience(&self) -> Option<&Audience> {
        self.registered.audience.as_ref()
    }

    /// `exp`: when the token ends.
    pub const fn expires_at(&self) -> Option<NumericDate> {
        self.registered.expires_at
    }

    /// `nbf`: when the token begins.
    pub const fn not_before(&self) -> Option<NumericDate> {
        self.registered.not_before
    }

    /// `iat`: when the token was issued.
    pub const fn issued_at(&self) -> Option<NumericDate> {
        self.registered.issued_at
    }

    /// `jti`: the token's own name.
    pub fn token_id(&self) -> Option<&str> {
        self.registered.token_id.as_deref()
    }

    /// `scope`, if it is a string or a list of strings; [`get`](Self::get) has it otherwise.
    pub const fn scope(&self) -> Option<&ScopeSet> {
        self.scope.as_ref()
    }

    /// Any other claim, by its name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.other.get(name)
    }

    /// Any other claim that is a string, by its name: `claims.text("email")`.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::as_str)
    }

    /// All claims but the registered ones and `scope`.
    pub const fn other(&self) -> &Map<String, Value> {
        &self.other
    }
}

impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claims")
            .field("registered", &self.registered)
            .field("scope", &self.scope.is_some())
            .field("other", &self.other.keys())
            .finish()
    }
}

impl Serialize for Claims {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let RegisteredClaims {
            issuer,
            subject,
            audience,
            expires_at,
            not_before,
            issued_at,
            token_id,
        } = &self.registered;
        let mut map = serializer.serialize_map(None)?;
        entry(&mut map, "iss", issuer.as_ref())?;
        entry(&mut map, "sub", subject.as_ref())?;
        entry(&mut map, "aud", audience.as_ref())?;
        entry(&mut map, "exp", expires_at.as_ref())?;
        entry(&mut map, "nbf", not_before.as_ref())?;
        entry(&mut map, "iat", issued_at.as_ref())?;
        entry(&mut map, "jti", token_id.as_ref())?;
        entry(&mut map, "scope", self.scope.as_ref())?;
        for (name, value) in &self.other {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

fn entry<M: SerializeMap, T: Serialize>(
    map: &mut M,
    name: &'static str,
    value: Option<&T>,
) -> Result<(), M::Error> {
    value.map_or(Ok(()), |value| map.serialize_entry(name, value))
}

impl<'de> Deserialize<'de> for Claims {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ClaimsVisitor;

        impl<'de> Visitor<'de> for ClaimsVisitor {
            type Value = Claims;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of claims")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Claims, A::Error> {
                let mut claims = Claims::default();
                let registered = &mut claims.registered;
                while let Some(name) = map.next_key::<String>()? {
                    match name.as_str() {
                        "iss" => once(&mut registered.issuer, "iss", &mut map)?,
                        "sub" => once(&mut registered.subject, "sub", &mut map)?,
                        "aud" => once(&mut registered.audience, "aud", &mut map)?,
                        "exp" => once(&mut registered.expires_at, "exp", &mut map)?,
                        "nbf" => once(&mut registered.not_before, "nbf", &mut map)?,
                        "iat" => once(&mut registered.issued_at, "iat", &mut map)?,
                        "jti" => once(&mut registered.token_id, "jti", &mut map)?,
                        _ => {
                            let value: Value = map.next_value()?;
                            if claims.other.insert(name, value).is_some() {
                                return Err(de::Error::custom("duplicate claim"));
                            }
                        }
                    }
                }
                // Only a usable `scope` is taken out; one of another shape stays where it is.
                claims.scope =
                    claims.other.get("scope").and_then(|s| ScopeSet::deserialize(s).ok());
                if claims.scope.is_some() {
                    claims.other.remove("scope");
                }
                Ok(claims)
            }
        }

        deserializer.deserialize_map(ClaimsVisitor)
    }
}

fn once<'de, A: MapAccess<'de>, T: Deserialize<'de>>(
    slot: &mut Option<T>,
    name: &'static str,
    map: &mut A,
) -> Result<(), A::Error> {
    match slot.replace(map.next_value()?) {
        None => Ok(()),
        Some(_) => Err(de::Error::duplicate_field(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_object_comes_out_as_it_went_in() {
        let text = r#"{"iss":"a","sub":"b","aud":["c"],"exp":9,"nbf":1.5,"iat":2,"jti":"d",
            "scope":"e f","email":"g","nested":{"h":[null,true]}}"#;
        let claims: Claims = serde_json::from_str(text).unwrap();
        let there: Value = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_value(&claims).unwrap(), there);
    }

    #[test]
    fn a_scope_of_another_shape_is_kept_and_grants_nothing() {
        let claims: Claims = serde_json::from_str(r#"{"scope":{"read":true}}"#).unwrap();
        assert!(claims.scope().is_none());
        assert!(claims.get("scope").is_some());
    }

    #[test]
    fn wrong_types_and_duplicates_are_errors() {
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
    fn debug_names_the_claims_and_keeps_their_values() {
        let claims: Claims =
            serde_json::from_str(r#"{"sub":"secret-1","email":"secret-2"}"#).unwrap();
        let debug = format!("{claims:?}");
        assert!(debug.contains("email") && debug.contains("sub"));
        assert!(!debug.contains("secret"));
    }
}
