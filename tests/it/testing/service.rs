//! The responses of an issuer's service, without a connection.

use futures_util::FutureExt;
use http::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt;
use tower_jwt_auth::Algorithm;
use tower_jwt_auth::testing::{TestIssuer, TestIssuerService};

const OPENID: &str = "/.well-known/openid-configuration";
const OAUTH: &str = "/.well-known/oauth-authorization-server";

fn ask(service: &TestIssuerService, method: Method, path: &str) -> Response<String> {
    let request = Request::builder().method(method).uri(path).body(()).unwrap();
    service.clone().oneshot(request).now_or_never().unwrap().unwrap()
}

fn get(service: &TestIssuerService, path: &str) -> (u16, Value) {
    let response = ask(service, Method::GET, path);
    let body = serde_json::from_str(response.body()).unwrap_or_default();
    (response.status().as_u16(), body)
}

fn status(service: &TestIssuerService, path: &str) -> u16 {
    get(service, path).0
}

fn header<'r>(response: &'r Response<String>, name: &str) -> Option<&'r str> {
    response.headers().get(name).map(|value| value.to_str().unwrap())
}

fn key_ids(service: &TestIssuerService) -> Vec<String> {
    let (_, set) = get(service, "/jwks");
    let keys = set["keys"].as_array().unwrap().iter();
    keys.map(|key| key["kid"].as_str().unwrap_or("none").to_owned()).collect()
}

#[test]
fn metadata_is_served_at_the_standard_paths() {
    for (name, openid, oauth, keys) in [
        ("https://a.example", OPENID.to_owned(), OAUTH.to_owned(), "/jwks"),
        ("https://a.example/", OPENID.to_owned(), OAUTH.to_owned(), "/jwks"),
        ("https://a.example/t", format!("/t{OPENID}"), format!("{OAUTH}/t"), "/t/jwks"),
        ("https://a.example/t/", format!("/t{OPENID}"), format!("{OAUTH}/t"), "/t/jwks"),
    ] {
        let service = TestIssuer::es256().issuer(name).service();
        for path in [&openid, &oauth] {
            let (status, metadata) = get(&service, path);
            assert_eq!((status, &metadata["issuer"]), (200, &json!(name)), "{path}");
            assert_eq!(metadata["jwks_uri"], format!("https://a.example{keys}"), "{path}");
        }
        assert_eq!(
            get(&service, keys).1,
            serde_json::from_str::<Value>(&TestIssuer::es256().jwks()).unwrap()
        );
        for other in
            ["/", "/.well-known", "/x/jwks", "/jwks/", &format!("{openid}/x"), &format!("{oauth}/")]
        {
            assert_eq!(status(&service, other), 404, "{name} {other}");
        }
    }
}

#[test]
fn an_issuer_without_a_url_serves_only_keys() {
    for issuer in [TestIssuer::es256(), TestIssuer::es256().issuer("auth")] {
        let service = issuer.service();
        assert_eq!(status(&service, "/jwks"), 200);
        assert_eq!((status(&service, OPENID), status(&service, OAUTH)), (404, 404));
    }
}

#[test]
fn head_returns_the_get_headers_without_a_body() {
    let service = TestIssuer::es256().issuer("https://a.example").service();
    for (path, content_type) in [
        ("/jwks", "application/jwk-set+json"),
        (OPENID, "application/json"),
        (OAUTH, "application/json"),
    ] {
        let (get, head) = (ask(&service, Method::GET, path), ask(&service, Method::HEAD, path));
        assert_eq!(header(&get, "content-type"), Some(content_type));
        assert_eq!(header(&get, "content-length"), Some(&*get.body().len().to_string()));
        assert_eq!((head.status(), head.headers()), (get.status(), get.headers()), "{path}");
        assert_eq!(head.body(), "");
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
            let rejected = ask(&service, method, path);
            assert_eq!(
                (rejected.status().as_u16(), header(&rejected, "allow")),
                (405, Some("GET, HEAD"))
            );
        }
    }
    assert_eq!(ask(&service, Method::POST, "/other").status(), 404);
}

#[test]
fn rotation_replaces_the_key_and_its_id() {
    let service = TestIssuer::es256().service();
    assert_eq!(key_ids(&service), ["demo-ES256"]);
    service.rotate();
    assert_eq!(key_ids(&service), ["demo-ES256-1"]);
    service.rotate_keeping_previous();
    assert_eq!(key_ids(&service), ["demo-ES256-2", "demo-ES256-1"]);
    service.rotate_keeping_previous();
    assert_eq!(key_ids(&service), ["demo-ES256-3", "demo-ES256-2"]);
    service.rotate();
    assert_eq!(key_ids(&service), ["demo-ES256-4"]);
    // Clones share keys.
    let clone = service.clone();
    clone.rotate();
    assert_eq!(service.issuer().jwk(), clone.issuer().jwk());

    let unnamed = TestIssuer::es256().without_key_id().service();
    unnamed.rotate();
    assert_eq!(key_ids(&unnamed), ["none"]);
    assert_ne!(unnamed.issuer().jwk(), TestIssuer::es256().without_key_id().jwk());
}

#[test]
fn a_fault_answers_every_request_until_recovery() {
    let service = TestIssuer::es256().issuer("https://a.example").service();
    service.answer_with(StatusCode::SERVICE_UNAVAILABLE);
    for path in ["/jwks", OPENID, OAUTH, "/other"] {
        let answer = ask(&service, Method::GET, path);
        assert_eq!((answer.status().as_u16(), &**answer.body()), (503, ""), "{path}");
    }
    service.recover();
    assert_eq!((status(&service, "/jwks"), status(&service, "/other")), (200, 404));
    assert_eq!(service.key_requests(), 2);
}

#[test]
fn secrets_are_not_served() {
    for algorithm in [Algorithm::HS256, Algorithm::HS512] {
        let service = TestIssuer::new(algorithm).key_id("secret").service();
        assert_eq!(get(&service, "/jwks"), (200, json!({"keys": []})));
    }
    let service = TestIssuer::es256().service();
    let keys = ask(&service, Method::GET, "/jwks").into_body();
    assert!(!keys.contains("\"d\""), "{keys}");
}
