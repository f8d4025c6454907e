//! Asking whether a token that verified may still be used.

use std::fmt;

use crate::answer::Answer;
use crate::error::BoxError;
use crate::jws::TokenInfo;

/// A list of revoked tokens, sessions or users, asked for every verified token.
///
/// An answer from memory costs nothing; one that has to be fetched makes the request wait. A list that
/// cannot be asked refuses with [`ErrorKind::RevocationUnavailable`](crate::ErrorKind): a token that
/// may have been revoked is not accepted.
///
/// ```
/// # #[cfg(feature = "aws-lc-rs")] {
/// use std::collections::HashSet;
/// use tower_jwt_auth::error::BoxError;
/// use tower_jwt_auth::jws::TokenInfo;
/// use tower_jwt_auth::verify::{Revocation, Standing};
/// use tower_jwt_auth::{Answer, ErrorKind, Verifier, testing::TestIssuer};
///
/// #[derive(Debug)]
/// struct Banned(HashSet<String>);
///
/// impl Revocation for Banned {
///     fn check(&self, token: &TokenInfo) -> Answer<Result<Standing, BoxError>> {
///         let banned = token.subject().is_some_and(|user| self.0.contains(user));
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
    /// Whether the token may still be used.
    fn check(&self, token: &TokenInfo) -> Answer<Result<Standing, BoxError>>;
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
