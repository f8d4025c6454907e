//! A WebSocket that a browser opens with a token, and that is closed when the token expires.
//!
//! ```text
//! cargo run --example websocket
//! ```
//!
//! `PORT` (3000 unless set) and `JWT_SECRET` (random unless set, at least 32 bytes) come from the
//! environment. A page cannot set headers on a WebSocket; it offers the token as a subprotocol.

#[path = "shared/demo.rs"]
mod demo;

use std::error::Error;
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::response::{Html, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep_until};
use tower_jwt_auth::claims::NumericDate;
use tower_jwt_auth::source::{BearerHeader, WebSocketProtocol};
use tower_jwt_auth::testing::TestIssuer;
use tower_jwt_auth::{JwtAuthLayer, Verified, Verifier};

/// The offered subprotocol behind which the token stands.
const MARKER: &str = "bearer";
/// In the range for applications (RFC 6455 §7.4.2).
const TOKEN_EXPIRED: u16 = 4401;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let secret = demo::secret()?;
    let verifier = Verifier::shared_secret(&secret).any_audience().build()?;
    let source = WebSocketProtocol::new(MARKER).or(BearerHeader);

    let app = Router::new()
        .route("/live", get(live))
        .layer(JwtAuthLayer::new(verifier).token_source(source).remove_token())
        .route("/", get(async || Html(PAGE)));

    let listener = TcpListener::bind(("127.0.0.1", demo::port()?)).await?;
    print_what_to_try(&format!("http://{}", listener.local_addr()?), &secret);
    Ok(axum::serve(listener, app).await?)
}

async fn live(user: Verified, upgrade: WebSocketUpgrade) -> Response {
    // The marker is the protocol that is spoken. The token must not come back as one.
    upgrade.protocols([MARKER]).on_upgrade(|socket| serve(socket, user))
}

/// Answers what is said, for as long as the token is good.
async fn serve(mut socket: WebSocket, user: Verified) {
    let name = user.subject().unwrap_or("nobody").to_owned();
    let end = user.expires_at().and_then(NumericDate::to_system_time);
    // The verifier has seen to it that there is one.
    let left = end.and_then(|end| end.duration_since(SystemTime::now()).ok());
    let end = Instant::now() + left.unwrap_or_default();
    loop {
        let said = tokio::select! {
            () = sleep_until(end) => {
                let reason = "the access token expired".into();
                let bye = CloseFrame { code: TOKEN_EXPIRED, reason };
                let _ = socket.send(Message::Close(Some(bye))).await;
                return;
            }
            said = socket.recv() => said,
        };
        match said {
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
    println!("token: {}", token(60));
    println!("short: {}", token(3));
    println!();
    println!("In a browser: {url}/, with one of the tokens. The second is good for three seconds.");
}
