//! A verified token, for every claims type.

use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::claims::{
    Actor, ClaimPath, ClaimValue, CurrentActor, Dates, GrantClaims, Grants, Lenience, NumericDate,
    Scopes, SubjectType,
};
use crate::json::{Found, Object, Strings, Value};
use crate::jws::{HeaderMembers, JoseHeader};
use crate::rule::Rule;

/// The claims to read if an issuer does not use the standard ones.
#[derive(Clone, Debug, Default)]
pub(crate) struct ClaimMapping {
    /// The claims with grants, in addition to the standard ones.
    pub(crate) grants: GrantClaims,
    /// The scopes that imply others.
    pub(crate) scopes: Scopes,
    /// The claim with the subject, if it is not `sub`.
    pub(crate) subject: Option<ClaimPath>,
    /// The claim with the tenant.
    pub(crate) tenant: Option<ClaimPath>,
    /// Whether claims other than the registered ones are hidden.
    pub(crate) is_sealed: bool,
    /// Whether registered claims that are null count as absent.
    pub(crate) allows_null_claims: bool,
    /// Whether `sub` may be an integer.
    pub(crate) allows_numeric_subject: bool,
}

impl ClaimMapping {
    /// What is accepted although RFC 7519 does not.
    pub(super) const fn lenience(&self) -> Lenience {
        let subject = match (&self.subject, self.allows_numeric_subject) {
            (Some(_), _) => SubjectType::Any,
            (None, true) => SubjectType::StringOrInteger,
            (None, false) => SubjectType::String,
        };
        Lenience { null_claims: self.allows_null_claims, subject }
    }

    /// The subject. The type of `sub` has been checked.
    fn subject_in<'a>(&self, object: &'a Object) -> Option<&'a str> {
        let value = match &self.subject {
            Some(path) => path.find(object),
            None => object.get("sub"),
        };
        value?.string_or_integer()
    }
}

/// A verified token: its registered claims, scopes, roles and header.
///
/// [`Verified::token`](crate::Verified::token) returns it for every claims type, and [`Identity`](crate::Identity)
/// derefs to it. The issuer's [`Policy`](crate::Policy) decides which claims the subject, scopes and roles are read
/// from. `Debug` shows no values. The encoded token is not stored.
///
/// ```
/// use tower_jwt_auth::{ErrorKind, Verifier, testing::TestIssuer};
///
/// let issuer = TestIssuer::hs256();
/// let verifier = Verifier::shared_secret(issuer.secret()).any_audience().build()?;
///
/// let token = issuer.token().subject("user-1").claim("scope", "orders:read").claim("tenant", "acme");
/// let verified = verifier.verify_now(&token.mint())?;
/// let token = verified.token();
/// assert_eq!(token.subject(), Some("user-1"));
/// assert!(token.has_scope("orders:read") && !token.has_scope("orders:write"));
/// assert_eq!(token.claim::<String>("tenant").as_deref(), Some("acme"));
/// assert_eq!(token.header().algorithm.name(), "HS256");
///
/// let error = verifier.verify_now(&issuer.token().claim("sub", 7).mint()).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::InvalidClaims);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Token {
    /// Its text begins with the text of the header.
    object: Object,
    dates: Dates,
    header: HeaderMembers,
    mapping: Option<Arc<ClaimMapping>>,
    key_issuer: Option<Arc<str>>,
}

impl Token {
    pub(super) const fn new(
        object: Object,
        dates: Dates,
        header: HeaderMembers,
        mapping: Option<Arc<ClaimMapping>>,
        key_issuer: Option<Arc<str>>,
    ) -> Self {
        Self { object, dates, header, mapping, key_issuer }
    }

    /// What is known about a caller without a JWT: a subject and scopes.
    pub(crate) fn without_jwt(subject: &str, scopes: &[&str]) -> Self {
        let claims = serde_json::json!({ "sub": subject, "scope": scopes.join(" ") });
        let object = Object::read(claims.to_string()).unwrap_or_default();
        // Other claims are unknown, not absent, so that no negated rule about them permits.
        let mapping = ClaimMapping { is_sealed: true, ..ClaimMapping::default() };
        let mapping = Some(Arc::new(mapping));
        Self::new(object, Dates::default(), HeaderMembers::ABSENT, mapping, None)
    }

    /// The only issuer whose tokens the key of the signature verifies, if the key names one.
    pub(crate) fn key_issuer(&self) -> Option<&str> {
        self.key_issuer.as_deref()
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

    /// The issuer: `iss` (RFC 7519 §4.1.1).
    pub fn issuer(&self) -> Option<&str> {
        self.text("iss")
    }

    /// The subject, usually the user's id.
    ///
    /// It is read from `sub` (RFC 7519 §4.1.2), or from the claim that
    /// [`Policy::subject_claim`](crate::Policy::subject_claim) names. If the policy accepts an integer, this is its
    /// decimal text.
    pub fn subject(&self) -> Option<&str> {
        match &self.mapping {
            Some(mapping) => mapping.subject_in(&self.object),
            None => self.text("sub"),
        }
    }

    /// The values that name the subject: `sub`, and the claim that the policy reads the subject from.
    #[cfg(feature = "denylist")]
    pub(crate) fn subjects(&self) -> impl Iterator<Item = &str> {
        let registered = self.object.get("sub").and_then(Value::string_or_integer);
        let mapping = self.mapping.as_ref().filter(|mapping| mapping.subject.is_some());
        let mapped = mapping.and_then(|mapping| mapping.subject_in(&self.object));
        registered.into_iter().chain(mapped)
    }

    /// Whether `owner` is the subject, byte for byte. An empty `owner` never matches.
    ///
    /// Use it in handlers that read the owner from their data. If the owner is in the path, use
    /// [`Rule::owner_in_path`]. A subject is unique only within its issuer (RFC 7519 §4.1.2): with several issuers,
    /// compare [`issuer`](Self::issuer) as well.
    pub fn owns(&self, owner: &str) -> bool {
        !owner.is_empty() && self.subject() == Some(owner)
    }

    /// The tenant: the customer, organization or workspace to which the token belongs. It is not empty.
    ///
    /// It is read from the claim that [`Policy::tenant_claim`](crate::Policy::tenant_claim) names. `None` if the issuer's
    /// policy names no claim: do not permit a request because of it.
    ///
    /// ```
    /// use tower_jwt_auth::{Verifier, testing::TestIssuer};
    ///
    /// let issuer = TestIssuer::hs256();
    /// let verifier =
    ///     Verifier::shared_secret(issuer.secret()).any_audience().tenant_claim("org_id").build()?;
    /// let user = verifier.verify_now(&issuer.token().claim("org_id", "acme").mint())?.identity();
    /// assert_eq!(user.tenant(), Some("acme"));
    /// assert!(user.has_tenant("acme") && !user.has_tenant("Acme") && !user.has_tenant(""));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn tenant(&self) -> Option<&str> {
        let path = self.mapping.as_ref()?.tenant.as_ref()?;
        path.find(&self.object)?.string_or_integer().filter(|tenant| !tenant.is_empty())
    }

    /// Whether this is the tenant, byte for byte. An empty `tenant` never matches.
    ///
    /// Use it in handlers that read the tenant from their data. If the tenant is in the path, use
    /// [`Rule::tenant_in_path`]. A tenant is unique only within its issuer: with several issuers, compare
    /// [`issuer`](Self::issuer) as well.
    pub fn has_tenant(&self, tenant: &str) -> bool {
        self.tenant() == Some(tenant)
    }

    /// The audience: the values of `aud` (RFC 7519 §4.1.3).
    pub fn audience(&self) -> impl Iterator<Item = &str> {
        self.strings("aud").into_iter().flat_map(Strings::iter)
    }

    /// The time at which the token expires: `exp` (RFC 7519 §4.1.4).
    pub const fn expires_at(&self) -> Option<NumericDate> {
        self.dates.exp
    }

    /// The time before which the token is not valid: `nbf` (RFC 7519 §4.1.5).
    pub const fn not_before(&self) -> Option<NumericDate> {
        self.dates.nbf
    }

    /// The time at which the token was issued: `iat` (RFC 7519 §4.1.6).
    pub const fn issued_at(&self) -> Option<NumericDate> {
        self.dates.iat
    }

    /// The id of the token: `jti` (RFC 7519 §4.1.7).
    pub fn token_id(&self) -> Option<&str> {
        self.text("jti")
    }

    /// The id of the login session: `sid` (OpenID Connect Front-Channel Logout 1.0 §3). If it is an integer, its decimal
    /// text.
    pub fn session_id(&self) -> Option<&str> {
        self.object.get("sid")?.string_or_integer()
    }

    /// The OAuth client that requested the token: `client_id` (RFC 8693 §4.3, RFC 9068 §2.2).
    pub fn client_id(&self) -> Option<&str> {
        self.text("client_id")
    }

    /// The parties that act for the subject: `act` (RFC 8693 §4.1), the current actor first.
    ///
    /// There are none if the token has no `act`. An `act` of any other form than an object with a string `sub` is an
    /// actor without a subject. At most eight are returned. Only the first may decide about access, as
    /// [`Rule::actor`] does; the others are for logs.
    ///
    /// A token in which the issuer records an impersonation in another claim has no actors.
    pub fn actors(&self) -> impl Iterator<Item = Actor<'_>> {
        Actor::all(self.object.get("act"))
    }

    /// Whether another party acts for the subject, in the sense of [`Rule::direct`].
    pub(crate) fn is_delegated(&self) -> bool {
        self.object.get("act").is_some()
    }

    /// The granted scopes: from `scope` (RFC 8693 §4.2), `scp`, and the claims that
    /// [`Policy::grants`](crate::Policy::grants) names. Scopes that these imply are not listed.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        let standard = ["scope", "scp"].into_iter().filter_map(|claim| self.strings(claim));
        let mapped = self.mapping.iter().flat_map(|it| it.grants.scopes_in(&self.object));
        standard.flat_map(Strings::words).chain(mapped)
    }

    /// Whether this scope is granted, byte for byte, or implied by a granted scope
    /// ([`Policy::implied_scopes`](crate::Policy::implied_scopes)).
    pub fn has_scope(&self, scope: &str) -> bool {
        let implying = self.mapping.as_ref().and_then(|mapping| mapping.scopes.implying(scope));
        match implying {
            None => self.scopes().any(|granted| granted == scope),
            Some(implying) => {
                self.scopes().any(|granted| granted == scope || implying.contains(granted))
            }
        }
    }

    /// The granted roles: from `roles` (RFC 9068 §2.2.3.1), and the claims that
    /// [`Policy::grants`](crate::Policy::grants) names.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        let mapped = self.mapping.iter().flat_map(|it| it.grants.roles_in(&self.object));
        self.strings("roles").into_iter().flat_map(Strings::iter).chain(mapped)
    }

    /// Whether this role is granted, byte for byte.
    pub fn has_role(&self, role: &str) -> bool {
        self.roles().any(|granted| granted == role)
    }

    /// Reads any claim into any type.
    ///
    /// Returns `None` if the claim is absent, has another type, or is hidden
    /// ([`Policy::hide_claims`](crate::Policy::hide_claims)). `None` does not mean that the token lacks the claim, so
    /// never permit a request because of it. Each call parses the claim: put claims that every request needs into the
    /// claims type.
    pub fn claim<T: DeserializeOwned>(&self, path: impl Into<ClaimPath>) -> Option<T> {
        if self.is_sealed() { None } else { path.into().find(&self.object)?.read() }
    }

    /// The value of a top-level claim, even if it is hidden.
    pub(crate) fn value(&self, name: &str) -> Option<Value<'_>> {
        self.object.get(name)
    }

    /// Whether a claim has a value: it is not null, and an audience is not an empty list.
    pub(crate) fn has_claim(&self, name: &str) -> bool {
        let value = self.value(name).filter(|value| !value.is_null());
        value.is_some() && (name != "aud" || self.audience().next().is_some())
    }

    /// Whether the token is bound to a key or certificate (`cnf`, RFC 7800).
    ///
    /// Such a token must not be accepted without a proof of possession.
    pub fn is_sender_constrained(&self) -> bool {
        self.object.get("cnf").is_some()
    }
}

impl Grants for Token {
    fn has_scope(&self, scope: &str) -> bool {
        self.has_scope(scope)
    }

    fn has_role(&self, role: &str) -> bool {
        self.has_role(role)
    }

    fn claim(&self, path: &ClaimPath) -> ClaimValue {
        if self.is_sealed() {
            return ClaimValue::Unknown;
        }
        match path.look_up(&self.object) {
            Found::Value(value) => value.read().map_or(ClaimValue::Unknown, ClaimValue::Present),
            Found::Absent => ClaimValue::Absent,
            Found::Ambiguous => ClaimValue::Unknown,
        }
    }

    fn subject(&self) -> Option<&str> {
        self.subject().filter(|subject| !subject.is_empty())
    }

    fn tenant(&self) -> Option<&str> {
        self.tenant()
    }

    fn current_actor(&self) -> CurrentActor<'_> {
        match self.actors().next() {
            None => CurrentActor::Absent,
            Some(actor) => {
                let subject = actor.subject_at(self.issuer());
                subject.map_or(CurrentActor::Unknown, CurrentActor::Named)
            }
        }
    }
}

impl Rule {
    /// Whether this token meets the rule.
    ///
    /// Use it in handlers whose decision depends on their own data; otherwise use a
    /// [`RequireLayer`](crate::RequireLayer), which answers 403 itself. There is no request path here, so
    /// [`owner_in_path`](Self::owner_in_path) and [`tenant_in_path`](Self::tenant_in_path) are not met. An
    /// [`Identity`](crate::Identity) derefs to its token: `rule.permits(&identity)`.
    pub fn permits(&self, token: &Token) -> bool {
        self.is_met_by(token, None)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("algorithm", &self.header.algorithm).finish_non_exhaustive()
    }
}
