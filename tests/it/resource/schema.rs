//! The documents of ten resources in one process, checked against the members of RFC 9728 §2.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use axum::Router;
use serde_json::Value;
use tokio::net::TcpListener;
use tower_jwt_auth::resource::Resource;

use super::fixture::{layer, resource};
use crate::support::raw_http::{Answer, Connection};

/// The type of a member.
#[derive(Clone, Copy, Debug)]
enum Kind {
    /// An `https` URL without a fragment.
    Identifier,
    /// The URL of a page.
    Url,
    Text,
    Urls,
    Texts,
    /// A subset of these.
    Among(&'static [&'static str]),
    Flag,
}

/// Every member of RFC 9728 §2 but signed metadata, and whether it is required here.
const MEMBERS: [(&str, Kind, bool); 14] = [
    ("resource", Kind::Identifier, true),
    ("authorization_servers", Kind::Urls, true),
    ("jwks_uri", Kind::Identifier, false),
    ("scopes_supported", Kind::Texts, false),
    ("bearer_methods_supported", Kind::Among(&["header", "body", "query"]), false),
    ("resource_signing_alg_values_supported", Kind::Texts, false),
    ("resource_name", Kind::Text, false),
    ("resource_documentation", Kind::Url, false),
    ("resource_policy_uri", Kind::Url, false),
    ("resource_tos_uri", Kind::Url, false),
    ("tls_client_certificate_bound_access_tokens", Kind::Flag, false),
    ("authorization_details_types_supported", Kind::Texts, false),
    ("dpop_signing_alg_values_supported", Kind::Texts, false),
    ("dpop_bound_access_tokens_required", Kind::Flag, false),
];

impl Kind {
    fn fits(self, value: &Value) -> bool {
        let text = value.as_str().filter(|text| !text.is_empty());
        // §3.2: a member with zero elements must be left out.
        let all = |fits: &dyn Fn(&str) -> bool| {
            let texts: Option<Vec<&str>> =
                value.as_array().and_then(|list| list.iter().map(Value::as_str).collect());
            texts.is_some_and(|texts| {
                let distinct: BTreeSet<&&str> = texts.iter().collect();
                !texts.is_empty()
                    && distinct.len() == texts.len()
                    && texts.iter().all(|it| fits(it))
            })
        };
        match self {
            Self::Identifier => text.is_some_and(|it| is_url(it) && !it.contains('#')),
            Self::Url => text.is_some_and(is_url),
            Self::Text => text.is_some(),
            Self::Urls => all(&is_url),
            Self::Texts => all(&|it| !it.is_empty()),
            Self::Among(known) => all(&|it| known.contains(&it)),
            Self::Flag => value.is_boolean(),
        }
    }
}

fn is_url(text: &str) -> bool {
    text.strip_prefix("https://").is_some_and(|rest| !rest.is_empty() && !rest.contains(' '))
}

/// The first fault of a document.
fn fault(document: &Value, identifier: &str) -> Option<String> {
    let Some(members) = document.as_object() else { return Some("not an object".to_owned()) };
    if document["resource"] != identifier {
        return Some("another resource".to_owned());
    }
    let unknown = members.keys().find(|name| MEMBERS.iter().all(|(known, ..)| known != name));
    let wrong = MEMBERS.iter().find(|(name, kind, is_required)| match members.get(*name) {
        Some(value) => !kind.fits(value),
        None => *is_required,
    });
    unknown.cloned().or_else(|| wrong.map(|(name, ..)| (*name).to_owned()))
}

fn resources() -> Vec<Resource> {
    let plain = |identifier: &str| resource(identifier).build().unwrap();
    let full = resource("https://api.example.com/full")
        .authorization_server("https://login.example.com")
        .scopes(["orders:read", "orders:write"])
        .name("Orders")
        .documentation("https://docs.example.com/orders#start")
        .policy_uri("https://example.com/policy")
        .terms_of_service_uri("https://example.com/tos")
        .jwks_uri("https://api.example.com/jwks.json")
        .authorization_details_types(["payment_initiation"])
        .build();
    vec![
        plain("https://api.example.com"),
        plain("https://api.example.com/mcp"),
        plain("https://api.example.com/mcp/"),
        plain("https://api.example.com/MCP"),
        plain("https://api.example.com/a/b/c"),
        plain("https://api.example.com:8443/port"),
        plain("https://[2001:db8::1]/address"),
        plain("https://api.example.com/a%20b"),
        plain("https://api.example.com/query?tenant=1"),
        full.unwrap(),
    ]
}

async fn send(server: SocketAddr, method: &str, path: &str, field: &str) -> Answer {
    let mut connection = Connection::to(server).await;
    let request = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n{field}\r\n");
    if method == "HEAD" {
        connection.send(request.as_bytes()).await;
        return connection.answer_to_head().await;
    }
    connection.ask(request.as_bytes()).await
}

#[tokio::test]
async fn ten_resources_have_documents_that_fit_the_schema() {
    let resources = resources();
    // With a layer, each document also has the methods of its token source.
    let layers: Vec<_> = resources.iter().map(layer).collect();
    let app = resources
        .iter()
        .fold(Router::new(), |app, api| app.route_service(api.metadata_path(), api.service()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    let mut tags = BTreeSet::new();
    for api in &resources {
        let (path, at) = (api.metadata_path(), api.identifier());
        let get = send(server, "GET", path, "").await;
        assert_eq!(
            (get.status, get.header("content-type")),
            (200, Some("application/json")),
            "{at}"
        );
        assert_eq!(get.header("access-control-allow-origin"), Some("*"), "{at}");
        let document = serde_json::from_str(&get.body).unwrap();
        assert_eq!(fault(&document, at), None, "{at}: {document}");
        let head = send(server, "HEAD", path, "").await;
        let length = |answer: &Answer| answer.header("content-length").map(str::to_owned);
        assert_eq!((head.status, length(&head)), (200, length(&get)), "{at}");
        let preflight = send(server, "OPTIONS", path, "Origin: https://app.example\r\n").await;
        assert_eq!((preflight.status, &*preflight.body), (204, ""), "{at}");
        let posted = send(server, "POST", path, "Content-Length: 0\r\n").await;
        assert_eq!(
            (posted.status, posted.header("allow")),
            (405, Some("GET, HEAD, OPTIONS")),
            "{at}"
        );
        let tag = get.header("etag").unwrap();
        let again = send(server, "GET", path, &format!("If-None-Match: {tag}\r\n")).await;
        assert_eq!((again.status, &*again.body), (304, ""), "{at}");
        tags.insert(tag.to_owned());
    }
    assert_eq!(tags.len(), 10);
    drop(layers);
}

#[test]
fn the_schema_finds_faults() {
    let good = serde_json::json!({"resource": "https://a.example", "authorization_servers": ["https://b.example"]});
    assert_eq!(fault(&good, "https://a.example"), None);
    assert_eq!(fault(&good, "https://other.example").as_deref(), Some("another resource"));
    for (name, value) in [
        ("authorization_servers", serde_json::json!([])),
        ("authorization_servers", serde_json::json!(["http://b.example"])),
        ("authorization_servers", Value::Null),
        ("scopes_supported", serde_json::json!("a b")),
        ("scopes_supported", serde_json::json!(["a", "a"])),
        ("bearer_methods_supported", serde_json::json!(["cookie"])),
        ("resource_name", serde_json::json!("")),
        ("jwks_uri", serde_json::json!("https://a.example/#keys")),
        ("dpop_bound_access_tokens_required", serde_json::json!("true")),
        ("scopes", serde_json::json!(["a"])),
    ] {
        let mut bad = good.clone();
        bad[name] = value;
        assert_eq!(fault(&bad, "https://a.example").as_deref(), Some(name));
    }
}
