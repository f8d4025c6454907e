//! A verified token with its claims.

use std::any::{Any, type_name};
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::claims::{Claims, NumericDate};
use crate::error::Error;
use crate::jwt::{Lifetime, Token, TokenBody};
use crate::policy::Accepted;

/// A verified token with its claims as `C`.
///
/// Only verification creates a `Verified`, so a function that takes one need not check the token again. The accessors
/// of the registered claims work for every `C`. It derefs to `C` and serializes as `C`. Cloning is cheap. `Debug` shows
/// no values.
///
/// ```
/// use tower_jwt_auth::{Verified, Verifier, testing::TestIssuer};
///
/// fn greet(user: &Verified) -> String {
///     format!("hello, {} ({})", user.text("name").unwrap_or("friend"), user.subject().unwrap_or("no subject"))
/// }
///
/// let issuer = TestIssuer::hs256();
/// let verifier = Verifier::shared_secret(issuer.secret()).any_audience().build()?;
/// let user = verifier.verify_now(&issuer.token().subject("user-1").claim("name", "Ada").mint())?;
/// assert_eq!(greet(&user), "hello, Ada (user-1)");
/// assert!(verifier.verify_now(&issuer.token().expired().mint()).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[doc(alias = "extractor")]
#[doc(alias = "user")]
pub struct Verified<C = Claims>(Arc<TokenBody<C>>);

impl<C> Verified<C> {
    /// The only constructor.
    ///
    /// # Errors
    ///
    /// The claims do not fit `C`.
    pub(super) fn new(accepted: Accepted<C>) -> Result<Self, Error> {
        accepted.into_body().map(Self)
    }

    /// The subject, usually the user's id. See [`Token::subject`].
    pub fn subject(&self) -> Option<&str> {
        self.token().subject()
    }

    /// The issuer: `iss`.
    pub fn issuer(&self) -> Option<&str> {
        self.token().issuer()
    }

    /// The granted scopes. See [`Token::scopes`].
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.token().scopes()
    }

    /// Whether this scope is granted or implied. See [`Token::has_scope`].
    pub fn has_scope(&self, scope: &str) -> bool {
        self.token().has_scope(scope)
    }

    /// The granted roles. See [`Token::roles`].
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        self.token().roles()
    }

    /// Whether this role is granted, compared byte for byte.
    pub fn has_role(&self, role: &str) -> bool {
        self.token().has_role(role)
    }

    /// The time at which the token expires: `exp`.
    pub fn expires_at(&self) -> Option<NumericDate> {
        self.token().expires_at()
    }

    /// The token: all registered claims, any claim by its path, and the header.
    pub fn token(&self) -> &Token {
        &self.0.token
    }

    /// The claims as `C`.
    pub fn claims(&self) -> &C {
        &self.0.claims
    }
}

impl<C: Send + Sync + 'static> Verified<C> {
    /// The token without the claims type.
    pub(crate) fn any_token(&self) -> Arc<dyn AnyToken> {
        let body: Arc<TokenBody<C>> = Arc::clone(&self.0);
        body
    }

    pub(super) fn erase(&self) -> ErasedVerified {
        let body: Arc<TokenBody<C>> = Arc::clone(&self.0);
        ErasedVerified(body)
    }

    /// Restores an erased token, if its claims type is `C`.
    pub(super) fn restore(ErasedVerified(body): ErasedVerified) -> Option<Self> {
        body.downcast().ok().map(Self)
    }
}

/// A [`Verified`] with an erased claims type. Only [`Verified::erase`] creates it.
#[derive(Clone)]
pub(super) struct ErasedVerified(Arc<dyn Any + Send + Sync>);

/// A verified token of any claims type.
pub(crate) trait AnyToken: Send + Sync {
    fn token(&self) -> &Token;
    /// The name of the claims type; `None` without a JWT.
    fn claims_type(&self) -> Option<&'static str>;
    /// How a caller without a JWT was authenticated.
    fn scheme(&self) -> Option<&str> {
        None
    }
    /// What limits its validity; `None` without a JWT.
    fn lifetime(&self) -> Option<&Lifetime> {
        None
    }
}

impl<C: Send + Sync> AnyToken for TokenBody<C> {
    fn token(&self) -> &Token {
        &self.token
    }

    fn claims_type(&self) -> Option<&'static str> {
        Some(type_name::<C>())
    }

    fn lifetime(&self) -> Option<&Lifetime> {
        Some(&self.lifetime)
    }
}

impl<C> Deref for Verified<C> {
    type Target = C;

    fn deref(&self) -> &C {
        &self.0.claims
    }
}

/// Serializes the claims.
impl<C: Serialize> Serialize for Verified<C> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.claims().serialize(serializer)
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
