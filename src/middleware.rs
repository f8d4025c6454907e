//! The services, futures and bodies of the two layers.
//!
//! [`JwtAuthLayer`](crate::JwtAuthLayer) wraps a service in [`JwtAuth`], which authenticates requests.
//! [`RequireLayer`](crate::RequireLayer) wraps a service in [`Require`], which authorizes them. Use the types of this
//! module in a struct that contains a wrapped service, or in the signature of a function that returns one.
//!
//! # Rules
//!
//! 1. `JwtAuth` first removes every [`Verified`](crate::Verified), [`Identity`](crate::Identity),
//!    [`Anonymous`](crate::Anonymous) and [`Unjudged`](crate::Unjudged) that an outer layer inserted into the request's
//!    extensions.
//! 2. A request that is exempt from authentication is admitted with `Anonymous`
//!    ([`bypass`](crate::JwtAuthLayer::bypass),
//!    [`allow_cors_preflight`](crate::JwtAuthLayer::allow_cors_preflight)).
//! 3. A request without a token is answered 401. If
//!    [`allow_missing_token`](crate::JwtAuthLayer::allow_missing_token) is set, it is admitted with `Anonymous`.
//!    Credentials of another scheme, such as `Basic`, do not count as a token.
//! 4. Malformed credentials, or more than one token, are answered 400. An invalid token is answered 401.
//! 5. If the keys are unavailable, or revocation or the proof of possession cannot be checked now, the answer is 503.
//! 6. If [`allow_invalid_token`](crate::JwtAuthLayer::allow_invalid_token) is set, a request of rule 4 or 5 is admitted
//!    with `Anonymous`, which contains the error.
//! 7. A request with a valid token is admitted with `Verified` and `Identity`.
//! 8. If [`allow_non_jwt`](crate::JwtAuthLayer::allow_non_jwt) is set, a credential that is not a JWT is admitted with
//!    `Unjudged`. If no inner layer accepts it, every response but an error is replaced by 401.
//! 9. `Require` answers 403 to an identity that does not satisfy its rule, 401 to `Anonymous` and `Unjudged`, and 500
//!    if there is no `JwtAuth` in front of it. If `Anonymous` contains an error, the response is that of the error.
//! 10. If [`end_streams_at_expiry`](crate::JwtAuthLayer::end_streams_at_expiry) is set, the body of the response to a
//!     request of rule 7 ends when the token has expired or is known to be revoked.
//!
//! In axum, add the layer with `Router::route_layer`. With `Router::layer`, it also wraps the fallback; after `merge`,
//! every unknown path of the application is answered 401.
//!
//! # Example
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
//! // Any service of HTTP requests works: axum, hyper, tonic.
//! let service = ServiceBuilder::new().layer(JwtAuthLayer::new(verifier)).service_fn(
//!     async |request: Request<String>| {
//!         let user: &Verified = Verified::of(&request).expect("the layer inserts it");
//!         let name = user.subject().unwrap_or("unknown").to_owned();
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
//! # Readiness
//!
//! A service that was polled ready may hold a permit, for example of a concurrency limit.
//!
//! 1. An admitted request is passed to the service that was polled ready.
//! 2. When a request is rejected, the ready service is dropped, which releases its permit, and replaced by a clone.
//! 3. A request that waits for its verdict holds no permit. Its clone of the service is polled ready afterwards.

pub use crate::authenticate::{JwtAuth, JwtAuthFuture};
pub use crate::authorize::Require;
pub use crate::respond::body::ResponseBody;
pub use crate::respond::future::ResponseFuture;
