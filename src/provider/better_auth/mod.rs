//! Presets for [Better Auth](https://better-auth.com) (feature `better-auth`).
//!
//! A preset builds a verifier for one kind of token. Better Auth issues several kinds, and only some are signed with
//! `BETTER_AUTH_SECRET`:
//!
//! | token | signed with | preset |
//! |---|---|---|
//! | JWT plugin: `/api/auth/token`, `set-auth-jwt` | the server's key pairs | [`BetterAuth::url`] |
//! | OAuth access token, `at+jwt` | the server's key pairs | `url(..)` and [`oauth_access_token`](BetterAuth::oauth_access_token) |
//! | signed by an application for its own API, HS256 | the secret | [`BetterAuth::bridge_token`] |
//! | session cache cookie, strategy `jwt` | the secret | [`BetterAuth::session_cookie`] |
//! | the same with `sessionCookieCache: true` | the server's key pairs | [`BetterAuth::session_cookie_url`] |
//! | session token: `session_token` cookie, bearer plugin | not a JWT | none: only the server can check it |
//!
//! Use [`BetterAuth::url`] by default. It needs no secret, so an API that leaks its settings does not expose any
//! account. [`BetterAuth::from_env`] chooses by the variables that are set.
//!
//! A preset accepts one kind of token and rejects the others. This matters because one key signs several kinds:
//! e-mail links are HS256 tokens under the same secret as bridge tokens, and ID tokens are signed with the same key
//! pairs as API tokens.
//!
//! ```
//! use tower_jwt_auth::provider::better_auth::BetterAuth;
//! use tower_jwt_auth::{ErrorKind, testing::TestIssuer};
//!
//! let issuer = TestIssuer::hs256(); // signs with a shared secret
//! let verifier = BetterAuth::bridge_token(issuer.secret()).build()?;
//!
//! let token = issuer.token().subject("user-1").claim("email", "ada@example.com").mint();
//! let user = verifier.verify_now(&token)?;
//! assert_eq!((user.id(), user.email()), ("user-1", Some("ada@example.com")));
//!
//! // A link that verifies an address is signed with the same secret, but is not a login.
//! let link = issuer.token().without("sub").claim("email", "ada@example.com").mint();
//! assert_eq!(verifier.verify_now(&link).unwrap_err().kind(), ErrorKind::MissingClaim);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod account;
mod assemble;
mod base_url;
mod builder;
mod env;
mod hint;
mod profile;
#[cfg(feature = "jwks")]
mod remote;
#[cfg(not(feature = "jwks"))]
#[path = "no_remote.rs"]
mod remote;
#[cfg(feature = "jwks")]
mod remote_keys;
mod secret;
mod session;
mod user;

pub use builder::BetterAuth;
pub use session::{SessionUser, session_cookie_source};
pub use user::User;
