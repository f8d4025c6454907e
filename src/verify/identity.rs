//! Who the bearer is, whatever the claims type.

use std::fmt;
use std::sync::Arc;

use crate::claims::Grants;
use crate::jws::TokenInfo;

/// The bearer of a verified token: subject, scopes and roles, without a type parameter.
///
/// Stands in the request's extensions beside [`Verified`](crate::Verified), for code that does not
/// know the claims type. It shares the verified token and copies nothing.
///
/// ```
/// # #[cfg(feature = "aws-lc-rs")] {
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
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Identity(Arc<dyn Vouched>);

/// What a [`Verified`](crate::Verified) of any claims type has.
pub(super) trait Vouched: Send + Sync {
    fn token(&self) -> &TokenInfo;
}

impl Identity {
    pub(super) fn new(vouched: Arc<dyn Vouched>) -> Self {
        Self(vouched)
    }

    /// `sub`: whom the token is about.
    pub fn subject(&self) -> Option<&str> {
        self.0.token().subject()
    }

    /// The scopes that the token grants, one by one.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.0.token().scopes()
    }

    /// The roles that the token grants, one by one.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        self.0.token().roles()
    }

    /// The registered claims and the header.
    pub fn token(&self) -> &TokenInfo {
        self.0.token()
    }
}

impl Grants for Identity {
    fn has_scope(&self, scope: &str) -> bool {
        self.scopes().any(|granted| granted == scope)
    }

    fn has_role(&self, role: &str) -> bool {
        self.roles().any(|granted| granted == role)
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("token", self.0.token()).finish()
    }
}
