//! Several revocation checks as one.

use std::sync::Arc;

use super::check::{Revocation, Standing};
use super::presented::Presented;
use crate::answer::Answer;
use crate::error::Error;
use crate::jwt::Token;

type Checked = Result<Standing, Error>;

/// Several revocation checks: a token is accepted only if all of them accept it.
///
/// The checks run in order. The first that answers immediately that the token is revoked, or with an error, decides, and
/// the checks after it do not run. So begin with those that do not wait, such as a list in memory. If none decides
/// immediately, all pending answers are awaited together. Of those that do not accept the token, the first in the order
/// of the checks decides.
///
/// ```
/// use tower_jwt_auth::revocation::{AllOf, Presented, Revocation, Standing};
/// use tower_jwt_auth::{Answer, Error, ErrorKind, Verifier, testing::TestIssuer};
///
/// /// Rejects the tokens of one user.
/// #[derive(Debug)]
/// struct Without(&'static str);
///
/// impl Revocation for Without {
///     fn check(&self, presented: &Presented<'_>) -> Answer<Result<Standing, Error>> {
///         let revoked = presented.token().subject() == Some(self.0);
///         Answer::now(Ok(if revoked { Standing::Revoked } else { Standing::Active }))
///     }
/// }
///
/// let issuer = TestIssuer::hs256();
/// let verifier = Verifier::shared_secret(issuer.secret())
///     .any_audience()
///     .revocation(AllOf::new(Without("mallory")).and(Without("trudy")))
///     .build()?;
/// assert!(verifier.verify_now(&issuer.token().subject("alice").mint()).is_ok());
/// for revoked in ["mallory", "trudy"] {
///     let rejected = verifier.verify_now(&issuer.token().subject(revoked).mint()).unwrap_err();
///     assert_eq!(rejected.kind(), ErrorKind::TokenRevoked);
/// }
/// # Ok::<(), tower_jwt_auth::BuildError>(())
/// ```
#[derive(Clone, Debug)]
pub struct AllOf(Vec<Arc<dyn Revocation>>);

impl AllOf {
    /// Begins with this check.
    pub fn new(first: impl Revocation) -> Self {
        Self(vec![Arc::new(first)])
    }

    /// Adds a check, which is asked after the others.
    #[must_use]
    pub fn and(mut self, next: impl Revocation) -> Self {
        self.0.push(Arc::new(next));
        self
    }
}

impl Revocation for AllOf {
    fn check(&self, presented: &Presented<'_>) -> Answer<Checked> {
        let mut waiting = Vec::new();
        for check in &self.0 {
            match check.check(presented).try_now() {
                Ok(Ok(Standing::Active)) => (),
                Ok(decided) => return Answer::now(decided),
                Err(pending) => waiting.push(pending),
            }
        }
        if waiting.is_empty() {
            return Answer::now(Ok(Standing::Active));
        }
        Answer::later(first_objection(waiting))
    }

    fn revokes(&self, token: &Token) -> bool {
        self.0.iter().any(|check| check.revokes(token))
    }
}

/// The first answer that does not accept the token.
async fn first_objection(waiting: Vec<Answer<Checked>>) -> Checked {
    for checked in futures_util::future::join_all(waiting).await {
        match checked {
            Ok(Standing::Active) => (),
            decided => return decided,
        }
    }
    Ok(Standing::Active)
}
