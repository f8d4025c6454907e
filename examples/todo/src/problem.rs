//! Error responses as `application/problem+json`, like those of the library.

use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

#[derive(Debug, Serialize)]
pub(crate) struct Problem {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: String,
}

impl Problem {
    fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or("Error");
        Self { r#type: "about:blank", title, status: status.as_u16(), detail: detail.into() }
    }

    pub(crate) fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "A valid access token is needed")
    }

    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("There is no such {what}"))
    }

    pub(crate) fn invalid(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
    }

    /// The other replicas do not know yet what was revoked here.
    pub(crate) fn not_shared(reason: &dyn std::error::Error) -> Self {
        eprintln!("error: {reason}");
        let detail = "This server rejects your tokens. The others do when they can be reached";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, detail)
    }

    /// Logs the reason for the operator and hides it from the client.
    pub(crate) fn internal(reason: &dyn std::error::Error) -> Self {
        eprintln!("error: {reason}");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "The server cannot answer this request")
    }

    pub(crate) fn to_json(&self) -> Vec<u8> {
        // Strings and a number always serialize.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or_default();
        (status, [(CONTENT_TYPE, "application/problem+json")], self.to_json()).into_response()
    }
}

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Self {
        Self::new(rejection.status(), rejection.body_text())
    }
}
