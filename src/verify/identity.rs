//! Who the bearer is, whatever the claims type.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use crate::claims::{ClaimPath, ClaimValue, Grants};
use crate::clock::Clock;
use crate::jwt::TokenInfo;
use crate::observe::Observing;

/// The bearer of a verified token: subject, scopes and roles, without a type parameter.
///
/// Stands in the request's extensions beside [`Verified`](crate::Verified), for code that does not
/// know the claims type. It shares the verified token and copies nothing.
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
    vouched: Arc<dyn Vouched>,
    companion: Option<Arc<dyn Companion>>,
}

/// Who put an identity where it is, for those who find it there. `Any` keeps HTTP out of here.
pub(crate) trait Companion: Send + Sync {
    /// How requests are refused here.
    fn refuser(&self) -> &dyn Any;

    /// The clock of the verifier that accepted the token.
    fn clock(&self) -> &dyn Clock;

    /// The observer of that verifier.
    fn observer(&self) -> &Observing;
}

/// What a [`Verified`](crate::Verified) of any claims type has.
pub(super) trait Vouched: Send + Sync {
    fn token(&self) -> &TokenInfo;
}

impl Identity {
    pub(super) fn new(vouched: Arc<dyn Vouched>) -> Self {
        Self { vouched, companion: None }
    }

    pub(crate) fn with_companion(mut self, companion: Arc<dyn Companion>) -> Self {
        self.companion = Some(companion);
        self
    }

    pub(crate) fn companion(&self) -> Option<&dyn Companion> {
        self.companion.as_deref()
    }

    /// `sub`: whom the token is about.
    pub fn subject(&self) -> Option<&str> {
        self.vouched.token().subject()
    }

    /// The scopes that the token grants, one by one.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.vouched.token().scopes()
    }

    /// The roles that the token grants, one by one.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        self.vouched.token().roles()
    }

    /// Whether this is the user whose things are asked for: `sub`, byte for byte. What belongs to
    /// nobody, with an empty string for its owner, is nobody's.
    ///
    /// A subject is a name within its issuer (RFC 7519 §4.1.2): where several are trusted, compare that too.
    ///
    /// For handlers that learn the owner from their data; [`RequireLayer`](crate::RequireLayer) compares
    /// the one that stands in the path.
    pub fn owns(&self, owner: &str) -> bool {
        !owner.is_empty() && self.subject() == Some(owner)
    }

    /// The registered claims and the header.
    pub fn token(&self) -> &TokenInfo {
        self.vouched.token()
    }
}

impl Grants for Identity {
    fn has_scope(&self, scope: &str) -> bool {
        self.scopes().any(|granted| granted == scope)
    }

    fn has_role(&self, role: &str) -> bool {
        self.roles().any(|granted| granted == role)
    }

    fn claim(&self, path: &ClaimPath) -> ClaimValue {
        self.token().claim_value(path)
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("token", self.vouched.token()).finish_non_exhaustive()
    }
}
