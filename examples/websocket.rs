//! Shows a WebSocket that a browser opens with a token, and that the server closes when the token expires.
//!
//! ```text
//! cargo run --example websocket --features tokio-timer
//! ```
//!
//! A page cannot set headers on a WebSocket, so it offers the token as a subprotocol.
//!
//! `PORT` is 3000 and `JWT_SECRET` (at least 32 bytes) is random unless they are set. The server prints tokens. Ctrl-C
//! ends it.

#[path = "shared/demo.rs"]
mod demo;
#[path = "shared/shutdown.rs"]
mod shutdown;

use std::error::Error;
use std::time::Duration;

use axum::Router;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::response::{Html, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tower_jwt_auth::source::{BearerHeader, WebSocketProtocol};
use tower_jwt_auth::testing::TestIssuer;
use tower_jwt_auth::{JwtAuthLayer, Verified, Verifier};

/// The subprotocol that the client offers before the token.
const MARKER: &str = "bearer";
/// A close code in the range for applications (RFC 6455 §7.4.2). With it, the page knows that it needs a new token. 1008
/// (policy violation) would also be correct, but the page could not distinguish it from other reasons.
const TOKEN_EXPIRED: u16 = 4401;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let secret = demo::secret()?;
    // Without leeway, a token of three seconds is valid for three seconds.
    let verifier =
        Verifier::shared_secret(&secret).any_audience().leeway(Duration::ZERO).build()?;
    let source = WebSocketProtocol::new(MARKER).or(BearerHeader);

    let app = Router::new()
        .route("/live", get(live))
        .route_layer(JwtAuthLayer::new(verifier).token_source(source).remove_token())
        .route("/", get(async || Html(PAGE)));

    let listener = TcpListener::bind(("127.0.0.1", demo::port()?)).await?;
    print_what_to_try(&format!("http://{}", listener.local_addr()?), &secret);
    Ok(axum::serve(listener, app).with_graceful_shutdown(shutdown::signal()).await?)
}

async fn live(user: Verified, upgrade: WebSocketUpgrade) -> Response {
    // The server selects the marker as the subprotocol. It must not send the token back.
    upgrade.protocols([MARKER]).on_upgrade(|socket| serve(socket, user))
}

/// Echoes messages until the token expires.
async fn serve(mut socket: WebSocket, user: Verified) {
    let name = user.subject().unwrap_or("unknown").to_owned();
    let mut expired = user.expired();
    loop {
        let message = tokio::select! {
            () = &mut expired => {
                let reason = "the access token expired".into();
                let close = CloseFrame { code: TOKEN_EXPIRED, reason };
                let _ = socket.send(Message::Close(Some(close))).await;
                return;
            }
            message = socket.recv() => message,
        };
        match message {
            Some(Ok(Message::Text(text))) => {
                let answer = Message::text(format!("{name} said: {text}"));
                if socket.send(answer).await.is_err() {
                    return;
                }
            }
            Some(Ok(_)) => {}
            Some(Err(_)) | None => return,
        }
    }
}

const PAGE: &str = r#"<!doctype html>
<title>Live</title>
<input placeholder="token"> <button>Open</button>
<pre></pre>
<script>
  const show = (line) => (document.querySelector("pre").textContent += line + "\n");
  document.querySelector("button").onclick = () => {
    const token = document.querySelector("input").value;
    const socket = new WebSocket(`ws://${location.host}/live`, ["bearer", token]);
    socket.onopen = () => socket.send("hello");
    socket.onmessage = ({ data }) => show(data);
    socket.onclose = ({ code, reason }) => show(`closed: ${code} ${reason}`);
  };
</script>
"#;

fn print_what_to_try(url: &str, secret: &str) {
    let issuer = TestIssuer::hs256().with_secret(secret);
    let token =
        |seconds| issuer.token().subject("user-1").expires_in(Duration::from_secs(seconds)).mint();
    println!("listening on {url}");
    println!("Open {url}/ in a browser, and paste one of the tokens.");
    println!();
    println!("# Valid for one minute, and for three seconds:");
    println!("TOKEN={}", token(60));
    println!("SHORT={}", token(3));
}
