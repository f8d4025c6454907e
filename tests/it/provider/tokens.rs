//! Every kind of Better Auth token, with the claims of those that real servers issue.

use serde_json::{Value, json};
use tower_jwt_auth::clock::Clock;
use tower_jwt_auth::key::KeySet;
use tower_jwt_auth::testing::{FixedClock, TestIssuer};

pub(super) const SECRET: &str = "a secret of the tests, of at least 32 bytes";
pub(super) const ORIGIN: &str = "https://auth.example.com";
pub(super) const BASE: &str = "https://auth.example.com/api/auth";
pub(super) const LIVE: &str = "live-session-token";

/// A server's key pair.
pub(super) fn pair() -> TestIssuer {
    TestIssuer::es256().key_id("pair").clock(FixedClock::new())
}

pub(super) fn by_secret() -> TestIssuer {
    TestIssuer::hs256().with_secret(SECRET).without_key_id().clock(FixedClock::new())
}

pub(super) fn keys() -> KeySet {
    KeySet::jwks(pair().jwks()).unwrap()
}

/// The time of the clock in the tests.
pub(super) fn now() -> i64 {
    tower_jwt_auth::claims::NumericDate::from(FixedClock::new().now()).seconds()
}

pub(super) fn user() -> Value {
    json!({
        "id": "u1", "name": "Ada", "email": "ada@example.com", "emailVerified": false, "image": null,
        "createdAt": "2025-11-22T10:41:16.926Z", "role": "clerk",
    })
}

/// These claims, overridden and extended by `others`.
pub(super) fn with(mut claims: Value, others: &Value) -> Value {
    let others = others.as_object().unwrap().clone();
    claims.as_object_mut().unwrap().extend(others);
    claims
}

/// The claims of a session cookie.
pub(super) fn session() -> Value {
    json!({
        "session": {"id": "s1", "token": LIVE, "userId": "u1", "expiresAt": "2030-01-01T00:00:00.000Z"},
        "user": user(), "updatedAt": now() * 1000, "version": "1", "exp": now() + 300, "iat": now(),
    })
}

/// The claims of a session cookie signed with the server's key pair.
pub(super) fn session_by_pair() -> Value {
    let added =
        json!({"sub": "u1", "sid": LIVE, "iss": ORIGIN, "aud": "better-auth:session-cache"});
    with(session(), &added)
}

/// Signed with the server's key pair, with this `typ`.
pub(super) fn sign_by_pair(typ: Option<&str>, payload: &Value) -> String {
    let mut header = json!({"alg": "ES256", "kid": "pair"});
    if let Some(typ) = typ {
        header["typ"] = typ.into();
    }
    pair().sign(header.to_string(), payload.to_string())
}

/// Signed with the secret.
pub(super) fn sign_by_secret(payload: &Value) -> String {
    by_secret().sign(r#"{"alg":"HS256"}"#, payload.to_string())
}

/// Every kind of token: its name and its text.
pub(super) fn kinds() -> Vec<(&'static str, String)> {
    let exp = json!({"exp": now() + 900, "iat": now()});
    let by_pair = |typ, payload| sign_by_pair(typ, &with(payload, &exp));
    let hs256 = |payload| sign_by_secret(&with(payload, &exp));
    let plugin = with(user(), &json!({"sub": "u1", "iss": ORIGIN, "aud": ORIGIN}));
    let by_email = with(plugin.clone(), &json!({"sub": "ada@example.com"}));
    let of_base = |aud: Value| json!({"sub": "u1", "iss": BASE, "aud": aud, "sid": "s1"});
    let access = with(
        of_base(json!(["https://api.example.com", "https://auth.example.com/userinfo"])),
        &json!({"client_id": "c1", "azp": "c1", "scope": "openid"}),
    );
    let of_client = with(access.clone(), &json!({"sub": "c1", "sid": null}));
    let id_token = json!({"auth_time": now(), "nonce": "n", "email": "ada@example.com"});
    let link = json!({"email": "ada@example.com"});
    let link_of_user = with(link.clone(), &json!({"userId": "u1"}));
    let change = json!({"updateTo": "eve@example.com", "requestType": "change-email-verification"});
    let bridge = |claims: Value| hs256(with(json!({"email": "ada@example.com"}), &claims));
    vec![
        ("plugin", by_pair(None, plugin.clone())),
        ("plugin, typ JWT", by_pair(Some("jwt"), plugin)),
        ("plugin, sub is the e-mail", by_pair(None, by_email)),
        ("access", by_pair(Some("at+jwt"), access)),
        ("access of a client", by_pair(Some("at+jwt"), of_client)),
        ("id", by_pair(None, with(of_base(json!("client")), &id_token))),
        (
            "id of oidcProvider",
            by_pair(None, with(of_base(json!("client")), &with(id_token, &json!({"iss": ORIGIN})))),
        ),
        ("logout", by_pair(Some("logout+jwt"), of_base(json!("client")))),
        ("cookie by pair", sign_by_pair(Some("better-auth.session-cache+jwt"), &session_by_pair())),
        ("cookie by secret", sign_by_secret(&session())),
        ("e-mail link", hs256(link)),
        ("e-mail link, 1.7.25", hs256(link_of_user.clone())),
        ("e-mail change link", hs256(with(link_of_user, &change))),
        ("bridge", bridge(json!({"sub": "u1"}))),
        ("bridge, id", bridge(json!({"id": "u1"}))),
        ("bridge, userId", bridge(json!({"userId": "u1"}))),
        ("bridge, userId and aud", bridge(json!({"userId": "u1", "aud": "api"}))),
        ("bridge, userId and iss", bridge(json!({"userId": "u1", "iss": "app"}))),
        ("session token", LIVE.to_owned()),
        ("session cookie", format!("{LIVE}.c2lnbmF0dXJl")),
        ("encrypted cookie", "a.b.c.d.e".to_owned()),
    ]
}
