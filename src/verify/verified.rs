//! Proof that a token was verified, with its claims.

use std::any::Any;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use crate::claims::Claims;
use crate::error::Error;
use crate::jwt::{TokenBody, TokenInfo};
use crate::policy::Accepted;

/// The claims of a verified token.
///
/// There is no way to make one but to verify a token, so that a function that takes it need not check
/// anything. It derefs to the claims and is cheap to clone. `Debug` shows no values.
///
/// ```
/// use tower_jwt_auth::{Verified, Verifier, testing::TestIssuer};
///
/// fn greet(user: &Verified) -> String {
///     format!("hello, {}", user.text("name").unwrap_or("friend"))
/// }
///
/// let issuer = TestIssuer::hs256();
/// let verifier = Verifier::shared_secret(issuer.secret()).any_audience().build()?;
/// let user = verifier.verify_now(&issuer.token().claim("name", "Ada").mint())?;
/// assert_eq!(greet(&user), "hello, Ada");
/// assert!(verifier.verify_now(&issuer.token().expired().mint()).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[doc(alias = "extractor")]
#[doc(alias = "user")]
pub struct Verified<C = Claims>(Arc<TokenBody<C>>);

impl<C> Verified<C> {
    /// The one constructor.
    ///
    /// # Errors
    ///
    /// The claims do not fit `C`.
    pub(super) fn new(accepted: Accepted<C>) -> Result<Self, Error> {
        accepted.into_body().map(Self)
    }

    /// The registered claims and the header, whatever the claims type.
    pub fn token(&self) -> &TokenInfo {
        &self.0.token
    }

    /// The claims, copied.
    pub fn claims_owned(&self) -> C
    where
        C: Clone,
    {
        self.0.claims.clone()
    }
}

impl<C: Send + Sync + 'static> Verified<C> {
    /// What every `Verified` has, without the claims type.
    pub(crate) fn any_token(&self) -> Arc<dyn AnyToken> {
        let body: Arc<TokenBody<C>> = Arc::clone(&self.0);
        body
    }

    pub(super) fn erase(&self) -> ErasedVerified {
        let body: Arc<TokenBody<C>> = Arc::clone(&self.0);
        ErasedVerified(body)
    }

    /// What was erased, if it was this type.
    pub(super) fn restore(ErasedVerified(body): ErasedVerified) -> Option<Self> {
        body.downcast().ok().map(Self)
    }
}

/// A [`Verified`] without its type, for what must not depend on it. Made of a `Verified` alone.
#[derive(Clone)]
pub(super) struct ErasedVerified(Arc<dyn Any + Send + Sync>);

/// A verified token of any claims type.
pub(crate) trait AnyToken: Send + Sync {
    fn token(&self) -> &TokenInfo;
}

impl<C: Send + Sync> AnyToken for TokenBody<C> {
    fn token(&self) -> &TokenInfo {
        &self.token
    }
}

impl<C> Deref for Verified<C> {
    type Target = C;

    fn deref(&self) -> &C {
        &self.0.claims
    }
}

impl<C> Clone for Verified<C> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<C> fmt::Debug for Verified<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified").field("token", &self.0.token).finish_non_exhaustive()
    }
}
