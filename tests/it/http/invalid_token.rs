//! Requests that pass with an invalid token.

use std::convert::Infallible;
use std::future::ready;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use bytes::Bytes;
use futures_util::FutureExt;
use http::request::Parts;
use http::{HeaderName, Request, Response};
use http_body_util::Full;
use tower::{Layer, ServiceExt, service_fn};
use tower_jwt_auth::observe::Event;
use tower_jwt_auth::possession::{Confirm, Confirmation, Unconfirmed};
use tower_jwt_auth::source::{
    AnyOf, BearerHeader, CookieToken, HeaderToken, QueryToken, RawToken, WebSocketProtocol, from_fn,
};
use tower_jwt_auth::testing::TestIssuer;
use tower_jwt_auth::{
    Anonymous, Answer, Error, ErrorKind, Identity, JwtAuthLayer, RequireLayer, Rule, Token,
    Verified, Verifier,
};

use super::locations::{asked, request};
use super::rejections::{self, NOT_BY_REQUEST, PRIVATE, good, rejected_request};
use crate::support::ask::{Reply, ask, ask_layer, bearer, take_apart};
use crate::support::late_keys::LateKeys;

/// Responds with the kind of the error in `Anonymous`.
async fn kind_of<B>(request: Request<B>) -> Result<Response<Full<Bytes>>, Infallible> {
    assert!(request.extensions().get::<Identity>().is_none());
    assert!(Verified::<tower_jwt_auth::Claims>::of(&request).is_none());
    let anonymous = request.extensions().get::<Anonymous>().unwrap();
    let printed = format!("{anonymous:?}");
    assert!(PRIVATE.iter().all(|text| !printed.contains(text)), "{printed}");
    let kind = anonymous.error().map_or("none", |error| error.kind().as_str());
    Ok(Response::new(Full::from(kind)))
}

fn authenticated() -> RequireLayer {
    RequireLayer::new(Rule::authenticated())
}

/// What the client sees of a rejection.
fn shown(reply: &Reply) -> (u16, Option<ErrorKind>, Vec<String>, String) {
    let mut headers: Vec<_> = reply
        .headers
        .iter()
        .filter(|(name, _)| *name != "content-length")
        .map(|(name, value)| format!("{name}: {value:?}"))
        .collect();
    headers.sort();
    (reply.status, reply.kind(), headers, reply.text().to_owned())
}

#[test]
fn every_invalid_token_is_admitted_with_its_error() {
    for kind in ErrorKind::ALL {
        let Some((strict, request)) = rejected_request(*kind) else {
            assert!(NOT_BY_REQUEST.contains(kind), "{kind}");
            continue;
        };
        let lenient = strict.clone().realm("orders").allow_invalid_token();
        let strict = strict.realm("orders");
        let reply = ask(lenient.layer(service_fn(kind_of)), request.clone());
        let is_missing = matches!(kind, ErrorKind::MissingToken | ErrorKind::UnsupportedScheme);
        let expected = if is_missing { "none" } else { kind.as_str() };
        assert_eq!((reply.status, reply.text()), (200, expected));

        // Behind it, a rule and an extractor answer as the strict layer does.
        let mut rejected = shown(&ask_layer(&strict, request.clone()));
        if *kind == ErrorKind::UnsupportedScheme {
            rejected.1 = Some(ErrorKind::MissingToken);
        }
        let rule = lenient.layer(authenticated().layer(service_fn(kind_of)));
        assert_eq!(shown(&ask(rule, request.clone())), rejected, "{kind}");
        let app = Router::new()
            .route("/", get(async |_: Verified| "user"))
            .route("/optional", get(async |user: Option<Identity>| format!("{user:?}")))
            .route_layer(lenient.clone());
        let required = ask(app.clone(), request.clone().map(Body::from));
        assert_eq!(shown(&required), rejected, "{kind}");
        let mut optional = request.map(Body::from);
        *optional.uri_mut() = "/optional".parse().unwrap();
        assert_eq!(ask(app, optional).text(), "None", "{kind}");
    }
    let lenient = rejections::layer().allow_invalid_token();
    assert_eq!(ask_layer(&lenient, bearer(&good().mint())).text(), "user user-1");
}

/// Rejects every proof with this kind, and adds a nonce to the response.
#[derive(Debug)]
struct Rejects(ErrorKind);

impl Confirm for Rejects {
    fn confirm(
        &self,
        _: &Parts,
        _: &Token,
        _: &RawToken<'_>,
    ) -> Answer<Result<Confirmation, Unconfirmed>> {
        let mut unconfirmed = Unconfirmed::from(Error::new(self.0));
        unconfirmed.response_headers.insert("dpop-nonce", "n-1".parse().unwrap());
        Answer::now(Err(unconfirmed))
    }
}

#[test]
fn only_internal_errors_are_still_rejected() {
    for (kind, status) in [
        (ErrorKind::CertificateMismatch, 200),
        (ErrorKind::ProofRequired, 200),
        (ErrorKind::ConfirmUnavailable, 200),
        (ErrorKind::Internal, 500),
    ] {
        let layer = rejections::layer().confirm(Rejects(kind)).allow_invalid_token();
        let reply = ask(layer.layer(service_fn(kind_of)), bearer(&good().mint()));
        assert_eq!(reply.status, status, "{kind}");
        assert_eq!(reply.header("dpop-nonce"), Some("n-1"), "{kind}");
        let rule = layer.layer(authenticated().layer(service_fn(kind_of)));
        let reply = ask(rule, bearer(&good().mint()));
        assert_eq!(reply.kind(), Some(kind));
        assert_eq!(reply.header("dpop-nonce"), Some("n-1"), "{kind}");
    }
}

#[test]
fn the_setting_includes_missing_tokens_in_any_order() {
    let one = rejections::layer().allow_invalid_token();
    let both = rejections::layer().allow_invalid_token().allow_missing_token();
    for layer in [one, both] {
        for (fields, expected) in [
            (&[][..], "none"),
            (&[("authorization", "Basic YTpi")], "none"),
            (&[("authorization", "Bearer")], "malformed_header"),
            (&[("authorization", "Bearer a.b.c")], "malformed_token"),
        ] {
            let reply = ask(layer.layer(service_fn(kind_of)), request("/", fields));
            assert_eq!((reply.status, reply.text()), (200, expected), "{fields:?}");
        }
    }
    let strict = rejections::layer().allow_missing_token();
    let expired = request("/", &[("authorization", "Bearer a.b.c")]);
    assert_eq!(ask_layer(&strict, expired).status, 401);
}

#[test]
fn pages_that_depend_on_an_invalid_cookie_are_private() {
    let source = BearerHeader.or_else(CookieToken::new("s"));
    let layer = rejections::layer().token_source(source).allow_invalid_token();
    let expired = good().expired().mint();
    let (cookie, header) = (format!("a=b; s={expired}"), format!("Bearer {expired}"));
    // The fields, whether the response is private, and what the service sees after `remove_token`.
    for (fields, is_private, left) in [
        (&[][..], false, ""),
        (&[("authorization", "Basic YTpi")], false, " authorization=Basic YTpi"),
        (&[("cookie", "a=b")], false, " cookie=a=b"),
        (&[("cookie", "s=; a=b")], false, " cookie=s=; a=b"),
        (&[("authorization", &*header)], false, ""),
        (&[("cookie", &*cookie)], true, " cookie=a=b"),
        (&[("cookie", "s=a b; a=b")], true, " cookie=a=b"),
        (&[("cookie", "s=a.b.c; s=d.e.f; a=b")], true, " cookie=a=b"),
        (&[("authorization", &*header), ("cookie", &*cookie)], true, " cookie=a=b"),
        (&[("authorization", "Bearer"), ("cookie", &*cookie)], true, " cookie=a=b"),
        (
            &[("authorization", "Basic YTpi"), ("cookie", &*cookie)],
            true,
            " authorization=Basic YTpi cookie=a=b",
        ),
    ] {
        let reply = asked(&layer, request("/", fields));
        let private = is_private.then_some("private");
        assert_eq!((reply.status, reply.header("cache-control")), (200, private), "{fields:?}");
        let reply = asked(&layer.clone().remove_token(), request("/", fields));
        let seen = reply.text().replace(['[', ']'], "");
        assert_eq!(seen, format!("anonymous /{left}"), "{fields:?}");
    }
}

#[test]
fn an_admitted_invalid_token_is_reported_with_its_error() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&lines);
    let issuer = TestIssuer::hs256();
    let verifier = Verifier::shared_secret(issuer.secret()).any_audience();
    let verifier = verifier.observer(move |event: &Event<'_>| {
        if let Event::RequestJudged { stage, verdict, reason, error, .. } = event {
            assert_eq!(*reason, error.map(Error::kind));
            let reason = reason.map_or("-", ErrorKind::as_str);
            log.lock().unwrap().push(format!("{} {} {reason}", stage.as_str(), verdict.as_str()));
        }
    });
    let layer = JwtAuthLayer::new(verifier.build().unwrap()).allow_invalid_token();
    for (token, expected) in [
        (issuer.token().mint(), ["authenticate accepted -", "authorize accepted -"]),
        (
            issuer.token().expired().mint(),
            ["authenticate anonymous token_expired", "authorize rejected token_expired"],
        ),
        (
            issuer.token().mint_tampered(),
            ["authenticate anonymous invalid_signature", "authorize rejected invalid_signature"],
        ),
    ] {
        let service = layer.layer(authenticated().layer(service_fn(|_: Request<String>| {
            ready(Ok::<_, Infallible>(Response::new(Full::<Bytes>::default())))
        })));
        ask(service, bearer(&token));
        assert_eq!(std::mem::take(&mut *lines.lock().unwrap()), expected);
    }
}

#[test]
fn a_request_that_waited_for_keys_is_admitted_as_well() {
    let issuer = TestIssuer::es256();
    for (token, keys_come, expected) in [
        (issuer.token().expired().mint(), true, "token_expired"),
        (issuer.token().mint_tampered(), true, "invalid_signature"),
        (issuer.token().mint(), false, "keys_unavailable"),
    ] {
        let keys = LateKeys::default();
        let verifier = Verifier::key_source(keys.clone()).any_issuer().any_audience();
        let layer = JwtAuthLayer::new(verifier.build().unwrap()).allow_invalid_token();
        let mut waiting = Box::pin(layer.layer(service_fn(kind_of)).oneshot(bearer(&token)));
        assert!((&mut waiting).now_or_never().is_none());
        if keys_come {
            keys.arrive(&issuer.jwks());
        } else {
            keys.fail(Duration::from_secs(1));
        }
        let response = waiting.now_or_never().unwrap().unwrap();
        let reply = take_apart(response).now_or_never().unwrap();
        assert_eq!((reply.status, reply.text()), (200, expected));
    }
}

#[test]
fn tokens_of_custom_sources_are_removed_as_well() {
    #[expect(clippy::unnecessary_wraps, reason = "the signature that `from_fn` requires")]
    fn find(parts: &Parts) -> Result<Option<RawToken<'_>>, Error> {
        let value = parts.headers.get("x-access-token").and_then(|value| value.to_str().ok());
        let name = HeaderName::from_static("x-access-token");
        Ok(value.map(|value| RawToken::in_header(name, value)))
    }
    let source = AnyOf::new(BearerHeader).or(from_fn(find));
    let layer = rejections::layer().token_source(source).allow_invalid_token().remove_token();
    let two = [("authorization", "Bearer a.b.c"), ("x-access-token", "d.e.f"), ("x", "y")];
    assert_eq!(asked(&layer, request("/", &two)).text().trim(), "anonymous / x=[y]");
}

#[test]
fn white_space_before_a_scheme_hides_no_token() {
    let source = || BearerHeader.or(CookieToken::new("s"));
    let layer = rejections::layer().token_source(source());
    let cookie = format!("s={}", good().mint());
    for value in [" Bearer a.b.c", "\tBearer a.b.c", "  Basic YTpi"] {
        let both = request("/", &[("authorization", value), ("cookie", &cookie)]);
        assert_eq!(asked(&layer, both).status, 400, "{value:?}");
    }
    let both = request("/", &[("authorization", "Basic YTpi"), ("cookie", &cookie)]);
    assert_eq!(asked(&layer, both).status, 200);
}

/// The URL, the fields, and what the service sees after `remove_token`.
type Row = (&'static str, &'static [(&'static str, &'static str)], &'static str);

#[test]
fn every_unreadable_place_is_removed() {
    let source = BearerHeader
        .or(HeaderToken::new(HeaderName::from_static("x-assertion")))
        .or(CookieToken::new("s").allow_prefixes().allow_chunks())
        .or(QueryToken::new("t"))
        .or(WebSocketProtocol::new("bearer"));
    let layer = rejections::layer().token_source(source).allow_invalid_token();
    let good = good().mint();
    let filled = |text: &str| text.replace('①', &good);
    let rows: [Row; 9] = [
        ("/?t=①&t=a.b.c&x", &[], "/?x"),
        ("/?x&t=%20①", &[], "/?x"),
        ("/", &[("x-assertion", "① b"), ("x", "y")], "/ x=y"),
        ("/", &[("authorization", "Bearer ①"), ("authorization", "bearer ①")], "/"),
        (
            "/",
            &[("authorization", "Basic YTpi"), ("authorization", "Bearer ①")],
            "/ authorization=Basic YTpi",
        ),
        ("/", &[("cookie", "__Host-s.1=①; a=b; s=①")], "/ cookie=a=b"),
        ("/", &[("cookie", "s.0=①; s.2=①; a=b")], "/ cookie=a=b"),
        (
            "/",
            &[("sec-websocket-protocol", "bearer, ①, v2, bearer, a.b.c")],
            "/ sec-websocket-protocol=bearer, v2, bearer",
        ),
        // Two different tokens: both are removed.
        ("/?t=①", &[("authorization", "Bearer a.b.c")], "/"),
    ];
    for (uri, fields, left) in rows {
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, filled(value))).collect();
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let kept = asked(&layer, request(&filled(uri), &fields));
        assert!(kept.text().starts_with("anonymous "), "{uri} {fields:?}");
        let removed = asked(&layer.clone().remove_token(), request(&filled(uri), &fields));
        let seen = removed.text().replace(['[', ']'], "");
        assert_eq!(seen, format!("anonymous {left}"), "{uri} {fields:?}");
    }
}
