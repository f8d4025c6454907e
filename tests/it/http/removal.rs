//! The token, and only the token, is removed from the request.

use std::convert::Infallible;
use std::future::ready;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Request, Response};
use http_body_util::Full;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use tower::{Layer, ServiceExt, service_fn};
use tower_jwt_auth::Token;
use tower_jwt_auth::possession::{Confirm, Confirmation, Unconfirmed};
use tower_jwt_auth::source::{
    BearerHeader, CookieToken, QueryToken, RawToken, TokenSource, WebSocketProtocol,
};
use tower_jwt_auth::testing::TestIssuer;
use tower_jwt_auth::{Answer, Issuer, JwtAuthLayer, Policy, Verifier};

use super::rejections::{self, good};
use crate::support::ask::ask;
use crate::support::late_keys::LateKeys;

/// The request that the inner service receives, and the `Cache-Control` of the response.
fn after_removal(source: impl TokenSource, request: Request<String>) -> (Parts, Option<String>) {
    let layer = rejections::layer().token_source(source).remove_token();
    let seen = Arc::new(Mutex::new(None));
    let keep = Arc::clone(&seen);
    let inner = service_fn(move |request: Request<String>| {
        *keep.lock().unwrap() = Some(request.into_parts().0);
        ready(Ok::<_, Infallible>(Response::new(Full::<Bytes>::default())))
    });
    let reply = ask(layer.layer(inner), request);
    assert_eq!(reply.status, 200, "{}", reply.text());
    let parts = seen.lock().unwrap().take();
    (parts.unwrap(), reply.header("cache-control").map(ToOwned::to_owned))
}

fn values(parts: &Parts, name: &str) -> Vec<Vec<u8>> {
    parts.headers.get_all(name).iter().map(|value| value.as_bytes().to_vec()).collect()
}

fn with_fields(name: &str, fields: &[Vec<u8>]) -> Request<String> {
    let mut request = Request::builder();
    for field in fields {
        request = request.header(name, HeaderValue::from_bytes(field).unwrap());
    }
    request.header("accept", "text/plain").body(String::new()).unwrap()
}

/// One list item: any bytes of a field value except the delimiter.
fn item(end: u8) -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![6 => 0x20..=0x7e_u8, 1 => 0x80..=0xff_u8];
    let near = select(vec!["s.", "s.x=1", "ss=1", "S=1", "xs=1", "s2=", "a=s", "__Host-s=1", ""]);
    let item = prop_oneof![2 => vec(byte, 0..12), 1 => near.prop_map(|it| it.as_bytes().to_vec())];
    item.prop_map(move |item| item.into_iter().filter(|byte| *byte != end).collect())
}

fn name_of(cookie: &[u8]) -> Option<&[u8]> {
    let at = cookie.iter().position(|byte| *byte == b'=')?;
    Some(cookie[..at].trim_ascii())
}

/// The field values without outer spaces (RFC 9110 §5.5).
fn written(fields: &[Vec<Vec<u8>>], between: u8) -> Vec<Vec<u8>> {
    fields.iter().map(|items| items.join(&between).trim_ascii().to_vec()).collect()
}

/// Inserts the item at this position; returns the index of the field.
fn put(fields: &mut Vec<Vec<Vec<u8>>>, item: Vec<u8>, (field, at): (Index, Index)) -> usize {
    if fields.is_empty() {
        fields.push(Vec::new());
    }
    let field = field.index(fields.len());
    let at = at.index(fields[field].len() + 1);
    fields[field].insert(at, item);
    field
}

/// The expected fields. A touched field that is now empty is removed.
fn expected(mut before: Vec<Vec<Vec<u8>>>, touched: &[usize], between: u8) -> Vec<Vec<u8>> {
    if before.is_empty() {
        before.push(Vec::new());
    }
    let left = written(&before, between);
    let left = left.into_iter().enumerate();
    let left = left.filter(|(at, field)| !touched.contains(at) || !field.is_empty());
    left.map(|(_, field)| field).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(384) })]

    #[test]
    fn only_the_token_cookie_is_removed(
        others in vec(vec(item(b';'), 0..5), 0..4),
        spelling in select(vec!["s=T", " s=T", " s = T ", "s=\"T\""]),
        position in any::<(Index, Index)>(),
    ) {
        let is_other = |cookie: &Vec<u8>| name_of(cookie) != Some(b"s");
        let others: Vec<Vec<_>> =
            others.into_iter().map(|field| field.into_iter().filter(is_other).collect()).collect();
        let mut fields = others.clone();
        let touched = put(&mut fields, spelling.replace('T', &good().mint()).into_bytes(), position);
        let request = with_fields("cookie", &written(&fields, b';'));
        let (parts, _) = after_removal(CookieToken::new("s"), request);
        prop_assert_eq!(values(&parts, "cookie"), expected(others, &[touched], b';'));
        prop_assert_eq!(values(&parts, "accept"), [b"text/plain"]);
    }

    #[test]
    fn only_the_token_chunks_are_removed(
        others in vec(vec(item(b';'), 0..5), 0..4),
        positions in vec(any::<(Index, Index)>(), 3),
        cuts in any::<[Index; 2]>(),
    ) {
        let is_other = |cookie: &Vec<u8>| !matches!(name_of(cookie), Some(b"s" | b"s.0" | b"s.1" | b"s.2"));
        let others: Vec<Vec<_>> =
            others.into_iter().map(|field| field.into_iter().filter(is_other).collect()).collect();
        let token = good().mint();
        let mut cuts = cuts.map(|cut| 1 + cut.index(token.len() - 2));
        cuts.sort_unstable();
        cuts[1] = cuts[1].max(cuts[0] + 1);
        let (mut fields, mut touched) = (others.clone(), Vec::new());
        let chunks = [&token[..cuts[0]], &token[cuts[0]..cuts[1]], &token[cuts[1]..]];
        for (at, (chunk, position)) in chunks.iter().zip(positions).enumerate() {
            touched.push(put(&mut fields, format!("s.{at}={chunk}").into_bytes(), position));
        }
        let request = with_fields("cookie", &written(&fields, b';'));
        let (parts, _) = after_removal(CookieToken::new("s").allow_chunks(), request);
        prop_assert_eq!(values(&parts, "cookie"), expected(others, &touched, b';'));
    }

    #[test]
    fn only_the_token_subprotocol_is_removed(
        before in vec("[a-z0-9.-]{0,8} ?", 0..4),
        after in vec(" ?[a-z0-9.-]{0,8}", 0..4),
        gap in select(vec![("bearer,", "bearer"), ("bearer, ", "bearer"), ("bearer \t,\t", "bearer \t"), ("bearer,,", "bearer,")]),
    ) {
        let list = |middle: &str| {
            let before = before.iter().map(String::as_str);
            let items: Vec<_> = before.chain([middle]).chain(after.iter().map(String::as_str)).collect();
            items.join(",").trim_ascii().to_owned()
        };
        let offered = list(&format!("{}{}", gap.0, good().mint()));
        let asked = with_fields("sec-websocket-protocol", &[offered.into_bytes()]);
        let (parts, _) = after_removal(WebSocketProtocol::new("bearer"), asked);
        prop_assert_eq!(values(&parts, "sec-websocket-protocol"), [list(gap.1).into_bytes()]);
    }

    #[test]
    fn only_the_token_parameter_is_removed(
        start in select(vec!["", "http://h", "https://user@h:8443"]),
        path in "/[a-zA-Z0-9/._~%-]{0,12}",
        others in vec("[a-su-zA-Z0-9=+.;/?:@!$'()*,-]{0,8}|t2=x|T=x|tt|x=t|%7=y|%=", 0..5),
        spelling in select(vec!["t=T", "%74=T"]),
        at in any::<Index>(),
    ) {
        let is_other = |part: &&String| part.split('=').next() != Some("t");
        let others: Vec<String> = others.iter().filter(is_other).cloned().collect();
        let mut parts = others.clone();
        parts.insert(at.index(others.len() + 1), spelling.replace('T', &good().mint()));
        let uri = format!("{start}{path}?{}", parts.join("&"));
        let asked = Request::get(&uri).body(String::new()).unwrap();
        let (parts, cached) = after_removal(QueryToken::new("t"), asked);
        let query = if others.is_empty() { String::new() } else { format!("?{}", others.join("&")) };
        prop_assert_eq!(parts.uri.to_string(), format!("{start}{path}{query}"));
        prop_assert_eq!(cached.as_deref(), Some("private"));
    }
}

#[test]
fn numbered_cookies_stay_when_chunks_are_not_allowed() {
    let cookies = format!("s.0=mine; s={}; s.1=mine", good().mint()).into_bytes();
    let (parts, _) = after_removal(CookieToken::new("s"), with_fields("cookie", &[cookies]));
    assert_eq!(values(&parts, "cookie"), [b"s.0=mine; s.1=mine"]);
}

/// The cookies that remain. `T` is the token, `O` is another valid token.
fn cookies_left(source: impl TokenSource, fields: &[&str]) -> Vec<String> {
    let (token, other) = (good().mint(), good().claim("jti", "another").mint());
    let fill = |letter| match letter {
        'T' => token.clone(),
        'O' => other.clone(),
        _ => String::from(letter),
    };
    let fields: Vec<_> =
        fields.iter().map(|field| field.chars().map(fill).collect::<String>().into()).collect();
    let (parts, _) = after_removal(source, with_fields("cookie", &fields));
    let left = values(&parts, "cookie");
    left.into_iter().map(|field| String::from_utf8(field).unwrap()).collect()
}

#[test]
fn cookies_under_weaker_names_are_removed() {
    let source = CookieToken::new("s").allow_prefixes();
    for (fields, left) in [
        (&["__Host-s=T; s=T; a=b"][..], &["a=b"][..]),
        (&["__Host-s=T; s=O; a=b"], &["a=b"]),
        (&["s=T; a=b; __Secure-s=T; c=d; __Host-s=T"], &["a=b; c=d"]),
        (&["a=b; __Secure-s=T; s=T"], &["a=b"]),
        (&["__Host-s=T; s=O; s=T", "s=\"T\"; x=1", "a=b"], &["x=1", "a=b"]),
        (&["__Host-s=T; s=not a token; s="], &[]),
        (&["s=T; a=b"], &["a=b"]),
        // Names that the source does not read.
        (
            &["__Host-s=T; S=1; ss=2; __host-s=3; __Secure-S=4; s.0=5; __Host-s.0=6"],
            &["S=1; ss=2; __host-s=3; __Secure-S=4; s.0=5; __Host-s.0=6"],
        ),
    ] {
        assert_eq!(cookies_left(source.clone(), fields), left, "{fields:?}");
    }
    let exact = CookieToken::new("__Host-s");
    assert_eq!(cookies_left(exact, &["__Host-s=T; s=mine"]), ["s=mine"]);
}

#[test]
fn chunks_under_every_name_and_number_are_removed() {
    let source = CookieToken::new("s").allow_prefixes().allow_chunks();
    for (fields, left) in [
        (&["__Host-s.0=T; s.0=T; s=T; __Secure-s.0=O; a=b"][..], &["a=b"][..]),
        (&["__Host-s=T; __Secure-s.1=x; s.7=y; s.100=z; s.0=O"], &[]),
        (&["__Host-s=T; s.99999999999999999999999=T; a=b"], &["a=b"]),
        (&["s=T; s.0=; s.1=; a=b"], &["a=b"]),
        (&["s=; s.0=T; a=b"], &["a=b"]),
        (&["__Host-s.0=T; s.00=1; s.x=2; s.=3; s.1.1=4"], &["s.00=1; s.x=2; s.=3; s.1.1=4"]),
    ] {
        assert_eq!(cookies_left(source.clone(), fields), left, "{fields:?}");
    }
}

#[test]
fn every_cookie_of_a_combined_source_is_removed() {
    let cookie = CookieToken::new("s").allow_prefixes();
    let source = || BearerHeader.or(Arc::new(cookie.clone()));
    let token = good().mint();
    for (cookies, left) in [
        (format!("__Host-s={token}; s={token}; a=b"), "a=b"),
        // An empty cookie hides the weaker one from the layer but not from the service.
        (format!("__Host-s=; s={token}; a=b"), "a=b"),
        ("a=b; t=c".to_owned(), "a=b; t=c"),
    ] {
        let mut asked = with_fields("cookie", &[cookies.clone().into_bytes()]);
        let bearer = HeaderValue::try_from(format!("Bearer {token}")).unwrap();
        asked.headers_mut().insert("authorization", bearer);
        let (parts, _) = after_removal(source(), asked);
        assert_eq!(values(&parts, "cookie"), [left.as_bytes()], "{cookies}");
        assert!(!parts.headers.contains_key("authorization"), "{cookies}");
    }
    // Credentials of another scheme remain.
    let mut asked = with_fields("cookie", &[format!("s={token}").into_bytes()]);
    asked.headers_mut().insert("authorization", HeaderValue::from_static("Basic YTpi"));
    let (parts, _) = after_removal(source(), asked);
    assert_eq!(values(&parts, "authorization"), [b"Basic YTpi"]);
    assert!(!parts.headers.contains_key("cookie"));
}

#[test]
fn a_subprotocol_marker_and_token_may_be_in_separate_fields() {
    let fields = [b"chat, bearer".to_vec(), format!("{}, v2", good().mint()).into_bytes()];
    let asked = with_fields("sec-websocket-protocol", &fields);
    let (parts, _) = after_removal(WebSocketProtocol::new("bearer"), asked);
    assert_eq!(values(&parts, "sec-websocket-protocol"), [&b"chat, bearer"[..], b"v2"]);
}

#[test]
fn nested_sources_are_removed() {
    let token = good().mint();
    let inner = CookieToken::new("s").or(QueryToken::new("t"));
    let asked = Request::get(format!("/p?t={token}"))
        .header("authorization", format!("Bearer {token}"))
        .header("cookie", format!("s={token}"))
        .body(String::new());
    let (parts, cached) = after_removal(BearerHeader.or(inner), asked.unwrap());
    assert_eq!(parts.uri, "/p");
    assert!(parts.headers.is_empty(), "{:?}", parts.headers);
    assert_eq!(cached.as_deref(), Some("private"));
}

/// Records the request that it sees, and sets `no-store`.
#[derive(Debug)]
struct Recording(Arc<Mutex<String>>);

impl Confirm for Recording {
    fn confirm(
        &self,
        request: &Parts,
        _: &Token,
        raw: &RawToken<'_>,
    ) -> Answer<Result<Confirmation, Unconfirmed>> {
        let cookie = &request.headers["cookie"];
        let holds = cookie.as_bytes().ends_with(raw.as_str().as_bytes());
        let marked = cookie.is_sensitive();
        *self.0.lock().unwrap() = format!("{} {holds} {marked}", request.uri.path());
        let mut confirmation = Confirmation::new();
        let headers = &mut confirmation.response_headers;
        headers.insert("cache-control", HeaderValue::from_static("no-store"));
        Answer::now(Ok(confirmation))
    }
}

/// Responds with the remaining URL and cookies, and allows caching for a minute.
async fn left(request: Request<String>) -> Result<Response<Full<Bytes>>, Infallible> {
    let cookie = request.headers().get("cookie").map(|value| value.to_str().unwrap().to_owned());
    let text = format!("{} {}", request.uri(), cookie.unwrap_or_default());
    let response = Response::builder().header("cache-control", "max-age=60");
    Ok(response.body(Full::from(text)).unwrap())
}

#[test]
fn confirm_sees_the_token_but_the_inner_service_does_not() {
    let issuer = TestIssuer::es256();
    let token = issuer.token().mint();
    let source = CookieToken::new("s").or(QueryToken::new("t"));
    for (keys, waits) in [(LateKeys::with(&issuer.jwks()), false), (LateKeys::default(), true)] {
        let trusted = Issuer::unnamed(keys.clone(), Policy::new().any_audience());
        let recorded = Arc::new(Mutex::new(String::new()));
        let layer = JwtAuthLayer::new(Verifier::builder().trust(trusted).build().unwrap())
            .token_source(source.clone())
            .confirm(Recording(Arc::clone(&recorded)))
            .allow_missing_token()
            .remove_token();
        let asked =
            Request::get(format!("/p?t={token}&x")).header("cookie", format!("a=b; s={token}"));
        let asked = layer.layer(service_fn(left)).oneshot(asked.body(String::new()).unwrap());
        let mut asked = tokio_test::task::spawn(asked);
        if waits {
            tokio_test::assert_pending!(asked.poll());
            keys.arrive(&issuer.jwks());
        }
        let response = tokio_test::assert_ready_ok!(asked.poll());
        assert_eq!(*recorded.lock().unwrap(), "/p true true", "{waits}");
        // The `no-store` of the confirmation is added to the `Cache-Control` of the handler.
        let cached: Vec<_> = response.headers().get_all("cache-control").iter().collect();
        assert_eq!(cached, ["max-age=60", "no-store"], "{waits}");
        let reply = crate::support::ask::take_apart(response);
        let reply = futures_util::FutureExt::now_or_never(reply).unwrap();
        assert_eq!(reply.text(), "/p?x a=b", "{waits}");
    }
}

#[test]
fn removal_and_private_caching_apply_after_waiting_for_keys() {
    let issuer = TestIssuer::es256();
    let keys = LateKeys::default();
    let trusted = Issuer::unnamed(keys.clone(), Policy::new().any_audience());
    let layer = JwtAuthLayer::new(Verifier::builder().trust(trusted).build().unwrap())
        .token_source(QueryToken::new("t"))
        .remove_token();
    let inner = service_fn(|request: Request<String>| {
        ready(Ok::<_, Infallible>(Response::new(request.uri().to_string())))
    });
    let asked = Request::get(format!("/p?x&t={}", issuer.token().mint()));
    let asked = layer.layer(inner).oneshot(asked.body(String::new()).unwrap());
    let mut asked = tokio_test::task::spawn(asked);
    tokio_test::assert_pending!(asked.poll());
    keys.arrive(&issuer.jwks());
    let response = tokio_test::assert_ready_ok!(asked.poll());
    assert_eq!(response.headers()["cache-control"], "private");
    let body = http_body_util::BodyExt::collect(response.into_body());
    let body = futures_util::FutureExt::now_or_never(body).unwrap().unwrap().to_bytes();
    assert_eq!(body, "/p?x");
}
