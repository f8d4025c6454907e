//! Who somebody is, as Better Auth says it.

use std::fmt;
use std::sync::OnceLock;

use serde::de::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// A user of Better Auth: the claims type of its presets.
///
/// Made by verifying a token. Everything but the id may be missing: a server can be told to issue other
/// claims. `Debug` names the claims and shows none of their values.
///
/// An e-mail address that is not verified is what somebody typed when they signed up, and no proof of who
/// they are: keep data by [`id`](Self::id).
#[derive(Clone, Default)]
pub struct User {
    /// Found when the token is verified: which claim it stands in is the preset's knowledge.
    id: OnceLock<Box<str>>,
    claims: Map<String, Value>,
}

impl User {
    pub(super) fn new(claims: Map<String, Value>) -> Self {
        Self { id: OnceLock::new(), claims }
    }

    /// The user's id; never empty.
    pub fn id(&self) -> &str {
        self.id.get().map_or("", |id| id)
    }

    /// The user's e-mail address, in lower case as the server keeps it.
    pub fn email(&self) -> Option<&str> {
        self.text("email")
    }

    /// Whether the server knows the address to be the user's.
    pub fn email_verified(&self) -> Option<bool> {
        self.get("emailVerified").and_then(Value::as_bool)
    }

    /// What the user wants to be called.
    pub fn name(&self) -> Option<&str> {
        self.text("name")
    }

    /// Any claim, by its name: additional fields of the user, and fields of plugins such as `role`.
    pub fn get(&self, claim: &str) -> Option<&Value> {
        self.claims.get(claim)
    }

    /// Any claim that is a string, by its name.
    pub fn text(&self, claim: &str) -> Option<&str> {
        self.get(claim).and_then(Value::as_str)
    }

    /// All claims.
    pub const fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }

    /// Takes the id from this claim. `false` when it is not there, is no string or is empty, and when another
    /// one was taken before.
    pub(super) fn take_id_from(&self, claim: &str) -> bool {
        let id = self.text(claim).filter(|id| !id.trim().is_empty());
        // Asked again where a token is remembered.
        id.is_some_and(|id| **self.id.get_or_init(|| id.into()) == *id)
    }
}

impl<'de> Deserialize<'de> for User {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Map::deserialize(deserializer).map(Self::new)
    }
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.claims.keys().collect();
        f.debug_struct("User").field("claims", &names).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(text: &str) -> User {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn what_is_missing_or_of_another_type_is_none_and_no_error() {
        let full =
            user(r#"{"sub":"u","email":"a@b.co","emailVerified":true,"name":"A","role":"x"}"#);
        assert!(full.take_id_from("sub"));
        assert_eq!((full.id(), full.email(), full.name()), ("u", Some("a@b.co"), Some("A")));
        assert_eq!((full.email_verified(), full.text("role")), (Some(true), Some("x")));

        let odd = user(r#"{"email":null,"emailVerified":"yes","name":7,"image":null}"#);
        assert_eq!((odd.email(), odd.email_verified(), odd.name()), (None, None, None));
        assert!(odd.get("image").is_some_and(Value::is_null));
    }

    #[test]
    fn an_id_is_a_string_that_says_something_and_stays_what_it_is() {
        let user = user(r#"{"empty":"","blank":" ","number":1,"null":null,"id":"u","other":"v"}"#);
        for claim in ["empty", "blank", "number", "null", "absent"] {
            assert!(!user.take_id_from(claim), "{claim}");
        }
        assert!(user.take_id_from("id"));
        assert!(user.take_id_from("id"));
        assert!(!user.take_id_from("other"));
        assert_eq!(user.id(), "u");
    }

    #[test]
    fn debug_names_the_claims_and_keeps_their_values() {
        let debug = format!("{:?}", user(r#"{"sub":"secret-1","email":"secret-2"}"#));
        assert!(debug.contains("email") && !debug.contains("secret"), "{debug}");
    }
}
