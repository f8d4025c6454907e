//! A verified token is moved to `Authorization`, and an unverified one is not handed on.

use http::HeaderName;
use http::header::AUTHORIZATION;
use tower_jwt_auth::JwtAuthLayer;
use tower_jwt_auth::source::{
    BearerHeader, CookieToken, HeaderToken, QueryToken, WebSocketProtocol,
};

use super::locations::{asked, request};
use super::rejections::{self, good};

/// `①` is the accepted token, `②` another valid token, `③` an expired one.
fn filled(text: &str) -> String {
    let other = good().claim("jti", "private-token-id 2").mint();
    text.replace('①', &good().mint()).replace('②', &other).replace('③', &good().expired().mint())
}

/// What the service sees, or the status.
fn seen(layer: &JwtAuthLayer, uri: &str, fields: &[(&str, &str)]) -> Result<String, u16> {
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, filled(value))).collect();
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let reply = asked(layer, request(&filled(uri), &fields));
    if reply.status == 200 { Ok(reply.text().to_owned()) } else { Err(reply.status) }
}

#[test]
fn a_verified_token_reaches_the_service_in_authorization_only() {
    let source = BearerHeader
        .or_else(HeaderToken::new(HeaderName::from_static("x-assertion")))
        .or_else(CookieToken::new("s").allow_chunks())
        .or_else(QueryToken::new("t"))
        .or_else(WebSocketProtocol::new("bearer"));
    let layer = rejections::layer().token_source(source).promote_to_header();
    let promoted = |rest| Ok(filled(&format!("user {rest} authorization=[Bearer ①]")));
    for (uri, fields, expected) in [
        ("/", &[("authorization", "Bearer ①")][..], promoted("/")),
        ("/", &[("authorization", "bearer   ①")], promoted("/")),
        ("/", &[("x-assertion", "①")], promoted("/")),
        ("/", &[("cookie", "s=①")], promoted("/")),
        (
            "/",
            &[("cookie", "s=①"), ("authorization", "Basic YTpi")],
            Ok(filled("user / authorization=[Bearer ①]")),
        ),
        ("/", &[("authorization", "Bearer ①"), ("cookie", "s=②")], promoted("/")),
        ("/?t=①&a=b", &[], promoted("/?a=b")),
        ("/", &[("cookie", "s=③")], Err(401)),
        ("/", &[("authorization", "Bearer ③"), ("cookie", "s=①")], Err(401)),
        ("/", &[], Err(401)),
    ] {
        assert_eq!(seen(&layer, uri, fields), expected, "{uri} {fields:?}");
    }
    let websocket = seen(&layer, "/", &[("sec-websocket-protocol", "bearer, ①")]).unwrap();
    assert!(websocket.contains("authorization=[Bearer ey"), "{websocket}");
    assert!(websocket.contains("sec-websocket-protocol=[bearer]"), "{websocket}");
    // The response still depends on the cookie.
    let cookie = request("/", &[("cookie", &filled("s=①"))]);
    assert_eq!(asked(&layer, cookie).header("cache-control"), Some("private"));
}

#[test]
fn another_scheme_becomes_bearer() {
    let source = HeaderToken::new(AUTHORIZATION).scheme("Token");
    let layer = rejections::layer().token_source(source).promote_to_header();
    let expected = Ok(filled("user / authorization=[Bearer ①]"));
    assert_eq!(seen(&layer, "/", &[("authorization", "Token ①")]), expected);
    assert_eq!(seen(&layer, "/", &[("authorization", "Bearer ①")]), Err(401));
}

#[test]
fn unverified_bearer_credentials_never_reach_the_service() {
    let cookie = || rejections::layer().token_source(CookieToken::new("s"));
    let promoting = cookie().promote_to_header();
    let optional = promoting.clone().allow_missing_token();
    let lenient = promoting.clone().allow_invalid_token();
    let open = promoting.clone().bypass(|_| true);
    let bearer = ("authorization", "Bearer ②");
    let basic = ("authorization", "Basic YTpi");
    let ours = Ok(filled("user / authorization=[Bearer ①]"));
    let empty = || Ok("anonymous /".to_owned());
    for (layer, fields, expected) in [
        (&promoting, &[("cookie", "s=①"), bearer][..], ours.clone()),
        (&promoting, &[bearer], Err(401)),
        (&optional, &[bearer], empty()),
        (&optional, &[("authorization", "bearer a b")], empty()),
        // Parsers that ignore the white space, or need no scheme, would read a token.
        (&optional, &[("authorization", " Bearer ②")], empty()),
        (&optional, &[("authorization", "\tBearer ②")], empty()),
        (&optional, &[("authorization", "②")], empty()),
        (&open, &[("authorization", " ②")], empty()),
        (&optional, &[basic], Ok("anonymous / authorization=[Basic YTpi]".to_owned())),
        (&optional, &[basic, bearer], Ok("anonymous / authorization=[Basic YTpi]".to_owned())),
        (&optional, &[("cookie", "s=①"), bearer], ours.clone()),
        (&optional, &[("cookie", "s=③"), bearer], Err(401)),
        (&lenient, &[("cookie", "s=③"), bearer], empty()),
        (&lenient, &[("cookie", "s=a b"), bearer], empty()),
        (&open, &[bearer], empty()),
        (&open, &[("cookie", "s=①"), bearer], Ok(filled("anonymous / cookie=s=①"))),
    ] {
        assert_eq!(seen(layer, "/", fields), expected, "{fields:?}");
    }
    // Without the setting, the field of the client stays.
    let kept = Ok(filled("anonymous / authorization=[Bearer ②]"));
    assert_eq!(seen(&cookie().allow_missing_token(), "/", &[bearer]), kept);
}

#[test]
fn the_last_setting_decides_what_is_handed_on() {
    let layer = || rejections::layer().token_source(CookieToken::new("s"));
    let removed = layer().promote_to_header().remove_token();
    assert_eq!(seen(&removed, "/", &[("cookie", "s=①")]), Ok("user /".to_owned()));
    let promoted = layer().remove_token().promote_to_header();
    let expected = Ok(filled("user / authorization=[Bearer ①]"));
    assert_eq!(seen(&promoted, "/", &[("cookie", "s=①")]), expected);
}
