//! One request with a limited response, over any Tower HTTP client.

use std::future::poll_fn;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response, StatusCode};
use http_body::Body;
use tower_service::Service;

use super::failed::Failed;
use super::request::FormBody;
use crate::error::BoxError;
use crate::jwks::failure::Described;
use crate::limited_body::{self, Unread};
use crate::observe::IntrospectionFailure;

/// The largest response that is read.
const MOST_BYTES: usize = 64 * 1024;

/// Sends a request, and reads the response if its status says that there is something to read.
pub(super) trait Post: Send + 'static {
    fn post(
        &self,
        request: Request<FormBody>,
    ) -> BoxFuture<'static, Result<Response<Bytes>, Failed>>;
}

impl<S, B> Post for S
where
    S: Service<Request<FormBody>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<BoxError>,
    B: Body<Error: Into<BoxError>> + Send,
{
    fn post(
        &self,
        request: Request<FormBody>,
    ) -> BoxFuture<'static, Result<Response<Bytes>, Failed>> {
        let mut service = self.clone();
        Box::pin(async move {
            let ready = poll_fn(|cx| service.poll_ready(cx)).await;
            ready.map_err(disconnected)?;
            let response = service.call(request).await.map_err(disconnected)?;
            let (parts, body) = response.into_parts();
            // The others have no answer and no code of an error.
            let body = match parts.status {
                StatusCode::OK
                | StatusCode::BAD_REQUEST
                | StatusCode::UNAUTHORIZED
                | StatusCode::FORBIDDEN => {
                    limited_body::read(body, MOST_BYTES).await.map_err(unread)?
                }
                _ => Bytes::new(),
            };
            Ok(Response::from_parts(parts, body))
        })
    }
}

/// The error of the built-in client names the cause. That of another client may contain anything, so it is a source.
fn disconnected(cause: impl Into<BoxError>) -> Failed {
    let cause = cause.into();
    let described = cause.downcast_ref::<Described>().map(|it| it.text.clone());
    let failed = Failed::caused(IntrospectionFailure::Connection, cause);
    match described {
        Some(predicate) => failed.with_detail(&predicate),
        None => failed.with_detail("could not be reached"),
    }
}

fn unread<E: Into<BoxError>>(unread: Unread<E>) -> Failed {
    match unread {
        Unread::Failed(cause) => disconnected(cause),
        Unread::TooLarge => {
            let predicate = format!("answered with more than {MOST_BYTES} bytes");
            Failed::because(IntrospectionFailure::TooLarge, &predicate)
        }
    }
}
