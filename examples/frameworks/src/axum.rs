//! axum: the layer is one line, and the handler takes `Verified`.

use axum::{Router, routing::get};
use tower_jwt_auth::{JwtAuthLayer, Verified, Verifier};

async fn me(user: Verified) -> String {
    user.subject().unwrap_or("unknown").to_owned()
}

pub fn app(verifier: Verifier) -> Router {
    Router::new().route("/me", get(me)).route_layer(JwtAuthLayer::new(verifier))
}
