//! Presets for [Better Auth](https://better-auth.com) (feature `better-auth`).
//!
//! Better Auth signs in more than one way, and `BETTER_AUTH_SECRET` plays a part in only some of them:
//!
//! | token | signed with | preset |
//! |---|---|---|
//! | of the JWT plugin: `/api/auth/token`, `set-auth-jwt` | the server's key pairs | [`BetterAuth::url`] |
//! | OAuth access token, `at+jwt` | the server's key pairs | `url(..)` and [`oauth_access_token`](BetterAuth::oauth_access_token) |
//! | made by an application for its own API, HS256 | the secret | [`BetterAuth::bridge_token`] |
//! | cookie cache of sessions, strategy `jwt` | the secret | [`BetterAuth::session_cookie`] |
//! | the same with `sessionCookieCache: true` | the server's key pairs | [`BetterAuth::session_cookie_url`] |
//! | session token: `session_token` cookie, bearer plugin | none: it is no JWT | the server alone knows it |
//!
//! Take the first one unless there is a reason against it: it needs no secret, and a server that leaks its
//! settings gives nobody's account away. [`BetterAuth::from_env`] chooses by the variables that are set.
//!
//! Presets never mix. The links in Better Auth's e-mails are HS256 tokens under the same secret, and ID
//! tokens are signed with the same key pairs as API tokens: all of those are refused.
//!
//! ```
//! use tower_jwt_auth::provider::better_auth::BetterAuth;
//! use tower_jwt_auth::{ErrorKind, testing::TestIssuer};
//!
//! let issuer = TestIssuer::hs256(); // signs with a secret that both sides know
//! let verifier = BetterAuth::bridge_token(issuer.secret()).build()?;
//!
//! let token = issuer.token().subject("user-1").claim("email", "ada@example.com").mint();
//! let user = verifier.verify_now(&token)?;
//! assert_eq!((user.id(), user.email()), ("user-1", Some("ada@example.com")));
//!
//! // A link to verify an address is signed with the same secret, and is no log-in.
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
