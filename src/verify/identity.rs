//! Who the bearer is, whatever the claims type.

use std::any::Any;
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
/// # #[cfg(any(feature = "aws-lc-rs", feature = "rust-crypto"))] {
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
pub struct Identity {
    vouched: Arc<dyn Vouched>,
    /// Takes the `Verified` of the same token out of where it was put beside this: only who put it there
    /// knows its type.
    companion: Option<RemoveCompanion>,
}

/// Removes something from a map of extensions, which is passed as what it is to keep HTTP out of here.
pub(crate) type RemoveCompanion = fn(&mut dyn Any);

/// What a [`Verified`](crate::Verified) of any claims type has.
pub(super) trait Vouched: Send + Sync {
    fn token(&self) -> &TokenInfo;
}

impl Identity {
    pub(super) fn new(vouched: Arc<dyn Vouched>) -> Self {
        Self { vouched, companion: None }
    }

    pub(crate) fn with_companion(mut self, remove: RemoveCompanion) -> Self {
        self.companion = Some(remove);
        self
    }

    pub(crate) const fn companion(&self) -> Option<RemoveCompanion> {
        self.companion
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
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("token", self.vouched.token()).finish_non_exhaustive()
    }
}
