//! Logout: the endpoint to which an issuer sends logout tokens.
//!
//! When a user signs out at the issuer, the issuer posts a *logout token* to the servers that registered for it (OpenID
//! Connect Back-Channel Logout 1.0). [`BackchannelLogout`] verifies it and passes what it revokes to a
//! [`Denylist`](crate::revocation::Denylist). From then on, the user's tokens are rejected, although they have not expired.
//!
//! 1. The request is a `POST` of a form of at most 16 KiB with exactly one `logout_token`.
//! 2. The token has a valid signature of the issuer's keys, the type `logout+jwt`, the issuer as `iss`, one of the
//!    client ids in `aud`, an `exp` in the future, and an `iat` of the last five minutes, both with 60 seconds of leeway.
//! 3. `events` is an object with the member `http://schemas.openid.net/event/backchannel-logout`, which is an object.
//! 4. There is a `sid`, a `sub` or both, of at most 1024 bytes each, and no `nonce`. An ID token therefore is never a
//!    logout token.
//! 5. There is a `jti`, and this endpoint has accepted no token with it. Each process has its own record.
//! 6. With `sid`, the tokens of that session are revoked. With `sub` alone, those of the subject that were issued up to
//!    the `iat` of the logout token.
//! 7. The answer is 200 if the tokens are revoked; 405 if the method is not `POST`; 413 if the body is too large; 408 if
//!    it does not arrive in time; 400 if the request is not valid in another way; and 503 with `Retry-After` if the keys
//!    or a list are not available. Except for 405, an error has a JSON body with `error` (`invalid_request`, for 503
//!    `temporarily_unavailable`) and `error_description`. The issuer may repeat a request that got 503.
//! 8. A request takes at most ten seconds, if the clock has timers.
//!
//! Most issuers send a logout token once. If it is lost, the access tokens are valid until they expire, so keep their
//! lifetime short. If there is more than one replica, only one of them receives it: use `store::RedisDenylist` (feature
//! `redis`). The guide page [Logout](crate::guide::logout) has a whole example.
//!
//! An accepted and a rejected request:
//!
//! ```
//! # tokio_test::block_on(async {
//! use std::time::Duration;
//!
//! use http::{Request, StatusCode};
//! use serde_json::json;
//! use tower::ServiceExt;
//! use tower_jwt_auth::logout::BackchannelLogout;
//! use tower_jwt_auth::revocation::Denylist;
//! use tower_jwt_auth::{ErrorKind, VerificationKey, Verifier, testing::TestIssuer};
//!
//! const ISSUER: &str = "https://auth.example.com";
//! let issuer = TestIssuer::es256().issuer(ISSUER);
//! let denied = Denylist::new().lifetime(Duration::from_secs(3600));
//! let verifier =
//!     Verifier::jwks(issuer.jwks()).issuer(ISSUER).audience("orders").revocation(denied.clone()).build()?;
//! let logout = BackchannelLogout::new(ISSUER, VerificationKey::jwk(issuer.jwk())?)
//!     .client_id("web-app")
//!     .feeds(denied)
//!     .build()?;
//!
//! let access_token = issuer.token().claim("aud", "orders").claim("sid", "session-1").mint();
//! assert!(verifier.verify_now(&access_token).is_ok());
//!
//! let post = |token: String| {
//!     Request::post("/backchannel-logout")
//!         .header("content-type", "application/x-www-form-urlencoded")
//!         .body(format!("logout_token={token}"))
//! };
//! // An access token is not a logout token.
//! let response = logout.clone().oneshot(post(access_token.clone())?).await?;
//! assert_eq!(response.status(), StatusCode::BAD_REQUEST);
//! assert!(verifier.verify_now(&access_token).is_ok());
//!
//! let logout_token = issuer
//!     .token()
//!     .header("typ", "logout+jwt")
//!     .claim("aud", "web-app")
//!     .claim("sid", "session-1")
//!     .claim("jti", "logout-1")
//!     .claim("events", json!({"http://schemas.openid.net/event/backchannel-logout": {}}));
//! let response = logout.oneshot(post(logout_token.mint())?).await?;
//! assert_eq!(response.status(), StatusCode::OK);
//! assert_eq!(verifier.verify_now(&access_token).unwrap_err().kind(), ErrorKind::TokenRevoked);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```

mod builder;
mod logout_token;
mod problem;
mod request;
mod service;

pub use self::builder::BackchannelLogoutBuilder;
pub use self::service::BackchannelLogout;
