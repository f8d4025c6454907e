//! `axum-jwt-auth`: an extractor, used in the handler of a route.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use axum_jwt_auth::{Claims, Decoder, LocalDecoder};
use bytes::Bytes;
use http_body_util::Empty;
use jsonwebtoken10::{DecodingKey, Validation};

use crate::backend::Backend;
use crate::contestant::{Bare, Contestant, PATH, Served, for_each, serving};
use crate::support::fixtures::{AUDIENCE, Fixture, ISSUER, Typed};

pub(crate) fn contestant() -> Contestant {
    Contestant {
        name: "axum-jwt-auth 0.7",
        form: "axum extractor",
        crypto: "RustCrypto",
        claims: "typed",
        bare: Bare::AxumRouter,
        backend: Backend::RustCrypto,
        services: for_each(service),
    }
}

#[allow(clippy::unnecessary_wraps)]
fn service(fixture: &Fixture) -> Served {
    let jwk = serde_json::from_value(fixture.jwk()).unwrap();
    let mut validation = Validation::new(fixture.algorithm.name().parse().unwrap());
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[AUDIENCE]);
    validation.set_required_spec_claims(&["iss", "aud", "exp"]);
    validation.validate_nbf = true;
    let keys = vec![DecodingKey::from_jwk(&jwk).unwrap()];
    let decoder: Decoder<Typed> = Arc::new(LocalDecoder::new(keys, validation).unwrap());
    let router = Router::new().route(PATH, get(handler)).with_state(decoder);
    Ok(serving::<Empty<Bytes>, _, _>(router))
}

async fn handler(_: Claims<Typed>) -> &'static str {
    "ok"
}
