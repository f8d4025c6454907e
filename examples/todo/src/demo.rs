//! The demo page: a browser client that signs in at the auth server and calls the API.

use axum::http::header::{
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, InvalidHeaderValue, REFERRER_POLICY,
};
use axum::http::{HeaderValue, Uri};
use axum::routing::{MethodRouter, get};
use axum::{Json, Router};
use serde_json::json;

use crate::store::Store;

const PAGE: &str = include_str!("../demo/page/index.html");
const SCRIPT: &str = include_str!("../demo/page/demo.js");
const STYLE: &str = include_str!("../demo/page/demo.css");

/// The path of Better Auth's API when its base URL has no path.
const DEFAULT_PATH: &str = "/api/auth";

/// The page and its files. Without an auth server, the user pastes a token.
pub(crate) fn pages(auth_server: Option<&Uri>) -> Result<Router<Store>, InvalidHeaderValue> {
    let origin = auth_server.map(origin).unwrap_or_default();
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (CONTENT_SECURITY_POLICY, policy(&origin)?),
    ];
    let path =
        auth_server.map(|url| url.path().trim_end_matches('/')).filter(|path| !path.is_empty());
    let base = auth_server.map(|_| format!("{origin}{}", path.unwrap_or(DEFAULT_PATH)));
    let settings = json!({"auth_server": base});
    Ok(Router::new()
        .route("/", get(async || (headers, PAGE)))
        .route("/demo.js", file("text/javascript; charset=utf-8", SCRIPT))
        .route("/demo.css", file("text/css; charset=utf-8", STYLE))
        .route("/demo.json", get(async || Json(settings))))
}

fn file(content_type: &'static str, text: &'static str) -> MethodRouter<Store> {
    get(async move || ([(CONTENT_TYPE, content_type)], text))
}

fn origin(url: &Uri) -> String {
    let (scheme, authority) = (url.scheme_str(), url.authority());
    scheme.zip(authority).map(|(scheme, host)| format!("{scheme}://{host}")).unwrap_or_default()
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
