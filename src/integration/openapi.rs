//! What OpenAPI documents say of authentication, as JSON: for utoipa, aide, or a document written by hand.
//!
//! The security scheme, what an operation requires and how it is refused come from the same values that
//! enforce them, so that the document cannot promise something else. It is OpenAPI 3.1.
//!
//! ```
//! use serde_json::json;
//! use tower_jwt_auth::RequireLayer;
//! use tower_jwt_auth::openapi::Security;
//!
//! let read = RequireLayer::scope("orders:read");
//! let security = Security::bearer();
//! let document = json!({
//!     "openapi": "3.1.0",
//!     "info": {"title": "Orders", "version": "1"},
//!     "components": security.components(),
//!     "paths": {"/orders": {"get": security.operation_with(&read, json!({
//!         "summary": "All orders",
//!         "responses": {"200": {"description": "The orders"}},
//!     }))}},
//! });
//!
//! let get = &document["paths"]["/orders"]["get"];
//! assert_eq!(get["security"], json!([{"bearer": ["orders:read"]}]));
//! assert_eq!(get["responses"]["403"]["$ref"], "#/components/responses/Forbidden");
//! assert_eq!(document["components"]["securitySchemes"]["bearer"]["scheme"], "bearer");
//! ```

use http::HeaderName;
use serde_json::{Map, Value, json};

use crate::authorize::RequireLayer;
use crate::error::ErrorKind;
use crate::respond::ProblemJson;

/// How tokens come to an API, and how it refuses them.
#[derive(Clone, Debug)]
pub struct Security {
    name: String,
    scheme: Value,
}

impl Security {
    /// `Authorization: Bearer …`, under the name `bearer`.
    pub fn bearer() -> Self {
        let scheme = json!({"type": "http", "scheme": "bearer", "bearerFormat": "JWT"});
        Self { name: "bearer".to_owned(), scheme }
    }

    /// The token in a cookie, under the name `cookie`.
    pub fn cookie(cookie: impl Into<String>) -> Self {
        let scheme = json!({"type": "apiKey", "in": "cookie", "name": cookie.into()});
        Self { name: "cookie".to_owned(), scheme }
    }

    /// The token in a header field of its own, under the name `header`.
    pub fn header(header: &HeaderName) -> Self {
        let scheme = json!({"type": "apiKey", "in": "header", "name": header.as_str()});
        Self { name: "header".to_owned(), scheme }
    }

    /// Another name for the scheme, where a document has one already.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// A sentence for whoever reads the document: where the tokens are to be had.
    #[must_use]
    pub fn described(mut self, description: impl Into<String>) -> Self {
        if let Value::Object(scheme) = &mut self.scheme {
            scheme.insert("description".to_owned(), description.into().into());
        }
        self
    }

    /// The name of the scheme.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The scheme itself: a Security Scheme Object.
    pub const fn scheme(&self) -> &Value {
        &self.scheme
    }

    /// What the other parts refer to: a Components Object with the scheme, the responses `Unauthorized`,
    /// `BadCredentials`, `Forbidden` and `KeysUnavailable`, and the schema `Problem`.
    pub fn components(&self) -> Value {
        let mut schemes = Map::new();
        schemes.insert(self.name.clone(), self.scheme.clone());
        json!({
            "securitySchemes": schemes,
            "schemas": {"Problem": problem_schema()},
            "responses": {
                "BadCredentials": response(
                    "More than one token, or one that cannot be read",
                    &[ErrorKind::MalformedHeader],
                ),
                "Unauthorized": response(
                    "No valid token",
                    &[ErrorKind::MissingToken, ErrorKind::InvalidSignature, ErrorKind::TokenExpired],
                ),
                "Forbidden": response(
                    "The token does not permit this",
                    &[ErrorKind::InsufficientScope, ErrorKind::Forbidden],
                ),
                "KeysUnavailable": response(
                    "The token cannot be verified at the moment",
                    &[ErrorKind::KeysUnavailable],
                ),
            },
        })
    }

    /// An Operation Object with what it takes to have a valid token.
    pub fn operation(&self, operation: Value) -> Value {
        self.with(operation, Vec::new(), &["400", "401", "503"])
    }

    /// An Operation Object with what this layer requires beside a valid token. The scopes stand in the
    /// security requirement, where OpenAPI 3.1 allows them for every scheme.
    pub fn operation_with(&self, layer: &RequireLayer, operation: Value) -> Value {
        let scopes = layer.rule().scopes().into_iter().map(ToOwned::to_owned).collect();
        self.with(operation, scopes, &["400", "401", "403", "503"])
    }

    fn with(&self, operation: Value, scopes: Vec<String>, refusals: &[&str]) -> Value {
        let mut operation = object(operation);
        let mut requirement = Map::new();
        requirement.insert(self.name.clone(), scopes.into());
        operation.insert("security".to_owned(), json!([requirement]));
        let mut responses = operation.remove("responses").map(object).unwrap_or_default();
        for status in refusals {
            let name = match *status {
                "400" => "BadCredentials",
                "401" => "Unauthorized",
                "403" => "Forbidden",
                _ => "KeysUnavailable",
            };
            // What the document says of its own counts.
            let reference = json!({"$ref": format!("#/components/responses/{name}")});
            responses.entry(*status).or_insert(reference);
        }
        operation.insert("responses".to_owned(), responses.into());
        operation.into()
    }
}

/// What is no object is none of OpenAPI's, either.
fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

/// The members of [`ProblemJson`]'s documents.
fn problem_schema() -> Value {
    json!({
        "type": "object",
        "description": "A problem document (RFC 9457)",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": {"type": "string", "format": "uri-reference"},
            "title": {"type": "string"},
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": {"type": "string"},
            "error": {"type": "string", "description": "The code of RFC 6750 §3.1"},
        },
    })
}

/// A Response Object, with what is really answered for these reasons as examples.
fn response(meaning: &str, reasons: &[ErrorKind]) -> Value {
    let (mut examples, mut is_challenged) = (Map::new(), false);
    for kind in reasons {
        let (document, challenged) = ProblemJson::example(*kind);
        examples.insert(kind.as_str().to_owned(), json!({"value": document}));
        is_challenged |= challenged;
    }
    let (header, what) = if is_challenged {
        ("WWW-Authenticate", "The challenge (RFC 6750 §3)")
    } else {
        ("Retry-After", "When to come again, in seconds")
    };
    json!({
        "description": meaning,
        "headers": {header: {"description": what, "schema": {"type": "string"}}},
        "content": {"application/problem+json": {
            "schema": {"$ref": "#/components/schemas/Problem"},
            "examples": examples,
        }},
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_operation_says_of_its_own_counts() {
        let own = json!({"operationId": "x", "responses": {"401": {"description": "mine"}}});
        let operation = Security::cookie("session").operation(own);
        assert_eq!(operation["operationId"], "x");
        assert_eq!(operation["security"], json!([{"cookie": []}]));
        assert_eq!(operation["responses"]["401"], json!({"description": "mine"}));
        assert!(operation["responses"].get("403").is_none());
        assert_eq!(
            operation["responses"]["503"],
            json!({"$ref": "#/components/responses/KeysUnavailable"})
        );
    }

    #[test]
    fn what_is_referred_to_is_there_and_says_what_is_answered() {
        let security = Security::bearer().named("jwt").described("Ask for one at /token");
        let components = security.components();
        assert_eq!(components["securitySchemes"]["jwt"], *security.scheme());
        let operation = security.operation_with(&RequireLayer::scope("a"), Value::Null);
        for (status, reference) in operation["responses"].as_object().unwrap() {
            let name = reference["$ref"].as_str().unwrap();
            let name = name.strip_prefix("#/components/responses/").unwrap();
            let response = &components["responses"][name];
            let examples = response["content"]["application/problem+json"]["examples"].as_object();
            for example in examples.unwrap().values() {
                assert_eq!(example["value"]["status"].to_string(), *status);
            }
            let header = if status == "503" { "Retry-After" } else { "WWW-Authenticate" };
            assert!(response["headers"].get(header).is_some(), "{status}");
        }
        assert_eq!(operation["security"], json!([{"jwt": ["a"]}]));
    }
}
