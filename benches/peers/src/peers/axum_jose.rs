//! `axum-jose`, with a key set in memory.

use axum::body::Body;
use axum_jose::AuthorizationLayer;
use tower::Layer;
use url::Url;

use crate::backend::Backend;
use crate::contestant::{Bare, Contestant, Served, for_each, serving};
use crate::support::fixtures::{AUDIENCE, Fixture, ISSUER};
use crate::support::service::answering;

pub(crate) fn contestant() -> Contestant {
    Contestant {
        name: "axum-jose 0.2",
        form: "layer",
        crypto: "AWS-LC",
        claims: "JSON value",
        bare: Bare::AxumBody,
        backend: Backend::AwsLc,
        services: for_each(service),
    }
}

#[allow(clippy::unnecessary_wraps)]
fn service(fixture: &Fixture) -> Served {
    let keys = serde_json::from_value(serde_json::json!({ "keys": [fixture.jwk()] })).unwrap();
    let issuer = Url::parse(ISSUER).unwrap();
    let layer = AuthorizationLayer::with_local_jwk_set(keys, issuer, AUDIENCE.to_owned());
    Ok(serving(layer.layer(answering::<Body, Body>())))
}
