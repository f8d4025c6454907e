//! The facts of one verified token, whatever its claims type.

use std::fmt;
use std::sync::{Arc, OnceLock};

use serde::de::DeserializeOwned;

use super::reading::Reading;
use crate::claims::{
    Captured, ClaimPath, ClaimValue, Found, GrantClaims, GrantLists, NumericDate, Text, json, read,
};
use crate::error::Error;
use crate::jws::{Algorithm, JoseHeader};

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
    /// The decoded header and, right behind it, the decoded payload.
    text: String,
    header_len: usize,
    algorithm: Algorithm,
    kid: Option<Text>,
    typ: Option<Text>,
    claims: Captured,
    /// Only where the issuer has grants in claims of its own.
    further: Option<Box<FurtherGrants>>,
    is_sealed: bool,
}

/// Grants in claims of the issuer's own, read when they are asked for.
struct FurtherGrants {
    claims: Arc<GrantClaims>,
    lists: OnceLock<GrantLists>,
}

impl TokenInfo {
    pub(super) fn new(
        text: String,
        header_len: usize,
        algorithm: Algorithm,
        kid: Option<Text>,
        typ: Option<Text>,
    ) -> Self {
        Self {
            text,
            header_len,
            algorithm,
            kid,
            typ,
            claims: Captured::default(),
            further: None,
            is_sealed: false,
        }
    }

    /// Reads the payload, as [`read`]. The bits of the required claims that are there come along.
    pub(super) fn read_claims<C: DeserializeOwned>(
        &mut self,
        reading: &Reading,
    ) -> Result<(Result<C, Error>, u64), Error> {
        let payload = self.text.get(self.header_len..).unwrap_or_default();
        let claims = read(payload, &reading.required, &mut self.claims)?;
        if let Some(path) = &reading.subject {
            let subject = path.find(payload).and_then(json::text);
            self.claims.sub = subject.map(|subject| Text::locate(payload, subject));
        }
        if let Some(claims) = &reading.grants {
            let claims = Arc::clone(claims);
            self.further = Some(Box::new(FurtherGrants { claims, lists: OnceLock::new() }));
        }
        self.is_sealed = reading.is_sealed;
        Ok((claims, self.claims.required))
    }

    fn further(&self) -> Option<&GrantLists> {
        let FurtherGrants { claims, lists } = self.further.as_deref()?;
        Some(lists.get_or_init(|| claims.read(self.payload())))
    }

    fn payload(&self) -> &str {
        self.text.get(self.header_len..).unwrap_or_default()
    }

    fn text<'a>(&'a self, claim: Option<&'a Text>) -> Option<&'a str> {
        claim.map(|text| text.read(self.payload()))
    }

    /// The JOSE header.
    pub fn header(&self) -> JoseHeader<'_> {
        JoseHeader {
            algorithm: self.algorithm,
            key_id: self.kid.as_ref().map(|text| text.read(&self.text)),
            typ: self.typ.as_ref().map(|text| text.read(&self.text)),
        }
    }

    /// `iss`: who issued the token (RFC 7519 §4.1.1).
    pub fn issuer(&self) -> Option<&str> {
        self.text(self.claims.iss.as_ref())
    }

    /// `sub`: whom it is about (§4.1.2); or what the policy names in its place.
    pub fn subject(&self) -> Option<&str> {
        self.text(self.claims.sub.as_ref())
    }

    /// `aud`: whom it is for, one by one (§4.1.3).
    pub fn audiences(&self) -> impl Iterator<Item = &str> {
        self.claims.aud.iter().flat_map(|list| list.iter(self.payload()))
    }

    /// `exp`: when it ends (§4.1.4).
    pub const fn expires_at(&self) -> Option<NumericDate> {
        self.claims.exp
    }

    /// `nbf`: when it begins (§4.1.5).
    pub const fn not_before(&self) -> Option<NumericDate> {
        self.claims.nbf
    }

    /// `iat`: when it was issued (§4.1.6).
    pub const fn issued_at(&self) -> Option<NumericDate> {
        self.claims.iat
    }

    /// `jti`: its own name (§4.1.7).
    pub fn token_id(&self) -> Option<&str> {
        self.text(self.claims.jti.as_ref())
    }

    /// The scopes of `scope` (RFC 8693 §4.2) and `scp`, and of the policy's
    /// [`GrantClaims`], one by one.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        let further = self.further().into_iter().flat_map(|lists| &lists.scopes);
        let lists = self.claims.scope.iter().chain(&self.claims.scp).chain(further);
        lists.flat_map(|list| list.words(self.payload()))
    }

    /// The roles of `roles` (RFC 9068 §2.2.3.1), and of the policy's [`GrantClaims`], one by one.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        let further = self.further().into_iter().flat_map(|lists| &lists.roles);
        self.claims.roles.iter().chain(further).flat_map(|list| list.iter(self.payload()))
    }

    /// Any claim, read into any type; `None` when it is not there, does not fit or is hidden.
    ///
    /// `None` does not mean that the token lacks the claim: a preset may hide claims, as Better Auth's does
    /// those of session cookies, which hold a live credential. Never permit something because of a `None`.
    ///
    /// The payload is read once more for it: what every request needs belongs into the claims type.
    pub fn claim<T: DeserializeOwned>(&self, path: &ClaimPath) -> Option<T> {
        let payload = (!self.is_sealed).then(|| self.payload())?;
        serde_json::from_str(path.find(payload)?.get()).ok()
    }

    /// What rules get to know of a claim.
    pub(crate) fn claim_value(&self, path: &ClaimPath) -> ClaimValue {
        if self.is_sealed {
            return ClaimValue::Unknown;
        }
        match path.look_up(self.payload()) {
            Found::Value(value) => {
                serde_json::from_str(value.get()).map_or(ClaimValue::Unknown, ClaimValue::Present)
            }
            Found::Absent => ClaimValue::Absent,
            Found::Ambiguous => ClaimValue::Unknown,
        }
    }

    /// Whether the token is bound to a key or certificate of its sender (`cnf`, RFC 7800): without
    /// a proof of possession it is not to be taken.
    pub const fn is_sender_constrained(&self) -> bool {
        self.claims.cnf
    }
}

impl fmt::Debug for TokenInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenInfo").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}
