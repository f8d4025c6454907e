//! Responders with a body of the application: JSON, and any axum response.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::{AppendHeaders, Html, IntoResponse, Json, NoContent, Redirect, Response};
use bytes::Bytes;
use http::{HeaderMap, Method};
use http_body::Frame;
use serde_json::json;
use tower_jwt_auth::observe::Event;
use tower_jwt_auth::respond::{self, Rejection, Respond};
use tower_jwt_auth::testing::TestIssuer;
use tower_jwt_auth::{ErrorKind, JwtAuthLayer, Verifier, extract};

use super::rejections::rejected_request;
use crate::support::ask::{Reply, ask_layer, bearer, request};

/// The reply to a request without a token, and the problems that the observer received.
fn reply(responder: impl Respond, method: Method) -> (Reply, Vec<&'static str>) {
    let problems = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&problems);
    let verifier = Verifier::shared_secret(TestIssuer::hs256().secret()).any_audience();
    let verifier = verifier.observer(move |event: &Event<'_>| {
        if let Event::ResponderFailed { problem, .. } = *event {
            assert!(event.is_failure());
            log.lock().unwrap().push(problem);
        }
    });
    let layer = JwtAuthLayer::new(verifier.build().unwrap()).responder(responder);
    let mut asked = request::<&str>([]);
    *asked.method_mut() = method;
    let reply = ask_layer(&layer, asked);
    let problems = std::mem::take(&mut *problems.lock().unwrap());
    (reply, problems)
}

#[test]
fn a_json_responder_keeps_the_status_and_the_headers() {
    for kind in ErrorKind::ALL {
        let Some((layer, request)) = rejected_request(*kind) else { continue };
        let expected = ask_layer(&layer, request.clone());
        let answer = |rejection: &Rejection<'_>| json!({"status": rejection.status().as_u16(), "message": rejection.description()});
        let reply = ask_layer(&layer.responder(respond::json(answer)), request);
        let problem = expected.json();
        assert_eq!(reply.verdict(), expected.verdict(), "{kind}");
        let body = json!({"status": problem["status"], "message": problem["detail"]});
        assert_eq!(reply.json(), body, "{kind}");
        for name in ["www-authenticate", "retry-after", "cache-control"] {
            assert_eq!(reply.header(name), expected.header(name), "{kind}");
        }
        assert_eq!(reply.header("content-type"), Some("application/json"));
    }
}

#[test]
fn a_value_that_is_not_json_is_reported() {
    #[derive(serde::Serialize)]
    struct Wrong {
        /// The names of JSON members are strings.
        counts: HashMap<Vec<u8>, u8>,
    }
    let counts = || HashMap::from([(vec![1], 2)]);
    let (plain, problems) =
        reply(respond::json(move |_: &Rejection<'_>| Wrong { counts: counts() }), Method::GET);
    assert_eq!(problems, ["the value of `respond::json` cannot be serialized"]);
    assert_eq!((plain.status, plain.text()), (401, ""));
    assert_eq!(plain.header("www-authenticate"), Some("Bearer"));
    let (_, problems) = reply(respond::json(|_: &Rejection<'_>| "text"), Method::GET);
    assert!(problems.is_empty());
}

/// A body that yields these frames; `None` is a frame that never comes.
struct Frames(Vec<Option<Result<&'static str, &'static str>>>);

impl http_body::Body for Frames {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
        if self.0.is_empty() {
            return Poll::Ready(None);
        }
        let Some(frame) = self.0[0] else { return Poll::Pending };
        self.0.remove(0);
        Poll::Ready(Some(frame.map(|text| Frame::data(Bytes::from(text)))))
    }
}

fn frames(frames: Vec<Option<Result<&'static str, &'static str>>>) -> Response {
    Body::new(Frames(frames)).into_response()
}

#[test]
fn complete_axum_responses_are_sent() {
    let trailers = || {
        let mut trailers = HeaderMap::new();
        trailers.insert("x", "y".parse().unwrap());
        Body::new(http_body_util::BodyExt::with_trailers(
            http_body_util::Full::new(Bytes::from("a")),
            std::future::ready(Some(Ok(trailers))),
        ))
    };
    let rows: Vec<(Response, u16, &str, Option<&str>)> = vec![
        (Json(json!({"a": 1})).into_response(), 401, r#"{"a":1}"#, Some("application/json")),
        (Html("<p>").into_response(), 401, "<p>", Some("text/html; charset=utf-8")),
        ("text".into_response(), 401, "text", Some("text/plain; charset=utf-8")),
        (String::new().into_response(), 401, "", Some("text/plain; charset=utf-8")),
        (vec![b'a'; 3].into_response(), 401, "aaa", Some("application/octet-stream")),
        (().into_response(), 401, "", None),
        (NoContent.into_response(), 401, "", None),
        (StatusCode::CREATED.into_response(), 401, "", None),
        (StatusCode::CONTINUE.into_response(), 401, "", None),
        ((StatusCode::FORBIDDEN, Json(7)).into_response(), 403, "7", Some("application/json")),
        (
            (StatusCode::BAD_GATEWAY, "x").into_response(),
            502,
            "x",
            Some("text/plain; charset=utf-8"),
        ),
        (Redirect::to("/login").into_response(), 303, "", None),
        (frames(vec![Some(Ok("a")), Some(Ok("")), Some(Ok("b"))]), 401, "ab", None),
        (trailers().into_response(), 401, "a", None),
    ];
    for (response, status, text, content_type) in rows {
        let at = format!("{response:?}");
        let response = Mutex::new(Some(response));
        let respond = move |_: &Rejection<'_>| response.lock().unwrap().take().unwrap();
        let (reply, problems) = reply(extract::responder(respond), Method::GET);
        assert_eq!((reply.status, reply.text()), (status, text), "{at}");
        assert_eq!(reply.header("content-type"), content_type, "{at}");
        assert_eq!(reply.header("www-authenticate"), Some("Bearer"), "{at}");
        assert_eq!(reply.header("cache-control"), Some("no-store"), "{at}");
        assert_eq!(reply.kind(), Some(ErrorKind::MissingToken), "{at}");
        assert!(problems.is_empty(), "{at}: {problems:?}");
    }
    // Headers of the application are kept.
    let own = |_: &Rejection<'_>| {
        (AppendHeaders([("www-authenticate", "Own"), ("cache-control", "private")]), "x")
    };
    let (reply, _) = reply(extract::responder(own), Method::HEAD);
    assert_eq!((reply.header("www-authenticate"), reply.text()), (Some("Own"), ""));
    assert_eq!(reply.header("cache-control"), Some("private"));
    assert_eq!(reply.header("content-length"), Some("1"));
}

#[test]
fn incomplete_axum_responses_are_reported_and_sent_without_a_body() {
    let long: &str = Box::leak("a".repeat(1024 * 1024 + 1).into_boxed_str());
    let not_complete = "the body of `extract::responder` is not complete at once";
    for (response, problem) in [
        (frames(vec![None]), not_complete),
        (frames(vec![Some(Ok("a")), None, Some(Ok("b"))]), not_complete),
        (
            frames(vec![Some(Ok("a")), Some(Err("10.0.0.7 refused"))]),
            "the body of `extract::responder` returned an error",
        ),
        (frames(vec![Some(Ok("")); 1000]), "the body of `extract::responder` is too long"),
        (frames(vec![Some(Ok(long))]), "the body of `extract::responder` is too long"),
    ] {
        let response = Mutex::new(Some(response));
        let respond = move |_: &Rejection<'_>| response.lock().unwrap().take().unwrap();
        let (reply, problems) = reply(extract::responder(respond), Method::GET);
        assert_eq!(problems, [problem]);
        assert_eq!((reply.status, reply.text()), (401, ""));
        assert_eq!(reply.header("www-authenticate"), Some("Bearer"));
        assert_eq!(reply.header("cache-control"), Some("no-store"));
    }
}

#[test]
fn an_own_responder_does_not_change_admitted_requests() {
    let verifier = Verifier::shared_secret(TestIssuer::hs256().secret()).any_audience();
    let layer = JwtAuthLayer::new(verifier.build().unwrap());
    let layer = layer.responder(extract::responder(|_: &Rejection<'_>| "rejected"));
    let token = TestIssuer::hs256().token().subject("ada").mint();
    assert_eq!(ask_layer(&layer, bearer(&token)).text(), "user ada");
    assert_eq!(ask_layer(&layer, bearer("a.b.c")).text(), "rejected");
}
