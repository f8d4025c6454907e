//! The Better Auth presets: each accepts only its own kind of token.
#![cfg(feature = "better-auth")]

use std::error::Error as _;
use std::time::Duration;

use http::Request;
use serde_json::{Value, json};
use tower::{Layer, service_fn};
use tower_jwt_auth::error::ProblemKind;
use tower_jwt_auth::provider::better_auth::{BetterAuth, SessionUser, User, session_cookie_source};
use tower_jwt_auth::testing::FixedClock;
use tower_jwt_auth::{Error, ErrorKind, Identity, JwtAuthLayer, RequireLayer, Verified, Verifier};

use super::tokens::{
    BASE, LIVE, ORIGIN, SECRET, by_secret, keys, kinds, now, pair, session, user, with,
};
use crate::support::ask::ask;

type Verify = Box<dyn Fn(&str) -> Result<String, Error>>;

fn presets() -> Vec<(&'static str, Verify)> {
    fn of_user(verifier: Verifier<User>) -> Verify {
        Box::new(move |token| verifier.verify_now(token).map(|user| user.id().to_owned()))
    }
    fn of_session(verifier: Verifier<SessionUser>) -> Verify {
        Box::new(move |token| verifier.verify_now(token).map(|user| user.id().to_owned()))
    }
    let url = BetterAuth::url(ORIGIN).keys(keys()).clock(FixedClock::new());
    let bridge = BetterAuth::bridge_token(SECRET).clock(FixedClock::new());
    let cookie = BetterAuth::session_cookie(SECRET).clock(FixedClock::new());
    let cookie_of = BetterAuth::session_cookie_url(ORIGIN).keys(keys()).clock(FixedClock::new());
    vec![
        ("url", of_user(url.build().unwrap())),
        ("bridge_token", of_user(bridge.build().unwrap())),
        ("session_cookie", of_session(cookie.build().unwrap())),
        ("session_cookie_url", of_session(cookie_of.build().unwrap())),
    ]
}

#[test]
fn the_detail_names_the_preset_for_a_misplaced_token() {
    let kinds = kinds();
    let shown = |preset: &str, kind: &str| {
        let presets = presets();
        let (_, verify) = presets.iter().find(|(name, ..)| *name == preset).unwrap();
        let (_, token) = kinds.iter().find(|(name, _)| *name == kind).unwrap();
        let error = verify(token).unwrap_err();
        assert!(error.source().is_none());
        error.to_string()
    };
    for (preset, kind, hint) in [
        ("url", "session token", "`/api/auth/token`"),
        ("url", "session cookie", "`/api/auth/token`"),
        ("url", "encrypted cookie", "encrypted"),
        ("url", "bridge", "`BetterAuth::bridge_token`"),
        ("bridge_token", "plugin", "`BetterAuth::url`"),
        ("session_cookie", "cookie by pair", "`BetterAuth::session_cookie_url`"),
        ("session_cookie_url", "cookie by secret", "`BetterAuth::session_cookie`"),
        ("session_cookie", "session token", "strategy"),
    ] {
        let shown = shown(preset, kind);
        assert!(shown.contains(hint), "{preset}, {kind}: {shown}");
        assert!(!shown.contains(LIVE), "{shown}");
    }
}

type Preset = fn(BetterAuth) -> BetterAuth;

#[test]
fn server_settings_are_supported() {
    let claims = |changes: Value| {
        let plugin =
            with(user(), &json!({"sub": "u1", "exp": now() + 900, "iss": ORIGIN, "aud": ORIGIN}));
        let header = r#"{"alg":"ES256","kid":"pair"}"#;
        pair().sign(header, with(plugin, &changes).to_string())
    };
    let url = || BetterAuth::url(ORIGIN).keys(keys()).clock(FixedClock::new());
    let rows: [(Preset, Value, Result<&str, ErrorKind>); 18] = [
        (|it| it, json!({}), Ok("u1")),
        (
            |it| it,
            json!({"iat": now() * 1000, "exp": format!("{}.5", now()).parse::<f64>().unwrap()}),
            Ok("u1"),
        ),
        (|it| it, json!({"email": null, "emailVerified": null}), Ok("u1")),
        (|it| it, json!({"aud": ["x", ORIGIN]}), Ok("u1")),
        (|it| it, json!({"aud": BASE}), Err(ErrorKind::InvalidAudience)),
        (|it| it, json!({"iss": BASE}), Err(ErrorKind::InvalidIssuer)),
        (|it| it, json!({"iss": "", "aud": ""}), Err(ErrorKind::InvalidIssuer)),
        (|it| it, json!({"sub": ""}), Err(ErrorKind::CheckFailed)),
        (|it| it, json!({"sub": 1}), Err(ErrorKind::InvalidClaims)),
        (
            |it| it.issuer("https://a.b").issuer("https://c.d"),
            json!({"iss": "https://c.d"}),
            Ok("u1"),
        ),
        (|it| it.issuer("https://a.b"), json!({}), Err(ErrorKind::InvalidIssuer)),
        (|it| it.audience("api"), json!({"aud": "api"}), Ok("u1")),
        (|it| it.user_id_claim("id"), json!({"sub": "ada@example.com"}), Ok("u1")),
        (|it| it.user_id_claim("id"), json!({"id": 7, "sub": 1}), Ok("7")),
        (|it| it.user_id_claim("id"), json!({"id": 7.5}), Err(ErrorKind::MissingClaim)),
        (BetterAuth::require_email, json!({"email": ""}), Err(ErrorKind::CheckFailed)),
        (BetterAuth::require_verified_email, json!({"emailVerified": true}), Ok("u1")),
        (BetterAuth::require_verified_email, json!({}), Err(ErrorKind::CheckFailed)),
    ];
    for (at, (preset, changes, expected)) in rows.into_iter().enumerate() {
        let verifier = preset(url()).build().unwrap();
        let outcome = verifier.verify_now(&claims(changes));
        let outcome = outcome.as_ref().map(|user| user.id()).map_err(Error::kind);
        assert_eq!(outcome, expected, "row {at}");
    }
}

#[test]
fn a_cookie_needs_a_live_and_consistent_session() {
    let verifier = BetterAuth::session_cookie(SECRET).clock(FixedClock::new()).build().unwrap();
    let kind = |payload: Value| {
        let token = by_secret().sign(r#"{"alg":"HS256"}"#, payload.to_string());
        verifier.verify_now(&token).map(drop).map_err(|error| error.kind())
    };
    assert_eq!(kind(session()), Ok(()));
    let mut changed = session();
    changed["session"]["userId"] = "u2".into();
    assert_eq!(kind(changed), Err(ErrorKind::CheckFailed));
    for (ends_at, expected) in [
        (Value::Null, Err(ErrorKind::CheckFailed)),
        ("soon".into(), Err(ErrorKind::CheckFailed)),
        ("2020-01-01T00:00:00.000Z".into(), Err(ErrorKind::CheckFailed)),
        (moment(now() - 16), Err(ErrorKind::CheckFailed)),
        (moment(now() - 15), Err(ErrorKind::CheckFailed)),
        (moment(now() - 14), Ok(())),
        (moment(now() + 1), Ok(())),
    ] {
        let mut changed = session();
        changed["session"]["expiresAt"] = ends_at.clone();
        assert_eq!(kind(changed), expected, "{ends_at}");
    }
    let mut expired = session();
    expired["exp"] = (now() - 15).into();
    assert_eq!(kind(expired.clone()), Err(ErrorKind::TokenExpired));
    expired["exp"] = (now() - 14).into();
    assert_eq!(kind(expired), Ok(()));

    let versioned = BetterAuth::session_cookie(SECRET).session_version("2");
    let versioned = versioned.clock(FixedClock::new()).build().unwrap();
    let cookie = |version: &str| {
        let mut session = session();
        session["version"] = version.into();
        by_secret().sign(r#"{"alg":"HS256"}"#, session.to_string())
    };
    assert!(versioned.verify_now(&cookie("2")).is_ok());
    assert!(versioned.verify_now(&cookie("1")).is_err());
}

/// A time in the format of JavaScript.
fn moment(seconds: i64) -> Value {
    let time = tower_jwt_auth::claims::NumericDate::from_seconds(seconds).to_system_time().unwrap();
    humantime::format_rfc3339_millis(time).to_string().into()
}

#[test]
fn the_live_session_token_is_never_exposed() {
    let verifier = BetterAuth::session_cookie(SECRET).clock(FixedClock::new()).build().unwrap();
    let token = by_secret().sign(r#"{"alg":"HS256"}"#, session().to_string());
    let layer = JwtAuthLayer::new(verifier).token_source(session_cookie_source()).remove_token();
    let handler = async |request: Request<String>| {
        let user = Verified::<SessionUser>::of(&request).expect("the layer verified the request");
        let identity: &Identity = request.extensions().get().unwrap();
        for path in [&["session"][..], &["session", "token"], &["sid"], &["user", "id"]] {
            let claim: Option<Value> = match path {
                [one] => identity.claim(*one),
                [one, two] => identity.claim([*one, *two]),
                _ => None,
            };
            assert_eq!(claim, None);
        }
        let shown = format!("{user:?} {:?} {identity:?} {:?} {request:?}", **user, user.claims());
        assert!(!shown.contains(LIVE), "{shown}");
        let text = format!("{} {:?} {:?}", user.id(), user.session_id(), identity.subject());
        Ok::<_, std::convert::Infallible>(http::Response::new(
            http_body_util::Full::<bytes::Bytes>::from(text),
        ))
    };
    let owner = RequireLayer::owner_in_path("/{id}").unwrap();
    let cookies = format!(
        "better-auth.session_data=planted; __Secure-better-auth.session_data.1={}; \
         __Secure-better-auth.session_data.0={}",
        &token[100..],
        &token[..100]
    );
    let asked = |path: &str| {
        let request = Request::get(path).header("cookie", &cookies).body(String::new()).unwrap();
        ask(layer.layer(owner.layer(service_fn(handler))), request)
    };
    let reply = asked("/u1");
    assert_eq!((reply.status, reply.text()), (200, r#"u1 Some("s1") Some("u1")"#));
    assert_eq!(asked("/u2").status, 403);
}

#[test]
fn unsafe_settings_do_not_build() {
    for (preset, kind, what) in [
        (BetterAuth::bridge_token(""), ProblemKind::WeakSecret, "Better Auth secret"),
        (
            BetterAuth::bridge_token("better-auth-secret-12345678901234567890"),
            ProblemKind::PublishedSecret,
            "Better Auth",
        ),
        (
            BetterAuth::bridge_token(SECRET).jwks_url("https://a.b/jwks"),
            ProblemKind::NoEffect,
            "`jwks_url`",
        ),
        (
            BetterAuth::bridge_token(SECRET).allow_insecure_http(),
            ProblemKind::NoEffect,
            "`allow_insecure_http`",
        ),
        (BetterAuth::bridge_token(SECRET).keys(keys()), ProblemKind::NoEffect, "`keys`"),
        (BetterAuth::bridge_token(SECRET).oauth_access_token("x"), ProblemKind::NoEffect, ""),
        (
            BetterAuth::url(ORIGIN).keys(keys()).previous_secret(SECRET),
            ProblemKind::MixedKeys,
            "`previous_secret`",
        ),
        (BetterAuth::url("").keys(keys()), ProblemKind::EmptyValue, "URL"),
        (
            BetterAuth::url(ORIGIN).keys(keys()).leeway(Duration::from_secs(301)),
            ProblemKind::OutOfRange,
            "301s",
        ),
    ] {
        let error = preset.build().map(drop).unwrap_err();
        let problem = &error.problems()[0];
        assert_eq!(problem.kind(), kind, "{error}");
        assert!(problem.what().contains(what) && !error.to_string().contains(SECRET), "{error}");
    }
    let cookie = BetterAuth::session_cookie(SECRET).audience("x").build().map(drop).unwrap_err();
    assert_eq!(cookie.problems()[0].kind(), ProblemKind::ProfileConflict, "{cookie}");
}

#[test]
fn further_settings_do_not_weaken_a_preset() {
    let preset = || BetterAuth::bridge_token(SECRET).clock(FixedClock::new()).into_builder();
    let token = |id: &str| by_secret().token().subject(id).mint();
    let verifier = preset().check("not mallory", |user| user.id() != "mallory").build().unwrap();
    assert_eq!(verifier.verify_now(&token("u1")).unwrap().id(), "u1");
    let rejected = verifier.verify_now(&token("mallory")).unwrap_err();
    assert_eq!(rejected.kind(), ErrorKind::CheckFailed);
    let link = by_secret().token().claim("userId", "u1").claim("email", "ada@example.com").mint();
    assert_eq!(verifier.verify_now(&link).unwrap_err().kind(), ErrorKind::MissingClaim);

    for (what, rejected) in [
        ("claims", preset().claims::<Value>().build().map(|_| ())),
        ("allow_missing_expiry", preset().allow_missing_expiry().build().map(|_| ())),
        ("any_issuer", preset().any_issuer().build().map(|_| ())),
    ] {
        assert!(rejected.is_err(), "{what}");
    }
    assert!(BetterAuth::bridge_token("short").into_builder().build().is_err());
}

#[test]
fn a_mismatched_base_url_is_named_in_the_detail() {
    let verifier = BetterAuth::url(ORIGIN).keys(keys()).clock(FixedClock::new()).build().unwrap();
    let token = |issuer: &str, audience: &str| {
        pair().token().subject("u1").claim("iss", issuer).claim("aud", audience).mint()
    };
    assert!(verifier.verify_now(&token(ORIGIN, ORIGIN)).is_ok());
    for (issuer, audience, kind, hint) in [
        ("https://auth.example.com/", ORIGIN, ErrorKind::InvalidIssuer, "`jwt.issuer`"),
        (ORIGIN, BASE, ErrorKind::InvalidAudience, "`jwt.audience`"),
    ] {
        let rejected = verifier.verify_now(&token(issuer, audience)).unwrap_err();
        assert_eq!(rejected.kind(), kind);
        assert!(rejected.detail().unwrap().contains(hint), "{rejected}");
    }
}

#[cfg(feature = "cache")]
#[test]
fn a_cached_user_is_unchanged_and_a_cached_session_expires() {
    use tower_jwt_auth::TokenCache;

    for cache in [TokenCache::new(8), TokenCache::new(8).digest_keys()] {
        let clock = FixedClock::new();
        let user = BetterAuth::bridge_token(SECRET).clock(clock.clone()).into_builder();
        let user = user.cache(cache.clone()).build().unwrap();
        let token = by_secret().token().subject("u1").mint();
        for _ in 0..3 {
            assert_eq!(user.verify_now(&token).unwrap().id(), "u1");
        }

        let session_of = BetterAuth::session_cookie(SECRET).clock(clock.clone());
        let cookie = session_of.into_builder().cache(cache).build().unwrap();
        let mut claims = session();
        claims["session"]["expiresAt"] = json!("2026-01-01T00:01:00.000Z");
        let token = by_secret().token().claims(claims).mint();
        for _ in 0..3 {
            assert!(cookie.verify_now(&token).is_ok());
        }
        // Long before `exp`, and beyond the leeway.
        clock.advance(Duration::from_secs(75));
        assert_eq!(cookie.verify_now(&token).unwrap_err().kind(), ErrorKind::CheckFailed);
    }
}
