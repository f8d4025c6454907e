//! Shows a gRPC client that calls every method, with or without a token, and prints the results.
//!
//! ```text
//! cargo run --manifest-path examples/tonic/Cargo.toml --bin client -- http://127.0.0.1:3000 [TOKEN]
//! ```

use std::env;
use std::error::Error;
use std::process::ExitCode;

use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::Endpoint;
use tonic::{Request, Status};
use tonic_example::proto::orders_client::OrdersClient;
use tonic_example::proto::warehouse_client::WarehouseClient;
use tonic_example::proto::{ListRequest, Order, ShipRequest, WatchRequest};

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (url, token) = match arguments.as_slice() {
        [url] => (url, None),
        [url, token] => (url, Some(format!("Bearer {token}").parse()?)),
        _ => {
            eprintln!("usage: client URL [TOKEN]");
            return Ok(ExitCode::from(2));
        }
    };
    let channel = Endpoint::from_shared(url.clone())?.connect().await?;
    let with_token = move |mut request: Request<()>| {
        if let Some(token) = &token {
            let token: &MetadataValue<Ascii> = token;
            request.metadata_mut().insert("authorization", token.clone());
        }
        Ok(request)
    };
    let mut orders = OrdersClient::with_interceptor(channel.clone(), with_token.clone());
    let mut warehouse = WarehouseClient::with_interceptor(channel, with_token);

    let listed = orders.list(ListRequest {}).await.map(|it| it.into_inner().orders);
    print("Orders/List", listed);
    let watched = match orders.watch(WatchRequest::default()).await {
        Ok(stream) => collect(stream.into_inner()).await,
        Err(status) => Err(status),
    };
    print("Orders/Watch", watched);
    let shipped = warehouse.ship(ShipRequest { id: "1".to_owned() }).await;
    print("Warehouse/Ship", shipped.map(|order| vec![order.into_inner()]));
    Ok(ExitCode::SUCCESS)
}

async fn collect(mut stream: tonic::Streaming<Order>) -> Result<Vec<Order>, Status> {
    let mut orders = Vec::new();
    while let Some(order) = stream.message().await? {
        orders.push(order);
    }
    Ok(orders)
}

fn print(method: &str, outcome: Result<Vec<Order>, Status>) {
    match outcome {
        Ok(orders) => {
            let owner = orders.first().map(|order| order.owner.as_str()).unwrap_or_default();
            println!("{method}: Ok, {} of {owner:?}", orders.len());
        }
        Err(status) => println!("{method}: {:?}, {}", status.code(), status.message()),
    }
}
