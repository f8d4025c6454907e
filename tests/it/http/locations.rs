//! The token as the inner service sees it, for every token location.

use std::convert::Infallible;
use std::future::ready;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderName, Request, Response};
use http_body_util::Full;
use proptest::prelude::*;
use tower::{Layer, service_fn};
use tower_jwt_auth::source::{
    self, AnyOf, BearerHeader, CookieToken, HeaderToken, QueryToken, RawToken, TokenSource,
    WebSocketProtocol,
};
use tower_jwt_auth::{Error, ErrorKind, JwtAuthLayer, Verified};

use super::rejections::{self, good};
use crate::support::ask::{Reply, ask};

/// Responds with the URL and the header fields, sensitive values in brackets.
pub(super) async fn seen(request: Request<String>) -> Result<Response<Full<Bytes>>, Infallible> {
    let user = Verified::<tower_jwt_auth::Claims>::of(&request).is_some();
    let fields = request.headers().iter().map(|(name, value)| {
        let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
        if value.is_sensitive() { format!(" {name}=[{text}]") } else { format!(" {name}={text}") }
    });
    let fields: String = fields.collect();
    let who = if user { "user" } else { "anonymous" };
    Ok(Response::new(Full::from(format!("{who} {}{fields}", request.uri()))))
}

pub(super) fn asked(layer: &JwtAuthLayer, request: Request<String>) -> Reply {
    ask(layer.layer(service_fn(seen)), request)
}

pub(super) fn request(uri: &str, fields: &[(&str, &str)]) -> Request<String> {
    let mut request = Request::get(uri);
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    request.body(String::new()).unwrap()
}

fn everywhere() -> AnyOf {
    BearerHeader
        .or(HeaderToken::new(HeaderName::from_static("x-assertion")))
        .or(CookieToken::new("s").allow_prefixes().allow_chunks())
        .or(QueryToken::new("t"))
        .or(WebSocketProtocol::new("bearer"))
}

/// URL and header fields of the request, and what the service sees if the token is kept and if it is removed.
type Location = (&'static str, &'static [(&'static str, &'static str)], &'static str, &'static str);

const LOCATIONS: [Location; 12] = [
    ("/", &[("authorization", "Bearer T")], "/ authorization=[Bearer T]", "/"),
    ("/", &[("x-assertion", "T"), ("x", "y")], "/ x-assertion=[T] x=y", "/ x=y"),
    ("/", &[("cookie", "s=T")], "/ cookie=[s=T]", "/"),
    ("/", &[("cookie", "a=b; s=T; c=d")], "/ cookie=[a=b; s=T; c=d]", "/ cookie=[a=b; c=d]"),
    ("/", &[("cookie", "a=b"), ("cookie", "s=T")], "/ cookie=[a=b] cookie=[s=T]", "/ cookie=[a=b]"),
    (
        "/",
        &[("cookie", "a=\"x;  b = c;s=T")],
        "/ cookie=[a=\"x;  b = c;s=T]",
        "/ cookie=[a=\"x;  b = c]",
    ),
    ("/", &[("cookie", "__Host-s=T; s2=x")], "/ cookie=[__Host-s=T; s2=x]", "/ cookie=[s2=x]"),
    ("/p?t=T", &[], "/p?t=T", "/p"),
    ("/p?a=%20b&t=T&&c", &[], "/p?a=%20b&t=T&&c", "/p?a=%20b&&c"),
    ("http://h/?%74=T&a", &[], "http://h/?%74=T&a", "http://h/?a"),
    (
        "/",
        &[("sec-websocket-protocol", "chat, bearer, T")],
        "/ sec-websocket-protocol=[chat, bearer, T]",
        "/ sec-websocket-protocol=[chat, bearer]",
    ),
    (
        "/?t=T",
        &[("authorization", "Bearer T"), ("cookie", "s=T")],
        "/?t=T authorization=[Bearer T] cookie=[s=T]",
        "/",
    ),
];

#[test]
fn the_token_is_marked_sensitive_or_removed() {
    let token = good().mint();
    let with = |text: &str| text.replace('T', &token);
    let layer = rejections::layer().token_source(everywhere());
    for (uri, fields, kept, removed) in LOCATIONS {
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, with(value))).collect();
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let request = || request(&with(uri), &fields);

        let reply = asked(&layer, request());
        assert_eq!(reply.text(), with(&format!("user {kept}")));
        let is_authorization = uri == "/" && fields.len() == 1 && fields[0].0 == "authorization";
        let private = (!is_authorization).then_some("private");
        assert_eq!(reply.header("cache-control"), private, "{uri} {fields:?}");

        let reply = asked(&layer.clone().remove_token(), request());
        // The rest of a cookie field is unchanged except for the sensitive mark.
        let seen = reply.text().replace("cookie=[", "cookie=").replace("protocol=[", "protocol=");
        let removed = removed.replace("cookie=[", "cookie=").replace("protocol=[", "protocol=");
        assert_eq!(seen.replace(']', ""), format!("user {}", removed.replace(']', "")));
    }
}

#[test]
fn all_chunks_of_a_cookie_are_removed() {
    let token = good().mint();
    let (first, second) = token.split_at(token.len() / 2);
    let cookies = format!("s.1={second}; a=b; s.0={first}; s.x=c");
    let layer = rejections::layer().token_source(everywhere()).remove_token();
    let reply = asked(&layer, request("/", &[("cookie", &cookies)]));
    assert_eq!(reply.text().replace(['[', ']'], ""), "user / cookie=a=b; s.x=c");
}

#[allow(clippy::unnecessary_wraps)] // the signature of a source
fn in_path(parts: &Parts) -> Result<Option<RawToken<'_>>, Error> {
    Ok(parts.uri.path().strip_prefix("/feed/").map(RawToken::new))
}

#[test]
fn responses_to_tokens_outside_authorization_are_private() {
    let token = good().mint();
    let bearer = format!("Bearer {token}");
    let layer = rejections::layer().token_source(everywhere().or(source::from_fn(in_path)));
    let cookie = format!("s={token}");
    let subprotocol = format!("bearer, {token}");
    let query = format!("/?t={token}");
    let path = format!("/feed/{token}");
    for (uri, fields, private) in [
        ("/", &[("authorization", &*bearer)][..], false),
        ("/", &[("authorization", &*bearer), ("cookie", "a=b")], false),
        ("/", &[("authorization", "Basic YTpi"), ("cookie", &*cookie)], true),
        ("/", &[("authorization", &*bearer), ("cookie", &*cookie)], true),
        ("/", &[("cookie", &*cookie)], true),
        ("/", &[("x-assertion", &*token)], true),
        ("/", &[("sec-websocket-protocol", &*subprotocol)], true),
        (&*query, &[], true),
        (&*path, &[], true),
    ] {
        let reply = asked(&layer, request(uri, fields));
        let expected = private.then_some("private");
        assert_eq!((reply.status, reply.header("cache-control")), (200, expected), "{fields:?}");
        let reply = asked(&layer.clone().remove_token(), request(uri, fields));
        assert_eq!((reply.status, reply.header("cache-control")), (200, expected), "{fields:?}");
    }
    // Another scheme uses the same header field.
    let source = HeaderToken::new(http::header::AUTHORIZATION).scheme("Token");
    let layer = rejections::layer().token_source(source);
    let reply = asked(&layer, request("/", &[("authorization", &format!("Token {token}"))]));
    assert_eq!((reply.status, reply.header("cache-control")), (200, None));
}

#[test]
fn the_cache_control_of_the_handler_is_kept() {
    let token = good().mint();
    let layer = rejections::layer().token_source(BearerHeader.or(CookieToken::new("s")));
    for (from_handler, of_cookie) in [
        ("no-cache", "no-cache, private"),
        ("max-age=60", "max-age=60, private"),
        ("private, max-age=60", "private, max-age=60"),
        ("no-store", "no-store"),
        ("public, max-age=60", "public, max-age=60"),
        ("s-maxage=60", "s-maxage=60"),
    ] {
        let inner = || {
            service_fn(move |_: Request<String>| {
                let response = Response::builder().header("cache-control", from_handler);
                ready(Ok::<_, Infallible>(response.body(Full::<Bytes>::default()).unwrap()))
            })
        };
        let cookie = request("/", &[("cookie", &format!("s={token}"))]);
        let reply = ask(layer.layer(inner()), cookie);
        assert_eq!((reply.status, reply.header("cache-control")), (200, Some(of_cookie)));
        let bearer = request("/", &[("authorization", &format!("Bearer {token}"))]);
        let reply = ask(layer.layer(inner()), bearer);
        assert_eq!((reply.status, reply.header("cache-control")), (200, Some(from_handler)));
    }
    let layer = layer.allow_missing_token();
    let reply = asked(&layer, request("/", &[]));
    assert_eq!((reply.text(), reply.header("cache-control")), ("anonymous /", None));
}

#[test]
fn tokens_outside_the_configured_source_are_ignored() {
    let token = good().mint();
    for (uri, fields, ..) in LOCATIONS {
        let fields: Vec<_> =
            fields.iter().map(|(name, value)| (*name, value.replace('T', &token))).collect();
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let request = request(&uri.replace('T', &token), &fields);
        if request.headers().contains_key("authorization") {
            continue;
        }
        let reply = asked(&rejections::layer(), request);
        assert_eq!(reply.verdict(), (401, Some(ErrorKind::MissingToken)), "{uri} {fields:?}");
    }
}

#[test]
fn two_different_tokens_are_rejected_in_every_location() {
    let (one, other) = (good().mint(), good().claim("jti", "private-token-id 2").mint());
    let layer = rejections::layer().token_source(everywhere());
    let bearer = format!("Bearer {one}");
    for (uri, name, value) in [
        ("/".to_owned(), "x-assertion", other.clone()),
        ("/".to_owned(), "cookie", format!("s={other}")),
        (format!("/?t={other}"), "x", "y".to_owned()),
        ("/".to_owned(), "sec-websocket-protocol", format!("bearer, {other}")),
    ] {
        let reply = asked(&layer, request(&uri, &[("authorization", &bearer), (name, &value)]));
        assert_eq!(reply.verdict(), (400, Some(ErrorKind::MultipleTokens)), "{uri} {name}");
    }
    assert_eq!(asked(&layer, request("/", &[("authorization", &bearer)])).status, 200);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn sources_never_panic_and_find_only_visible_ascii(
        fields in prop::collection::vec(
            (0..4_usize, prop::collection::vec(any::<u8>(), 0..40)), 0..4),
        spice in "[st;=, \"%.0-9a-zA-Z_Hostbearer]{0,60}",
        query in "[t=&%+a-zA-Z0-9.]{0,40}",
    ) {
        let names = ["authorization", "cookie", "sec-websocket-protocol", "x-assertion"];
        let mut request = Request::get(format!("/?{query}")).body(()).unwrap();
        for (name, value) in fields {
            if let Ok(value) = http::HeaderValue::from_bytes(&value) {
                request.headers_mut().append(names[name], value);
            }
        }
        if let Ok(value) = http::HeaderValue::from_str(&spice) {
            request.headers_mut().append("cookie", value.clone());
            request.headers_mut().append("sec-websocket-protocol", value);
        }
        let (parts, ()) = request.into_parts();
        if let Ok(Some(token)) = everywhere().find(&parts) {
            prop_assert!(!token.as_str().is_empty());
            prop_assert!(token.as_str().bytes().all(|byte| byte.is_ascii_graphic()));
        }
    }
}
