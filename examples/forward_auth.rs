//! Shows a server for nginx's `auth_request`: it answers 204 with the user in headers, or 401 or 403.
//!
//! ```text
//! cargo run --example forward_auth --features jwks-client
//! ```
//!
//! `forward_auth.nginx.conf` is the configuration of nginx. The issuer runs in the same process, on another port.
//! `PORT` is 3000 unless it is set. The server prints tokens, curl commands and how to start nginx. Ctrl-C ends it.

#[path = "shared/demo.rs"]
#[expect(dead_code, reason = "only examples with a shared secret use all of it")]
mod demo;
#[path = "shared/key_server.rs"]
mod key_server;
#[path = "shared/shutdown.rs"]
mod shutdown;

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

/// The address of nginx in `forward_auth.nginx.conf`.
const NGINX: &str = "http://127.0.0.1:8080";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let key_server = KeyServer::start().await?;
    let issuer = key_server.url();

    let verifier = Verifier::issuer_url(&*issuer)
        .allow_http_on_loopback()
        // A short cooldown for the demo. Keep the default of 30 seconds with a real issuer.
        .remote_keys(|keys| keys.cooldown(Duration::from_secs(1)))
        .audience(AUDIENCE)
        // nginx drops a header without a value, and the application would get no user.
        .check_token("a subject", |token| token.subject().is_some_and(|it| !it.is_empty()))
        .build()?;

    let app = Router::new()
        .route("/auth", get(identity))
        .route("/auth/{scopes}", get(identity_with_scopes))
        .route_layer(JwtAuthLayer::new(verifier.clone()).responder(respond::from_fn(for_nginx)));

    let listener = TcpListener::bind(("127.0.0.1", demo::port()?)).await?;
    print_what_to_try(&listener.local_addr()?.to_string(), &key_server);
    tokio::spawn(verifier.keep_fresh());
    Ok(axum::serve(listener, app).with_graceful_shutdown(shutdown::signal()).await?)
}

/// The required scopes are in the path, which only nginx writes. They are not in a header, because nginx forwards
/// headers of the client: with one line missing in its configuration, the client could choose the scopes.
async fn identity_with_scopes(Path(scopes): Path<String>, request: Request) -> Response {
    let required = RequireLayer::all_scopes(scopes.split(' '));
    let checked = required.layer(identity.into_service());
    checked.oneshot(request).await.into_response()
}

async fn identity(user: Verified) -> (StatusCode, HeaderMap) {
    let mut headers = HeaderMap::new();
    let mut set = |name: &'static str, value: Option<String>| {
        if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
            headers.insert(name, value);
        }
    };
    set("x-user-id", user.subject().map(encoded));
    // An unverified address may belong to another person.
    let is_verified = user.get("email_verified") == Some(true.into());
    set("x-user-email", user.text("email").filter(|_| is_verified).map(encoded));
    let scopes: Vec<_> = user.scopes().map(encoded).collect();
    set("x-scopes", Some(scopes.join(" ")));
    (StatusCode::NO_CONTENT, headers)
}

/// Percent-encodes characters that a header cannot contain, such as line breaks and umlauts, and spaces, which are
/// trimmed at the ends. Removing these characters instead could give two users the same name.
fn encoded(claim: &str) -> String {
    const NOT_PLAIN: &AsciiSet = &CONTROLS.add(b'%').add(b' ').add(b',').add(b';').add(b'"');
    utf8_percent_encode(claim, NOT_PLAIN).to_string()
}

/// nginx forwards 401 and 403, and turns every other error into 500 with a line in its error log. A header carries the
/// original status, and `forward_auth.nginx.conf` restores it.
fn for_nginx(rejection: &Rejection<'_>, _: &Parts) -> http::Response<Bytes> {
    let mut response = rejection.response(Bytes::new());
    response.headers_mut().insert("x-auth-status", rejection.status().as_u16().into());
    // 400 is sent as 401, because a client could fill the error log otherwise. 503 is not changed: clients would
    // discard valid tokens after 401.
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
    println!();
    println!("TOKEN={token}");
    println!("WITHOUT_SCOPE={without_scope}");
    println!("ISSUER={issuer}");
    println!("# The requests of nginx:");
    println!("curl -i http://{address}/auth/orders:read -H \"Authorization: Bearer $TOKEN\"");
    println!(
        "curl -i http://{address}/auth/orders:read -H \"Authorization: Bearer $WITHOUT_SCOPE\""
    );
    println!("curl -i http://{address}/auth -H \"Authorization: Bearer $WITHOUT_SCOPE\"");
    println!("# Start an application and nginx, each in another terminal. Ctrl-C ends them.");
    println!("python3 -m http.server 3001 --bind 127.0.0.1");
    println!(
        "dir=$(mktemp -d); nginx -e stderr -p \"$dir\" -c \"$PWD/examples/forward_auth.nginx.conf\"; \
         rm -r \"$dir\""
    );
    println!("# The same through nginx:");
    println!("curl -i {NGINX}/ # public");
    println!("curl -i {NGINX}/orders/ # 401");
    println!("curl -i {NGINX}/orders/ -H \"Authorization: Bearer $WITHOUT_SCOPE\" # 403");
    println!(
        "curl -i {NGINX}/orders/ -H \"Authorization: Bearer $TOKEN\" # 404 of the application"
    );
    println!("# The key server is down, and the token is signed with a new key: 503.");
    println!("curl -X POST $ISSUER/outage");
    println!("NEW=$(curl -sX POST $ISSUER/rotate)");
    println!("curl -i {NGINX}/me/ -H \"Authorization: Bearer $NEW\"");
    println!("curl -X POST $ISSUER/recovery");
}
