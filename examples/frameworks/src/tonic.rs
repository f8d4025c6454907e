//! tonic: the layer is around the whole server, and its responder answers with gRPC statuses.

use tokio::net::TcpListener;
use tonic::transport::{Error, Server, server::TcpIncoming};
use tonic::{Request, Response, Status};
use tower_jwt_auth::respond::GrpcAware;
use tower_jwt_auth::{JwtAuthLayer, Verified, Verifier};

use crate::proto::accounts_server::{Accounts, AccountsServer};

struct MyAccounts;

#[tonic::async_trait]
impl Accounts for MyAccounts {
    async fn me(&self, request: Request<()>) -> Result<Response<String>, Status> {
        let user: Option<&Verified> = Verified::in_extensions(request.extensions());
        match user.and_then(|user| user.subject()) {
            Some(subject) => Ok(Response::new(subject.to_owned())),
            None => Err(Status::permission_denied("no subject")),
        }
    }
}

pub async fn serve(listener: TcpListener, verifier: Verifier) -> Result<(), Error> {
    Server::builder()
        .layer(JwtAuthLayer::new(verifier).responder(GrpcAware::new()))
        .add_service(AccountsServer::new(MyAccounts))
        .serve_with_incoming(TcpIncoming::from(listener))
        .await
}
