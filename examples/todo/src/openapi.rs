//! The OpenAPI document and the Swagger UI page.

use axum::Router;
use serde_json::{Value, json};
use tower_jwt_auth::openapi::Security;
use utoipa::openapi::{Info, OpenApi, OpenApiBuilder};
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::problem::Problem;
use crate::store::Store;

pub(crate) const PAGE: &str = "/docs";
const DOCUMENT: &str = "/openapi.json";

/// The document without routes.
pub(crate) fn document() -> OpenApi {
    OpenApiBuilder::new().info(Info::new("Todos", env!("CARGO_PKG_VERSION"))).build()
}

/// The page and the document.
pub(crate) fn pages(document: OpenApi) -> Result<Router<Store>, serde_json::Error> {
    let document = secured(serde_json::to_value(document)?);
    // Otherwise the page sends the document to an online validator.
    let config = Config::from(DOCUMENT).validator_url("none");
    Ok(SwaggerUi::new(PAGE).external_url_unchecked(DOCUMENT, document).config(config).into())
}

/// Adds the security scheme and the layers' responses to every operation, and the schema of problems.
///
/// The layers apply to every route, so this is done here and not at each handler.
fn secured(mut document: Value) -> Value {
    let security =
        Security::bearer().with_description("A token of the auth server: `GET /api/auth/token`");
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    let items = paths.into_iter().flatten();
    let operations = items.flat_map(|(path, item)| {
        let item = item.as_object_mut().into_iter().flatten();
        item.map(move |(_, operation)| (path, operation))
    });
    for (path, operation) in operations {
        let responses = operation.get_mut("responses").and_then(Value::as_object_mut);
        let own = responses.into_iter().flatten().filter(|(status, _)| status.starts_with('4'));
        for (_, response) in own {
            merge(
                response,
                json!({"content": {"application/problem+json": {
                    "schema": {"$ref": "#/components/schemas/Problem"},
                }}}),
            );
        }
        merge(
            operation,
            json!({
                "security": [{security.name(): []}],
                "responses": {
                    "401": {"$ref": "#/components/responses/Unauthorized"},
                    "503": {"$ref": "#/components/responses/KeysUnavailable"},
                },
            }),
        );
        // Only these routes have an owner.
        if path.contains("{user_id}") {
            let forbidden = json!({"$ref": "#/components/responses/Forbidden"});
            merge(operation, json!({"responses": {"403": forbidden}}));
        }
    }
    merge(&mut document, json!({"components": components(&security)}));
    document
}

/// The library's components, with the responses that `auth` replaces.
fn components(security: &Security) -> Value {
    let mut components = security.components();
    if let Some(responses) = components.pointer_mut("/responses").and_then(Value::as_object_mut) {
        responses.remove("BadCredentials");
    }
    let examples = "/responses/Unauthorized/content/application~1problem+json/examples";
    if let Some(examples) = components.pointer_mut(examples) {
        *examples = json!({"unauthorized": {"value": Problem::unauthorized()}});
    }
    components
}

/// Merges one JSON object into another, recursively.
fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (name, value) in from {
                merge(into.entry(name).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}
