//! Shows a hyper server with a public and a protected route, without a framework.
//!
//! ```text
//! cargo run --example hyper
//! ```
//!
//! `PORT` is 3000 and `JWT_SECRET` (at least 32 bytes) is random unless they are set. The server prints tokens and curl
//! commands. Ctrl-C ends it.

#[path = "shared/demo.rs"]
mod demo;
#[path = "shared/shutdown.rs"]
mod shutdown;
#[path = "shared/what_to_try.rs"]
mod what_to_try;

use std::convert::Infallible;
use std::error::Error;
use std::pin::pin;

use bytes::Bytes;
use http::{Request, Response, StatusCode, header::CONTENT_TYPE};
use http_body_util::{BodyExt, Full, combinators::BoxBody};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
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

    // The layer wraps only the service that needs a token.
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
    let connections = GracefulShutdown::new();
    let mut interrupted = pin!(shutdown::signal());
    loop {
        let (stream, _) = tokio::select! {
            accepted = listener.accept() => accepted?,
            () = &mut interrupted => break,
        };
        let service = TowerToHyperService::new(app.clone());
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .serve_connection(TokioIo::new(stream), service);
        let connection = connections.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                eprintln!("connection: {error}");
            }
        });
    }
    connections.shutdown().await;
    Ok(())
}

async fn me(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    // `None` only if the layer is missing: it is the layer that stores the verified token.
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
