//! salvo: `compat` makes a hoop of the layer.

use http_body_util::BodyExt;
use salvo::http::{ReqBody, ResBody};
use salvo::prelude::*;
use tower::ServiceBuilder;
use tower_jwt_auth::middleware::ResponseBody;
use tower_jwt_auth::{JwtAuthLayer, Verified, Verifier};

#[handler]
async fn me(request: &mut Request) -> Result<String, StatusError> {
    let user: Option<&Verified> = Verified::in_extensions(request.extensions());
    let subject = user.and_then(|user| user.subject()).ok_or_else(StatusError::forbidden)?;
    Ok(subject.to_owned())
}

pub fn router(verifier: Verifier) -> Router {
    // `compat` requires that the error of the response's body implements `Error`. A box does not.
    let layer = ServiceBuilder::new()
        .map_response(|response: http::Response<ResponseBody<ResBody>>| {
            response.map(|body| body.map_err(std::io::Error::other))
        })
        .layer(JwtAuthLayer::new(verifier));
    Router::with_path("me").hoop(layer.compat::<ReqBody>()).get(me)
}
