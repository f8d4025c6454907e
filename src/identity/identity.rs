//! The identity of an accepted request.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use crate::jwt::Token;
use crate::respond::Rejector;
use crate::verify::{AnyToken, Verified, expired};

/// The caller of an accepted request, independent of the claims type; derefs to [`Token`].
///
/// Use it in code that does not know the claims type. The layer inserts it into the request's extensions together with
/// [`Verified`], and [`Verified::identity`] returns it. It shares the data of the verified token and does not copy it.
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
    /// The rejector of the layer that inserted the identity. Stored here because another extension would need another
    /// allocation.
    rejector: Option<Arc<Rejector>>,
}

impl Identity {
    pub(crate) fn with_rejector(mut self, rejector: Arc<Rejector>) -> Self {
        self.rejector = Some(rejector);
        self
    }

    /// An identity that the application has verified itself, for example with an API key.
    ///
    /// `scheme` is the kind of credential, such as `api-key`. Pass the identity to
    /// [`Unjudged::accept`](crate::Unjudged::accept). Rules, owner rules and the extractor `Identity` then treat it like
    /// that of a token with this `sub` and `scope`, and without other claims. Rules about other claims do not permit, and
    /// neither do negated ones. `implied_scopes` and `tenant_claim` do not apply, and its [`header`](Token::header) has no
    /// meaning.
    ///
    /// **Nothing is verified here.** Call it only after you have verified the credential.
    ///
    /// ```
    /// use tower_jwt_auth::{Identity, Rule};
    ///
    /// let service = Identity::external("api-key", "service-7", &["orders:read"]);
    /// assert_eq!((service.scheme(), service.subject()), (Some("api-key"), Some("service-7")));
    /// assert!(Rule::scope("orders:read").permits(&service));
    /// assert!(!Rule::scope("orders:write").permits(&service));
    /// ```
    pub fn external(scheme: impl Into<String>, subject: &str, scopes: &[&str]) -> Self {
        let (token, scheme) = (Token::without_jwt(subject, scopes), scheme.into());
        Self { verified: Arc::new(External { token, scheme }), rejector: None }
    }

    /// How the caller was authenticated, if not with a JWT: the scheme of [`external`](Self::external).
    pub fn scheme(&self) -> Option<&str> {
        self.verified.scheme()
    }

    /// Returns a future that completes when the token has expired or is known to be revoked.
    ///
    /// See [`Verified::expired`]. For an [`external`](Self::external) identity, it never completes.
    pub fn expired(&self) -> impl Future<Output = ()> + Send + Sync + Unpin + 'static {
        expired(Arc::clone(&self.verified))
    }

    /// The name of the claims type with which the token was verified.
    #[cfg_attr(not(feature = "axum"), allow(dead_code))]
    pub(crate) fn claims_type(&self) -> Option<&'static str> {
        self.verified.claims_type()
    }

    pub(crate) fn rejector(&self) -> Option<&Rejector> {
        self.rejector.as_deref()
    }
}

/// A caller without a JWT.
struct External {
    token: Token,
    scheme: String,
}

impl AnyToken for External {
    fn token(&self) -> &Token {
        &self.token
    }

    fn claims_type(&self) -> Option<&'static str> {
        None
    }

    fn scheme(&self) -> Option<&str> {
        Some(&self.scheme)
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
    /// The identity, independent of the claims type.
    pub fn identity(&self) -> Identity {
        Identity { verified: self.any_token(), rejector: None }
    }
}
