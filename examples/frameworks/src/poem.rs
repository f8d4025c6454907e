//! poem: its `compat` passes requests of its own to a layer, so a middleware asks the layer about each head.

use std::{convert::Infallible, io, mem::take};

use http::{Response, request::Parts};
use http_body_util::BodyExt;
use poem::{Endpoint, EndpointExt, IntoResponse, Request, Route, get, handler, web::Data};
use tower::{Layer, ServiceExt, service_fn};
use tower_jwt_auth::middleware::ResponseBody;
use tower_jwt_auth::{JwtAuthLayer, Verified, Verifier};

/// Returns the head with the verified token in its extensions, or the response to a rejected request.
async fn authenticate(
    layer: &JwtAuthLayer,
    head: http::Request<()>,
) -> Result<Parts, Response<ResponseBody<String>>> {
    let service = layer.layer(service_fn(async |admitted: http::Request<()>| {
        let mut response = Response::new(String::new());
        response.extensions_mut().insert(admitted.into_parts().0);
        Ok::<_, Infallible>(response)
    }));
    let Ok(mut response) = service.oneshot(head).await;
    response.extensions_mut().remove().ok_or(response)
}

#[handler]
fn me(Data(user): Data<&Verified>) -> String {
    user.subject().unwrap_or("unknown").to_owned()
}

pub fn app(verifier: Verifier) -> impl Endpoint {
    let layer = JwtAuthLayer::new(verifier);
    Route::new().at("/me", get(me)).around(move |next, mut request: Request| {
        let layer = layer.clone();
        async move {
            let mut head = http::Request::new(());
            *head.method_mut() = request.method().clone();
            *head.uri_mut() = request.uri().clone();
            *head.headers_mut() = take(request.headers_mut());
            *head.extensions_mut() = take(request.extensions_mut());
            match authenticate(&layer, head).await {
                Ok(head) => {
                    *request.uri_mut() = head.uri;
                    *request.headers_mut() = head.headers;
                    *request.extensions_mut() = head.extensions;
                    Ok(next.call(request).await?.into_response())
                }
                Err(rejected) => Ok(rejected.map(|body| body.map_err(io::Error::other)).into()),
            }
        }
    })
}
