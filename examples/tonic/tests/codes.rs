//! Tests of status codes, messages and metadata over a real connection.

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tonic::Code::{InvalidArgument, Ok as Fine, PermissionDenied, Unauthenticated, Unavailable};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};
use tonic_example::proto::orders_client::OrdersClient;
use tonic_example::proto::warehouse_client::WarehouseClient;
use tonic_example::proto::{ListRequest, ShipRequest, WatchRequest};
use tower_jwt_auth::key::{
    KeyHealth, KeySet, KeySetState, KeySource, RefreshError, RefreshReason, Refreshed,
};
use tower_jwt_auth::testing::TestIssuer;
use tower_jwt_auth::{Answer, Verifier};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

fn issuer() -> TestIssuer {
    TestIssuer::es256().issuer("https://auth.test").audience("orders")
}

fn verifier() -> Outcome<Verifier> {
    let start = Verifier::jwks(issuer().jwks()).issuer("https://auth.test");
    Ok(start.audience("orders").require_claim("sub").build()?)
}

/// Starts a server on a free port and connects to it.
async fn connected(verifier: Verifier) -> Outcome<Channel> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        let ended = tonic_example::serve(listener, verifier, std::future::pending()).await;
        eprintln!("server: {ended:?}");
    });
    Ok(Endpoint::from_shared(format!("http://{address}"))?.connect().await?)
}

/// A request with these values of `authorization`.
fn with<T>(message: T, values: &[String]) -> Outcome<Request<T>> {
    let mut request = Request::new(message);
    for value in values {
        request.metadata_mut().append("authorization", value.parse()?);
    }
    Ok(request)
}

/// Calls the three methods: one returns a message, one a stream, and one requires a scope.
async fn call(channel: &Channel, values: &[String]) -> Outcome<[Result<usize, Status>; 3]> {
    let mut orders = OrdersClient::new(channel.clone());
    let mut warehouse = WarehouseClient::new(channel.clone());
    let listed = orders.list(with(ListRequest {}, values)?).await;
    let watched = match orders.watch(with(WatchRequest::default(), values)?).await {
        Ok(stream) => {
            let (mut stream, mut count) = (stream.into_inner(), 0);
            while stream.message().await?.is_some() {
                count += 1;
            }
            Ok(count)
        }
        Err(status) => Err(status),
    };
    let shipped = warehouse.ship(with(ShipRequest { id: "1".to_owned() }, values)?).await;
    Ok([
        listed.map(|it| it.into_inner().orders.len()),
        watched,
        shipped.map(|it| usize::from(it.into_inner().is_shipped)),
    ])
}

async fn codes(name: &str, channel: &Channel, values: &[String]) -> Outcome<[Code; 3]> {
    let answers = call(channel, values).await?;
    let codes = answers.map(|answer| answer.map_or_else(|status| status.code(), |_| Fine));
    println!("{name:20} {codes:?}");
    Ok(codes)
}

fn bearer(token: impl AsRef<str>) -> Vec<String> {
    vec![format!("Bearer {}", token.as_ref())]
}

#[tokio::test]
async fn every_method_returns_the_code_for_each_token() -> Outcome {
    let issuer = issuer();
    let token = || issuer.token().subject("user-1");
    let writer = || token().claim("scope", "orders:read orders:write");
    let channel = connected(verifier()?).await?;
    for (name, values, list_and_watch, ship) in [
        ("writer", bearer(writer().mint()), Fine, Fine),
        ("reader", bearer(token().mint()), Fine, PermissionDenied),
        ("no token", vec![], Unauthenticated, Unauthenticated),
        ("another scheme", vec!["Basic dTpw".to_owned()], Unauthenticated, Unauthenticated),
        ("tampered", bearer(writer().mint_tampered()), Unauthenticated, Unauthenticated),
        ("expired", bearer(writer().expired().mint()), Unauthenticated, Unauthenticated),
        (
            "for another audience",
            bearer(writer().claim("aud", "billing").mint()),
            Unauthenticated,
            Unauthenticated,
        ),
        (
            "without a subject",
            bearer(writer().without("sub").mint()),
            Unauthenticated,
            Unauthenticated,
        ),
        ("not a token", bearer("not a token"), InvalidArgument, InvalidArgument),
        (
            "two tokens",
            [bearer(writer().mint()), bearer(writer().mint())].concat(),
            InvalidArgument,
            InvalidArgument,
        ),
        // The rejections do not close the connection.
        ("writer again", bearer(writer().mint()), Fine, Fine),
    ] {
        let expected = [list_and_watch, list_and_watch, ship];
        assert_eq!(codes(name, &channel, &values).await?, expected, "{name}");
    }
    Ok(())
}

#[tokio::test]
async fn handlers_read_the_caller_from_the_token() -> Outcome {
    let token = issuer().token().subject("ada").mint();
    let channel = connected(verifier()?).await?;
    let mut orders = OrdersClient::new(channel);
    let listed = orders.list(with(ListRequest {}, &bearer(&token))?).await?.into_inner();
    assert_eq!(listed.orders.iter().map(|it| &*it.owner).collect::<Vec<_>>(), ["ada", "ada"]);

    let mut stream =
        orders.watch(with(WatchRequest::default(), &bearer(&token))?).await?.into_inner();
    let mut watched = Vec::new();
    while let Some(order) = stream.message().await? {
        watched.push((order.id, order.owner));
    }
    let expected = ["1", "2", "3"].map(|id| (id.to_owned(), "ada".to_owned()));
    assert_eq!(watched, expected);
    Ok(())
}

#[tokio::test]
async fn a_rejection_has_a_message_and_a_challenge() -> Outcome {
    let channel = connected(verifier()?).await?;
    let token = issuer().token().subject("user-1").expired().mint();
    let [Err(expired), ..] = call(&channel, &bearer(token)).await? else {
        return Err("an expired token was accepted".into());
    };
    assert_eq!(expired.message(), "The access token expired");
    assert_eq!(
        metadata(&expired, "www-authenticate"),
        Some(r#"Bearer error="invalid_token", error_description="The access token expired""#)
    );

    let token = issuer().token().subject("user-1").mint();
    let [_, _, Err(lacking)] = call(&channel, &bearer(token)).await? else {
        return Err("a token without the scope was accepted".into());
    };
    assert_eq!(lacking.message(), "The access token lacks a scope");
    let challenge = metadata(&lacking, "www-authenticate");
    assert!(challenge.is_some_and(|it| it.starts_with(r#"Bearer scope="orders:write""#)));
    Ok(())
}

fn metadata<'s>(status: &'s Status, name: &str) -> Option<&'s str> {
    status.metadata().get(name)?.to_str().ok()
}

/// A key source without keys, whose refresh always fails.
#[derive(Debug)]
struct NoKeys;

impl KeySource for NoKeys {
    fn current(&self) -> Option<Arc<KeySet>> {
        None
    }

    fn refresh(&self, _: RefreshReason) -> Answer<Result<Refreshed, RefreshError>> {
        Answer::now(Err(RefreshError::new(Duration::from_secs(5))))
    }

    fn health(&self) -> KeyHealth {
        KeyHealth::new(KeySetState::Empty, 0)
    }
}

#[tokio::test]
async fn without_keys_the_code_is_unavailable_with_retry_after() -> Outcome {
    let start = Verifier::key_source(NoKeys).issuer("https://auth.test");
    let channel = connected(start.audience("orders").build()?).await?;
    let token = bearer(issuer().token().subject("user-1").mint());
    assert_eq!(codes("no keys", &channel, &token).await?, [Unavailable; 3]);
    assert_eq!(codes("no keys, no token", &channel, &[]).await?, [Unauthenticated; 3]);

    let [Err(status), ..] = call(&channel, &token).await? else {
        return Err("a token was accepted without keys".into());
    };
    assert_eq!(metadata(&status, "retry-after"), Some("5"));
    assert_eq!(metadata(&status, "www-authenticate"), None);
    Ok(())
}

/// Kills the server when the test ends or fails.
struct Running(std::process::Child);

impl Drop for Running {
    fn drop(&mut self) {
        let ended = self.0.kill().and_then(|()| self.0.wait());
        println!("server: {ended:?}");
    }
}

#[test]
fn the_client_prints_codes_and_ctrl_c_ends_the_server() -> Outcome {
    let mut command = Command::new(env!("CARGO_BIN_EXE_server"));
    let started = command.env("PORT", "0").stdout(Stdio::piped()).spawn()?;
    let mut server = Running(started);
    let mut printed = BufReader::new(server.0.stdout.take().ok_or("no output")?).lines();
    let mut next = |start: &str| -> Outcome<String> {
        for line in printed.by_ref() {
            if let Some(rest) = line?.strip_prefix(start) {
                return Ok(rest.to_owned());
            }
        }
        Err(format!("no line starts with {start:?}").into())
    };
    let url = next("listening on ")?;
    let (reader, writer) = (next("TOKEN=")?, next("WRITER=")?);

    for (token, expected) in [
        (
            Some(reader),
            [
                "Ok, 2 of \"user-1\"",
                "Ok, 3 of \"user-1\"",
                "PermissionDenied, The access token lacks a scope",
            ],
        ),
        (Some(writer), ["Ok, 2 of \"user-1\"", "Ok, 3 of \"user-1\"", "Ok, 1 of \"user-1\""]),
        (None, ["Unauthenticated, The request needs an access token"; 3]),
    ] {
        let mut client = Command::new(env!("CARGO_BIN_EXE_client"));
        let done = client.arg(&url).args(token).output()?;
        assert!(done.status.success());
        let methods = ["Orders/List", "Orders/Watch", "Warehouse/Ship"];
        let expected: Vec<_> = methods
            .iter()
            .zip(expected)
            .map(|(method, outcome)| format!("{method}: {outcome}"))
            .collect();
        assert_eq!(String::from_utf8(done.stdout)?.lines().collect::<Vec<_>>(), expected);
    }

    let pid = server.0.id().to_string();
    assert!(Command::new("kill").args(["-s", "INT", &pid]).status()?.success());
    assert!(server.0.wait()?.success());
    Ok(())
}
