//! Answers nginx's `auth_request`: 204 with headers that say who it is, or 401 or 403.
//!
//! ```text
//! cargo run --example forward_auth --features jwks-client
//! ```
//!
//! `PORT` (3000 unless set) comes from the environment. The issuer runs in the same process, on a port of its
//! own. It prints tokens, the curl lines to try, and how to start nginx with `forward_auth.nginx.conf`, which
//! is the other half of this.

#[path = "shared/demo.rs"]
#[expect(dead_code, reason = "the rest of it is for examples with a shared secret")]
mod demo;
#[path = "shared/key_server.rs"]
mod key_server;

use std::error::Error;
use std::time::Duration;

use axum::extract::{Path, Request};
use axum::handler::HandlerWithoutStateExt;
use axum::response::{IntoResponse, Response};
use axum::{Router, routing::get};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode};
use key_server::{AUDIENCE, KeyServer};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::json;
use tokio::net::TcpListener;
use tower::{Layer, ServiceExt};
use tower_jwt_auth::respond::{self, Rejection};
use tower_jwt_auth::{JwtAuthLayer, RequireLayer, Verified, Verifier};

/// Where `forward_auth.nginx.conf` has it listen.
const NGINX: &str = "http://127.0.0.1:8080";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let key_server = KeyServer::start().await?;
    let issuer = key_server.url();

    let verifier = Verifier::issuer_url(&*issuer)
        .allow_http_on_loopback()
        // 30 seconds would be right for a real issuer, and long to sit and watch.
        .remote_keys(|keys| keys.cooldown(Duration::from_secs(1)))
        .audience(AUDIENCE)
        // nginx drops a header without a value: the application would take the user for nobody.
        .check_token("a subject", |token| token.subject().is_some_and(|it| !it.is_empty()))
        .build()?;

    let app = Router::new()
        .route("/auth", get(identity))
        .route("/auth/{scopes}", get(identity_with_scopes))
        .layer(JwtAuthLayer::new(verifier.clone()).responder(respond::from_fn(for_nginx)));

    let listener = TcpListener::bind(("127.0.0.1", demo::port()?)).await?;
    print_what_to_try(&listener.local_addr()?.to_string(), &key_server);
    tokio::spawn(verifier.keep_fresh());
    Ok(axum::serve(listener, app).await?)
}

/// The scopes stand in the path, which nginx writes. A header would not do: nginx sends those of the client
/// along, so that a forgotten line in its configuration would let the client choose.
async fn identity_with_scopes(Path(scopes): Path<String>, request: Request) -> Response {
    let required = RequireLayer::all_scopes(scopes.split(' '));
    let checked = required.layer(identity.into_service());
    checked.oneshot(request).await.into_response()
}

async fn identity(user: Verified) -> (StatusCode, HeaderMap) {
    let mut headers = HeaderMap::new();
    let mut say = |name: &'static str, value: Option<String>| {
        if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
            headers.insert(name, value);
        }
    };
    say("x-user-id", user.subject().map(encoded));
    // An address that nobody has verified is whatever the user has typed in, such as somebody else's.
    let is_verified = user.get("email_verified") == Some(true.into());
    say("x-user-email", user.text("email").filter(|_| is_verified).map(encoded));
    let scopes: Vec<_> = user.scopes().map(encoded).collect();
    say("x-scopes", Some(scopes.join(" ")));
    (StatusCode::NO_CONTENT, headers)
}

/// Percent-encoded, where it is more than plain text. A line break or an umlaut cannot stand in a header. To
/// leave them out would make two users one, and so do spaces at the ends, which are cut off on the way.
fn encoded(claim: &str) -> String {
    const NOT_PLAIN: &AsciiSet = &CONTROLS.add(b'%').add(b' ').add(b',').add(b';').add(b'"');
    utf8_percent_encode(claim, NOT_PLAIN).to_string()
}

/// nginx passes 401 and 403 on, and takes everything else for a failure of this server: 500, and a line in its
/// error log. What it really was goes along in a header, from which `forward_auth.nginx.conf` restores it.
fn for_nginx(rejection: &Rejection<'_>, _: &Parts) -> http::Response<Bytes> {
    let mut response = rejection.response(Bytes::new());
    response.headers_mut().insert("x-auth-status", rejection.status().as_u16().into());
    // A client can cause this one at will. 503 stays: it is a failure, and with 401 clients would throw good
    // tokens away.
    if rejection.status() == StatusCode::BAD_REQUEST {
        *response.status_mut() = StatusCode::UNAUTHORIZED;
    }
    response
}

fn print_what_to_try(address: &str, key_server: &KeyServer) {
    let issuer = key_server.url();
    let token = key_server.token_with(json!({
        "email": "user-1@example.com",
        "email_verified": true,
        "scope": "orders:read",
    }));
    let without_scope = key_server.token();
    println!("listening on http://{address}");
    println!("token: {token}");
    println!("without scope: {without_scope}");
    println!("issuer: {issuer}");
    println!();
    println!("TOKEN={token}");
    println!("OTHER={without_scope}");
    println!("# What nginx asks:");
    println!("curl -i http://{address}/auth/orders:read -H \"Authorization: Bearer $TOKEN\"");
    println!("curl -i http://{address}/auth/orders:read -H \"Authorization: Bearer $OTHER\"");
    println!("curl -i http://{address}/auth -H \"Authorization: Bearer $OTHER\"");
    println!("# And through nginx, with something behind it to ask for:");
    println!("python3 -m http.server 3001 --bind 127.0.0.1 &");
    println!("nginx -e stderr -p \"$(mktemp -d)\" -c \"$PWD/examples/forward_auth.nginx.conf\" &");
    println!("curl -i {NGINX}/ # public");
    println!("curl -i {NGINX}/orders/ # 401");
    println!("curl -i {NGINX}/orders/ -H \"Authorization: Bearer $OTHER\" # 403");
    println!(
        "curl -i {NGINX}/orders/ -H \"Authorization: Bearer $TOKEN\" # 404, by the application"
    );
    println!("# A token of a key that is not here yet, and the key server is down: 503.");
    println!("curl -X POST {issuer}/outage");
    println!("NEW=$(curl -sX POST {issuer}/rotate)");
    println!("curl -i {NGINX}/me/ -H \"Authorization: Bearer $NEW\"");
    println!("curl -X POST {issuer}/recovery");
}
