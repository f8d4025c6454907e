//! The actors of a delegated token (RFC 8693 §4.1).

use std::fmt;

use crate::json::{Found, Value};

/// The most actors that are read. The earliest ones are left out.
const MAX_ACTORS: usize = 8;

/// A party that acts for the subject of a token: a member of its `act` claim (RFC 8693 §4.1).
///
/// [`Token::actors`](crate::Token::actors) returns them. `Debug` shows no values.
///
/// ```
/// use serde_json::json;
/// use tower_jwt_auth::{Rule, Verifier, testing::TestIssuer};
///
/// let issuer = TestIssuer::hs256();
/// let verifier = Verifier::shared_secret(issuer.secret()).any_audience().build()?;
/// let act = json!({"sub": "billing", "act": {"sub": "gateway"}});
/// let token = issuer.token().subject("ada").claim("act", act).mint();
/// let user = verifier.verify_now(&token)?.identity();
///
/// let actors: Vec<_> = user.actors().map(|actor| actor.subject()).collect();
/// assert_eq!(actors, [Some("billing"), Some("gateway")]); // the gateway called billing, which sent this token
/// assert!(Rule::actor("billing").permits(&user));
/// assert!(!Rule::actor("gateway").permits(&user) && !Rule::direct().permits(&user));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy)]
pub struct Actor<'a>(
    /// `None` if the claim appears twice, so that it is not clear which one counts.
    Option<Value<'a>>,
);

impl<'a> Actor<'a> {
    /// The actors in the value of a token's `act`, the current one first.
    pub(crate) fn all(act: Option<Value<'a>>) -> impl Iterator<Item = Self> {
        let current = act.map(|act| Self(Some(act)));
        std::iter::successors(current, |actor| actor.earlier()).take(MAX_ACTORS)
    }

    /// The actor that delegated to this one.
    fn earlier(self) -> Option<Self> {
        match self.0?.member("act") {
            Found::Value(act) => Some(Self(Some(act))),
            Found::Ambiguous => Some(Self(None)),
            Found::Absent => None,
        }
    }

    fn text(self, name: &str) -> Option<&'a str> {
        match self.0?.member(name) {
            Found::Value(value) => value.string(),
            Found::Absent | Found::Ambiguous => None,
        }
    }

    /// The actor's `sub`. `None` if the token does not identify the actor by a string.
    pub fn subject(self) -> Option<&'a str> {
        self.text("sub")
    }

    /// The actor's `iss`. If it is absent, the actor's subject is one of the token's issuer.
    pub fn issuer(self) -> Option<&'a str> {
        self.text("iss")
    }

    /// The actor's `client_id`.
    pub fn client_id(self) -> Option<&'a str> {
        self.text("client_id")
    }

    /// The subject, if it is one of this issuer and not empty. An `iss` that is not a string names another issuer.
    pub(crate) fn subject_at(self, issuer: Option<&str>) -> Option<&'a str> {
        let is_ours = match self.0?.member("iss") {
            Found::Absent => true,
            Found::Value(value) => issuer.is_some() && value.string() == issuer,
            Found::Ambiguous => false,
        };
        self.subject().filter(|subject| is_ours && !subject.is_empty())
    }
}

impl fmt::Debug for Actor<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Actor(..)")
    }
}
