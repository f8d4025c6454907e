//! The middleware behind the middleware: what a verified bearer may do, or a 403.
//!
//! [`RequireLayer`] stands behind a [`JwtAuthLayer`](crate::JwtAuthLayer) and asks what the token
//! grants. It knows nothing of claims types, and refuses as the outer layer does.
//!
//! ```
//! # futures_util::future::FutureExt::now_or_never(async {
//! use http::{Request, Response, StatusCode};
//! use tower::{ServiceBuilder, ServiceExt};
//! use tower_jwt_auth::{JwtAuthLayer, RequireLayer, Verifier, testing::TestIssuer};
//!
//! let issuer = TestIssuer::hs256();
//! let verifier = Verifier::shared_secret(issuer.secret()).any_audience().build()?;
//! let service = ServiceBuilder::new()
//!     .layer(JwtAuthLayer::new(verifier))
//!     .layer(RequireLayer::scope("orders:read"))
//!     .service_fn(async |_: Request<()>| {
//!         Ok::<_, std::convert::Infallible>(Response::new(http_body_util::Empty::<bytes::Bytes>::new()))
//!     });
//! let with = |scope| {
//!     let token = issuer.token().claim("scope", scope).mint();
//!     Request::builder().header("authorization", format!("Bearer {token}")).body(())
//! };
//!
//! assert_eq!(service.clone().oneshot(with("orders:read")?).await?.status(), StatusCode::OK);
//! let refused = service.clone().oneshot(with("orders")?).await?;
//! assert_eq!(refused.status(), StatusCode::FORBIDDEN);
//! let challenge = refused.headers()["www-authenticate"].to_str()?;
//! assert!(challenge.starts_with(r#"Bearer scope="orders:read", error="insufficient_scope""#));
//!
//! // Who has not logged in is asked to, and is told the scope.
//! assert_eq!(service.oneshot(Request::new(())).await?.status(), StatusCode::UNAUTHORIZED);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).expect("nothing waits")?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod layer;
mod owner;
mod requirement;
mod service;
mod step_up;

pub use layer::RequireLayer;
pub use service::Require;
