//! Session cookies: the claims type and the token source.

use std::fmt;
use std::ops::Deref;

use serde::de::{self, Deserialize, Deserializer};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::user::User;
use crate::source::CookieToken;

/// A user and their session: the claims type of the session presets.
///
/// Both are read from the cookie `session_data` with the strategy `jwt`. Derefs to the [`User`].
///
/// The cookie contains the live session token, which is as sensitive as a password. The preset compares it with `sid`,
/// as the server does, and then drops it. Neither this type nor the token's claims expose it.
///
/// ```
/// use tower_jwt_auth::Verified;
/// use tower_jwt_auth::provider::better_auth::SessionUser;
///
/// async fn me(user: Verified<SessionUser>) -> String {
///     format!("{} in session {:?}", user.id(), user.session_id())
/// }
/// ```
#[derive(Clone)]
pub struct SessionUser {
    user: User,
    session_id: Option<Box<str>>,
    pub(super) facts: Facts,
}

/// The values that the preset checks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Facts {
    /// `session.userId` is `user.id`.
    pub(super) user_id_matches: bool,
    /// `sub`, if present, is `user.id`.
    pub(super) subject_matches: Option<bool>,
    /// `sid`, if present, is the session's token.
    pub(super) sid_matches: Option<bool>,
    /// `session.expiresAt`, not parsed.
    pub(super) expires_at: Option<Box<str>>,
    pub(super) version: Option<Box<str>>,
}

impl SessionUser {
    /// The session's id, which is not a secret.
    pub fn session_id(&self) -> Option<&str> {
        self.session_id.as_deref()
    }
}

impl Deref for SessionUser {
    type Target = User;

    fn deref(&self) -> &User {
        &self.user
    }
}

/// Reads the session cache cookie of Better Auth, `better-auth.session_data`.
///
/// The prefix `__Secure-` is accepted, and a token that was split over several cookies is joined.
///
/// For a server with another `cookiePrefix`, use
/// `CookieToken::new("prefix.session_data").allow_prefixes().allow_chunks()`. Browsers also send cookies with requests
/// that another site caused (CSRF): add a layer such as tower-http's `CsrfLayer`.
///
/// ```
/// use tower_jwt_auth::provider::better_auth::{BetterAuth, session_cookie_source};
/// use tower_jwt_auth::{JwtAuthLayer, testing::TestIssuer};
///
/// let verifier = BetterAuth::session_cookie(TestIssuer::hs256().secret()).build()?;
/// let layer = JwtAuthLayer::new(verifier).token_source(session_cookie_source()).remove_token();
/// # let _ = layer;
/// # Ok::<(), tower_jwt_auth::BuildError>(())
/// ```
pub fn session_cookie_source() -> CookieToken {
    CookieToken::new("better-auth.session_data").allow_prefixes().allow_chunks()
}

/// A secret that is zeroized after it was compared.
#[derive(serde::Deserialize)]
#[serde(from = "String")]
struct SecretText(Zeroizing<String>);

impl From<String> for SecretText {
    fn from(secret: String) -> Self {
        Self(Zeroizing::new(secret))
    }
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    session: Session,
    user: Map<String, Value>,
    version: Option<Value>,
    sub: Option<String>,
    sid: Option<SecretText>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Session {
    id: Option<Box<str>>,
    user_id: Option<Box<str>>,
    expires_at: Option<Box<str>>,
    token: Option<SecretText>,
}

impl<'de> Deserialize<'de> for SessionUser {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Payload { session, user, version, sub, sid } = Payload::deserialize(deserializer)?;
        let id = user.get("id").and_then(Value::as_str);
        let Some(id) = id.filter(|id| !id.trim().is_empty()) else {
            return Err(de::Error::custom("the session has no user id"));
        };
        let token = session.token.as_ref().map(|token| &token.0);
        let facts = Facts {
            user_id_matches: session.user_id.as_deref() == Some(id),
            subject_matches: sub.map(|sub| sub == id),
            sid_matches: sid.map(|sid| Some(&sid.0) == token),
            expires_at: session.expires_at,
            version: match version {
                Some(Value::String(version)) => Some(version.into()),
                _ => None,
            },
        };
        Ok(Self { user: User::new(user), session_id: session.id, facts })
    }
}

impl fmt::Debug for SessionUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionUser").field("user", &self.user).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn payload() -> Value {
        json!({
            "session": {"id": "s", "token": "live-token", "userId": "u",
                "expiresAt": "2026-11-22T10:41:16.926Z", "userAgent": "x"},
            "user": {"id": "u", "email": "a@b.co", "emailVerified": false},
            "updatedAt": 1_795_343_468_896_u64, "version": "1", "iat": 1, "exp": 2
        })
    }

    fn read(payload: &Value) -> Result<SessionUser, serde_json::Error> {
        serde_json::from_str(&payload.to_string())
    }

    #[test]
    fn the_session_is_parsed_and_hides_the_live_token() {
        let session = read(&payload()).unwrap();
        assert_eq!((session.email(), session.session_id()), (Some("a@b.co"), Some("s")));
        assert_eq!(
            session.facts,
            Facts {
                user_id_matches: true,
                expires_at: Some("2026-11-22T10:41:16.926Z".into()),
                version: Some("1".into()),
                ..Facts::default()
            }
        );
        let shown = format!("{session:?} {:?}", session.claims());
        assert!(!shown.contains("live-token"), "{shown}");
    }

    #[test]
    fn parts_of_different_sessions_are_detected() {
        let mut foreign = payload();
        foreign["session"]["userId"] = "v".into();
        assert!(!read(&foreign).unwrap().facts.user_id_matches);

        let mut signed = payload();
        signed["sub"] = "u".into();
        signed["sid"] = "live-token".into();
        let facts = read(&signed).unwrap().facts;
        assert_eq!((facts.subject_matches, facts.sid_matches), (Some(true), Some(true)));
        signed["sub"] = "v".into();
        signed["sid"] = "another".into();
        let facts = read(&signed).unwrap().facts;
        assert_eq!((facts.subject_matches, facts.sid_matches), (Some(false), Some(false)));

        for member in ["session", "user"] {
            let mut without = payload();
            without[member].take();
            assert!(read(&without).is_err(), "{member}");
        }
        for id in [json!(""), json!(" "), json!(7), json!(null)] {
            let mut without_id = payload();
            without_id["user"]["id"] = id;
            assert!(read(&without_id).is_err());
        }
    }
}
