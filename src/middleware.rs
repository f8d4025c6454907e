//! The services, futures and bodies of the two layers.
//!
//! [`JwtAuthLayer`](crate::JwtAuthLayer) wraps a service in [`JwtAuth`], which authenticates (401);
//! [`RequireLayer`](crate::RequireLayer) wraps one in [`Require`], which authorizes (403). The types are here to be
//! named: in a struct that holds a wrapped service, or in the signature of a function that returns one.
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
//! let rejected = service.oneshot(Request::new(String::new())).await?;
//! assert_eq!(rejected.status(), StatusCode::UNAUTHORIZED);
//! assert_eq!(rejected.headers()["www-authenticate"], "Bearer");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).expect("nothing waits")?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//!
//! # Readiness
//!
//! The service that was polled ready is the one that is called. When a request is rejected, the readied
//! service is replaced by a clone, so that a permit it holds is free again; while a request waits for
//! keys it holds none, and its clone is driven to readiness after the verdict.

pub use crate::authenticate::{JwtAuth, JwtAuthFuture};
pub use crate::authorize::Require;
pub use crate::respond::body::ResponseBody;
pub use crate::respond::future::ResponseFuture;
