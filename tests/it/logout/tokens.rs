//! Which tokens are logout tokens: the rules of the specification, one by one.

use http::StatusCode;
use serde_json::{Value, json};
use tower_jwt_auth::logout::BackchannelLogoutBuilder;

use super::fixture::{CLIENT, EVENT, Fixture, NAME, changed, fixture, good, header, with};
use crate::support::tokens::NOW;

/// Whether the token revokes the session.
fn is_accepted(it: &Fixture, header: &Value, claims: &Value) -> bool {
    let (status, body) = it.post(&it.sign(header, claims));
    assert_eq!(status == StatusCode::OK, it.verdict(NOW - 60, "alice", "s").is_err(), "{claims}");
    match status {
        StatusCode::OK => assert_eq!(body, ""),
        StatusCode::BAD_REQUEST => assert!(body.starts_with(r#"{"error":"invalid_request","#)),
        status => panic!("{status}: {claims}"),
    }
    status == StatusCode::OK
}

#[test]
fn each_rule_of_the_specification_is_checked() {
    let of = |name, value: Value| changed(good(), name, value);
    let without = |name| changed(good(), name, None);
    for (claims, expected) in [
        (good(), true),
        // iss
        (of("iss", json!("https://other.example.com")), false),
        (of("iss", json!([NAME])), false),
        (without("iss"), false),
        // aud
        (of("aud", json!(["other", CLIENT])), true),
        (of("aud", json!("other")), false),
        (of("aud", json!([])), false),
        (without("aud"), false),
        // exp
        (of("exp", json!(NOW - 59)), true),
        (of("exp", json!(NOW - 60)), false),
        (of("exp", json!("tomorrow")), false),
        (without("exp"), false),
        // iat
        (of("iat", json!(NOW - 359)), true),
        (of("iat", json!(NOW - 360)), false),
        (of("iat", json!(NOW + 60)), true),
        (of("iat", json!(NOW + 61)), false),
        (without("iat"), false),
        // nbf
        (of("nbf", json!(NOW + 60)), true),
        (of("nbf", json!(NOW + 61)), false),
        // jti
        (of("jti", json!(7)), false),
        (without("jti"), false),
        // events
        (of("events", json!({EVENT: {"reason": "admin"}, "https://other.example.com": 1})), true),
        (of("events", json!({EVENT: null})), false),
        (of("events", json!({EVENT: true})), false),
        (of("events", json!({EVENT: []})), false),
        (of("events", json!({})), false),
        (of("events", json!([EVENT])), false),
        (of("events", json!(EVENT)), false),
        (of("events", json!({"http://schemas.openid.net/event/backchannel-logout/": {}})), false),
        (without("events"), false),
        // nonce
        (of("nonce", json!("n")), false),
        (of("nonce", json!(null)), false),
        (of("nonce", json!("")), false),
        // sub and sid
        (without("sub"), true),
        (of("sub", json!("")), false),
        (of("sub", json!(7)), false),
        (of("sub", json!("x".repeat(1024))), true),
        (of("sub", json!("x".repeat(1025))), false),
        (of("sid", json!("")), false),
        (of("sid", json!("x".repeat(1025))), false),
        (of("sid", json!(7.5)), false),
        (of("sid", json!(true)), false),
        (of("sid", json!(null)), false),
        (changed(without("sub"), "sid", None), false),
    ] {
        assert_eq!(is_accepted(&fixture(), &header(), &claims), expected, "{claims}");
    }
}

#[test]
fn the_type_is_that_of_a_logout_token() {
    for (typ, expected) in [
        (json!("logout+jwt"), true),
        (json!("application/logout+jwt"), true),
        (json!("LOGOUT+JWT"), true),
        (json!("JWT"), false),
        (json!("at+jwt"), false),
        (json!("secevent+jwt"), false),
        (json!("logout"), false),
        (json!(""), false),
    ] {
        let header = changed(header(), "typ", typ);
        assert_eq!(is_accepted(&fixture(), &header, &good()), expected, "{header}");
    }
    let untyped = changed(header(), "typ", None);
    assert!(!is_accepted(&fixture(), &untyped, &good()));
    assert!(is_accepted(&with(BackchannelLogoutBuilder::allow_any_type), &untyped, &good()));
    // The other rules still apply.
    for (name, value) in
        [("events", None), ("nonce", Some(json!("n"))), ("jti", None), ("aud", Some(json!("x")))]
    {
        let it = with(BackchannelLogoutBuilder::allow_any_type);
        assert!(!is_accepted(&it, &untyped, &changed(good(), name, value)), "{name}");
    }
}

#[test]
fn a_missing_expiry_is_accepted_only_if_configured() {
    let lenient = || with(BackchannelLogoutBuilder::allow_missing_expiry);
    let claims = changed(good(), "exp", None);
    assert!(is_accepted(&lenient(), &header(), &claims));
    assert!(!is_accepted(&lenient(), &header(), &changed(good(), "exp", json!(NOW - 60))));
    assert!(!is_accepted(&lenient(), &header(), &changed(claims, "iat", json!(NOW - 360))));
}

#[test]
fn other_tokens_of_the_issuer_are_not_logout_tokens() {
    let it = fixture();
    let id_token = json!({"iss": NAME, "aud": CLIENT, "sub": "alice", "sid": "s", "jti": "a",
        "iat": NOW, "exp": NOW + 60, "nonce": "n"});
    let access_token = json!({"iss": NAME, "aud": CLIENT, "sub": "alice", "sid": "s", "jti": "b",
        "iat": NOW, "exp": NOW + 60, "scope": "orders:read"});
    for (typ, claims) in [("JWT", &id_token), ("at+jwt", &access_token)] {
        for typ in [typ, "logout+jwt"] {
            assert!(!is_accepted(&it, &changed(header(), "typ", json!(typ)), claims), "{claims}");
        }
    }
}

#[test]
fn the_signature_must_be_that_of_the_issuer() {
    let it = fixture();
    let token = it.sign(&header(), &good());
    let (content, signature) = token.rsplit_once('.').unwrap();
    let foreign = it.issuer.clone().with_other_key();
    let forged = foreign.sign(header().to_string(), good().to_string());
    let none = changed(header(), "alg", json!("none"));
    let unsigned = it.sign(&none, &good());
    for bad in [
        forged.as_str(),
        &format!("{content}."),
        &format!("{content}.{}", signature.chars().rev().collect::<String>()),
        &format!("{}.", unsigned.rsplit_once('.').unwrap().0),
        content,
        "",
        "a.b.c",
    ] {
        let (status, body) = it.post(bad);
        assert_eq!(status, StatusCode::BAD_REQUEST, "{bad}");
        assert!(!body.contains(bad) || bad.is_empty(), "{body}");
    }
    assert!(it.denied.is_empty());
    assert_eq!(it.post(&token).0, StatusCode::OK);
}
