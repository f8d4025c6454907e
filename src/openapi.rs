//! OpenAPI 3.1 security schemes, requirements and error responses, as JSON.
//!
//! They work with utoipa, aide, or any other JSON document. The scopes are read from the
//! [`RequireLayer`] that enforces them. The error responses are those of
//! [`ProblemJson`], the default responder.
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
//! [`Security::apply`] does the same for a whole document.

use http::HeaderName;
use serde_json::{Map, Value, json};

use crate::authorize::RequireLayer;
use crate::error::ErrorKind;
use crate::resource::Resource;
use crate::respond::ProblemJson;

/// The security scheme of an API, and its error responses.
///
/// ```
/// use serde_json::json;
/// use tower_jwt_auth::openapi::Security;
///
/// let orders = Security::bearer().operation(json!({"summary": "All orders"}));
/// assert_eq!(orders["security"], json!([{"bearer": []}]));
/// assert_eq!(orders["responses"]["401"]["$ref"], "#/components/responses/Unauthorized");
/// ```
#[derive(Clone, Debug)]
pub struct Security {
    name: String,
    scheme: Value,
}

impl Security {
    /// The scheme `Authorization: Bearer …`, with the name `bearer`.
    pub fn bearer() -> Self {
        let scheme = json!({"type": "http", "scheme": "bearer", "bearerFormat": "JWT"});
        Self { name: "bearer".to_owned(), scheme }
    }

    /// The scheme of [`bearer`](Self::bearer), with a description of how to get a token for this resource.
    ///
    /// The description has the authorization servers, the audience, the scopes and the URL of the metadata.
    ///
    /// ```
    /// use tower_jwt_auth::openapi::Security;
    /// use tower_jwt_auth::resource::Resource;
    ///
    /// let api = Resource::new("https://api.example.com")
    ///     .authorization_server("https://auth.example.com")
    ///     .scopes(["orders:read"])
    ///     .build()?;
    /// let description = Security::resource(&api).scheme()["description"].to_string();
    /// assert!(description.contains("https://auth.example.com") && description.contains("orders:read"));
    /// assert!(Security::bearer().scheme().get("description").is_none());
    /// # Ok::<(), tower_jwt_auth::BuildError>(())
    /// ```
    pub fn resource(resource: &Resource) -> Self {
        let servers = resource.authorization_servers().join(" or ");
        let scopes = match resource.scopes() {
            [] => String::new(),
            scopes => format!(" Scopes: {}.", scopes.join(", ")),
        };
        let (audience, metadata) = (resource.identifier(), resource.metadata_url());
        Self::bearer().with_description(format!(
            "An access token of {servers} for {audience}.{scopes} Metadata (RFC 9728): {metadata}"
        ))
    }

    /// A scheme with the token in this cookie, with the name `cookie`.
    pub fn cookie(cookie: impl Into<String>) -> Self {
        let scheme = json!({"type": "apiKey", "in": "cookie", "name": cookie.into()});
        Self { name: "cookie".to_owned(), scheme }
    }

    /// A scheme with the token in this header field, with the name `header`.
    pub fn header(header: &HeaderName) -> Self {
        let scheme = json!({"type": "apiKey", "in": "header", "name": header.as_str()});
        Self { name: "header".to_owned(), scheme }
    }

    /// Sets the name of the scheme, in case the document already uses the default name.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Sets the description of the scheme, for example how to get a token.
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

    /// The scheme as a Security Scheme Object.
    pub const fn scheme(&self) -> &Value {
        &self.scheme
    }

    /// A Components Object with everything that the operations refer to.
    ///
    /// It contains the scheme, the responses `Unauthorized`, `BadCredentials`, `Forbidden` and `KeysUnavailable`, and
    /// the schema `Problem`.
    pub fn components(&self) -> Value {
        let mut schemes = Map::new();
        schemes.insert(self.name.clone(), self.scheme.clone());
        json!({
            "securitySchemes": schemes,
            "schemas": {"Problem": problem_schema()},
            "responses": {
                "BadCredentials": response(
                    "More than one token, or malformed credentials",
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

    /// Returns this Operation Object with the security requirement and the error responses.
    pub fn operation(&self, operation: Value) -> Value {
        self.with(operation, Vec::new(), AUTHENTICATED)
    }

    /// Returns this Operation Object with the requirements of a layer and the error responses.
    ///
    /// The scopes are in the security requirement, where OpenAPI 3.1 allows them for every scheme.
    pub fn operation_with(&self, layer: &RequireLayer, operation: Value) -> Value {
        let scopes = layer.rule().scopes().into_iter().map(ToOwned::to_owned).collect();
        self.with(operation, scopes, AUTHORIZED)
    }

    fn with(&self, operation: Value, scopes: Vec<String>, statuses: &[&str]) -> Value {
        let mut operation = object(operation);
        operation.insert("security".to_owned(), self.requirement(scopes));
        add_error_responses(&mut operation, statuses);
        operation.into()
    }

    fn requirement(&self, scopes: Vec<String>) -> Value {
        let mut requirement = Map::new();
        requirement.insert(self.name.clone(), scopes.into());
        json!([requirement])
    }

    /// Adds the security requirement and the error responses to all operations of a document.
    ///
    /// It also adds the [`components`](Self::components). Existing entries of the document are not replaced:
    ///
    /// - An operation without `security` gets the requirement and the responses 400, 401 and 503.
    /// - An operation whose `security` contains this scheme keeps it and gets the same responses. If it lists scopes,
    ///   it also gets 403.
    /// - Other operations with `security` do not change; `[]` marks a public operation.
    /// - The `security` of the whole document is ignored.
    ///
    /// ```
    /// use serde_json::json;
    /// use tower_jwt_auth::openapi::Security;
    ///
    /// let mut document = json!({ // or `serde_json::to_value` of a document from utoipa or aide
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
            let statuses: &[&str] = match &*scopes {
                [] => continue,
                scopes if scopes.iter().all(|list| **list == json!([])) => AUTHENTICATED,
                _ => AUTHORIZED,
            };
            add_error_responses(operation, statuses);
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

/// The statuses of the error responses, without and with authorization.
const AUTHENTICATED: &[&str] = &["400", "401", "503"];
const AUTHORIZED: &[&str] = &["400", "401", "403", "503"];

/// Adds error responses to an operation. Existing responses are not replaced.
fn add_error_responses(operation: &mut Map<String, Value>, statuses: &[&str]) {
    let mut responses = operation.remove("responses").map(object).unwrap_or_default();
    for status in statuses {
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

/// The object, or an empty one. OpenAPI does not allow other values in these places.
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

/// A Response Object, with the actual response bodies for these reasons as examples.
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
        ("Retry-After", "The time to wait before a retry, in seconds")
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
    fn existing_members_of_an_operation_are_kept() {
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
    fn apply_adds_only_missing_entries() {
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

        // A second call changes nothing.
        let once = document.clone();
        Security::bearer().apply(&mut document);
        assert_eq!(document, once);
    }

    #[test]
    fn apply_adds_components_to_invalid_documents() {
        for nothing in [Value::Null, json!([]), json!({"paths": 7, "components": "x"})] {
            let mut document = nothing;
            Security::bearer().apply(&mut document);
            assert_eq!(document["components"], Security::bearer().components());
        }
    }

    #[test]
    fn referenced_responses_exist_and_match_the_server() {
        let security =
            Security::bearer().with_name("jwt").with_description("Request a token at /token");
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
