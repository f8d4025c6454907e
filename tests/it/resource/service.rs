//! The methods and headers of the metadata service.

use http::{HeaderMap, Method, Request};

use super::fixture::{api, metadata};
use crate::support::ask::{Reply, ask};

fn send(method: Method, if_none_match: &[&str]) -> Reply {
    let mut request = Request::new("any body");
    *request.method_mut() = method;
    for value in if_none_match {
        request.headers_mut().append("if-none-match", value.parse().unwrap());
    }
    ask(api().service(), request)
}

/// The headers, in the order of their names.
fn sorted(headers: &HeaderMap) -> Vec<(&str, &str)> {
    let pairs = headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap()));
    let mut pairs: Vec<_> = pairs.collect();
    pairs.sort_unstable();
    pairs
}

fn etag() -> String {
    metadata(&api()).header("etag").unwrap().to_owned()
}

#[test]
fn get_and_head_have_the_same_headers() {
    let (get, head) = (send(Method::GET, &[]), send(Method::HEAD, &[]));
    let (length, etag) = (get.body.len().to_string(), etag());
    assert!(etag.starts_with('"') && etag.ends_with('"') && etag.len() > 2, "{etag}");
    let expected = [
        ("access-control-allow-origin", "*"),
        ("cache-control", "max-age=3600"),
        ("content-length", &*length),
        ("content-type", "application/json"),
        ("etag", &*etag),
    ];
    assert_eq!((get.status, sorted(&get.headers)), (200, expected.to_vec()));
    assert_eq!((head.status, sorted(&head.headers)), (200, expected.to_vec()));
    assert!(head.body.is_empty() && !get.body.is_empty());
}

#[test]
fn options_allow_every_origin_and_field() {
    let reply = send(Method::OPTIONS, &[]);
    let expected = [
        ("access-control-allow-headers", "*"),
        ("access-control-allow-methods", "GET, HEAD, OPTIONS"),
        ("access-control-allow-origin", "*"),
        ("allow", "GET, HEAD, OPTIONS"),
    ];
    assert_eq!((reply.status, sorted(&reply.headers)), (204, expected.to_vec()));
    assert!(reply.body.is_empty());
}

#[test]
fn other_methods_are_not_allowed() {
    let own = Method::from_bytes(b"get").unwrap();
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH, Method::TRACE, own] {
        let reply = send(method.clone(), &["*"]);
        let expected =
            [("access-control-allow-origin", "*"), ("allow", "GET, HEAD, OPTIONS")].to_vec();
        assert_eq!((reply.status, sorted(&reply.headers)), (405, expected), "{method}");
        assert!(reply.body.is_empty(), "{method}");
    }
}

#[test]
fn a_cached_document_is_not_sent_again() {
    let tag = etag();
    let (weak, listed) = (format!("W/{tag}"), format!("\"other\", {tag},W/\"x\""));
    let unquoted = tag.trim_matches('"').to_owned();
    let longer = format!("{}0\"", tag.trim_end_matches('"'));
    let fresh =
        [("access-control-allow-origin", "*"), ("cache-control", "max-age=3600"), ("etag", &*tag)];
    for (values, is_fresh) in [
        (&[&*tag][..], true),
        (&[&*weak], true),
        (&[&*listed], true),
        (&["\"other\"", &*tag], true),
        (&["*"], true),
        (&["\"other\""], false),
        (&[&*unquoted], false),
        (&[&*longer], false),
        (&[""], false),
        (&[], false),
    ] {
        for method in [Method::GET, Method::HEAD] {
            let reply = send(method.clone(), values);
            if is_fresh {
                let actual = (reply.status, sorted(&reply.headers));
                assert_eq!(actual, (304, fresh.to_vec()), "{method} {values:?}");
                assert!(reply.body.is_empty());
            } else {
                assert_eq!(reply.status, 200, "{method} {values:?}");
            }
        }
    }
}

#[test]
fn the_path_of_the_request_is_ignored() {
    let document = metadata(&api()).body;
    for uri in ["/", "/any/path?q=1", "https://other.example/", "*"] {
        let reply = ask(api().service(), Request::get(uri).body(()).unwrap());
        assert_eq!((reply.status, &reply.body), (200, &document), "{uri}");
    }
}
