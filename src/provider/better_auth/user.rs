//! The claims type of Better Auth's users.

use std::borrow::Cow;
use std::fmt;
use std::sync::OnceLock;

use serde::de::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// A user of Better Auth: the claims type of its presets.
///
/// Verifying a token returns it. Every claim except the id may be missing, because a server can be configured to issue
/// other claims. `Debug` prints the names of the claims and none of the values.
///
/// An unverified e-mail address is text that was entered at sign-up. It does not prove who the user is: store data
/// under [`id`](Self::id).
///
/// ```
/// use tower_jwt_auth::Verified;
/// use tower_jwt_auth::provider::better_auth::User;
///
/// async fn me(user: Verified<User>) -> String {
///     format!("{} <{}>", user.id(), user.email().unwrap_or("no address"))
/// }
/// ```
#[derive(Clone, Default)]
pub struct User {
    /// Set when the token is verified, because only the preset knows which claim has the id.
    id: OnceLock<Box<str>>,
    claims: Map<String, Value>,
}

impl User {
    pub(super) fn new(claims: Map<String, Value>) -> Self {
        Self { id: OnceLock::new(), claims }
    }

    /// The user's id, which is never empty.
    pub fn id(&self) -> &str {
        self.id.get().map_or("", |id| id)
    }

    /// The user's e-mail address, in lower case as the server stores it.
    pub fn email(&self) -> Option<&str> {
        self.text("email")
    }

    /// Whether the server has verified the e-mail address.
    pub fn email_verified(&self) -> Option<bool> {
        self.get("emailVerified").and_then(Value::as_bool)
    }

    /// The user's display name.
    pub fn name(&self) -> Option<&str> {
        self.text("name")
    }

    /// Returns a claim by its name.
    ///
    /// Use it for additional fields of the user and for fields of plugins, such as `role`.
    pub fn get(&self, claim: &str) -> Option<&Value> {
        self.claims.get(claim)
    }

    /// Returns a claim by its name, if it is a string.
    pub fn text(&self, claim: &str) -> Option<&str> {
        self.get(claim).and_then(Value::as_str)
    }

    /// All claims.
    pub const fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }

    /// Sets the id from this claim, a string or an integer. `false` if the claim is missing, empty or of another type, or
    /// if another id was set before.
    pub(super) fn take_id_from(&self, claim: &str) -> bool {
        let id = match self.get(claim) {
            Some(Value::String(id)) => Cow::Borrowed(id.as_str()),
            Some(Value::Number(id)) if id.is_i64() || id.is_u64() => Cow::Owned(id.to_string()),
            _ => return false,
        };
        // Called again for a cached token.
        !id.trim().is_empty() && **self.id.get_or_init(|| (*id).into()) == *id
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
    fn claims_that_are_missing_or_mistyped_give_none() {
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
    fn the_id_is_text_or_an_integer_and_never_changes() {
        let integer = user(r#"{"id":-7}"#);
        assert!(integer.take_id_from("id"));
        assert_eq!(integer.id(), "-7");
        let user = user(
            r#"{"empty":"","blank":" ","fraction":1.5,"whole":1.0,"null":null,"id":"u","other":"v"}"#,
        );
        for claim in ["empty", "blank", "fraction", "whole", "null", "absent"] {
            assert!(!user.take_id_from(claim), "{claim}");
        }
        assert!(user.take_id_from("id"));
        assert!(user.take_id_from("id"));
        assert!(!user.take_id_from("other"));
        assert_eq!(user.id(), "u");
    }

    #[test]
    fn debug_prints_names_of_claims_but_no_values() {
        let debug = format!("{:?}", user(r#"{"sub":"secret-1","email":"secret-2"}"#));
        assert!(debug.contains("email") && !debug.contains("secret"), "{debug}");
    }
}
