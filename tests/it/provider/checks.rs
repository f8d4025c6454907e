//! The checks of each preset for a token with a valid signature, issuer and audience.
#![cfg(feature = "better-auth")]

use serde_json::{Value, json};
use tower_jwt_auth::key::{CryptoBackend, KeySet};
use tower_jwt_auth::provider::better_auth::{BetterAuth, SessionUser, User};
use tower_jwt_auth::testing::{FixedClock, TestIssuer};
use tower_jwt_auth::{Algorithm, ErrorKind, Verifier};

use super::tokens::{
    BASE, ORIGIN, SECRET, keys, now, session, session_by_pair, sign_by_pair, sign_by_secret, user,
    with,
};

const AUDIENCE: &str = "https://api.example.com";
const SESSION_TYPE: &str = "better-auth.session-cache+jwt";

fn url() -> BetterAuth {
    BetterAuth::url(ORIGIN).keys(keys()).clock(FixedClock::new())
}

fn access() -> BetterAuth {
    url().oauth_access_token(AUDIENCE)
}

fn bridge() -> BetterAuth {
    BetterAuth::bridge_token(SECRET).clock(FixedClock::new())
}

fn cookie() -> BetterAuth<SessionUser> {
    BetterAuth::session_cookie(SECRET).clock(FixedClock::new())
}

fn cookie_of() -> BetterAuth<SessionUser> {
    BetterAuth::session_cookie_url(ORIGIN).keys(keys()).clock(FixedClock::new())
}

fn plugin() -> Value {
    with(user(), &json!({"sub": "u1", "iss": ORIGIN, "aud": ORIGIN, "exp": now() + 900}))
}

fn access_token() -> Value {
    with(plugin(), &json!({"iss": BASE, "aud": AUDIENCE, "client_id": "c1"}))
}

fn of_user(verifier: &Verifier<User>, token: &str) -> Result<(), ErrorKind> {
    let verdict = verifier.verify_now(token);
    verdict.map(|user| assert_eq!(user.id(), "u1")).map_err(|error| error.kind())
}

fn of_session(verifier: &Verifier<SessionUser>, token: &str) -> Result<(), ErrorKind> {
    let verdict = verifier.verify_now(token);
    verdict.map(|user| assert_eq!(user.id(), "u1")).map_err(|error| error.kind())
}

#[test]
fn require_verified_email_needs_email_verified_true() {
    let verified = BetterAuth::require_verified_email;
    let [url, access, bridge] =
        [url(), access(), bridge()].map(|preset| verified(preset).build().unwrap());
    let [cookie, cookie_of] =
        [cookie(), cookie_of()].map(|it| it.require_verified_email().build().unwrap());
    let mark = |mut claims: Value, path: &str, value: &Option<Value>| {
        let user = claims.pointer_mut(path).unwrap().as_object_mut().unwrap();
        user.remove("emailVerified");
        user.extend(value.clone().map(|value| ("emailVerified".to_owned(), value)));
        claims
    };
    let rejected = Err(ErrorKind::CheckFailed);
    for (value, expected) in [
        (Some(json!(true)), Ok(())),
        (None, rejected),
        (Some(json!(false)), rejected),
        (Some(json!(null)), rejected),
        (Some(json!("true")), rejected),
        (Some(json!(1)), rejected),
        (Some(json!([true])), rejected),
    ] {
        let top = |claims| mark(claims, "", &value);
        let in_user = |claims| mark(claims, "/user", &value);
        for (preset, verdict) in [
            ("url", of_user(&url, &sign_by_pair(None, &top(plugin())))),
            ("access", of_user(&access, &sign_by_pair(Some("at+jwt"), &top(access_token())))),
            ("bridge", of_user(&bridge, &sign_by_secret(&top(plugin())))),
            ("cookie", of_session(&cookie, &sign_by_secret(&in_user(session())))),
            (
                "cookie of",
                of_session(
                    &cookie_of,
                    &sign_by_pair(Some(SESSION_TYPE), &in_user(session_by_pair())),
                ),
            ),
        ] {
            assert_eq!(verdict, expected, "{preset}, {value:?}");
        }
    }
}

#[test]
fn each_preset_accepts_the_type_of_its_own_tokens_only() {
    use ErrorKind::{CheckFailed, InvalidType};
    let (url, access, bridge) =
        (url().build().unwrap(), access().build().unwrap(), bridge().build().unwrap());
    let (cookie, cookie_of) = (cookie().build().unwrap(), cookie_of().build().unwrap());
    let by_secret = |typ: Option<&str>, payload: &Value| {
        let header = typ.map_or(json!({"alg": "HS256"}), |typ| json!({"alg": "HS256", "typ": typ}));
        super::tokens::by_secret().sign(header.to_string(), payload.to_string())
    };
    // For each `typ`: accepted as a plain token, as an access token, as a session cookie.
    for (typ, [plain, at, of_session_cookie]) in [
        (None, [true, false, false]),
        (Some("JWT"), [true, false, false]),
        (Some("jwt"), [true, false, false]),
        (Some("at+jwt"), [false, true, false]),
        (Some("application/at+jwt"), [false, true, false]),
        (Some(SESSION_TYPE), [false, false, true]),
        (Some("Better-Auth.Session-Cache+JWT"), [false, false, true]),
        (Some("better-auth.session-cache"), [false, false, false]),
        (Some("session-cache+jwt"), [false, false, false]),
        (Some("logout+jwt"), [false, false, false]),
        (Some(""), [false, false, false]),
    ] {
        let expected = |is_own: bool, kind| if is_own { Ok(()) } else { Err(kind) };
        for (preset, verdict, expected) in [
            ("url", of_user(&url, &sign_by_pair(typ, &plugin())), expected(plain, CheckFailed)),
            (
                "access",
                of_user(&access, &sign_by_pair(typ, &access_token())),
                expected(at, InvalidType),
            ),
            ("bridge", of_user(&bridge, &by_secret(typ, &plugin())), expected(plain, CheckFailed)),
            (
                "cookie",
                of_session(&cookie, &by_secret(typ, &session())),
                expected(plain, CheckFailed),
            ),
            (
                "cookie of",
                of_session(&cookie_of, &sign_by_pair(typ, &session_by_pair())),
                expected(of_session_cookie, InvalidType),
            ),
        ] {
            assert_eq!(verdict, expected, "{preset}, {typ:?}");
        }
    }
}

#[test]
fn the_sub_of_a_session_cookie_must_be_its_user() {
    use ErrorKind::{CheckFailed, InvalidClaims, MissingClaim};
    let (by_secret, by_server) = (cookie().build().unwrap(), cookie_of().build().unwrap());
    // With the secret, Better Auth writes no `sub`.
    for (sub, secret, server) in [
        (Some(json!("u1")), Ok(()), Ok(())),
        (Some(json!("u2")), Err(CheckFailed), Err(CheckFailed)),
        (Some(json!("")), Err(CheckFailed), Err(CheckFailed)),
        (Some(json!("U1")), Err(CheckFailed), Err(CheckFailed)),
        (Some(json!(1)), Err(InvalidClaims), Err(InvalidClaims)),
        (None, Ok(()), Err(MissingClaim)),
    ] {
        let with_sub = |mut claims: Value| {
            let members = claims.as_object_mut().unwrap();
            members.remove("sub");
            members.extend(sub.clone().map(|sub| ("sub".to_owned(), sub)));
            claims
        };
        let verdict = of_session(&by_secret, &sign_by_secret(&with_sub(session())));
        assert_eq!(verdict, secret, "{sub:?}");
        let token = sign_by_pair(Some(SESSION_TYPE), &with_sub(session_by_pair()));
        assert_eq!(of_session(&by_server, &token), server, "{sub:?}");
    }
}

#[test]
fn the_sid_of_a_session_cookie_must_be_its_token() {
    use ErrorKind::{CheckFailed, InvalidClaims, MissingClaim};
    let (by_secret, by_server) = (cookie().build().unwrap(), cookie_of().build().unwrap());
    let live = json!("live-session-token");
    // `sid`, and the token of the session. With the secret, Better Auth writes no `sid`.
    for (sid, token, secret, server) in [
        (Some(live.clone()), live.clone(), Ok(()), Ok(())),
        (Some(json!("another")), live.clone(), Err(CheckFailed), Err(CheckFailed)),
        (Some(live.clone()), json!("another"), Err(CheckFailed), Err(CheckFailed)),
        (Some(live.clone()), json!(null), Err(CheckFailed), Err(CheckFailed)),
        (Some(json!("s1")), live.clone(), Err(CheckFailed), Err(CheckFailed)),
        (Some(json!("")), live.clone(), Err(CheckFailed), Err(CheckFailed)),
        (Some(json!(7)), live.clone(), Err(InvalidClaims), Err(InvalidClaims)),
        (None, live, Ok(()), Err(MissingClaim)),
    ] {
        let with_sid = |mut claims: Value| {
            claims["session"]["token"] = token.clone();
            let members = claims.as_object_mut().unwrap();
            members.remove("sid");
            members.extend(sid.clone().map(|sid| ("sid".to_owned(), sid)));
            claims
        };
        let verdict = of_session(&by_secret, &sign_by_secret(&with_sid(session())));
        assert_eq!(verdict, secret, "{sid:?} {token}");
        let cookie = sign_by_pair(Some(SESSION_TYPE), &with_sid(session_by_pair()));
        assert_eq!(of_session(&by_server, &cookie), server, "{sid:?} {token}");
    }
}

#[test]
fn a_token_signed_by_key_pair_must_have_a_kid() {
    let (url, access) = (url().build().unwrap(), access().build().unwrap());
    let cookie_of = cookie_of().build().unwrap();
    let sign = |header: Value, payload: &Value| {
        super::tokens::pair().sign(header.to_string(), payload.to_string())
    };
    for (kid, expected) in [
        (json!({"kid": "pair"}), Ok(())),
        (json!({}), Err(ErrorKind::CheckFailed)),
        (json!({"kid": "another"}), Err(ErrorKind::UnknownKey)),
    ] {
        let plain = with(json!({"alg": "ES256"}), &kid);
        let typed = |typ: &str| with(plain.clone(), &json!({"typ": typ}));
        for (preset, verdict) in [
            ("url", of_user(&url, &sign(plain.clone(), &plugin()))),
            ("access", of_user(&access, &sign(typed("at+jwt"), &access_token()))),
            ("cookie of", of_session(&cookie_of, &sign(typed(SESSION_TYPE), &session_by_pair()))),
        ] {
            assert_eq!(verdict, expected, "{preset}, {kid}");
        }
    }
}

#[test]
fn only_the_six_server_algorithms_are_accepted() {
    use Algorithm::{
        ES256, ES384, ES512, EdDSA, HS256, HS384, HS512, PS256, PS384, PS512, RS256, RS384, RS512,
    };
    let backend = CryptoBackend::active().unwrap();
    for (algorithm, is_of_a_server) in [
        (EdDSA, true),
        (ES256, true),
        (ES384, true),
        (ES512, true),
        (RS256, true),
        (PS256, true),
        (RS384, false),
        (RS512, false),
        (PS384, false),
        (PS512, false),
        (HS256, false),
        (HS384, false),
        (HS512, false),
    ] {
        if !backend.supports(algorithm) {
            continue;
        }
        let server = TestIssuer::new(algorithm).key_id("1");
        let keys = || KeySet::jwks(server.jwks()).unwrap();
        let sign = |typ: Option<&str>, payload: &Value| {
            let mut header = json!({"alg": algorithm.name(), "kid": "1"});
            header.as_object_mut().unwrap().extend(typ.map(|typ| ("typ".to_owned(), typ.into())));
            server.sign(header.to_string(), payload.to_string())
        };
        let expected = if is_of_a_server { Ok(()) } else { Err(ErrorKind::CheckFailed) };
        let (url, access, cookie_of) =
            (url().keys(keys()), access().keys(keys()), cookie_of().keys(keys()));
        let [url, access] = [url, access].map(|preset| preset.build().unwrap());
        let cookie_of = cookie_of.build().unwrap();
        for (preset, verdict) in [
            ("url", of_user(&url, &sign(None, &plugin()))),
            ("access", of_user(&access, &sign(Some("at+jwt"), &access_token()))),
            ("cookie of", of_session(&cookie_of, &sign(Some(SESSION_TYPE), &session_by_pair()))),
        ] {
            assert_eq!(verdict, expected, "{preset}, {algorithm}");
        }
    }
}
