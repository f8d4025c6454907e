//! The compared crates, and how they are called.

use std::convert::Infallible;
use std::marker::PhantomData;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{Empty, Full};
use tower::Service;

use crate::backend::Backend;
use crate::support::fixtures::{ALGORITHMS, Fixture};
use crate::support::requests::{Requests, call, calling};
use crate::support::service::answering;

/// A layer, or the closest equivalent, with a service for each algorithm.
pub(crate) struct Contestant {
    pub(crate) name: &'static str,
    /// The kind of API.
    pub(crate) form: &'static str,
    pub(crate) crypto: &'static str,
    pub(crate) claims: &'static str,
    pub(crate) bare: Bare,
    pub(crate) backend: Backend,
    /// In the order of [`ALGORITHMS`].
    pub(crate) services: [Served; ALGORITHMS.len()],
}

/// A service, or the reason why it is missing.
pub(crate) type Served = Result<Box<dyn Serving>, String>;

/// A service for each algorithm.
pub(crate) fn for_each(make: impl Fn(&Fixture) -> Served) -> [Served; ALGORITHMS.len()] {
    ALGORITHMS.map(|algorithm| make(&Fixture::new(algorithm)))
}

/// A service with its types erased.
pub(crate) trait Serving {
    /// The status of the response to one request.
    fn status(&self, requests: Requests) -> StatusCode;

    /// Calls the service with one request after the other, and asserts the status.
    fn calling(&self, requests: Requests, status: StatusCode, backend: Backend)
    -> Box<dyn FnMut()>;
}

pub(crate) fn serving<Q, S, R>(service: S) -> Box<dyn Serving>
where
    S: Service<Request<Q>, Response = Response<R>, Error = Infallible> + Clone + Send + 'static,
    Q: Default + 'static,
    R: 'static,
{
    Box::new(Typed { service, bodies: PhantomData })
}

/// A service with its request and response body types.
struct Typed<S, Q, R> {
    service: S,
    bodies: PhantomData<fn(Q) -> R>,
}

impl<S, Q, R> Serving for Typed<S, Q, R>
where
    S: Service<Request<Q>, Response = Response<R>, Error = Infallible> + Clone + Send + 'static,
    Q: Default + 'static,
    R: 'static,
{
    fn status(&self, mut requests: Requests) -> StatusCode {
        call(&mut self.service.clone(), requests.next::<Q>())
    }

    fn calling(
        &self,
        requests: Requests,
        status: StatusCode,
        backend: Backend,
    ) -> Box<dyn FnMut()> {
        let mut call = calling::<_, Q, _>(self.service.clone(), requests, status);
        Box::new(move || {
            backend.choose();
            call();
        })
    }
}

/// The trivial service without any middleware, in the form that a crate needs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bare {
    Plain,
    /// With axum's bodies.
    AxumBody,
    /// With the body of axum 0.7.
    Axum07Body,
    /// As the only route of a `Router`.
    AxumRouter,
}

impl Bare {
    pub(crate) const ALL: [Self; 4] =
        [Self::Plain, Self::AxumBody, Self::Axum07Body, Self::AxumRouter];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Plain => "service",
            Self::AxumBody => "service with axum's bodies",
            Self::Axum07Body => "service with the body of axum 0.7",
            Self::AxumRouter => "axum `Router`",
        }
    }

    pub(crate) fn service(self) -> Box<dyn Serving> {
        match self {
            Self::Plain => serving(answering::<Empty<Bytes>, Full<Bytes>>()),
            Self::AxumBody => serving(answering::<axum::body::Body, axum::body::Body>()),
            Self::Axum07Body => serving(answering::<Empty<Bytes>, axum07::body::Body>()),
            Self::AxumRouter => serving::<Empty<Bytes>, _, _>(router()),
        }
    }
}

/// A router with the route of all requests.
pub(crate) fn router() -> axum::Router {
    axum::Router::new().route(PATH, axum::routing::get(async || "ok"))
}

/// The path of all requests.
pub(crate) const PATH: &str = "/orders/42";
