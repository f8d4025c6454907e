//! Token introspection: asks the issuer whether a JWT is still valid (feature `introspection`).
//!
//! [`Introspection`] is a revocation check: pass it to
//! [`VerifierBuilder::revocation`](crate::VerifierBuilder::revocation). It costs a call to the issuer for each token,
//! and makes this server depend on the issuer. The guide page
//! [Introspection](crate::guide::introspection) explains when to use it.
//!
//! 1. A token is introspected after it passed all other checks of the verifier. Opaque tokens are not supported.
//! 2. Only a token whose `iss` is the configured issuer is sent. Another token is rejected with
//!    [`RevocationUnavailable`](crate::ErrorKind::RevocationUnavailable), except after
//!    [`allow_other_issuers`](IntrospectionBuilder::allow_other_issuers).
//! 3. The answer must be signed (RFC 9701), except after
//!    [`allow_unsigned_answers`](IntrospectionBuilder::allow_unsigned_answers).
//! 4. If `active` is `false`, the token is rejected with [`TokenRevoked`](crate::ErrorKind::TokenRevoked), and the layer
//!    answers 401.
//! 5. If `active` is `true`, the token is accepted. The `iss`, `sub` and `jti` of the answer must then be those of the
//!    token, and its `aud` must contain an audience of the token. Members that are absent are not compared.
//! 6. Everything else is unknown: another status, a timeout, a redirect, a malformed answer, one of more than 64 KiB or
//!    about another token. The token is rejected with `RevocationUnavailable`, and the layer answers 503. The detail of
//!    the error names the [`IntrospectionFailure`](crate::observe::IntrospectionFailure).
//! 7. At most 10,000 answers are cached. `active` counts for 30 seconds
//!    ([`cache_active_for`](IntrospectionBuilder::cache_active_for)), and never past the expiry of the token. An inactive
//!    token, status 400, and an answer that is malformed, too large or about another token count for 5 seconds. Any other
//!    status counts for one second, except 401, 403 and redirects. Other failures are not cached.
//! 8. Concurrent requests with the same token share one call, which continues if they are dropped. At most
//!    [`max_calls`](IntrospectionBuilder::max_calls) calls are under way, and at most 1024 requests wait; further ones
//!    get 503 immediately.
//! 9. After five failures in a row, the endpoint is not called for 5 seconds; then one call tests it. Meanwhile, tokens
//!    without a cached answer get 503 immediately. Failures that one token alone may cause do not count, so that its
//!    holder cannot stop the calls for others.
//!
//! [`Introspection`] has an example.

mod answer;
mod breaker;
mod builder;
mod calls;
#[cfg(feature = "jwks-client")]
mod client_settings;
mod exchange;
mod failed;
mod problem;
mod request;
mod source;
mod verdicts;

pub use builder::IntrospectionBuilder;
pub use request::{FormBody, UnauthenticatedRequest};
pub use source::Introspection;
