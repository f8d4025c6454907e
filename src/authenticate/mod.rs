//! The middleware: a token in, a verified identity or a 401 out.
//!
//! ```
//! # futures_util::future::FutureExt::now_or_never(async {
//! use http::{Request, Response, StatusCode};
//! use tower::{ServiceBuilder, ServiceExt};
//! use tower_jwt_auth::{JwtAuthLayer, Verified, Verifier, testing::TestIssuer};
//!
//! let issuer = TestIssuer::hs256();
//! let verifier = Verifier::shared_secret(issuer.secret()).any_audience().build()?;
//!
//! // Any service of HTTP requests: axum, hyper, tonic.
//! let service = ServiceBuilder::new().layer(JwtAuthLayer::new(verifier)).service_fn(
//!     async |request: Request<String>| {
//!         let user: &Verified = Verified::of(&request).expect("the layer is in front");
//!         let name = user.subject().unwrap_or("nobody").to_owned();
//!         Ok::<_, std::convert::Infallible>(Response::new(http_body_util::Full::<bytes::Bytes>::from(name)))
//!     },
//! );
//!
//! let token = issuer.token().subject("user-1").mint();
//! let request = Request::builder().header("authorization", format!("Bearer {token}")).body(String::new())?;
//! assert_eq!(service.clone().oneshot(request).await?.status(), StatusCode::OK);
//!
//! let refused = service.oneshot(Request::new(String::new())).await?;
//! assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
//! assert_eq!(refused.headers()["www-authenticate"], "Bearer");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).expect("nothing waits")?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Readiness
//!
//! The service that was polled ready is the one that is called. When a request is rejected, the readied
//! service is replaced by a clone, so that a permit it holds is free again; while a request waits for
//! keys it holds none, and its clone is driven to readiness after the verdict.

mod claims_types;
mod config;
mod extensions;
mod future;
mod judge;
mod layer;
mod max_wait;
mod response_headers;
mod service;

pub use future::ResponseFuture;
pub use layer::JwtAuthLayer;
pub use service::JwtAuth;
