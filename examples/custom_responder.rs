//! Shows custom error responses: HTML pages for browsers, problem documents for programs.
//!
//! ```text
//! cargo run --example custom_responder
//! DEVELOPMENT=1 cargo run --example custom_responder # problem documents contain the exact reason
//! ```
//!
//! `PORT` is 3000 and `JWT_SECRET` (at least 32 bytes) is random unless they are set. The server prints tokens and curl
//! commands. Ctrl-C ends it.

#[path = "shared/demo.rs"]
mod demo;
#[path = "shared/shutdown.rs"]
mod shutdown;
#[path = "shared/what_to_try.rs"]
mod what_to_try;

use std::env;
use std::error::Error;

use axum::{Json, Router, routing::get};
use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, LOCATION};
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::net::TcpListener;
use tower_jwt_auth::respond::{ProblemJson, Rejection, Respond};
use tower_jwt_auth::{JwtAuthLayer, RequireLayer, Verified, Verifier};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let secret = demo::secret()?;
    let verifier = Verifier::shared_secret(&secret).any_audience().build()?;

    let mut for_programs = ProblemJson::new();
    if env::var_os("DEVELOPMENT").is_some() {
        for_programs = for_programs.verbose();
    }
    let app = Router::new()
        .route("/me", get(me))
        // Layers inside `JwtAuthLayer` use its responder.
        .route("/admin", get(me).route_layer(RequireLayer::role("admin")))
        .route_layer(JwtAuthLayer::new(verifier).responder(Pages { for_programs }))
        .route("/", get(async || "public; /me needs a token, /admin the role\n"))
        .route("/login", get(async || "the login page\n"));

    let listener = TcpListener::bind(("127.0.0.1", demo::port()?)).await?;
    let url = format!("http://{}", listener.local_addr()?);
    what_to_try::print(&url, &secret)?;
    println!("# A request of a browser: 303 to the login page");
    println!("curl -i '{url}/me?tab=orders' -H 'Accept: text/html'");
    Ok(axum::serve(listener, app).with_graceful_shutdown(shutdown::signal()).await?)
}

async fn me(user: Verified) -> Json<Verified> {
    Json(user)
}

struct Pages {
    for_programs: ProblemJson,
}

impl Respond for Pages {
    fn respond(&self, rejection: &Rejection<'_>, request: &Parts) -> Response<Bytes> {
        if !is_from_a_browser(request) {
            return self.for_programs.respond(rejection, request);
        }
        if rejection.status() == StatusCode::UNAUTHORIZED {
            return redirect_to_login(rejection, request);
        }
        // The page contains no text of the request, so nothing is escaped.
        let page =
            format!("<!doctype html><title>Rejected</title><p>{}.\n", rejection.description());
        // The rejection sets the status, the challenge, `Retry-After` and `Cache-Control`.
        let mut response = rejection.response(Bytes::from(page));
        let html = HeaderValue::from_static("text/html; charset=utf-8");
        response.headers_mut().insert(CONTENT_TYPE, html);
        response
    }
}

/// Redirects to the login page. Only for 401: after 403, another login would end in the same 403.
fn redirect_to_login(rejection: &Rejection<'_>, request: &Parts) -> Response<Bytes> {
    // Returning to the URL of a `POST` would not repeat the request, and the URL may have no `GET`.
    let back = match request.uri.path_and_query() {
        Some(back) if request.method == Method::GET => back.as_str(),
        _ => "/",
    };
    // Only path and query, so that the redirect stays on this server. The login page must check this again: anyone can
    // write such a link, and `//evil.example` is also a path.
    let location = format!("/login?back={}", utf8_percent_encode(back, NON_ALPHANUMERIC));
    let mut response = rejection.response(Bytes::new());
    if let Ok(location) = HeaderValue::try_from(location) {
        *response.status_mut() = StatusCode::SEE_OTHER;
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

/// A browser sends `Accept: text/html` when it opens a page. Scripts do not, unless they set the header.
fn is_from_a_browser(request: &Parts) -> bool {
    let accepted = request.headers.get(ACCEPT).and_then(|accepted| accepted.to_str().ok());
    accepted.is_some_and(|accepted| accepted.contains("text/html"))
}
