//! warp: `warp::service` makes a service of a filter, and hyper serves it.

use hyper::server::conn::http1;
use hyper_util::{rt::TokioIo, rt::TokioTimer, service::TowerToHyperService};
use tokio::net::TcpListener;
use tower::ServiceBuilder;
use tower_jwt_auth::{JwtAuthLayer, Verified, Verifier};
use warp::Filter;

pub async fn serve(listener: TcpListener, verifier: Verifier) -> std::io::Result<()> {
    let me = warp::path!("me")
        .and(warp::ext::get())
        .map(|user: Verified| user.subject().unwrap_or("unknown").to_owned());
    let layer = JwtAuthLayer::new(verifier);
    let service = ServiceBuilder::new().layer(layer).service(warp::service(me));
    loop {
        let (stream, _) = listener.accept().await?;
        let service = TowerToHyperService::new(service.clone());
        let mut server = http1::Builder::new();
        server.timer(TokioTimer::new());
        tokio::spawn(server.serve_connection(TokioIo::new(stream), service));
    }
}
