//! The first of several tokens, as the layer and the inner service see it.

use http::HeaderName;
use http::header::AUTHORIZATION;
use tower_jwt_auth::ErrorKind::{self, InvalidSignature, MalformedHeader};
use tower_jwt_auth::source::{
    AnyOf, BearerHeader, CookieToken, FirstOf, HeaderToken, QueryToken, WebSocketProtocol,
};
use tower_jwt_auth::testing::TestIssuer;

use super::locations::{asked, request};
use super::rejections::{self, good};

/// Every source of the crate. `x-assertion` is first, as with Cloudflare Access.
fn in_order() -> FirstOf {
    HeaderToken::new(HeaderName::from_static("x-assertion"))
        .or_else(BearerHeader)
        .or_else(CookieToken::new("s").allow_prefixes().allow_chunks())
        .or_else(QueryToken::new("t"))
        .or_else(WebSocketProtocol::new("bearer"))
}

/// `①` is the accepted token, `②` another valid token, `③` a forged one.
fn filled(text: &str) -> String {
    let other = good().claim("jti", "private-token-id 2").mint();
    let forged = TestIssuer::hs256().with_other_key().token().mint();
    text.replace('①', &good().mint()).replace('②', &other).replace('③', &forged)
}

type Fields = &'static [(&'static str, &'static str)];

fn reply(
    layer: &tower_jwt_auth::JwtAuthLayer,
    uri: &str,
    fields: Fields,
) -> crate::support::ask::Reply {
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, filled(value))).collect();
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    asked(layer, request(&filled(uri), &fields))
}

#[test]
fn the_first_token_decides_and_all_others_are_removed() {
    let layer = rejections::layer().token_source(in_order());
    // URL, fields, what the service sees, and what it sees after `remove_token`.
    let rows: [(&str, Fields, &str, &str); 8] = [
        (
            "/?t=②&a",
            &[("x-assertion", "①"), ("authorization", "Bearer ②"), ("cookie", "s=③; b=c")],
            "/?t=②&a x-assertion=[①] authorization=[Bearer ②] cookie=[s=③; b=c]",
            "/?a cookie=[b=c]",
        ),
        (
            "/",
            &[("authorization", "Bearer ①"), ("cookie", "s=②; __Host-s=③; b=c")],
            "/ authorization=[Bearer ①] cookie=[s=②; __Host-s=③; b=c]",
            "/ cookie=[b=c]",
        ),
        // An ignored place that cannot be read may contain tokens too: every field is marked.
        (
            "/",
            &[("authorization", "Bearer ①"), ("cookie", "s=②; s=③"), ("x", "y")],
            "/ authorization=[Bearer ①] cookie=[s=②; s=③] x=[y]",
            "/ x=[y]",
        ),
        ("/?t=②&t=③", &[("cookie", "s.0=①; s.1=")], "/?t=②&t=③ cookie=[s.0=①; s.1=]", "/"),
        (
            "/?t=①",
            &[("sec-websocket-protocol", "chat, bearer, ②")],
            "/?t=① sec-websocket-protocol=[chat, bearer, ②]",
            "/ sec-websocket-protocol=[chat, bearer]",
        ),
        // Credentials of another scheme are not a token, and stay.
        (
            "/",
            &[("authorization", "Basic YTpi"), ("cookie", "s=①")],
            "/ authorization=[Basic YTpi] cookie=[s=①]",
            "/ authorization=[Basic YTpi]",
        ),
        (
            "/",
            &[("x-assertion", "①"), ("authorization", "Digest a, b")],
            "/ x-assertion=[①] authorization=[Digest a, b]",
            "/ authorization=[Digest a, b]",
        ),
        (
            "/",
            &[("x-assertion", "①"), ("authorization", "Bearer a b")],
            "/ x-assertion=[①] authorization=[Bearer a b]",
            "/",
        ),
    ];
    for (uri, fields, kept, removed) in rows {
        let seen = reply(&layer, uri, fields);
        assert_eq!(seen.text(), filled(&format!("user {kept}")));
        assert_eq!(seen.header("cache-control"), Some("private"), "{uri} {fields:?}");
        let seen = reply(&layer.clone().remove_token(), uri, fields);
        let unmarked = |text: &str| text.replace(['[', ']'], "");
        assert_eq!(unmarked(seen.text()), unmarked(&format!("user {removed}")));
    }
}

#[test]
fn no_later_token_is_tried_after_an_error() {
    let layer = rejections::layer().token_source(in_order());
    let rows: [(Fields, ErrorKind); 6] = [
        (&[("x-assertion", "③"), ("authorization", "Bearer ①")], InvalidSignature),
        (&[("authorization", "Bearer ③"), ("cookie", "s=①")], InvalidSignature),
        (&[("x-assertion", "a b"), ("authorization", "Bearer ①")], MalformedHeader),
        (&[("authorization", "Bearer"), ("cookie", "s=①")], MalformedHeader),
        (&[("cookie", "s=a b"), ("sec-websocket-protocol", "bearer, ①")], MalformedHeader),
        (&[("authorization", "Basic YTpi"), ("cookie", "x=①")], ErrorKind::UnsupportedScheme),
    ];
    for (fields, kind) in rows {
        assert_eq!(reply(&layer, "/", fields).kind(), Some(kind), "{fields:?}");
    }
}

#[test]
fn orders_and_strict_sources_can_be_nested() {
    let strict = AnyOf::new(BearerHeader.or_else(CookieToken::new("s"))).or(QueryToken::new("t"));
    let layer = rejections::layer().token_source(strict);
    let beside = |uri| reply(&layer, uri, &[("authorization", "Bearer ①"), ("cookie", "s=②")]);
    assert_eq!(beside("/?t=①").status, 200);
    assert_eq!(beside("/?t=②").kind(), Some(ErrorKind::MultipleTokens));

    let ordered =
        FirstOf::new(BearerHeader.or(CookieToken::new("s"))).or_else(QueryToken::new("t"));
    let layer = rejections::layer().token_source(ordered).remove_token();
    let seen = reply(&layer, "/?t=②", &[("cookie", "s=①")]);
    assert_eq!(seen.text(), "user /");
    let both = reply(&layer, "/", &[("authorization", "Bearer ①"), ("cookie", "s=②")]);
    assert_eq!(both.kind(), Some(ErrorKind::MultipleTokens));
}

#[test]
fn clients_with_and_without_a_scheme_are_accepted() {
    let layer = rejections::layer().token_source(BearerHeader.or(HeaderToken::new(AUTHORIZATION)));
    for (value, expected) in [
        ("Bearer ①", Ok("user / authorization=[Bearer ①]")),
        ("①", Ok("user / authorization=[①]")),
        ("Bearer ③", Err(InvalidSignature)),
        ("③", Err(InvalidSignature)),
        ("Bearer ① ②", Err(MalformedHeader)),
        ("① ②", Err(MalformedHeader)),
        ("Basic YTpi", Err(ErrorKind::UnsupportedScheme)),
        ("Token ①", Err(ErrorKind::UnsupportedScheme)),
    ] {
        let reply = asked(&layer, request("/", &[("authorization", &filled(value))]));
        match expected {
            Ok(text) => assert_eq!(reply.text(), filled(text)),
            Err(kind) => assert_eq!(reply.kind(), Some(kind), "{value}"),
        }
    }
}
