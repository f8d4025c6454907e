//! A hyper server with a public and a protected route, without any framework.
//!
//! ```text
//! cargo run --example hyper
//! ```
//!
//! `PORT` (3000 unless set) and `JWT_SECRET` (random unless set, at least 32 bytes) come from the
//! environment. It prints a token and the curl lines to try.

#[path = "shared/demo.rs"]
mod demo;
#[path = "shared/what_to_try.rs"]
mod what_to_try;

use std::convert::Infallible;
use std::error::Error;

use bytes::Bytes;
use http::{Request, Response, StatusCode, header::CONTENT_TYPE};
use http_body_util::{BodyExt, Full, combinators::BoxBody};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tower::{ServiceBuilder, ServiceExt, service_fn};
use tower_jwt_auth::error::BoxError;
use tower_jwt_auth::{JwtAuthLayer, Verified, Verifier};

type Body = BoxBody<Bytes, BoxError>;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let secret = demo::secret()?;
    let verifier = Verifier::shared_secret(&secret).any_audience().build()?;

    // The layer stands in front of the one service that needs it.
    let me = ServiceBuilder::new().layer(JwtAuthLayer::new(verifier)).service_fn(me);
    let app = service_fn(move |request: Request<Incoming>| {
        let me = me.clone();
        async move {
            match request.uri().path() {
                "/me" => me.oneshot(request).await.map(|response| response.map(BodyExt::boxed)),
                "/" => Ok(text(StatusCode::OK, "public; /me needs a token\n")),
                _ => Ok(text(StatusCode::NOT_FOUND, "not found\n")),
            }
        }
    });

    let listener = TcpListener::bind(("127.0.0.1", demo::port()?)).await?;
    what_to_try::print(&format!("http://{}", listener.local_addr()?), &secret)?;
    loop {
        let (stream, _) = listener.accept().await?;
        let service = TowerToHyperService::new(app.clone());
        tokio::spawn(async move {
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(stream), service);
            if let Err(error) = connection.await {
                eprintln!("connection: {error}");
            }
        });
    }
}

async fn me(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    // Nobody gets here without the layer having verified a token.
    let user: Option<&Verified> = Verified::of(&request);
    let Some(Ok(json)) = user.map(|user| serde_json::to_vec(&**user)) else {
        let mut response = Response::new(Full::default());
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        return Ok(response);
    };
    let mut response = Response::new(Full::from(json));
    let json = http::HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    Ok(response)
}

fn text(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut response = Response::new(Full::from(text).map_err(BoxError::from).boxed());
    *response.status_mut() = status;
    response
}
