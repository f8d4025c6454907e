//! `oauth-resource-server`, with an initial key set that is never refreshed.

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{Empty, Full};
use oauth_resource_server::http_layer::HttpAuthLayer;
use oauth_resource_server::{KeyNaming, OAuthConfig, OAuthValidator};
use tower::Layer;
use tower_jwt_auth::Algorithm;

use crate::backend::Backend;
use crate::contestant::{Bare, Contestant, Served, for_each, serving};
use crate::support::fixtures::{AUDIENCE, Fixture, ISSUER};
use crate::support::service::answering;

pub(crate) fn contestant() -> Contestant {
    Contestant {
        name: "oauth-resource-server 0.4",
        form: "layer",
        crypto: "ring",
        claims: "JSON value",
        bare: Bare::Plain,
        backend: Backend::AwsLc,
        services: for_each(service),
    }
}

fn service(fixture: &Fixture) -> Served {
    if fixture.algorithm == Algorithm::HS256 {
        return Err("it takes no shared secrets".into());
    }
    let config = OAuthConfig {
        enabled: true,
        issuer: ISSUER.into(),
        jwks_uri: Some(format!("{ISSUER}keys")),
        audience: AUDIENCE.into(),
        resource: AUDIENCE.into(),
        algorithms: vec![fixture.algorithm.name().into()],
        allow_unscoped_tokens: true,
        ..OAuthConfig::default()
    };
    let config = config.resolve(KeyNaming::Dotted("oauth")).unwrap().unwrap();
    let keys = serde_json::json!({ "keys": [fixture.jwk()] }).to_string();
    let validator = OAuthValidator::builder(&config).initial_jwks(&keys).build().unwrap();
    let layer = HttpAuthLayer::builder().oauth(Arc::new(validator)).build().unwrap();
    Ok(serving(layer.layer(answering::<Empty<Bytes>, Full<Bytes>>())))
}
