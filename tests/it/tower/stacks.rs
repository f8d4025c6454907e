//! The layer inside and outside other middleware, boxed, and in frameworks.

use std::convert::Infallible;
use std::error::Error as StdError;
use std::time::Duration;

use axum::Router;
use axum::body::Body as AxumBody;
use axum::error_handling::HandleErrorLayer;
use axum::routing::get;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::service::Service as HyperService;
use hyper_util::service::TowerToHyperService;
use tokio::time::timeout;
use tower::util::{BoxCloneService, BoxCloneSyncService, BoxService};
use tower::{Layer, Service, ServiceBuilder, ServiceExt};
use tower_jwt_auth::ErrorKind::{InvalidSignature, MissingToken};
use tower_jwt_auth::middleware::ResponseBody;
use tower_jwt_auth::testing::TestIssuer;
use tower_jwt_auth::{JwtAuthLayer, Verifier};

use crate::support::ask::{Reply, bearer, take_apart, who};

type BoxError = Box<dyn StdError + Send + Sync>;

const LONG: Duration = Duration::from_secs(3600);
/// A deadlocked stack fails its test instead of hanging it.
const PATIENCE: Duration = Duration::from_secs(30);

fn issuer() -> TestIssuer {
    TestIssuer::hs256()
}

fn layer() -> JwtAuthLayer {
    let verifier = Verifier::shared_secret(issuer().secret()).any_audience();
    JwtAuthLayer::new(verifier.build().unwrap())
}

fn good() -> Request<String> {
    bearer(&issuer().token().subject("ada").mint())
}

async fn ask<S, R>(service: &mut S, request: Request<String>) -> Reply
where
    S: Service<Request<String>, Response = Response<R>>,
    S::Error: Into<BoxError>,
    R: http_body::Body<Data = Bytes>,
    R::Error: std::fmt::Debug,
{
    let response = async { service.ready().await?.call(request).await };
    let response = timeout(PATIENCE, response).await.expect("the stack is deadlocked");
    take_apart(response.map_err(Into::into).unwrap()).await
}

/// Sends valid, invalid and missing tokens in turn, more than the capacity of the other layers.
async fn walk<S, R>(mut service: S)
where
    S: Service<Request<String>, Response = Response<R>>,
    S::Error: Into<BoxError>,
    R: http_body::Body<Data = Bytes>,
    R::Error: std::fmt::Debug,
{
    for _ in 0..5 {
        let reply = ask(&mut service, good()).await;
        assert_eq!((reply.status, reply.text()), (200, "user ada"));
        let tampered = bearer(&issuer().token().mint_tampered());
        let reply = ask(&mut service, tampered).await;
        assert_eq!(reply.verdict(), (401, Some(InvalidSignature)));
        let reply = ask(&mut service, Request::default()).await;
        assert_eq!(reply.verdict(), (401, Some(MissingToken)));
    }
}

#[tokio::test]
async fn inside_buffer_limit_and_timeout() {
    let stack = ServiceBuilder::new()
        .buffer(2)
        .concurrency_limit(1)
        .timeout(LONG)
        .layer(layer())
        .service_fn(who::<String>);
    walk(stack.clone()).await;
    walk(stack).await;
}

#[tokio::test]
async fn outside_buffer_limit_and_timeout() {
    let stack = ServiceBuilder::new()
        .layer(layer())
        .buffer(2)
        .concurrency_limit(1)
        .timeout(LONG)
        .service_fn(who::<String>);
    walk(stack.clone()).await;
    walk(stack).await;
}

#[tokio::test]
async fn between_other_layers_and_used_twice() {
    let stack = ServiceBuilder::new()
        .concurrency_limit(1)
        .layer(layer().allow_missing_token())
        .buffer(1)
        .layer(layer())
        .timeout(LONG)
        .concurrency_limit(1)
        .service_fn(who::<String>);
    walk(stack).await;
}

#[tokio::test]
async fn rejected_clients_do_not_exhaust_a_shared_buffer_or_limit() {
    let inner = ServiceBuilder::new().buffer(1).concurrency_limit(1).service_fn(who::<String>);
    let service = layer().layer(inner);
    // Each connection has its own clone. The clones that were polled ready are kept after the rejection.
    let mut rejected = Vec::new();
    for _ in 0..8 {
        let mut mine = service.clone();
        assert_eq!(ask(&mut mine, Request::default()).await.status, 401);
        rejected.push(mine);
    }
    let mut other = service.clone();
    assert_eq!(ask(&mut other, good()).await.status, 200);
    // Each of those connections still works.
    for mut mine in rejected {
        assert_eq!(ask(&mut mine, good()).await.status, 200);
    }
}

#[tokio::test]
async fn an_inner_timeout_passes_through_and_does_not_affect_rejections() {
    let never = tower::service_fn(|_: Request<String>| {
        std::future::pending::<Result<Response<Full<Bytes>>, Infallible>>()
    });
    let inner = ServiceBuilder::new().timeout(Duration::ZERO).service(never);
    let mut service = layer().layer(inner);
    let error = service.ready().await.unwrap().call(good()).await.unwrap_err();
    assert!(error.is::<tower::timeout::error::Elapsed>());
    let rejected = service.ready().await.unwrap().call(Request::default()).await;
    assert_eq!(rejected.unwrap().status(), 401);
}

#[tokio::test]
async fn boxed_inside_and_outside() {
    let inner = BoxCloneService::new(tower::service_fn(who::<String>));
    walk(layer().layer(inner)).await;
    let service = layer().layer(tower::service_fn(who::<String>));
    walk(BoxService::new(service.clone())).await;
    walk(BoxCloneService::new(service.clone())).await;
    walk(BoxCloneSyncService::new(service)).await;
}

#[tokio::test]
async fn one_layer_serves_many_services() {
    let layer = layer();
    let copy = layer.clone();
    walk(layer.layer(tower::service_fn(who::<String>))).await;
    walk(copy.layer(tower::service_fn(who::<String>))).await;
    drop(layer);
    let mut service = copy.layer(tower::service_fn(who::<String>));
    let mut clone = service.clone();
    assert_eq!(ask(&mut clone, good()).await.status, 200);
    assert_eq!(ask(service.get_mut(), good()).await.text(), "no identity");
    assert_eq!(ask(&mut service.into_inner(), good()).await.text(), "no identity");
}

#[tokio::test]
async fn changing_a_cloned_layer_does_not_change_the_original() {
    let strict = layer();
    let lenient = strict.clone().allow_missing_token().realm("open");
    let inner = || tower::service_fn(who::<String>);
    let reply = ask(&mut strict.layer(inner()), Request::default()).await;
    assert_eq!(reply.verdict(), (401, Some(MissingToken)));
    assert_eq!(reply.header("www-authenticate"), Some("Bearer"));
    let reply = ask(&mut lenient.layer(inner()), Request::default()).await;
    assert_eq!(reply.text(), "anonymous");
}

#[tokio::test]
async fn in_axum_inside_a_fallible_layer() {
    let around = ServiceBuilder::new()
        .layer(HandleErrorLayer::new(async |_: BoxError| StatusCode::REQUEST_TIMEOUT))
        .timeout(LONG)
        .layer(layer());
    let app: Router = Router::new().route("/", get(|| async { "user ada" })).layer(around);
    walk(app.map_request(|request: Request<String>| request.map(AxumBody::from))).await;
}

#[tokio::test]
async fn as_an_axum_fallback_and_nested_service() {
    let service = layer().layer(tower::service_fn(who::<AxumBody>));
    let into_axum = |request: Request<String>| request.map(AxumBody::from);
    walk(Router::new().fallback_service(service.clone()).map_request(into_axum)).await;
    walk(Router::new().route_service("/", service).map_request(into_axum)).await;
}

#[tokio::test]
async fn as_a_hyper_service() {
    type Answer = Result<Response<ResponseBody<Full<Bytes>>>, Infallible>;
    let service = TowerToHyperService::new(layer().layer(tower::service_fn(who::<String>)));
    for (request, status) in [(good(), 200), (Request::default(), 401), (good(), 200)] {
        let answer: Answer = HyperService::call(&service, request).await;
        assert_eq!(take_apart(answer.unwrap()).await.status, status);
    }
}

#[tokio::test]
async fn concurrent_tasks_each_get_their_own_verdict() {
    let service =
        ServiceBuilder::new().layer(layer()).concurrency_limit(2).service_fn(who::<String>);
    let tasks: Vec<_> = (0..32)
        .map(|number| {
            let service = service.clone();
            tokio::spawn(async move {
                let issuer = issuer();
                let token = issuer.token().subject(format!("user-{number}"));
                let request = match number % 4 {
                    0 => Request::default(),
                    1 => bearer(&token.mint_tampered()),
                    _ => bearer(&token.mint()),
                };
                let reply = take_apart(service.oneshot(request).await.unwrap()).await;
                (number, reply)
            })
        })
        .collect();
    for task in tasks {
        let (number, reply) = task.await.unwrap();
        match number % 4 {
            0 => assert_eq!(reply.verdict(), (401, Some(MissingToken))),
            1 => assert_eq!(reply.verdict(), (401, Some(InvalidSignature))),
            _ => assert_eq!(reply.text(), format!("user user-{number}")),
        }
    }
}
