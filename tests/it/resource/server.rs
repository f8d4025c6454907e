//! A whole server over real connections: from the challenge to the document, and with a token to the handler.

use std::net::SocketAddr;

use axum::Router;
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tower_jwt_auth::resource::Resource;
use tower_jwt_auth::{RequireLayer, Verified};

use super::fixture::{api, issuer, layer, resource, token};
use crate::support::raw_http::{Answer, Connection};

/// One API at its own path, and another one at the root.
async fn serve(api: &Resource, root: &Resource) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let user = async |user: Verified| user.subject().unwrap_or_default().to_owned();
    let mcp = Router::new()
        .route("/mcp", post(user).layer(RequireLayer::scope("orders:write")))
        .route_layer(layer(api));
    let other = Router::new().route("/", get(user)).route_layer(layer(root));
    let app = mcp
        .merge(other)
        .route_service(root.metadata_path(), root.service())
        .route_service(api.metadata_path(), api.service());
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

async fn send(server: SocketAddr, line: &str, token: Option<&str>) -> Answer {
    let field = token.map(|token| format!("Authorization: Bearer {token}\r\n"));
    let field = field.unwrap_or_default();
    let request = format!("{line} HTTP/1.1\r\nHost: api.example.com\r\n{field}\r\n");
    let mut connection = Connection::to(server).await;
    if line.starts_with("HEAD") {
        connection.send(request.as_bytes()).await;
        let answer = connection.answer_to_head().await;
        assert!(!connection.has_unread());
        return answer;
    }
    connection.ask(request.as_bytes()).await
}

#[tokio::test]
async fn a_client_finds_the_metadata_from_the_challenge() {
    let api = api();
    let root = resource("https://api.example.com").build().unwrap();
    let server = serve(&api, &root).await;

    let rejected = send(server, "POST /mcp", None).await;
    assert_eq!(rejected.status, 401);
    let challenge = rejected.header("www-authenticate").unwrap();
    let (_, url) = challenge.split_once("resource_metadata=\"").unwrap();
    let path = url.trim_end_matches('"').strip_prefix("https://api.example.com").unwrap();

    let found = send(server, &format!("GET {path}"), None).await;
    assert_eq!((found.status, found.header("content-type")), (200, Some("application/json")));
    assert_eq!(
        found.body,
        r#"{"resource":"https://api.example.com/mcp","authorization_servers":["https://auth.example.com"],"scopes_supported":["orders:read","orders:write"],"bearer_methods_supported":["header"]}"#
    );
    let head = send(server, &format!("HEAD {path}"), None).await;
    let length = found.body.len().to_string();
    assert_eq!((head.status, head.header("content-length")), (200, Some(&*length)));
    let preflight = send(server, &format!("OPTIONS {path}"), None).await;
    assert_eq!(preflight.status, 204);
    assert_eq!(preflight.header("access-control-allow-origin"), Some("*"));
    assert_eq!(send(server, &format!("POST {path}"), None).await.status, 405);

    // The other API of the process has its own document and accepts only its own tokens.
    let other = send(server, "GET /.well-known/oauth-protected-resource", None).await;
    assert!(other.body.starts_with(r#"{"resource":"https://api.example.com","#), "{}", other.body);
    let write = token(&api, "orders:write");
    let accepted = send(server, "POST /mcp", Some(&write)).await;
    assert_eq!((accepted.status, &*accepted.body), (200, "ada"));
    assert_eq!(send(server, "GET /", Some(&write)).await.status, 401);
    assert_eq!(send(server, "GET /", Some(&token(&root, ""))).await.status, 200);
    assert_eq!(send(server, "POST /mcp", Some(&token(&root, "orders:write"))).await.status, 401);

    // A narrow token is stepped up.
    let narrow = send(server, "POST /mcp", Some(&token(&api, "orders:read"))).await;
    assert_eq!(narrow.status, 403);
    assert!(narrow.header("www-authenticate").unwrap().contains(r#"scope="orders:write""#));
    let tampered = issuer().token().claim("aud", api.identifier()).mint_tampered();
    assert_eq!(send(server, "POST /mcp", Some(&tampered)).await.status, 401);
}
