//! Settings of a Better Auth preset that also apply to its keys and sessions.
#![cfg(feature = "better-auth")]

use std::time::Duration;

use serde_json::json;
use tower_jwt_auth::ErrorKind;
use tower_jwt_auth::error::ProblemKind;
use tower_jwt_auth::provider::better_auth::BetterAuth;
#[cfg(feature = "jwks-client")]
use tower_jwt_auth::provider::better_auth::User;
use tower_jwt_auth::testing::{FixedClock, TestIssuer};
use tower_jwt_auth::{BuildError, Verifier};

use super::tokens::{ORIGIN, SECRET, keys, now, session, sign_by_secret};

#[cfg(feature = "jwks-client")]
#[tokio::test]
async fn the_preset_clock_measures_the_age_of_its_keys() {
    let clock = FixedClock::new();
    cooldown_goes_by(&clock, |preset| preset.clock(clock.clone()).build()).await;
}

#[cfg(feature = "jwks-client")]
#[tokio::test]
async fn the_builder_clock_measures_the_age_of_preset_keys() {
    let clock = FixedClock::new();
    let built = |preset: BetterAuth| preset.into_builder().clock(clock.clone()).build();
    cooldown_goes_by(&clock, built).await;
    // It replaces the clock of the preset, as it does for tokens.
    cooldown_goes_by(&clock, |preset| built(preset.clock(FixedClock::new()))).await;
}

#[cfg(feature = "jwks-client")]
#[tokio::test]
async fn the_remote_keys_clock_overrides_the_builder_clock() {
    let clock = FixedClock::new();
    cooldown_goes_by(&clock, |preset| {
        let preset = preset.remote_keys(|keys| keys.clock(clock.clone()));
        preset.into_builder().clock(FixedClock::new()).build()
    })
    .await;
}

/// Asserts that the cooldown of the preset's keys ends when this clock has advanced by it.
#[cfg(feature = "jwks-client")]
async fn cooldown_goes_by(
    clock: &FixedClock,
    build: impl Fn(BetterAuth) -> Result<Verifier<User>, BuildError>,
) {
    // The tokens use a clock that no verifier here advances.
    let issuer = TestIssuer::es256().clock(FixedClock::new());
    let server = issuer.audience("orders").serve().unwrap();
    let preset = BetterAuth::url(server.issuer_url()).jwks_url(server.jwks_url());
    let verifier = build(preset.audience("orders")).unwrap();
    let token = || server.token().subject("u1").mint();
    assert_eq!(verifier.verify(&token()).await.unwrap().id(), "u1");

    server.rotate();
    let kind =
        |outcome: Result<_, tower_jwt_auth::Error>| outcome.map(drop).map_err(|error| error.kind());
    assert_eq!(kind(verifier.verify(&token()).await), Err(ErrorKind::UnknownKey));
    assert_eq!(server.key_requests(), 1);
    clock.advance(Duration::from_secs(30));
    assert_eq!(kind(verifier.verify(&token()).await), Ok(()));
    assert_eq!(server.key_requests(), 2);
}

#[cfg(feature = "jwks-client")]
#[tokio::test]
async fn the_preset_observer_receives_key_events() {
    use std::sync::{Arc, Mutex};
    use tower_jwt_auth::observe::Event;

    let server = crate::support::key_server::KeyServer::start(&TestIssuer::es256().jwks());
    let (url, hosts) = (server.url(""), Arc::new(Mutex::new(Vec::new())));
    let received = Arc::clone(&hosts);
    let observer = move |event: &Event<'_>| {
        if let Event::KeysRefreshed { issuer, host, .. } = *event {
            received.lock().unwrap().push((issuer.map(str::to_owned), host.to_owned()));
        }
    };
    let verifier = BetterAuth::url(&url).observer(observer).build().unwrap();
    verifier.warm().await.unwrap();
    assert_eq!(*hosts.lock().unwrap(), [(Some(url), "127.0.0.1".to_owned())]);
}

#[test]
fn preset_sessions_expire_by_the_builder_clock() {
    let mut session = session();
    session["session"]["expiresAt"] = json!("2026-01-01T00:01:00.000Z"); // long before `exp`
    let token = sign_by_secret(&session);
    let preset = || BetterAuth::session_cookie(SECRET);
    for preset in [preset(), preset().clock(FixedClock::new())] {
        let clock = FixedClock::new();
        let verifier = preset.into_builder().clock(clock.clone()).build().unwrap();
        clock.advance(Duration::from_secs(60 + 15 - 1)); // its end and the leeway
        assert!(verifier.verify_now(&token).is_ok());
        clock.advance(Duration::from_secs(1));
        assert_eq!(verifier.verify_now(&token).unwrap_err().kind(), ErrorKind::CheckFailed);
    }
}

#[test]
fn the_preset_leeway_also_applies_to_sessions() {
    let preset = || BetterAuth::session_cookie(SECRET).clock(FixedClock::new());
    let ended = |seconds: i64| {
        let end = tower_jwt_auth::claims::NumericDate::from_seconds(now() - seconds);
        let end = humantime::format_rfc3339(end.to_system_time().unwrap()).to_string();
        let mut session = session();
        session["session"]["expiresAt"] = json!(end);
        sign_by_secret(&session)
    };
    for (leeway, seconds_ago, is_accepted) in [
        (None, 14, true),
        (None, 15, false),
        (Some(0), 0, false),
        (Some(0), -1, true),
        (Some(60), 59, true),
        (Some(60), 60, false),
    ] {
        let preset = match leeway {
            Some(seconds) => preset().leeway(Duration::from_secs(seconds)),
            None => preset(),
        };
        let verdict = preset.build().unwrap().verify_now(&ended(seconds_ago));
        assert_eq!(verdict.is_ok(), is_accepted, "{leeway:?} {seconds_ago}");
    }
}

#[test]
fn fetch_settings_conflict_with_passed_keys() {
    let url = || BetterAuth::url(ORIGIN).keys(keys());
    assert!(url().build().is_ok());
    for preset in [url().jwks_url("https://a.b/jwks"), url().allow_insecure_http()] {
        let error = preset.build().map(drop).unwrap_err();
        assert_eq!(error.problems()[0].kind(), ProblemKind::NoEffect, "{error}");
    }
}

#[cfg(feature = "jwks-client")]
#[test]
fn remote_key_settings_require_a_server_url() {
    use tower_jwt_auth::jwks::RemoteJwksBuilder;

    let http = || BetterAuth::url("http://auth.example.com");
    assert!(http().build().is_err());
    assert!(http().remote_keys(RemoteJwksBuilder::allow_insecure_http).build().is_ok());
    assert!(http().allow_insecure_http().build().is_ok());
    let error = BetterAuth::url(ORIGIN)
        .keys(keys())
        .remote_keys(RemoteJwksBuilder::allow_insecure_http)
        .build()
        .map(drop)
        .unwrap_err();
    assert_eq!(error.problems()[0].kind(), ProblemKind::NoEffect, "{error}");
    let error = BetterAuth::bridge_token(SECRET)
        .remote_keys(RemoteJwksBuilder::allow_insecure_http)
        .build()
        .map(drop)
        .unwrap_err();
    assert_eq!(error.problems()[0].kind(), ProblemKind::NoEffect, "{error}");
    assert!(error.to_string().contains("`remote_keys`"), "{error}");
}

#[test]
fn a_short_previous_secret_needs_an_explicit_setting() {
    let short = "a short secret of 28 bytes..";
    let token = |secret: &str| {
        let issuer = TestIssuer::hs256().with_secret(secret).clock(FixedClock::new());
        issuer.token().subject("u1").mint()
    };
    let preset = || BetterAuth::bridge_token(SECRET).clock(FixedClock::new());
    let error = preset().previous_secret(short).build().map(drop).unwrap_err();
    assert_eq!(error.problems()[0].kind(), ProblemKind::WeakSecret);
    let error = error.to_string();
    assert!(error.contains("28 bytes") && !error.contains(short), "{error}");
    let verifier = preset().previous_guessable_legacy_secret(short).build().unwrap();
    for secret in [SECRET, short] {
        assert_eq!(verifier.verify_now(&token(secret)).unwrap().id(), "u1");
    }
    let other = verifier.verify_now(&token("another short secret of 28 b")).unwrap_err();
    assert_eq!(other.kind(), ErrorKind::InvalidSignature);

    for bad in ["", "15 bytes at most"[..15].into(), "better-auth-secret-12345678901234567890"] {
        assert!(preset().previous_guessable_legacy_secret(bad).build().is_err(), "{bad}");
    }
    // A session from before the rotation. The preset needs no key pair of the server.
    let session = BetterAuth::session_cookie(SECRET).previous_guessable_legacy_secret(short);
    assert!(session.build().is_ok());
    let url = BetterAuth::url(ORIGIN).keys(keys());
    assert!(url.previous_guessable_legacy_secret(short).build().is_err());
}
