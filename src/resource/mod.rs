//! Protected resource metadata: one declaration of an API, from which clients discover how to get a token (RFC 9728).
//!
//! A [`Resource`] has the identifier of the API, its authorization servers and its scopes. The verifier takes the
//! audience from it, the layer the parameters of its challenges, and [`MetadataService`] serves it as a document. A
//! client that gets a 401, for example an MCP client, reads the document and requests a token for this API.
//!
//! # Rules
//!
//! 1. The identifier is an `https` URL without a fragment (RFC 9728 §1.2). Clients compare it byte for byte with the URL
//!    that they call, so write it as they do: usually in lower case and without a slash at the end.
//! 2. The document is at `/.well-known/oauth-protected-resource`, followed by the path of the identifier (§3.1). A slash
//!    that is the whole path is left out. A query is part of the document's URL, and not of
//!    [`metadata_path`](Resource::metadata_path), because routers see only the path.
//! 3. The document has only members whose values are known. `bearer_methods_supported` comes from the token sources of
//!    the layers that [`JwtAuthLayer::resource`](crate::JwtAuthLayer::resource) registers. It is left out if
//!    they read none of the methods of RFC 6750, for example only a cookie.
//! 4. The service answers `GET`, `HEAD` and `OPTIONS`, for web pages of every origin, and other methods with 405. It does
//!    not look at the path: it answers at every path where it is mounted. Mount it outside of the `JwtAuthLayer`, because
//!    clients read the document before they have a token.
//! 5. [`VerifierBuilder::resource`](crate::VerifierBuilder::resource) accepts tokens whose `aud` is the identifier, byte
//!    for byte or with two differences that the MCP specification allows: the case of the scheme and the host, and a slash
//!    in place of an empty path.
//! 6. The challenges of a layer with a resource have `resource_metadata` (§5.1). If the request has no token, they also
//!    have `scope`: the scopes of [`challenge_scope`](crate::JwtAuthLayer::challenge_scope), or otherwise all scopes of
//!    the resource. If the layer admits the request, and a `RequireLayer` rejects it, they are those of the
//!    `RequireLayer`.
//! 7. A [`RequireLayer`](crate::RequireLayer) with a scope that the resource does not list answers every request with 500
//!    and [`Internal`](crate::ErrorKind::Internal). A resource without scopes allows every scope.
//! 8. Resources share nothing: a process can have any number of them.
//!
//! # Example
//!
//! ```
//! # futures_util::future::FutureExt::now_or_never(async {
//! use http::{Request, Response, StatusCode};
//! use tower::{Layer, ServiceExt, service_fn};
//! use tower_jwt_auth::resource::Resource;
//! use tower_jwt_auth::{JwtAuthLayer, Verifier, testing::TestIssuer};
//!
//! let api = Resource::new("https://api.example.com/mcp")
//!     .authorization_server("https://auth.example.com")
//!     .scopes(["orders:read", "orders:write"])
//!     .build()?;
//! let issuer = TestIssuer::hs256();
//! let verifier = Verifier::shared_secret(issuer.secret()).resource(&api).build()?;
//! let service = JwtAuthLayer::new(verifier).resource(&api).layer(service_fn(async |_: Request<()>| {
//!     Ok::<_, std::convert::Infallible>(Response::new(http_body_util::Empty::<bytes::Bytes>::new()))
//! }));
//! let with = |audience: &str| {
//!     let token = issuer.token().claim("aud", audience).mint();
//!     Request::builder().header("authorization", format!("Bearer {token}")).body(())
//! };
//!
//! let accepted = service.clone().oneshot(with("https://api.example.com/mcp")?).await?;
//! assert_eq!(accepted.status(), StatusCode::OK);
//! let rejected = service.clone().oneshot(with("https://api.example.com/admin")?).await?;
//! assert_eq!(rejected.status(), StatusCode::UNAUTHORIZED);
//!
//! // A client without a token follows the challenge to the document.
//! let rejected = service.oneshot(Request::new(())).await?;
//! let challenge = rejected.headers()["www-authenticate"].to_str()?;
//! assert!(challenge.contains(&format!(r#"resource_metadata="{}""#, api.metadata_url())));
//! assert_eq!(api.metadata_path(), "/.well-known/oauth-protected-resource/mcp");
//! let document = api.service().oneshot(Request::new(())).await?.into_body();
//! assert!(document.contains(r#""authorization_servers":["https://auth.example.com"]"#));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).expect("nothing waits")?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod builder;
mod document;
mod identifier;
mod problem;
#[allow(clippy::module_inception)] // the module is named after its main type
mod resource;
mod service;
mod settings;

pub use builder::ResourceBuilder;
pub use resource::Resource;
pub use service::MetadataService;
