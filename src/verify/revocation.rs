//! Asking whether a token that verified may still be used.

use std::fmt;
use std::sync::Arc;

use crate::answer::Answer;
use crate::error::Error;
use crate::jws::TokenInfo;

/// A list of revoked tokens or users, or a server that knows, asked about every verified token.
///
/// An answer from memory costs nothing; one that has to be fetched makes the request wait. A list that
/// cannot be asked refuses with [`ErrorKind::RevocationUnavailable`](crate::ErrorKind): a token that
/// may have been revoked is not accepted.
///
/// ```
/// # #[cfg(any(feature = "aws-lc-rs", feature = "rust-crypto"))] {
/// use std::collections::HashSet;
/// use tower_jwt_auth::verify::{Presented, Revocation, Standing};
/// use tower_jwt_auth::{Answer, Error, ErrorKind, Verifier, testing::TestIssuer};
///
/// #[derive(Debug)]
/// struct Banned(HashSet<String>);
///
/// impl Revocation for Banned {
///     fn check(&self, presented: &Presented<'_>) -> Answer<Result<Standing, Error>> {
///         let banned = presented.token().subject().is_some_and(|user| self.0.contains(user));
///         Answer::now(Ok(if banned { Standing::Revoked } else { Standing::Active }))
///     }
/// }
///
/// let issuer = TestIssuer::hs256();
/// let verifier = Verifier::shared_secret(issuer.secret())
///     .any_audience()
///     .revocation(Banned(HashSet::from(["mallory".to_owned()])))
///     .build()?;
/// assert!(verifier.verify_now(&issuer.token().subject("alice").mint()).is_ok());
/// let refused = verifier.verify_now(&issuer.token().subject("mallory").mint()).unwrap_err();
/// assert_eq!(refused.kind(), ErrorKind::TokenRevoked);
/// # }
/// # Ok::<(), tower_jwt_auth::BuildError>(())
/// ```
pub trait Revocation: fmt::Debug + Send + Sync + 'static {
    /// Whether the token may still be used. An answer that comes later has to come in bounded time.
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
    token: &'a TokenInfo,
    raw: &'a str,
}

impl<'a> Presented<'a> {
    pub(super) const fn new(token: &'a TokenInfo, raw: &'a str) -> Self {
        Self { token, raw }
    }

    /// The registered claims and the header.
    pub const fn token(&self) -> &'a TokenInfo {
        self.token
    }

    /// The token itself, to ask the issuer about it (RFC 7662). Do not log it.
    pub const fn raw(&self) -> &'a str {
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
