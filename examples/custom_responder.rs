//! An axum server whose refusals have a look of their own: pages for people, documents for programs.
//!
//! ```text
//! cargo run --example custom_responder
//! DEVELOPMENT=1 cargo run --example custom_responder # programs are told the exact reason
//! ```
//!
//! `PORT` (3000 unless set) and `JWT_SECRET` (random unless set, at least 32 bytes) come from the
//! environment. It prints a token, the curl lines to try, and where to look with a browser.

#[path = "shared/demo.rs"]
mod demo;
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
        // What stands behind the layer refuses in its way.
        .route("/admin", get(me).route_layer(RequireLayer::role("admin")))
        .layer(JwtAuthLayer::new(verifier).responder(Pages { for_programs }))
        .route("/", get(async || "public; /me needs a token, /admin the role\n"))
        .route("/log-in", get(async || "the log-in would be here\n"));

    let listener = TcpListener::bind(("127.0.0.1", demo::port()?)).await?;
    let url = format!("http://{}", listener.local_addr()?);
    what_to_try::print(&url, &secret)?;
    println!("# As a browser asks:");
    println!("curl -i '{url}/me?tab=orders' -H 'Accept: text/html'");
    Ok(axum::serve(listener, app).await?)
}

async fn me(user: Verified) -> Json<Verified> {
    Json(user)
}

struct Pages {
    for_programs: ProblemJson,
}

impl Respond for Pages {
    fn respond(&self, rejection: &Rejection<'_>, request: &Parts) -> Response<Bytes> {
        if !is_from_a_person(request) {
            return self.for_programs.respond(rejection, request);
        }
        if rejection.status() == StatusCode::UNAUTHORIZED {
            return log_in(rejection, request);
        }
        // Nothing of the request stands in the page: there is nothing to escape.
        let page = format!("<!doctype html><title>No</title><p>{}.\n", rejection.description());
        // Status, challenge, `Retry-After` and `Cache-Control` are those of the rejection.
        let mut response = rejection.response(Bytes::from(page));
        let html = HeaderValue::from_static("text/html; charset=utf-8");
        response.headers_mut().insert(CONTENT_TYPE, html);
        response
    }
}

/// Only who is not logged in is sent there: with 403, they would go round in circles.
fn log_in(rejection: &Rejection<'_>, request: &Parts) -> Response<Bytes> {
    // A form that was posted is lost anyway; its URL alone may mean nothing.
    let back = match request.uri.path_and_query() {
        Some(back) if request.method == Method::GET => back.as_str(),
        _ => "/",
    };
    // Path and query alone, so that it stays on this server. The log-in page has to make sure of it once
    // more: anybody can write such a link, and `//evil.example` is a path as well.
    let location = format!("/log-in?back={}", utf8_percent_encode(back, NON_ALPHANUMERIC));
    let mut response = rejection.response(Bytes::new());
    if let Ok(location) = HeaderValue::try_from(location) {
        *response.status_mut() = StatusCode::SEE_OTHER;
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

/// Browsers ask for a page by this; what a page's script asks for does not, unless told to.
fn is_from_a_person(request: &Parts) -> bool {
    let accepted = request.headers.get(ACCEPT).and_then(|accepted| accepted.to_str().ok());
    accepted.is_some_and(|accepted| accepted.contains("text/html"))
}
