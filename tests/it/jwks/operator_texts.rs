//! What errors of fetches say to operators, and what they leave out.

use std::sync::{Arc, Mutex};

use tower_jwt_auth::Verifier;
use tower_jwt_auth::jwks::{RemoteJwks, RemoteJwksBuilder};
use tower_jwt_auth::observe::{Event, RefreshOutcome};
use tower_jwt_auth::testing::TestIssuer;

use super::discovery::{OAUTH, OPENID, issuer_at, metadata};
use super::fixture::{DOWN, Fixture};
use crate::support::answers::{answer, document, status, with_headers};

fn last_error(fixture: &Fixture) -> String {
    fixture
        .keys
        .health()
        .last_error
        .unwrap()
        .to_string()
        .replace(&fixture.server.url(""), "http://server")
}

#[tokio::test]
async fn a_key_fetch_error_names_place_and_answer() {
    let html = [("Content-Type", "text/html; charset=utf-8")];
    let certificates = r#"{"a1":"-----BEGIN CERTIFICATE-----\nMII"}"#;
    for (bytes, expected) in [
        (status("404 Not Found"), "`http://server/keys` answered 404 Not Found"),
        (
            answer("403 Forbidden", &html, "<html>"),
            "`http://server/keys` answered 403 Forbidden with HTML (`text/html; charset=utf-8`)",
        ),
        (status("502 Bad Gateway"), "`http://server/keys` answered 502 Bad Gateway"),
        (
            answer("302 Found", &[("Location", "https://u.example/login?next=hunter2")], ""),
            "`http://server/keys` answered 302 Found, to `https://u.example/login`",
        ),
        (
            with_headers(&html, "<html>log in first</html>"),
            "`http://server/keys` answered with HTML (`text/html; charset=utf-8`)",
        ),
        (document("<html>log in first</html>"), "`http://server/keys` answered with HTML or XML"),
        (document(certificates), "`http://server/keys` answered with a map of certificates"),
        (
            document(&TestIssuer::es256().jwk()),
            "`http://server/keys` answered with a single JWK in place of an object with `keys`",
        ),
        (
            metadata("https://a.example", "https://a.example/keys"),
            "`http://server/keys` answered with the metadata of an issuer",
        ),
        (document(r#"{"keys":[]}"#), "`http://server/keys` answered with a key set without keys"),
        (
            document(r#"{"keys":[{"kty":"oct","k":"AAAA"},{"kty":"XYZ"}]}"#),
            "`http://server/keys` answered with 2 unusable keys: secret, unknown_type",
        ),
        (
            with_headers(&[("Content-Encoding", "gzip")], "zip"),
            "`http://server/keys` answered with the content encoding `gzip`",
        ),
    ] {
        let fixture = Fixture::start();
        fixture.server.send(bytes);
        let reply = fixture.ask(&fixture.known()).await;
        assert_eq!(reply.verdict(), DOWN);
        let error = last_error(&fixture);
        assert!(error.contains(expected), "{error}");
        // Clients receive none of it.
        let body = String::from_utf8_lossy(&reply.body);
        assert!(!body.contains("/keys"), "{body}");
    }
}

#[tokio::test]
async fn a_discovery_error_names_both_issuers_or_the_rule() {
    type Settings = fn(RemoteJwksBuilder) -> RemoteJwksBuilder;
    let (plain, strict): (Settings, Settings) = (|it| it, |it| it.require_same_origin());
    let long = format!("https://a.example/{}", "a".repeat(200));
    for (issuer, jwks_uri, settings, expected) in [
        (
            "http://server/",
            "",
            plain,
            "names the issuer `http://server/`, and `http://server` is configured",
        ),
        ("a`\\n\\u202eb", "", plain, r"names the issuer `a\u{60}\n\u{202e}b`, and"),
        (&long, "", plain, "aaa…`, and `http://server` is configured"),
        (
            "http://server",
            "https://10.0.0.1/keys?hunter2",
            plain,
            "names `https://10.0.0.1/keys`: it is at a private address, and `allow_private_jwks_uri`",
        ),
        (
            "http://server",
            "http://keys.example/keys",
            plain,
            "names `http://keys.example/keys`: `http` lets an attacker on the network path substitute the keys, and `allow_insecure_http` was not called",
        ),
        (
            "http://server",
            "https://keys.example/keys",
            strict,
            "names `https://keys.example/keys`: it is on another origin, and `require_same_origin`",
        ),
        (
            "http://server",
            "https://hunter2@keys.example/keys",
            plain,
            "names a bad `jwks_uri`: it contains a user name or a password",
        ),
        ("http://server", "/keys", plain, "names a bad `jwks_uri`: it is not an absolute URL"),
    ] {
        let (fixture, site) = issuer_at("", settings);
        let issuer = issuer.replace("http://server", &fixture.server.url(""));
        site.put(OPENID, metadata(&issuer, jwks_uri));
        assert_eq!(fixture.verdict(&fixture.known()).await, DOWN);
        let error = last_error(&fixture);
        assert!(error.contains(expected) && !error.contains("hunter2"), "{error}");
        assert!(error.contains(&format!("`http://server{OPENID}` names")), "{error}");
    }
}

#[tokio::test]
async fn missing_metadata_names_both_locations() {
    let (fixture, site) = issuer_at("", |it| it);
    site.put(OPENID, status("404 Not Found"));
    assert_eq!(fixture.verdict(&fixture.known()).await, DOWN);
    let expected = format!(
        "the issuer has no metadata with a `jwks_uri`: `http://server{OPENID}` answered 404 Not Found, and \
         `http://server{OAUTH}` answered 404 Not Found"
    );
    assert_eq!(last_error(&fixture), expected);
}

#[tokio::test]
async fn errors_and_events_have_the_same_text() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let details = Arc::clone(&seen);
    let observer = move |event: &Event<'_>| {
        if let Event::KeysRefreshed { detail, outcome: RefreshOutcome::Failed(_), .. } = event {
            details.lock().unwrap().push(detail.unwrap().to_owned());
        }
    };
    let fixture = Fixture::start();
    fixture.server.send(status("403 Forbidden"));
    let url = fixture.server.url("/keys?key=hunter2");
    let keys = RemoteJwks::url(&*url).allow_http_on_loopback().observer(observer).build().unwrap();
    let verifier = Verifier::key_source(keys.clone()).issuer("https://a.example").any_audience();
    let error = verifier.build().unwrap().warm().await.unwrap_err().to_string();
    let place = fixture.server.url("/keys");
    let detail = format!("`{place}` answered 403 Forbidden");
    assert_eq!(*seen.lock().unwrap(), [&*detail]);
    let failure = "the key server rejected the request with a 4xx status";
    let expected = format!(
        "the issuer `https://a.example` has no keys, and they could not be fetched: {failure}: {detail}"
    );
    assert_eq!(error, expected);
    assert_eq!(keys.health().last_error.unwrap().to_string(), format!("{failure}: {detail}"));
    assert!(!format!("{:?}", keys.health()).contains("hunter2"));
}

#[tokio::test]
async fn an_unreachable_server_is_named_with_the_cause() {
    let fixture = Fixture::start();
    fixture.server.close().await;
    assert_eq!(fixture.verdict(&fixture.known()).await, DOWN);
    let error = last_error(&fixture);
    let expected = "the key server could not be reached: `http://server/keys` failed with `";
    assert!(error.starts_with(expected) && error.contains("refused"), "{error}");
}
