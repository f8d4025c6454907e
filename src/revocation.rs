//! Revocation: rejects valid tokens that have been revoked.
//!
//! Without a revocation check, a token is accepted until it expires. Implement [`Revocation`] and pass it to
//! [`VerifierBuilder::revocation`](crate::VerifierBuilder::revocation). [`Revocation`] has an example.
//!
//! 1. The check runs for every token that passed all other checks of the verifier, also if it is cached.
//! 2. A token that is [`Active`](Standing::Active) is accepted.
//! 3. A token that is [`Revoked`](Standing::Revoked) is rejected, and the layer answers 401.
//! 4. If the check cannot be made, the token is rejected, and the layer answers 503.

use std::fmt;
use std::sync::Arc;

use crate::answer::Answer;
use crate::error::Error;
use crate::jwt::Token;
use crate::key::CryptoBackend;

/// A revocation check that runs for every verified token.
///
/// Implement it with a list of revoked tokens or users, or with a call to a server. The check can answer immediately or
/// later; the client's request waits for the answer. If the check cannot be made, return
/// [`ErrorKind::RevocationUnavailable`](crate::ErrorKind): the token is then rejected, because it may be revoked.
///
/// Key a list by the token's id (`jti`), its subject or [`Presented::digest`], never by the token's text.
///
/// ```
/// use std::collections::HashSet;
/// use tower_jwt_auth::revocation::{Presented, Revocation, Standing};
/// use tower_jwt_auth::{Answer, Error, ErrorKind, Verifier, testing::TestIssuer};
///
/// #[derive(Debug)]
/// struct Denylist {
///     users: HashSet<String>,
///     tokens: HashSet<[u8; 32]>,
/// }
///
/// impl Revocation for Denylist {
///     fn check(&self, presented: &Presented<'_>) -> Answer<Result<Standing, Error>> {
///         let user = presented.token().subject().is_some_and(|user| self.users.contains(user));
///         let revoked = user || self.tokens.contains(&presented.digest());
///         Answer::now(Ok(if revoked { Standing::Revoked } else { Standing::Active }))
///     }
/// }
///
/// let issuer = TestIssuer::hs256();
/// let verifier = Verifier::shared_secret(issuer.secret())
///     .any_audience()
///     .revocation(Denylist {
///         users: HashSet::from(["mallory".to_owned()]),
///         tokens: HashSet::new(),
///     })
///     .build()?;
/// assert!(verifier.verify_now(&issuer.token().subject("alice").mint()).is_ok());
/// let rejected = verifier.verify_now(&issuer.token().subject("mallory").mint()).unwrap_err();
/// assert_eq!(rejected.kind(), ErrorKind::TokenRevoked);
/// # Ok::<(), tower_jwt_auth::BuildError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a revocation check",
    note = "implement `tower_jwt_auth::revocation::Revocation` for it"
)]
pub trait Revocation: fmt::Debug + Send + Sync + 'static {
    /// Returns whether the token is still valid.
    ///
    /// An answer that comes later must come in bounded time: the layer waits up to its
    /// [`max_wait`](crate::JwtAuthLayer::max_wait), but [`Verifier::verify`](crate::Verifier::verify) waits without a
    /// limit.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::RevocationUnavailable`](crate::ErrorKind::RevocationUnavailable) if the check cannot be made now.
    /// Add [`Error::with_retry_after`] if the waiting time is known.
    fn check(&self, presented: &Presented<'_>) -> Answer<Result<Standing, Error>>;
}

impl<R: Revocation + ?Sized> Revocation for Arc<R> {
    fn check(&self, presented: &Presented<'_>) -> Answer<Result<Standing, Error>> {
        R::check(self, presented)
    }
}

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
}

impl<'a> Presented<'a> {
    pub(super) const fn new(token: &'a Token, raw: &'a str, backend: CryptoBackend) -> Self {
        Self { token, raw, backend }
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

/// The revocation status of a token.
///
/// ```
/// use tower_jwt_auth::{Answer, Error, revocation::Standing};
///
/// fn answer(is_listed: bool) -> Answer<Result<Standing, Error>> {
///     Answer::now(Ok(if is_listed { Standing::Revoked } else { Standing::Active }))
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Standing {
    /// The token is not revoked.
    Active,
    /// The token is revoked.
    Revoked,
}
