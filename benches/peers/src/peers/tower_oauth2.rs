//! `tower-oauth2-resource-server`, with a key set passed as text, on each crypto library.

use bytes::Bytes;
use futures_util::FutureExt;
use http_body_util::{Empty, Full};
use tower::Layer;
use tower_oauth2_resource_server::server::OAuth2ResourceServer;
use tower_oauth2_resource_server::tenant::TenantConfiguration;
use tower_oauth2_resource_server::validation::ClaimsValidationSpec;

use crate::backend::Backend;
use crate::contestant::{Bare, Contestant, Served, for_each, serving};
use crate::support::fixtures::{AUDIENCE, Fixture, ISSUER, Typed};
use crate::support::service::answering;

pub(crate) fn on_aws_lc() -> Contestant {
    Contestant {
        name: "tower-oauth2-resource-server 0.12 on AWS-LC",
        form: "layer",
        crypto: "AWS-LC",
        claims: "typed",
        bare: Bare::Plain,
        backend: Backend::AwsLc,
        services: for_each(service),
    }
}

pub(crate) fn on_rust_crypto() -> Contestant {
    Contestant {
        name: "tower-oauth2-resource-server 0.12",
        crypto: "RustCrypto",
        backend: Backend::RustCrypto,
        ..on_aws_lc()
    }
}

#[allow(clippy::unnecessary_wraps)]
fn service(fixture: &Fixture) -> Served {
    let keys = serde_json::json!({ "keys": [fixture.jwk()] }).to_string();
    let claims = ClaimsValidationSpec::recommended(ISSUER, &vec![AUDIENCE.to_owned()]);
    let tenant = TenantConfiguration::static_builder(keys)
        .claims_validation(claims)
        .allowed_algorithms(&[fixture.algorithm.name().parse().unwrap()])
        .build()
        .unwrap();
    let server = OAuth2ResourceServer::<Typed>::builder().add_tenant(tenant).build();
    let layer = server.now_or_never().unwrap().unwrap().into_layer();
    Ok(serving(layer.layer(answering::<Empty<Bytes>, Full<Bytes>>())))
}
