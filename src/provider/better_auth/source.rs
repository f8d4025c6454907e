//! Where the session cookie is.

use crate::source::CookieToken;

/// Finds the cookie cache of Better Auth sessions: `better-auth.session_data`, under `__Secure-` where it is
/// set so, and joined where it was too long for one cookie.
///
/// Of a server with another `cookiePrefix`, take it with
/// `CookieToken::new("prefix.session_data").or_prefixed().chunked()`. A browser sends cookies on its own:
/// have a layer such as tower-http's `CsrfLayer` beside this.
///
/// ```
/// use tower_jwt_auth::better_auth::{BetterAuth, session_cookie_source};
/// use tower_jwt_auth::{JwtAuthLayer, testing::TestIssuer};
///
/// let verifier = BetterAuth::session_cookie(TestIssuer::hs256().secret()).build()?;
/// let layer = JwtAuthLayer::new(verifier).token_source(session_cookie_source()).remove_token();
/// # let _ = layer;
/// # Ok::<(), tower_jwt_auth::BuildError>(())
/// ```
pub fn session_cookie_source() -> CookieToken {
    CookieToken::new("better-auth.session_data").or_prefixed().chunked()
}
