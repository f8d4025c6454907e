//! `lambda_http`: a function is a service, and the layer is around it.

use http::{Response, StatusCode};
use lambda_http::{Error, IntoResponse, Request};
use tower::{Service, ServiceBuilder};
use tower_jwt_auth::{JwtAuthLayer, Verified, Verifier};

async fn me(request: Request) -> Result<Response<String>, Error> {
    let user: Option<&Verified> = Verified::of(&request);
    match user.and_then(|user| user.subject()) {
        Some(subject) => Ok(Response::new(subject.to_owned())),
        None => Ok(Response::builder().status(StatusCode::FORBIDDEN).body(String::new())?),
    }
}

pub fn service(
    verifier: Verifier,
) -> impl Service<Request, Response: IntoResponse, Error = Error, Future: Send> + Clone {
    ServiceBuilder::new().layer(JwtAuthLayer::new(verifier)).service_fn(me)
}

pub async fn run(verifier: Verifier) -> Result<(), Error> {
    lambda_http::run(service(verifier)).await
}
