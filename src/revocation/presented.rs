//! A token that is checked.

use std::fmt;

use crate::jwt::Token;
use crate::key::CryptoBackend;
use crate::observe::{Event, Observing};

/// A verified token, with its text as the client sent it.
///
/// ```
/// use tower_jwt_auth::revocation::Presented;
///
/// /// The key of a denylist: the token's id, or else its digest.
/// fn key(presented: &Presented<'_>) -> String {
///     match presented.token().token_id() {
///         Some(id) => id.to_owned(),
///         None => format!("{:02x?}", presented.digest()),
///     }
/// }
/// ```
#[derive(Clone, Copy)]
pub struct Presented<'a> {
    token: &'a Token,
    raw: &'a str,
    backend: CryptoBackend,
    observer: &'a Observing,
}

impl<'a> Presented<'a> {
    pub(crate) const fn new(
        token: &'a Token,
        raw: &'a str,
        backend: CryptoBackend,
        observer: &'a Observing,
    ) -> Self {
        Self { token, raw, backend, observer }
    }

    /// Reports an event to the observer of the verifier.
    #[cfg_attr(not(feature = "denylist"), allow(dead_code))]
    pub(super) fn report(&self, event: &Event<'_>) {
        self.observer.report(event);
    }

    /// The registered claims and the header.
    pub const fn token(&self) -> &'a Token {
        self.token
    }

    /// The SHA-256 digest of the signed content: everything before the last dot (RFC 7515 §5.1).
    ///
    /// Use it as the key of a revocation list if tokens have no `jti`. The token's text is not unique: anyone who has
    /// an ECDSA signature can compute a second valid one. The digest does not depend on the signature. It is not a
    /// credential, so you may store it. Each call computes the digest.
    ///
    /// ```
    /// use std::collections::HashSet;
    /// use std::sync::{Arc, Mutex};
    /// use tower_jwt_auth::revocation::{Presented, Revocation, Standing};
    /// use tower_jwt_auth::{Answer, Error, ErrorKind, Verifier, testing::TestIssuer};
    ///
    /// /// Accepts each token once.
    /// #[derive(Clone, Debug, Default)]
    /// struct SingleUse(Arc<Mutex<HashSet<[u8; 32]>>>);
    ///
    /// impl Revocation for SingleUse {
    ///     fn check(&self, presented: &Presented<'_>) -> Answer<Result<Standing, Error>> {
    ///         let is_new = self.0.lock().is_ok_and(|mut used| used.insert(presented.digest()));
    ///         Answer::now(Ok(if is_new { Standing::Active } else { Standing::Revoked }))
    ///     }
    /// }
    ///
    /// let issuer = TestIssuer::es256();
    /// let verifier = Verifier::jwks(issuer.jwks())
    ///     .any_issuer()
    ///     .any_audience()
    ///     .revocation(SingleUse::default())
    ///     .build()?;
    /// let token = issuer.token().mint();
    /// assert!(verifier.verify_now(&token).is_ok());
    /// assert_eq!(verifier.verify_now(&token).unwrap_err().kind(), ErrorKind::TokenRevoked);
    /// # Ok::<(), tower_jwt_auth::BuildError>(())
    /// ```
    pub fn digest(&self) -> [u8; 32] {
        let content = self.raw.rsplit_once('.').map_or(self.raw, |(content, _)| content);
        // The default is never used: the token was verified, so the backend is built in.
        self.backend.sha256(content.as_bytes()).unwrap_or_default()
    }

    /// The token's text, for token introspection (RFC 7662 §2.1). Do not log or store it.
    ///
    /// **Never key a list by it**: an ECDSA token has a second valid signature (`n - s`), which anyone who has the
    /// first can compute. With the second signature, a revoked token would bypass the list. Use
    /// [`digest`](Self::digest) instead.
    pub const fn token_for_introspection(&self) -> &'a str {
        self.raw
    }
}

impl fmt::Debug for Presented<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Presented").field("token", self.token).finish_non_exhaustive()
    }
}
