//! The trait that checks whether a token was revoked.

use std::fmt;
use std::sync::Arc;

use super::presented::Presented;
use crate::answer::Answer;
use crate::error::Error;
use crate::jwt::Token;

/// A revocation check that runs for every verified token.
///
/// For lists, use [`Denylist`](super::Denylist) (feature `denylist`). Implement this trait for anything else, such as a
/// call to a server. The check can answer immediately or
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
/// struct Suspended {
///     users: HashSet<String>,
///     tokens: HashSet<[u8; 32]>,
/// }
///
/// impl Revocation for Suspended {
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
///     .revocation(Suspended {
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

    /// Whether the token is known to be revoked, decided at once from its claims.
    ///
    /// It is called every 5 seconds for each response that is still being sent
    /// ([`JwtAuthLayer::end_streams_at_expiry`](crate::JwtAuthLayer::end_streams_at_expiry)) and for each
    /// [`Verified::expired`](crate::Verified::expired), so it must not block. The token's text and digest are not
    /// available then. The default is `false`: a response ends only when the token expires.
    ///
    /// ```
    /// use std::collections::HashSet;
    /// use tower_jwt_auth::revocation::{Presented, Revocation, Standing};
    /// use tower_jwt_auth::{Answer, Error, Token, Verifier, testing::TestIssuer};
    ///
    /// /// The ids of revoked tokens.
    /// #[derive(Debug)]
    /// struct Ids(HashSet<String>);
    ///
    /// impl Revocation for Ids {
    ///     fn check(&self, presented: &Presented<'_>) -> Answer<Result<Standing, Error>> {
    ///         let is_revoked = self.revokes(presented.token());
    ///         Answer::now(Ok(if is_revoked { Standing::Revoked } else { Standing::Active }))
    ///     }
    ///
    ///     fn revokes(&self, token: &Token) -> bool {
    ///         token.token_id().is_some_and(|id| self.0.contains(id))
    ///     }
    /// }
    ///
    /// let issuer = TestIssuer::hs256();
    /// let verifier = Verifier::shared_secret(issuer.secret()).any_audience().build()?;
    /// let list = Ids(HashSet::from(["7".to_owned()]));
    /// let token = |id| verifier.verify_now(&issuer.token().claim("jti", id).mint());
    /// assert!(!list.revokes(token("6")?.token()));
    /// assert!(list.revokes(token("7")?.token()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn revokes(&self, token: &Token) -> bool {
        let _ = token;
        false
    }
}

impl<R: Revocation + ?Sized> Revocation for Arc<R> {
    fn check(&self, presented: &Presented<'_>) -> Answer<Result<Standing, Error>> {
        R::check(self, presented)
    }

    fn revokes(&self, token: &Token) -> bool {
        R::revokes(self, token)
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
