//! Who the bearer of a request's token is, whatever the claims type, and how its layer rejects.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use http::Extensions;

use crate::jwt::Token;
use crate::respond::Rejector;
use crate::verify::{AnyToken, Verified};

/// The bearer of a verified token, whatever the claims type: derefs to [`Token`].
///
/// It is in the request's extensions beside [`Verified`], for code that does not know the claims type. It shares the
/// verified token and copies nothing. [`Verified::identity`] makes one.
///
/// ```
/// use tower_jwt_auth::{Rule, Verifier, testing::TestIssuer};
///
/// let issuer = TestIssuer::hs256();
/// let verifier = Verifier::shared_secret(issuer.secret()).any_audience().build()?;
/// let token = issuer.token().subject("user-1").claim("scope", "orders:read").mint();
/// let identity = verifier.verify_now(&token)?.identity();
///
/// assert_eq!(identity.subject(), Some("user-1"));
/// assert!(Rule::scope("orders:read").permits(&identity));
/// assert!(!Rule::scope("orders:write").permits(&identity));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Identity {
    verified: Arc<dyn AnyToken>,
    /// That of the layer which put the identity into the extensions. In here, because one more extension would
    /// be one more allocation.
    rejector: Option<Arc<Rejector>>,
}

impl Identity {
    pub(crate) fn with_rejector(mut self, rejector: Arc<Rejector>) -> Self {
        self.rejector = Some(rejector);
        self
    }

    pub(crate) fn rejector(&self) -> Option<&Rejector> {
        self.rejector.as_deref()
    }
}

impl Deref for Identity {
    type Target = Token;

    fn deref(&self) -> &Token {
        self.verified.token()
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("token", self.verified.token()).finish_non_exhaustive()
    }
}

impl<C: Send + Sync + 'static> Verified<C> {
    /// The bearer, without the claims type.
    pub fn identity(&self) -> Identity {
        Identity { verified: self.any_token(), rejector: None }
    }
}

/// Marker for requests that were deliberately let through without a token.
///
/// It is in the request's extensions where a missing token was allowed, and where the request bypassed the
/// layer. Without this and without [`Verified`], no layer was in front: a mistake in the wiring, and never the
/// same as anonymous.
///
/// ```
/// use tower_jwt_auth::Anonymous;
///
/// fn greeting(extensions: &http::Extensions) -> &'static str {
///     if extensions.get::<Anonymous>().is_some() { "hello, stranger" } else { "hello" }
/// }
/// # assert_eq!(greeting(&http::Extensions::new()), "hello");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Anonymous;

/// The rejector of the `JwtAuthLayer` that a request went through, given the identity in its extensions.
///
/// None where there was no layer, or where the application replaced the identity.
pub(crate) fn rejector_of<'e>(
    identity: Option<&'e Identity>,
    extensions: &'e Extensions,
) -> Option<&'e Rejector> {
    match identity {
        Some(identity) => identity.rejector(),
        None => extensions.get::<Arc<Rejector>>().map(|rejector| &**rejector),
    }
}
