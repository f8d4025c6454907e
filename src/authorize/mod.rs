//! Authorization: admits a request whose token satisfies the requirement of a route, or answers 403.
//!
//! 1. Without a `JwtAuthLayer` in front, every request is answered 500.
//! 2. A request that was admitted without a token is answered 401.
//! 3. The checks run in this order: the rule, the owners, the login. The first that fails decides the response.
//! 4. A failed rule or owner is answered 403, a weak or old login 401 (RFC 9470).
//!
//! [`RequireLayer`] has an example.

mod layer;
mod owner;
mod requirement;
mod service;
mod step_up;

pub use layer::RequireLayer;
pub use service::Require;
