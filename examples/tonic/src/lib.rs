//! Two gRPC services behind one `JwtAuthLayer`. One of them is also behind a `RequireLayer`.

use std::error::Error;
use std::pin::Pin;

use tokio::net::TcpListener;
use tokio_stream::{Stream, StreamExt};
use tonic::service::LayerExt;
use tonic::transport::{Server, server::TcpIncoming};
use tonic::{Extensions, Request, Response, Status};
use tower_jwt_auth::respond::GrpcAware;
use tower_jwt_auth::{JwtAuthLayer, RequireLayer, Verified, Verifier};

use crate::proto::orders_server::{Orders, OrdersServer};
use crate::proto::warehouse_server::{Warehouse, WarehouseServer};
use crate::proto::{ListRequest, ListResponse, Order, ShipRequest, WatchRequest};

/// Generated from `proto/orders.proto`.
#[allow(clippy::pedantic, unused_qualifications, reason = "it is generated")]
pub mod proto {
    tonic::include_proto!("orders.v1");
}

/// Serves until `shutdown` completes, and then until the open requests are answered.
pub async fn serve(
    listener: TcpListener,
    verifier: Verifier,
    shutdown: impl Future<Output = ()>,
) -> Result<(), Box<dyn Error>> {
    // Rejected requests get a gRPC status, from this layer and from the layers inside it. A stream ends with the same
    // status when its token expires.
    let authenticate =
        JwtAuthLayer::new(verifier).responder(GrpcAware::new()).end_streams_at_expiry();
    // `named_layer` keeps the service's name, by which tonic routes.
    let authorize = tower::ServiceBuilder::new().layer(RequireLayer::scope("orders:write"));
    Server::builder()
        .layer(authenticate)
        .add_service(OrdersServer::new(Shop))
        .add_service(authorize.named_layer(WarehouseServer::new(Shop)))
        .serve_with_incoming_shutdown(TcpIncoming::from(listener), shutdown)
        .await?;
    Ok(())
}

/// The subject of the token. An error means that the server is misconfigured: the layer is missing.
fn caller(extensions: &Extensions) -> Result<&str, Status> {
    let user: Option<&Verified> = Verified::in_extensions(extensions);
    user.and_then(|user| user.subject()).ok_or_else(|| Status::internal("no verified token"))
}

#[derive(Clone, Copy, Debug)]
struct Shop;

impl Shop {
    fn order(id: &str, owner: &str) -> Order {
        Order { id: id.to_owned(), owner: owner.to_owned(), is_shipped: false }
    }
}

#[tonic::async_trait]
impl Orders for Shop {
    async fn list(&self, request: Request<ListRequest>) -> Result<Response<ListResponse>, Status> {
        let owner = caller(request.extensions())?;
        let orders = vec![Self::order("1", owner), Self::order("2", owner)];
        Ok(Response::new(ListResponse { orders }))
    }

    type WatchStream = Pin<Box<dyn Stream<Item = Result<Order, Status>> + Send>>;

    async fn watch(
        &self,
        request: Request<WatchRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let owner = caller(request.extensions())?;
        let orders = tokio_stream::iter(["1", "2", "3"].map(|id| Ok(Self::order(id, owner))));
        Ok(Response::new(if request.get_ref().follow {
            // This shop has no further orders.
            Box::pin(orders.chain(tokio_stream::pending()))
        } else {
            Box::pin(orders)
        }))
    }
}

#[tonic::async_trait]
impl Warehouse for Shop {
    async fn ship(&self, request: Request<ShipRequest>) -> Result<Response<Order>, Status> {
        let owner = caller(request.extensions())?.to_owned();
        let order = Self::order(&request.into_inner().id, &owner);
        Ok(Response::new(Order { is_shipped: true, ..order }))
    }
}
