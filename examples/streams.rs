//! Shows an event stream and a download that end when the token expires.
//!
//! ```text
//! cargo run --example streams --features tokio-timer
//! ```
//!
//! `PORT` is 3000 and `JWT_SECRET` (at least 32 bytes) is random unless they are set. The server prints tokens. Ctrl-C
//! ends it, after the open responses.

#[path = "shared/demo.rs"]
mod demo;
#[path = "shared/shutdown.rs"]
mod shutdown;

use std::convert::Infallible;
use std::error::Error;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::IntoResponse;
use axum::response::sse::{Event, Sse};
use axum::routing::get;
use futures_util::{Stream, StreamExt, stream};
use tokio::net::TcpListener;
use tokio::time::interval;
use tower_jwt_auth::testing::TestIssuer;
use tower_jwt_auth::{JwtAuthLayer, Verified, Verifier};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let secret = demo::secret()?;
    // Without leeway, a token of three seconds is valid for three seconds.
    let verifier =
        Verifier::shared_secret(&secret).any_audience().leeway(Duration::ZERO).build()?;

    let app = Router::new()
        .route("/events", get(events))
        .route("/download", get(download))
        .route_layer(JwtAuthLayer::new(verifier).end_streams_at_expiry());

    let listener = TcpListener::bind(("127.0.0.1", demo::port()?)).await?;
    print_what_to_try(&format!("http://{}", listener.local_addr()?), &secret);
    Ok(axum::serve(listener, app).with_graceful_shutdown(shutdown::signal()).await?)
}

/// Ends without an error, so that a browser opens it again.
async fn events(user: Verified) -> impl IntoResponse {
    let user = user.subject().unwrap_or("unknown").to_owned();
    let event =
        move |number| Ok::<_, Infallible>(Event::default().data(format!("{number} {user}")));
    Sse::new(numbers().map(event))
}

/// Ends with an error, so that the client sees that the download is incomplete.
async fn download() -> Body {
    Body::from_stream(numbers().map(|number| Ok::<_, Infallible>(format!("line {number}\n"))))
}

/// Endless, as far as the handlers are concerned.
fn numbers() -> impl Stream<Item = u64> + Send {
    let ticks = interval(Duration::from_millis(250));
    stream::unfold((ticks, 0), |(mut ticks, number)| async move {
        ticks.tick().await;
        Some((number, (ticks, number + 1)))
    })
}

fn print_what_to_try(url: &str, secret: &str) {
    let issuer = TestIssuer::hs256().with_secret(secret);
    let token =
        |seconds| issuer.token().subject("user-1").expires_in(Duration::from_secs(seconds)).mint();
    println!("listening on {url}");
    println!();
    println!("# Valid for one minute, and for three seconds:");
    println!("TOKEN={}", token(60));
    println!("SHORT={}", token(3));
    println!();
    println!("# Both end when the token expires, and curl reports the second as incomplete:");
    println!("curl -N -H \"Authorization: Bearer $TOKEN\" {url}/events");
    println!("curl -N -H \"Authorization: Bearer $TOKEN\" {url}/download");
}
