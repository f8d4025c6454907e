//! Requests, the services that take them, and what drives them.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::hint::black_box;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, HOST, REFERER, USER_AGENT};
use http::{HeaderName, HeaderValue, Request, Response, StatusCode, header::AUTHORIZATION};
use http_body_util::{Empty, Full};
use jsonwebtoken::{DecodingKey, Validation};
use serde::de::DeserializeOwned;
use tower::{Layer, Service, service_fn};
use tower_http::validate_request::{ValidateRequest, ValidateRequestHeaderLayer};
use tower_jwt_auth::{JwtAuthLayer, Verifier};

use super::fixtures::{AUDIENCE, Fixture, ISSUER, Typed};

/// Requests with seven ordinary headers, and `Authorization` if there are tokens to put there.
///
/// Making one stands for what a server does for every request, and is part of every figure; *added*
/// does not have it.
pub(crate) struct Requests {
    template: Request<Empty<Bytes>>,
    tokens: Vec<HeaderValue>,
    turn: usize,
}

impl Requests {
    pub(crate) fn with(tokens: &[String]) -> Self {
        let ordinary = [
            (HOST, "api.example.com"),
            (USER_AGENT, "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"),
            (ACCEPT, "application/json"),
            (ACCEPT_LANGUAGE, "en-GB,en;q=0.9"),
            (ACCEPT_ENCODING, "gzip, deflate, br"),
            (REFERER, "https://app.example.com/orders"),
            (HeaderName::from_static("x-request-id"), "5f2b1f0e-7a3c-4e0d-9d0a-3f1f0c9b7a61"),
        ];
        let mut template = Request::new(Empty::new());
        *template.uri_mut() = "/orders/42".parse().unwrap();
        for (name, value) in ordinary {
            template.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        let value = |token: &String| HeaderValue::try_from(format!("Bearer {token}")).unwrap();
        Self { template, tokens: tokens.iter().map(value).collect(), turn: 0 }
    }

    pub(crate) fn without_token() -> Self {
        Self::with(&[])
    }

    fn next(&mut self) -> Request<Empty<Bytes>> {
        let mut request = self.template.clone();
        if let Some(token) = self.tokens.get(self.turn) {
            request.headers_mut().insert(AUTHORIZATION, token.clone());
            self.turn = (self.turn + 1) % self.tokens.len();
        }
        request
    }
}

type Answer = Ready<Result<Response<Full<Bytes>>, Infallible>>;

/// The trivial service behind everything.
pub(crate) fn bare()
-> impl Service<Request<Empty<Bytes>>, Response = Response<Full<Bytes>>, Error = Infallible>
+ Clone
+ Send {
    service_fn(|request: Request<Empty<Bytes>>| -> Answer {
        drop(black_box(request));
        ready(Ok(Response::new(Full::new(Bytes::from_static(b"ok")))))
    })
}

/// The layer around the trivial service.
pub(crate) fn layered<C: DeserializeOwned + Send + Sync + 'static>(
    verifier: Verifier<C>,
) -> impl Service<Request<Empty<Bytes>>, Response = Response<impl Send>, Error = Infallible> + Clone + Send
{
    JwtAuthLayer::new(verifier).layer(bare())
}

/// What is written by hand where there is no such layer: the key and the validation kept, the claims
/// put into the extensions.
pub(crate) fn hand_rolled(
    fixture: &Fixture,
) -> impl Service<Request<Empty<Bytes>>, Response = Response<Full<Bytes>>, Error = Infallible>
+ Clone
+ Send
+ use<> {
    let jwk = serde_json::from_value(fixture.jwk()).unwrap();
    let algorithm = fixture.algorithm.name().parse().unwrap();
    let mut validation = Validation::new(algorithm);
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[AUDIENCE]);
    validation.set_required_spec_claims(&["iss", "aud", "exp"]);
    let validate = HandRolled {
        key: Arc::new(DecodingKey::from_jwk(&jwk).unwrap()),
        validation: Arc::new(validation),
    };
    ValidateRequestHeaderLayer::custom(validate).layer(bare())
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

/// Makes a request and calls the service, from `poll_ready` to the response being dropped. Checks each
/// time that the response was there at once and has the status that it should have.
pub(crate) fn calling<S, B>(
    mut service: S,
    mut requests: Requests,
    status: StatusCode,
) -> impl FnMut() + Send
where
    S: Service<Request<Empty<Bytes>>, Response = Response<B>, Error = Infallible> + Send,
{
    move || {
        let mut context = Context::from_waker(Waker::noop());
        assert!(matches!(service.poll_ready(&mut context), Poll::Ready(Ok(()))));
        let future = pin!(service.call(requests.next()));
        let Poll::Ready(Ok(response)) = future.poll(&mut context) else {
            panic!("pending while the keys are in memory");
        };
        assert_eq!(response.status(), status);
        drop(black_box(response));
    }
}
