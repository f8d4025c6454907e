//! `huskarl-resource-server`. It has no layer, so a service written here calls its `validate_request`, as an
//! application would. The future is not boxed.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response};
use http_body_util::{Empty, Full};
use huskarl_crypto_native::symmetric::SymmetricKey;
use huskarl_resource_server::core::crypto::verifier::{JwsVerifier, JwsVerifierPlatform};
use huskarl_resource_server::core::jwk::Jwk;
use huskarl_resource_server::core::{EndpointUrl, Error, platform::MaybeSendBoxFuture};
use huskarl_resource_server::validator::custom::CustomValidator;
use serde::Deserialize;
use tower::{Service, service_fn};
use tower_jwt_auth::Algorithm;

use crate::backend::Backend;
use crate::contestant::{Bare, Contestant, Served, for_each, serving};
use crate::support::fixtures::{AUDIENCE, Fixture, ISSUER};
use crate::support::service::answering;

pub(crate) fn contestant() -> Contestant {
    Contestant {
        name: "huskarl-resource-server 0.11",
        form: "function, called by a service",
        crypto: "RustCrypto",
        claims: "typed",
        bare: Bare::Plain,
        backend: Backend::AwsLc,
        services: for_each(service),
    }
}

/// The claims that it does not return on its own.
#[derive(Clone, Deserialize)]
#[allow(dead_code, reason = "only a handler would read them")]
struct Rest {
    email: String,
    name: String,
    scope: String,
    tenant: String,
}

#[allow(clippy::unnecessary_wraps)]
fn service(fixture: &Fixture) -> Served {
    let jwk = fixture.jwk();
    let is_secret = fixture.algorithm == Algorithm::HS256;
    let keys = move |_: Option<&EndpointUrl>, platform: Arc<dyn JwsVerifierPlatform>| {
        let jwk = jwk.clone();
        let verifier = async move {
            if is_secret {
                let jwk: Jwk = serde_json::from_value(jwk).unwrap();
                let key = SymmetricKey::from_jwk(jwk.private_jwk().unwrap().try_into()?)?;
                return Ok(Arc::new(key) as Arc<dyn JwsVerifier>);
            }
            let jwk = serde_json::from_value(jwk).unwrap();
            Ok(platform.create_verifier_from_jwk(jwk).await.unwrap())
        };
        Box::pin(verifier) as MaybeSendBoxFuture<'static, Result<Arc<dyn JwsVerifier>, Error>>
    };
    let validator = CustomValidator::builder()
        .with_claims::<Rest>()
        .iss(ISSUER)
        .aud(AUDIENCE)
        .jws_verifier_factory(keys)
        .build()
        .now_or_never()
        .unwrap()
        .unwrap();
    let metadata = validator.validator_metadata(None);
    let shared = Arc::new((validator, metadata));
    let service = service_fn(move |mut request: Request<Empty<Bytes>>| {
        let shared = Arc::clone(&shared);
        async move {
            let (validator, metadata) = &*shared;
            let (headers, method, uri) = (request.headers(), request.method(), request.uri());
            let result = validator.validate_request(headers, method, uri, None).await;
            if let Some(rejection) = result.rejection(metadata, None) {
                let response = rejection.apply(Response::builder()).body(Full::default());
                return Ok::<_, Infallible>(response.unwrap());
            }
            if let Ok(Some(validated)) = result.outcome {
                request.extensions_mut().insert(Arc::new(validated));
            }
            answering::<Empty<Bytes>, Full<Bytes>>().call(request).await
        }
    });
    Ok(serving(service))
}
