//! `jwt-authorizer`, with a key set passed as text.

use bytes::Bytes;
use futures_util::FutureExt;
use http_body_util::Empty;
use jwt_authorizer::{IntoLayer, JwtAuthorizer, Validation};
use tower::Layer;

use crate::backend::Backend;
use crate::contestant::{Bare, Contestant, Served, for_each, serving};
use crate::support::fixtures::{AUDIENCE, Fixture, ISSUER, Typed};
use crate::support::service::answering;

pub(crate) fn contestant() -> Contestant {
    Contestant {
        name: "jwt-authorizer 0.15",
        form: "layer",
        crypto: "ring",
        claims: "typed",
        bare: Bare::Axum07Body,
        backend: Backend::AwsLc,
        services: for_each(service),
    }
}

#[allow(clippy::unnecessary_wraps)]
fn service(fixture: &Fixture) -> Served {
    let keys = serde_json::json!({ "keys": [fixture.jwk()] }).to_string();
    let validation = Validation::new().iss(&[ISSUER]).aud(&[AUDIENCE]).nbf(true);
    let authorizer = JwtAuthorizer::<Typed>::from_jwks_text(&keys).validation(validation).build();
    let layer = authorizer.now_or_never().unwrap().unwrap().into_layer();
    Ok(serving(layer.layer(answering::<Empty<Bytes>, axum07::body::Body>())))
}
