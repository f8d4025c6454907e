//! hyper: the layer is around a service, which hyper-util adapts for a connection.

use http::{Request, Response, StatusCode};
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::{rt::TokioIo, rt::TokioTimer, service::TowerToHyperService};
use tokio::net::TcpListener;
use tower::ServiceBuilder;
use tower_jwt_auth::{JwtAuthLayer, Verified, Verifier};

async fn me(request: Request<Incoming>) -> Result<Response<String>, http::Error> {
    let user: Option<&Verified> = Verified::of(&request);
    match user.and_then(|user| user.subject()) {
        Some(subject) => Response::builder().body(subject.to_owned()),
        None => Response::builder().status(StatusCode::FORBIDDEN).body(String::new()),
    }
}

pub async fn serve(listener: TcpListener, verifier: Verifier) -> std::io::Result<()> {
    let service = ServiceBuilder::new().layer(JwtAuthLayer::new(verifier)).service_fn(me);
    loop {
        let (stream, _) = listener.accept().await?;
        let service = TowerToHyperService::new(service.clone());
        let mut server = http1::Builder::new();
        server.timer(TokioTimer::new());
        tokio::spawn(server.serve_connection(TokioIo::new(stream), service));
    }
}
