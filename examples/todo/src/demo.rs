//! The demo page: a browser client that signs in at the auth server and calls the API.

use axum::http::HeaderValue;
use axum::http::header::{
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, InvalidHeaderValue, REFERRER_POLICY,
};
use axum::routing::{MethodRouter, get};
use axum::{Json, Router};
use serde_json::json;

use crate::auth_server::AuthServer;
use crate::store::Store;

const PAGE: &str = include_str!("../demo/page/index.html");
const SCRIPT: &str = include_str!("../demo/page/demo.js");
const STYLE: &str = include_str!("../demo/page/demo.css");

/// The page and its files. Without an auth server, the user pastes a token.
pub(crate) fn pages(auth_server: Option<&AuthServer>) -> Result<Router<Store>, InvalidHeaderValue> {
    let origin = auth_server.map_or("", |server| &server.origin);
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (CONTENT_SECURITY_POLICY, policy(origin)?),
    ];
    let client = auth_server.and_then(|server| server.client.as_ref());
    let client = client.map(|it| json!({"client_id": it.id, "resource": it.resource}));
    let base = auth_server.map(|server| &server.base);
    let settings = json!({"auth_server": base, "client": client});
    Ok(Router::new()
        .route("/", get(async || (headers, PAGE)))
        .route("/demo.js", file("text/javascript; charset=utf-8", SCRIPT))
        .route("/demo.css", file("text/css; charset=utf-8", STYLE))
        .route("/demo.json", get(async || Json(settings))))
}

fn file(content_type: &'static str, text: &'static str) -> MethodRouter<Store> {
    get(async move || ([(CONTENT_TYPE, content_type)], text))
}

/// Allows only the page's own script and style, and connections to this server and to the auth server. The script may
/// not create markup from text.
fn policy(auth_server: &str) -> Result<HeaderValue, InvalidHeaderValue> {
    let separator = if auth_server.is_empty() { "" } else { " " };
    HeaderValue::try_from(format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; \
         connect-src 'self'{separator}{auth_server}; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    ))
}
