//! The services that handle the requests.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::hint::black_box;
use std::sync::Arc;

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{Request, Response, StatusCode};
use http_body_util::{Empty, Full};
use jsonwebtoken::{DecodingKey, Validation};
use serde::de::DeserializeOwned;
use tower::{Layer, Service, service_fn};
use tower_http::validate_request::{ValidateRequest, ValidateRequestHeaderLayer};
use tower_jwt_auth::{JwtAuthLayer, Verifier};

use super::fixtures::{AUDIENCE, Fixture, ISSUER, Typed};

/// The trivial inner service.
pub(crate) fn bare()
-> impl Service<Request<Empty<Bytes>>, Response = Response<Full<Bytes>>, Error = Infallible>
+ Clone
+ Send {
    answering()
}

/// The same with the body types of a framework.
pub(crate) fn answering<Q, R: From<Bytes>>() -> impl Service<
    Request<Q>,
    Response = Response<R>,
    Error = Infallible,
    Future = Ready<Result<Response<R>, Infallible>>,
> + Clone
+ Send {
    service_fn(|request: Request<Q>| {
        drop(black_box(request));
        ready(Ok(Response::new(R::from(Bytes::from_static(b"ok")))))
    })
}

/// The layer around the trivial service.
pub(crate) fn layered<C: DeserializeOwned + Send + Sync + 'static>(
    verifier: Verifier<C>,
) -> impl Service<Request<Empty<Bytes>>, Response = Response<impl Send>, Error = Infallible> + Clone + Send
{
    JwtAuthLayer::new(verifier).layer(bare())
}

/// Hand-written middleware. It keeps the key and the validation, and puts the claims into the extensions.
pub(crate) fn hand_rolled(
    fixture: &Fixture,
) -> impl Service<Request<Empty<Bytes>>, Response = Response<Full<Bytes>>, Error = Infallible>
+ Clone
+ Send
+ use<> {
    let (key, validation) = kept(fixture);
    let validate = HandRolled { key: Arc::new(key), validation: Arc::new(validation) };
    ValidateRequestHeaderLayer::custom(validate).layer(bare())
}

/// The arguments of `jsonwebtoken::decode` for the same checks as in the layer.
pub(crate) fn kept(fixture: &Fixture) -> (DecodingKey, Validation) {
    let jwk = serde_json::from_value(fixture.jwk()).unwrap();
    let mut validation = Validation::new(fixture.algorithm.name().parse().unwrap());
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[AUDIENCE]);
    validation.set_required_spec_claims(&["iss", "aud", "exp"]);
    validation.validate_nbf = true;
    (DecodingKey::from_jwk(&jwk).unwrap(), validation)
}

#[derive(Clone)]
struct HandRolled {
    key: Arc<DecodingKey>,
    validation: Arc<Validation>,
}

impl<B> ValidateRequest<B> for HandRolled {
    type ResponseBody = Full<Bytes>;

    fn validate(&mut self, request: &mut Request<B>) -> Result<(), Response<Full<Bytes>>> {
        let unauthorized = || {
            let mut response = Response::new(Full::default());
            *response.status_mut() = StatusCode::UNAUTHORIZED;
            response
        };
        let token = request
            .headers()
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "))
            .ok_or_else(unauthorized)?;
        let token = jsonwebtoken::decode::<Typed>(token, &self.key, &self.validation)
            .map_err(|_| unauthorized())?;
        request.extensions_mut().insert(token.claims);
        Ok(())
    }
}
