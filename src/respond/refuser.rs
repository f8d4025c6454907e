//! What it takes to refuse a request: the settings of one layer, for it and for what stands behind it.

use std::sync::Arc;

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::request::Parts;
use http::{HeaderMap, Method, Response};

use super::challenge::{Challenges, Demand};
use super::problem::ProblemJson;
use super::rejection::Rejection;
use super::responder::Respond;
use crate::error::{Error, ErrorKind};

/// Refuses in one layer's way.
#[derive(Clone)]
pub(crate) struct Refuser {
    pub(crate) responder: Arc<dyn Respond>,
    pub(crate) challenges: Challenges,
    /// 401 instead of 503 while the keys are out of reach.
    pub(crate) unavailable_is_unauthorized: bool,
}

impl Default for Refuser {
    fn default() -> Self {
        Self {
            responder: Arc::new(ProblemJson::new()),
            challenges: Challenges::default(),
            unavailable_is_unauthorized: false,
        }
    }
}

impl Refuser {
    /// The response to a refused request, with these headers and the error in its extensions.
    pub(crate) fn refuse(
        &self,
        error: Error,
        headers: HeaderMap,
        parts: &Parts,
    ) -> Response<Bytes> {
        self.refuse_with_demand(error, &Demand::NOTHING, headers, parts)
    }

    /// As [`refuse`](Self::refuse), and says what the request would have needed.
    pub(crate) fn refuse_with_demand(
        &self,
        error: Error,
        demand: &Demand,
        headers: HeaderMap,
        parts: &Parts,
    ) -> Response<Bytes> {
        let mut rejection = Rejection::new(&error, &self.challenges, demand);
        if self.unavailable_is_unauthorized && error.kind() == ErrorKind::KeysUnavailable {
            rejection = rejection.into_invalid_token();
        }
        let mut response = self.responder.respond(&rejection, parts);
        if !headers.is_empty() {
            response.headers_mut().extend(headers);
        }
        rejection.protect(&mut response);
        if parts.method == Method::HEAD {
            // The length is that of the answer to a GET (RFC 9110 §8.6): left to the server, it would be 0.
            let length = std::mem::take(response.body_mut()).len();
            response.headers_mut().insert(CONTENT_LENGTH, length.into());
        }
        response.extensions_mut().insert(error);
        response
    }
}
