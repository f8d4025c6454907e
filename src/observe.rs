//! Events for metrics and logs, without tokens and without claims.
//!
//! Set an [`Observer`] with [`VerifierBuilder::observer`](crate::verify::VerifierBuilder::observer). It receives
//! the verdicts of both layers and of the extractors, cache lookups, and the results of key fetches. If a
//! `JwtAuthLayer` is missing, there is no verifier, and the verdict goes to the observer of [`set_fallback`]. See the
//! guide page [Observability](crate::guide::observability).
//!
//! ```
//! # futures_util::future::FutureExt::now_or_never(async {
//! use std::sync::{Arc, Mutex};
//! use http::{Request, Response};
//! use tower::{ServiceBuilder, ServiceExt};
//! use tower_jwt_auth::observe::Event;
//! use tower_jwt_auth::{JwtAuthLayer, RequireLayer, Verifier, testing::TestIssuer};
//!
//! let lines = Arc::new(Mutex::new(Vec::new()));
//! let log = Arc::clone(&lines);
//! let issuer = TestIssuer::hs256();
//! let verifier = Verifier::shared_secret(issuer.secret())
//!     .any_audience()
//!     .observer(move |event: &Event<'_>| {
//!         if let Event::RequestJudged { stage, verdict, reason, .. } = event {
//!             let reason = reason.map_or("", |reason| reason.as_str());
//!             log.lock().unwrap().push(format!("{} {} {reason}", stage.as_str(), verdict.as_str()));
//!         }
//!     })
//!     .build()?;
//! let service = ServiceBuilder::new()
//!     .layer(JwtAuthLayer::new(verifier))
//!     .layer(RequireLayer::scope("orders:read"))
//!     .service_fn(async |_: Request<()>| {
//!         Ok::<_, std::convert::Infallible>(Response::new(http_body_util::Empty::<bytes::Bytes>::new()))
//!     });
//!
//! let token = issuer.token().claim("scope", "orders:read").mint();
//! let request = Request::builder().header("authorization", format!("Bearer {token}")).body(())?;
//! service.clone().oneshot(request).await?;
//! service.oneshot(Request::new(())).await?;
//! assert_eq!(
//!     *lines.lock().unwrap(),
//!     ["authenticate accepted ", "authorize accepted ", "authenticate rejected missing_token"]
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).expect("nothing waits")?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod entry_kind;
mod event;
pub(crate) mod fetch_failure;
mod introspection;
mod observer;
mod observers;
pub(crate) mod refresh_reason;
pub(crate) mod skip_reason;
mod store_failure;
mod trace;

pub use entry_kind::EntryKind;
pub use event::{Event, LookupOutcome, RefreshOutcome, Stage, Verdict};
pub use introspection::{IntrospectionFailure, IntrospectionOutcome};
pub use observer::{Observer, set_fallback};
pub(crate) use observer::{Observing, Started};
pub(crate) use observers::Observers;
pub use store_failure::StoreFailure;
#[cfg(feature = "jwks")]
pub(crate) use trace::cause;
#[cfg(feature = "tracing")]
pub(crate) use trace::record;
