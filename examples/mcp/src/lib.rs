//! An MCP server (rmcp, streamable HTTP) in which each tool requires a scope.

use std::sync::{Arc, Mutex, PoisonError};

use axum::body::{Body, Bytes};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::{Router, extract::Request};
use http::request::Parts;
use rmcp::handler::server::{tool::Extension, wrapper::Parameters};
use rmcp::model::{ClientJsonRpcMessage, ClientRequest};
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{schemars, tool, tool_router};
use tower::{Layer, ServiceExt};
use tower_jwt_auth::claims::Scopes;
use tower_jwt_auth::resource::Resource;
use tower_jwt_auth::{BuildError, Identity, JwtAuthLayer, RequireLayer, Rule, VerifierBuilder};

/// The rule of each tool.
fn rule(tool: &str) -> Rule {
    match tool {
        "list_orders" => Rule::scope("orders:read"),
        // A tool that is added later is protected, too.
        _ => Rule::scope("orders:write"),
    }
}

#[derive(Clone, Default)]
struct Orders {
    placed: Arc<Mutex<Vec<String>>>,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Order {
    item: String,
}

#[tool_router(server_handler)]
impl Orders {
    #[tool(description = "Lists the orders")]
    fn list_orders(&self) -> String {
        let placed = self.placed.lock().unwrap_or_else(PoisonError::into_inner);
        format!("orders: {}", placed.join(", "))
    }

    #[tool(description = "Places an order")]
    fn place_order(
        &self,
        Parameters(Order { item }): Parameters<Order>,
        Extension(parts): Extension<Parts>,
    ) -> String {
        let user = parts.extensions.get::<Identity>().and_then(|user| user.subject());
        let order = format!("{item} for {}", user.unwrap_or("unknown"));
        self.placed.lock().unwrap_or_else(PoisonError::into_inner).push(order.clone());
        format!("placed: {order}")
    }
}

/// Requires the scope of the tool that the request calls.
///
/// A client requests a further scope if the status is 403, so the rule is checked before rmcp answers with 200 and a
/// JSON-RPC error. The name is read from the body, with the type and the parser of rmcp, so that both read the same.
async fn require_scope_of_tool(parts: Parts, body: Bytes, next: Next) -> Response {
    let message = serde_json::from_slice(&body);
    let request = Request::from_parts(parts, Body::from(body));
    match message {
        Ok(ClientJsonRpcMessage::Request(call)) => match call.request {
            ClientRequest::CallToolRequest(call) => {
                let layer = RequireLayer::new(rule(&call.params.name));
                layer.layer(next).oneshot(request).await.into_response()
            }
            _ => next.run(request).await,
        },
        _ => next.run(request).await,
    }
}

/// The server, whose MCP endpoint has this URL, for tokens of this issuer.
///
/// `trusted` is, for example, `Verifier::issuer_url(issuer)`.
pub fn app(url: &str, issuer: &str, trusted: VerifierBuilder) -> Result<Router, BuildError> {
    let api = Resource::new(url)
        .authorization_server(issuer)
        .scopes(["orders:read", "orders:write"])
        .implied_scopes(Scopes::new().implies("orders:write", ["orders:read"]))
        .name("Orders")
        .allow_http_on_loopback()
        .build()?;
    let verifier = trusted.rfc9068().resource(&api).build()?;
    // Clients begin with the scope that every tool needs, and request the other one when they need it.
    let layer =
        JwtAuthLayer::new(verifier).resource(&api).challenge_scope(&Rule::scope("orders:read"));

    let orders = Orders::default();
    let mcp = StreamableHttpService::new(
        move || Ok(orders.clone()),
        Arc::new(NeverSessionManager::default()),
        // Only the hosts of this machine are allowed, unless `with_allowed_hosts` names others.
        StreamableHttpServerConfig::default()
            .with_legacy_session_mode(false)
            .with_json_response(true),
    );
    Ok(Router::new()
        .route_service("/mcp", mcp)
        .route_layer(from_fn(require_scope_of_tool))
        .route_layer(layer)
        .route_service(api.metadata_path(), api.service()))
}
