//! One request with a limited response, over any Tower HTTP client.

use std::future::poll_fn;
use std::pin::pin;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use futures_util::future::BoxFuture;
use http::{Request, Response, StatusCode};
use http_body::Body;
use tower_service::Service;

use super::failed::Failed;
use super::request::FormBody;
use crate::error::BoxError;
use crate::jwks::failure::Described;
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
                | StatusCode::FORBIDDEN => read(body).await?,
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

/// Reads a body up to the limit.
async fn read<B: Body<Error: Into<BoxError>>>(body: B) -> Result<Bytes, Failed> {
    let mut body = pin!(body);
    let (mut read, mut pieces) = (BytesMut::new(), 0);
    let too_large = || {
        let predicate = format!("answered with more than {MOST_BYTES} bytes");
        Err(Failed::because(IntrospectionFailure::TooLarge, &predicate))
    };
    if body.size_hint().lower() > u64::try_from(MOST_BYTES).unwrap_or(u64::MAX) {
        return too_large();
    }
    while let Some(frame) = poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
        let data = frame.map_err(disconnected)?.into_data().ok();
        let length = data.as_ref().map_or(0, Buf::remaining);
        // A frame without data counts as one byte, so that an endless sequence of them also reaches the limit.
        pieces += usize::from(length == 0);
        if read.len().saturating_add(pieces).saturating_add(length) > MOST_BYTES {
            return too_large();
        }
        if let Some(data) = data {
            read.put(data);
        }
    }
    Ok(read.freeze())
}
