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
//!
//! [`Security::apply`] does the same to a whole document, of whatever library has made it.

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
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// A sentence for whoever reads the document: where the tokens are to be had.
    #[must_use]
    pub fn with_description(mut self, description: impl Into<String>) -> Self {
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
        self.with(operation, Vec::new(), AUTHENTICATED)
    }

    /// An Operation Object with what this layer requires beside a valid token. The scopes stand in the
    /// security requirement, where OpenAPI 3.1 allows them for every scheme.
    pub fn operation_with(&self, layer: &RequireLayer, operation: Value) -> Value {
        let scopes = layer.rule().scopes().into_iter().map(ToOwned::to_owned).collect();
        self.with(operation, scopes, AUTHORIZED)
    }

    fn with(&self, operation: Value, scopes: Vec<String>, refusals: &[&str]) -> Value {
        let mut operation = object(operation);
        operation.insert("security".to_owned(), self.requirement(scopes));
        refuse(&mut operation, refusals);
        operation.into()
    }

    fn requirement(&self, scopes: Vec<String>) -> Value {
        let mut requirement = Map::new();
        requirement.insert(self.name.clone(), scopes.into());
        json!([requirement])
    }

    /// Says of all operations in a document what it takes to have a valid token, and adds the
    /// [`components`](Self::components).
    ///
    /// What the document says of its own counts. An operation with a `security` keeps it: `[]`, of one
    /// that is public, gets no refusals, and one that names the scheme gets them, 403 among them where it
    /// names scopes. A `security` of the whole document is not looked at.
    ///
    /// ```
    /// use serde_json::json;
    /// use tower_jwt_auth::openapi::Security;
    ///
    /// let mut document = json!({ // or `serde_json::to_value` of what utoipa or aide has made
    ///     "openapi": "3.1.0",
    ///     "info": {"title": "Orders", "version": "1"},
    ///     "paths": {
    ///         "/orders": {"get": {"responses": {"200": {"description": "The orders"}}}},
    ///         "/health": {"get": {"security": [], "responses": {"200": {"description": "Well"}}}},
    ///     },
    /// });
    /// Security::bearer().apply(&mut document);
    ///
    /// let orders = &document["paths"]["/orders"]["get"];
    /// assert_eq!(orders["security"], json!([{"bearer": []}]));
    /// assert_eq!(orders["responses"]["401"]["$ref"], "#/components/responses/Unauthorized");
    /// assert!(document["paths"]["/health"]["get"]["responses"].get("401").is_none());
    /// ```
    pub fn apply(&self, document: &mut Value) {
        let mut whole = object(document.take());
        let paths = whole.get_mut("paths").and_then(Value::as_object_mut);
        let items = paths.into_iter().flat_map(Map::values_mut).filter_map(Value::as_object_mut);
        let members = items.flatten().filter(|(name, _)| METHODS.contains(&name.as_str()));
        for operation in members.filter_map(|(_, operation)| operation.as_object_mut()) {
            let required =
                operation.entry("security").or_insert_with(|| self.requirement(Vec::new()));
            let required = required.as_array().into_iter().flatten();
            let scopes: Vec<_> = required.filter_map(|one| one.get(&self.name)).collect();
            let refusals: &[&str] = match &*scopes {
                [] => continue,
                scopes if scopes.iter().all(|list| **list == json!([])) => AUTHENTICATED,
                _ => AUTHORIZED,
            };
            refuse(operation, refusals);
        }
        let mut components = whole.remove("components").map(object).unwrap_or_default();
        for (kind, members) in object(self.components()) {
            let mut own = components.remove(&kind).map(object).unwrap_or_default();
            for (name, value) in object(members) {
                own.entry(name).or_insert(value);
            }
            components.insert(kind, own.into());
        }
        whole.insert("components".to_owned(), components.into());
        *document = whole.into();
    }
}

/// The members of a Path Item Object that are operations.
const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// How an operation is refused to whoever has no valid token, and to whoever has one that does not do.
const AUTHENTICATED: &[&str] = &["400", "401", "503"];
const AUTHORIZED: &[&str] = &["400", "401", "403", "503"];

/// Adds the refusals to an operation. What the document says of its own counts.
fn refuse(operation: &mut Map<String, Value>, refusals: &[&str]) {
    let mut responses = operation.remove("responses").map(object).unwrap_or_default();
    for status in refusals {
        let name = match *status {
            "400" => "BadCredentials",
            "401" => "Unauthorized",
            "403" => "Forbidden",
            _ => "KeysUnavailable",
        };
        let reference = json!({"$ref": format!("#/components/responses/{name}")});
        responses.entry(*status).or_insert(reference);
    }
    operation.insert("responses".to_owned(), responses.into());
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
    fn a_document_gets_what_it_does_not_say_itself_and_keeps_the_rest() {
        let own = json!({"description": "mine"});
        let mut document = json!({
            "openapi": "3.1.0",
            "components": {"responses": {"Unauthorized": own}, "schemas": {"Order": true}},
            "paths": {"/orders": {
                "summary": "no operation",
                "parameters": [],
                "get": {"responses": {"200": own, "503": own}},
                "post": {"security": [{"other": []}, {"bearer": ["orders:write"]}]},
                "put": {"security": [{"other": []}]},
                "head": {"security": []},
            }},
        });
        Security::bearer().apply(&mut document);
        let item = &document["paths"]["/orders"];
        assert_eq!((&item["summary"], &item["parameters"]), (&json!("no operation"), &json!([])));
        let statuses = |method: &str| {
            let responses = item[method].get("responses").and_then(Value::as_object);
            responses.map(|it| it.keys().map(String::as_str).collect::<Vec<_>>().join(" "))
        };
        assert_eq!(item["get"]["security"], json!([{"bearer": []}]));
        assert_eq!(statuses("get").as_deref(), Some("200 400 401 503"));
        assert_eq!(item["get"]["responses"]["503"], own);
        assert_eq!(statuses("post").as_deref(), Some("400 401 403 503"));
        assert_eq!((statuses("put"), statuses("head")), (None, None));
        assert_eq!(item["head"]["security"], json!([]));
        let components = &document["components"];
        assert_eq!(components["responses"]["Unauthorized"], own);
        assert_eq!(components["schemas"]["Order"], true);
        assert_eq!(components["schemas"]["Problem"], problem_schema());
        assert_eq!(components["securitySchemes"]["bearer"], *Security::bearer().scheme());

        // Again: nothing is left to say.
        let once = document.clone();
        Security::bearer().apply(&mut document);
        assert_eq!(document, once);
    }

    #[test]
    fn what_is_no_document_becomes_one_of_components() {
        for nothing in [Value::Null, json!([]), json!({"paths": 7, "components": "x"})] {
            let mut document = nothing;
            Security::bearer().apply(&mut document);
            assert_eq!(document["components"], Security::bearer().components());
        }
    }

    #[test]
    fn what_is_referred_to_is_there_and_says_what_is_answered() {
        let security =
            Security::bearer().with_name("jwt").with_description("Ask for one at /token");
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
