//! The facts of one verified token, whatever its claims type.

use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::claims::{ClaimPath, ClaimValue, Dates, GrantClaims, NumericDate};
use crate::json::{Found, Object, Strings};
use crate::jws::{HeaderMembers, JoseHeader};

/// How the claims of an issuer are read where it does not follow the standards.
#[derive(Clone, Debug, Default)]
pub(crate) struct ClaimMapping {
    /// Where grants are, beside the usual claims.
    pub(crate) grants: GrantClaims,
    /// Where the subject is, if not in `sub`.
    pub(crate) subject: Option<ClaimPath>,
    /// Whether claims other than the registered ones are hidden.
    pub(crate) is_sealed: bool,
}

/// The registered claims and the header of a verified token.
///
/// It borrows from the one decoded text of the token, never holds the token itself, and its `Debug`
/// output has no values. [`Verified::token`](crate::Verified::token) hands it out.
///
/// ```
/// use tower_jwt_auth::{ErrorKind, Verifier, testing::TestIssuer};
///
/// let issuer = TestIssuer::hs256();
/// let verifier = Verifier::shared_secret(issuer.secret()).any_audience().build()?;
///
/// let verified = verifier.verify_now(&issuer.token().subject("user-1").mint())?;
/// assert_eq!(verified.token().subject(), Some("user-1"));
/// assert_eq!(verified.token().header().algorithm.name(), "HS256");
///
/// let refused = verifier.verify_now(&issuer.token().claim("sub", 7).mint()).unwrap_err();
/// assert_eq!(refused.kind(), ErrorKind::InvalidClaims);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct TokenInfo {
    /// Its text begins with that of the header.
    object: Object,
    dates: Dates,
    header: HeaderMembers,
    mapping: Option<Arc<ClaimMapping>>,
}

impl TokenInfo {
    pub(super) const fn new(
        object: Object,
        dates: Dates,
        header: HeaderMembers,
        mapping: Option<Arc<ClaimMapping>>,
    ) -> Self {
        Self { object, dates, header, mapping }
    }

    pub(super) const fn object(&self) -> &Object {
        &self.object
    }

    fn text(&self, claim: &str) -> Option<&str> {
        self.object.get(claim)?.string()
    }

    fn strings(&self, claim: &str) -> Option<Strings<'_>> {
        self.object.get(claim)?.strings()
    }

    fn is_sealed(&self) -> bool {
        self.mapping.as_ref().is_some_and(|mapping| mapping.is_sealed)
    }

    /// The JOSE header.
    pub fn header(&self) -> JoseHeader<'_> {
        self.header.read(self.object.text())
    }

    /// `iss`: who issued the token (RFC 7519 §4.1.1).
    pub fn issuer(&self) -> Option<&str> {
        self.text("iss")
    }

    /// `sub`: whom it is about (§4.1.2); or what the policy names in its place.
    pub fn subject(&self) -> Option<&str> {
        match self.mapping.as_ref().and_then(|mapping| mapping.subject.as_ref()) {
            Some(path) => path.find(&self.object)?.string(),
            None => self.text("sub"),
        }
    }

    /// `aud`: whom it is for, one by one (§4.1.3).
    pub fn audiences(&self) -> impl Iterator<Item = &str> {
        self.strings("aud").into_iter().flat_map(Strings::iter)
    }

    /// `exp`: when it ends (§4.1.4).
    pub const fn expires_at(&self) -> Option<NumericDate> {
        self.dates.exp
    }

    /// `nbf`: when it begins (§4.1.5).
    pub const fn not_before(&self) -> Option<NumericDate> {
        self.dates.nbf
    }

    /// `iat`: when it was issued (§4.1.6).
    pub const fn issued_at(&self) -> Option<NumericDate> {
        self.dates.iat
    }

    /// `jti`: its own name (§4.1.7).
    pub fn token_id(&self) -> Option<&str> {
        self.text("jti")
    }

    /// The scopes of `scope` (RFC 8693 §4.2) and `scp`, and of the policy's
    /// [`GrantClaims`], one by one.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        let usual = ["scope", "scp"].into_iter().filter_map(|claim| self.strings(claim));
        let mapped = self.mapping.iter().flat_map(|it| it.grants.scopes_in(&self.object));
        usual.flat_map(Strings::words).chain(mapped)
    }

    /// The roles of `roles` (RFC 9068 §2.2.3.1), and of the policy's [`GrantClaims`], one by one.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        let mapped = self.mapping.iter().flat_map(|it| it.grants.roles_in(&self.object));
        self.strings("roles").into_iter().flat_map(Strings::iter).chain(mapped)
    }

    /// Any claim, read into any type; `None` when it is not there, does not fit or is hidden.
    ///
    /// `None` does not mean that the token lacks the claim: a preset may hide claims, as Better Auth's does
    /// those of session cookies, which hold a live credential. Never permit something because of a `None`.
    ///
    /// The claim is parsed with each call: what every request needs belongs into the claims type.
    pub fn claim<T: DeserializeOwned>(&self, path: &ClaimPath) -> Option<T> {
        if self.is_sealed() { None } else { path.find(&self.object)?.read() }
    }

    /// What rules get to know of a claim.
    pub(crate) fn claim_value(&self, path: &ClaimPath) -> ClaimValue {
        if self.is_sealed() {
            return ClaimValue::Unknown;
        }
        match path.look_up(&self.object) {
            Found::Value(value) => value.read().map_or(ClaimValue::Unknown, ClaimValue::Present),
            Found::Absent => ClaimValue::Absent,
            Found::Ambiguous => ClaimValue::Unknown,
        }
    }

    /// Whether a claim has a value: it is not null, and an audience is not an empty list.
    pub(crate) fn has_claim(&self, name: &str) -> bool {
        let value = self.object.get(name).filter(|value| !value.is_null());
        value.is_some() && (name != "aud" || self.audiences().next().is_some())
    }

    /// Whether the token is bound to a key or certificate of its sender (`cnf`, RFC 7800): without
    /// a proof of possession it is not to be taken.
    pub fn is_sender_constrained(&self) -> bool {
        self.object.get("cnf").is_some()
    }
}

impl fmt::Debug for TokenInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenInfo")
            .field("algorithm", &self.header.algorithm)
            .finish_non_exhaustive()
    }
}
