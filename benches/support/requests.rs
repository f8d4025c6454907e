//! Builds requests and sends them to a service.

use std::convert::Infallible;
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use http::header::{
    ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, AUTHORIZATION, HOST, REFERER, USER_AGENT,
};
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use tower::Service;

/// Requests with seven ordinary headers and, if there are tokens, `Authorization`.
///
/// Building a request represents the work of a server for every request. It is part of every figure except *added*.
#[derive(Clone)]
pub(crate) struct Requests {
    template: Request<()>,
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
        let mut template = Request::new(());
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

    /// The next request, with the body type that the service accepts.
    pub(crate) fn next<Q: Default>(&mut self) -> Request<Q> {
        let mut request = self.template.clone().map(|()| Q::default());
        if let Some(token) = self.tokens.get(self.turn) {
            request.headers_mut().insert(AUTHORIZATION, token.clone());
            self.turn = (self.turn + 1) % self.tokens.len();
        }
        request
    }
}

/// Builds requests and calls the service with them. Asserts the status of each response.
pub(crate) fn calling<S, Q, R>(
    mut service: S,
    mut requests: Requests,
    status: StatusCode,
) -> impl FnMut() + Send
where
    S: Service<Request<Q>, Response = Response<R>, Error = Infallible> + Send,
    Q: Default,
{
    move || assert_eq!(call(&mut service, requests.next()), status)
}

/// Calls the service, from `poll_ready` to dropping the response. The response must be ready at the first poll.
#[inline]
pub(crate) fn call<S, Q, R>(service: &mut S, request: Request<Q>) -> StatusCode
where
    S: Service<Request<Q>, Response = Response<R>, Error = Infallible>,
{
    let mut context = Context::from_waker(Waker::noop());
    assert!(matches!(service.poll_ready(&mut context), Poll::Ready(Ok(()))));
    let future = pin!(service.call(request));
    let Poll::Ready(Ok(response)) = future.poll(&mut context) else {
        panic!("the future is pending although the keys are in memory");
    };
    let status = response.status();
    drop(black_box(response));
    status
}
