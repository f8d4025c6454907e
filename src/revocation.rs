//! Asking whether a token that verified may still be used.

use std::fmt;
use std::sync::Arc;

use crate::answer::Answer;
use crate::error::Error;
use crate::jwt::Token;
use crate::key::CryptoBackend;

/// A list of revoked tokens or users, or a server that knows, asked about every verified token.
///
/// An answer from memory costs nothing; one that has to be fetched makes the request wait. A list that
/// cannot be asked refuses with [`ErrorKind::RevocationUnavailable`](crate::ErrorKind): a token that
/// may have been revoked is not accepted.
///
/// Key a list by the token's id (`jti`), its subject or [`Presented::digest`], never by its text.
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
/// let refused = verifier.verify_now(&issuer.token().subject("mallory").mint()).unwrap_err();
/// assert_eq!(refused.kind(), ErrorKind::TokenRevoked);
/// # Ok::<(), tower_jwt_auth::BuildError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not tell revoked tokens",
    note = "implement `tower_jwt_auth::revocation::Revocation` for it"
)]
pub trait Revocation: fmt::Debug + Send + Sync + 'static {
    /// Whether the token may still be used. An answer that comes later has to come in bounded time: the layer
    /// waits up to its [`max_wait`](crate::JwtAuthLayer::max_wait), and `verify` as long as it takes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::RevocationUnavailable`](crate::ErrorKind::RevocationUnavailable) when it cannot be
    /// found out now, with [`Error::with_retry_after`] where that is known.
    fn check(&self, presented: &Presented<'_>) -> Answer<Result<Standing, Error>>;
}

impl<R: Revocation + ?Sized> Revocation for Arc<R> {
    fn check(&self, presented: &Presented<'_>) -> Answer<Result<Standing, Error>> {
        R::check(self, presented)
    }
}

/// A verified token as it was presented.
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

    /// The SHA-256 digest of the signed content: of everything before the last dot (RFC 7515 §5.1).
    ///
    /// This is what a list of revoked tokens is keyed by where tokens have no `jti`. One signed content has
    /// one digest, however its signature is written: anyone who has an ECDSA signature can compute a second
    /// valid one, so that the token's text is not unique. A digest is not a credential: it may be stored. It
    /// is computed when this is called, and never otherwise.
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
        // Never the default: the token verified, so that the backend is built in.
        self.backend.sha256(content.as_bytes()).unwrap_or_default()
    }

    /// The token's text, to ask the issuer about it (RFC 7662 §2.1). Do not log or store it.
    ///
    /// **Never key a list by it**: an ECDSA token has a second valid signature (`n - s`), which anyone who
    /// has the first can compute. The token would pass a list of texts under its other one. Use
    /// [`digest`](Self::digest).
    pub const fn token_for_introspection(&self) -> &'a str {
        self.raw
    }
}

impl fmt::Debug for Presented<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Presented").field("token", self.token).finish_non_exhaustive()
    }
}

/// Whether a token may still be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Standing {
    /// It may.
    Active,
    /// It was taken back.
    Revoked,
}
