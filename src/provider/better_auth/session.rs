//! Sessions in a cookie: the user that it names, and where to find it.

use std::fmt;
use std::ops::Deref;

use serde::de::{self, Deserialize, Deserializer};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::user::User;
use crate::source::CookieToken;

/// A user and their session, out of the cookie in which Better Auth caches both (`session_data`, with the
/// strategy `jwt`): the claims type of the session presets. Derefs to the [`User`].
///
/// The cookie holds the live session token, which is as good as a password. It is compared where the
/// server compares it and then forgotten: nothing here, nor anything that can be asked for the token's
/// claims, gives it away.
#[derive(Clone)]
pub struct SessionUser {
    user: User,
    session_id: Option<Box<str>>,
    pub(super) facts: Facts,
}

/// What the preset judges.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Facts {
    /// `session.userId` is `user.id`.
    pub(super) is_the_users: bool,
    /// `sub`, where it is there, is `user.id`.
    pub(super) subject_is_the_users: Option<bool>,
    /// `sid`, where it is there, is the session's token.
    pub(super) sid_is_the_sessions: Option<bool>,
    /// `session.expiresAt`, as it was written.
    pub(super) ends_at: Option<Box<str>>,
    pub(super) version: Option<Box<str>>,
}

impl SessionUser {
    /// The session's id, which is no secret.
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

/// Finds the cookie cache of Better Auth sessions: `better-auth.session_data`, under `__Secure-` where it is
/// set so, and joined where it was too long for one cookie.
///
/// Of a server with another `cookiePrefix`, take it with
/// `CookieToken::new("prefix.session_data").allow_prefixes().allow_chunks()`. A browser sends cookies on its own:
/// have a layer such as tower-http's `CsrfLayer` beside this.
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

/// A secret that is read and forgotten.
#[derive(serde::Deserialize)]
#[serde(from = "String")]
struct Forgotten(Zeroizing<String>);

impl From<String> for Forgotten {
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
    sid: Option<Forgotten>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Session {
    id: Option<Box<str>>,
    user_id: Option<Box<str>>,
    expires_at: Option<Box<str>>,
    token: Option<Forgotten>,
}

impl<'de> Deserialize<'de> for SessionUser {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Payload { session, user, version, sub, sid } = Payload::deserialize(deserializer)?;
        let id = user.get("id").and_then(Value::as_str);
        let Some(id) = id.filter(|id| !id.trim().is_empty()) else {
            return Err(de::Error::custom("the session is nobody's"));
        };
        let token = session.token.as_ref().map(|token| &token.0);
        let facts = Facts {
            is_the_users: session.user_id.as_deref() == Some(id),
            subject_is_the_users: sub.map(|sub| sub == id),
            sid_is_the_sessions: sid.map(|sid| Some(&sid.0) == token),
            ends_at: session.expires_at,
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
    fn the_user_and_the_facts_come_out_and_the_live_token_does_not() {
        let session = read(&payload()).unwrap();
        assert_eq!((session.email(), session.session_id()), (Some("a@b.co"), Some("s")));
        assert_eq!(
            session.facts,
            Facts {
                is_the_users: true,
                ends_at: Some("2026-11-22T10:41:16.926Z".into()),
                version: Some("1".into()),
                ..Facts::default()
            }
        );
        let shown = format!("{session:?} {:?}", session.claims());
        assert!(!shown.contains("live-token"), "{shown}");
    }

    #[test]
    fn what_does_not_belong_together_is_seen() {
        let mut foreign = payload();
        foreign["session"]["userId"] = "v".into();
        assert!(!read(&foreign).unwrap().facts.is_the_users);

        let mut signed = payload();
        signed["sub"] = "u".into();
        signed["sid"] = "live-token".into();
        let facts = read(&signed).unwrap().facts;
        assert_eq!(
            (facts.subject_is_the_users, facts.sid_is_the_sessions),
            (Some(true), Some(true))
        );
        signed["sub"] = "v".into();
        signed["sid"] = "another".into();
        let facts = read(&signed).unwrap().facts;
        assert_eq!(
            (facts.subject_is_the_users, facts.sid_is_the_sessions),
            (Some(false), Some(false))
        );

        for member in ["session", "user"] {
            let mut without = payload();
            without[member].take();
            assert!(read(&without).is_err(), "{member}");
        }
        for id in [json!(""), json!(" "), json!(7), json!(null)] {
            let mut nobody = payload();
            nobody["user"]["id"] = id;
            assert!(read(&nobody).is_err());
        }
    }
}
