//! Every framework gives the same answers to the same tokens.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::error::Error;
use std::future::IntoFuture;
use std::net::SocketAddr;

use frameworks_example::{axum, hyper, lambda_http, poem, salvo, tonic, warp};
use tokio::net::{TcpListener, TcpStream};
use tower_jwt_auth::Verifier;
use tower_jwt_auth::testing::TestIssuer;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

fn issuer() -> TestIssuer {
    TestIssuer::hs256().audience("orders")
}

fn verifier() -> Outcome<Verifier> {
    Ok(Verifier::shared_secret(issuer().secret()).audience("orders").build()?)
}

/// What a client sees of a response.
#[derive(Debug)]
struct Seen {
    status: u16,
    challenge: Option<String>,
    body: String,
}

/// The values of `Authorization`, with the expected status, challenge and body. A rejection has a problem document.
fn table() -> Vec<(&'static str, Vec<String>, u16, Option<&'static str>)> {
    let issuer = issuer();
    let token = || issuer.token().subject("ada");
    let bearer = |token: String| format!("Bearer {token}");
    let invalid =
        r#"Bearer error="invalid_token", error_description="The access token is invalid""#;
    let expired = r#"Bearer error="invalid_token", error_description="The access token expired""#;
    let malformed =
        r#"Bearer error="invalid_request", error_description="The request is malformed""#;
    vec![
        ("no token", vec![], 401, Some("Bearer")),
        ("a good token", vec![bearer(token().mint())], 200, None),
        ("another scheme", vec!["Basic dTpw".to_owned()], 401, Some("Bearer")),
        ("tampered", vec![bearer(token().mint_tampered())], 401, Some(invalid)),
        ("expired", vec![bearer(token().expired().mint())], 401, Some(expired)),
        (
            "another audience",
            vec![bearer(token().claim("aud", "billing").mint())],
            401,
            Some(invalid),
        ),
        ("two tokens", vec![bearer(token().mint()); 2], 400, Some(malformed)),
        ("a good token again", vec![bearer(token().mint())], 200, None),
    ]
}

fn check(name: &str, seen: &Seen, status: u16, challenge: Option<&str>) {
    assert_eq!((seen.status, seen.challenge.as_deref()), (status, challenge), "{name}: {seen:?}");
    if status == 200 {
        assert_eq!(seen.body, "ada", "{name}");
    } else {
        let problem: serde_json::Value = serde_json::from_str(&seen.body).unwrap();
        assert_eq!(problem["status"], status, "{name}: {problem}");
    }
}

async fn ask(address: SocketAddr, authorizations: &[String]) -> Outcome<Seen> {
    use http_body_util::{BodyExt, Empty};
    use hyper_util::rt::TokioIo;

    let stream = TokioIo::new(TcpStream::connect(address).await?);
    let (mut client, connection) = ::hyper::client::conn::http1::handshake(stream).await?;
    let connection = tokio::spawn(connection);
    let mut request = http::Request::get("/me").header("host", "api.test");
    for value in authorizations {
        request = request.header("authorization", value);
    }
    let response = client.send_request(request.body(Empty::<bytes::Bytes>::new())?).await?;
    let (parts, body) = response.into_parts();
    let challenge = parts.headers.get("www-authenticate");
    let seen = Seen {
        status: parts.status.as_u16(),
        challenge: challenge.map(|it| it.to_str().map(str::to_owned)).transpose()?,
        body: String::from_utf8(body.collect().await?.to_bytes().to_vec())?,
    };
    drop(client);
    connection.abort();
    Ok(seen)
}

/// Starts a server on a free port and sends it every request of the table.
async fn check_server<F: IntoFuture<IntoFuture: Send + 'static, Output: Send + 'static>>(
    serve: impl FnOnce(TcpListener, Verifier) -> F,
) -> Outcome {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    let server = tokio::spawn(serve(listener, verifier()?).into_future());
    for (name, authorizations, status, challenge) in table() {
        check(name, &ask(address, &authorizations).await?, status, challenge);
    }
    server.abort();
    Ok(())
}

#[tokio::test]
async fn axum_answers_as_documented() -> Outcome {
    check_server(|listener, verifier| ::axum::serve(listener, axum::app(verifier))).await
}

#[tokio::test]
async fn hyper_answers_as_documented() -> Outcome {
    check_server(hyper::serve).await
}

#[tokio::test]
async fn warp_answers_as_documented() -> Outcome {
    check_server(warp::serve).await
}

#[tokio::test]
async fn salvo_answers_as_documented() -> Outcome {
    use ::salvo::Server;
    use ::salvo::conn::tcp::TcpAcceptor;

    check_server(async |listener, verifier| {
        let acceptor = TcpAcceptor::try_from(listener).unwrap();
        Server::new(acceptor).serve(salvo::router(verifier)).await;
    })
    .await
}

#[tokio::test]
async fn poem_answers_as_documented() -> Outcome {
    use ::poem::Server;
    use ::poem::listener::TcpAcceptor;

    check_server(async |listener, verifier| {
        let acceptor = TcpAcceptor::from_tokio(listener).unwrap();
        Server::new_with_acceptor(acceptor).run(poem::app(verifier)).await
    })
    .await
}

/// An event of API Gateway, payload format 2.0. It joins repeated fields with a comma.
fn event(authorizations: &[String]) -> Outcome<::lambda_http::request::LambdaRequest> {
    let mut headers = serde_json::json!({"host": "api.test", "accept": "*/*"});
    if !authorizations.is_empty() {
        headers["authorization"] = authorizations.join(",").into();
    }
    Ok(serde_json::from_value(serde_json::json!({
        "version": "2.0",
        "routeKey": "GET /me",
        "rawPath": "/me",
        "rawQueryString": "",
        "headers": headers,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "api-id",
            "domainName": "id.execute-api.eu-central-1.amazonaws.com",
            "domainPrefix": "id",
            "http": {
                "method": "GET",
                "path": "/me",
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
                "userAgent": "curl/8.0",
            },
            "requestId": "id",
            "routeKey": "GET /me",
            "stage": "$default",
            "time": "12/Mar/2026:19:03:58 +0000",
            "timeEpoch": 1_773_342_238_000_u64,
        },
        "isBase64Encoded": false,
    }))?)
}

#[tokio::test]
async fn lambda_http_answers_as_documented() -> Outcome {
    use ::lambda_http::{Adapter, Context, LambdaEvent};
    use tower::ServiceExt;

    let service = lambda_http::service(verifier()?);
    for (name, authorizations, status, challenge) in table() {
        let event = LambdaEvent::new(event(&authorizations)?, Context::default());
        let response = Adapter::from(service.clone()).oneshot(event).await.unwrap();
        let response = serde_json::to_value(response)?;
        let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
        let seen = Seen {
            status: u16::try_from(response["statusCode"].as_u64().unwrap_or_default())?,
            challenge: text(&response["headers"]["www-authenticate"]),
            body: text(&response["body"]).unwrap_or_default(),
        };
        check(name, &seen, status, challenge);
    }
    Ok(())
}

#[tokio::test]
async fn tonic_answers_as_documented() -> Outcome {
    use ::tonic::transport::Endpoint;
    use ::tonic::{Code, Request};
    use frameworks_example::proto::accounts_client::AccountsClient;

    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    let server = tokio::spawn(tonic::serve(listener, verifier()?));
    let channel = Endpoint::from_shared(format!("http://{address}"))?.connect().await?;
    let mut accounts = AccountsClient::new(channel);
    for (name, authorizations, status, challenge) in table() {
        let mut request = Request::new(());
        for value in authorizations {
            request.metadata_mut().append("authorization", value.parse()?);
        }
        let expected = match status {
            200 => Code::Ok,
            400 => Code::InvalidArgument,
            _ => Code::Unauthenticated,
        };
        match accounts.me(request).await {
            Ok(response) => assert_eq!((expected, &**response.get_ref()), (Code::Ok, "ada")),
            Err(status) => {
                assert_eq!(status.code(), expected, "{name}: {status}");
                let metadata = status.metadata().get("www-authenticate");
                assert_eq!(metadata.map(|it| it.to_str()).transpose()?, challenge, "{name}");
            }
        }
    }
    server.abort();
    Ok(())
}
