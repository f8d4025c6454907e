//! The checks of one issuer's tokens, and their order.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::accepted::Accepted;
use super::audiences::{Audiences, check_audience};
use super::header::check_type;
use super::identity::{ExpectedIssuer, check_issuer, check_subject};
use super::missing::missing_claim;
use super::problem;
use super::resource_audience::ResourceAudience;
use super::settings::policy_settings;
use super::time::Times;
use super::value::{AUDIENCE, value_problem};
use crate::claims::{NumericDate, Scopes};
use crate::error::{Error, ErrorKind, Problem};
use crate::explain::Step;
use crate::jws::AlgorithmSet;
use crate::jwt::{ClaimMapping, SignedClaims, Token};

const DEFAULT_LEEWAY: Duration = Duration::from_secs(60);
const MAX_LEEWAY: Duration = Duration::from_secs(5 * 60);

/// The requirements for the tokens of one issuer.
///
/// The defaults are strict: `exp` is required, `nbf` is checked, and the leeway is 60 seconds. You must choose an
/// audience: call [`audience`](Self::audience) or [`any_audience`](Self::any_audience).
///
/// ```
/// use std::time::Duration;
/// use tower_jwt_auth::{ErrorKind, Issuer, Policy, VerificationKey, Verifier, testing::TestIssuer};
///
/// let tokens = TestIssuer::es256().issuer("https://auth.example.com").audience("orders");
/// let policy = Policy::new().audience("orders").max_age(Duration::from_secs(3600)).require_claim("tenant");
/// let key = VerificationKey::jwk(tokens.jwk())?;
/// let verifier =
///     Verifier::builder().trust(Issuer::new("https://auth.example.com", key, policy)).build()?;
///
/// assert!(verifier.verify_now(&tokens.token().claim("tenant", "acme").mint()).is_ok());
/// let rejected = verifier.verify_now(&tokens.token().mint()).unwrap_err();
/// assert_eq!(rejected.kind(), ErrorKind::MissingClaim);
/// # Ok::<(), tower_jwt_auth::BuildError>(())
/// ```
#[derive(Clone)]
#[must_use = "a policy has no effect until it is passed to `Issuer::new` or `Issuer::unnamed`"]
#[doc(alias = "validation")]
pub struct Policy {
    pub(crate) algorithms: Option<AlgorithmSet>,
    pub(super) audiences: Audiences,
    pub(super) clients: Vec<Box<str>>,
    pub(crate) authorized_parties: Vec<Box<str>>,
    pub(crate) access_tokens_only: bool,
    pub(crate) subject: Option<Box<str>>,
    pub(crate) typ: Option<Box<str>>,
    pub(crate) times: Times,
    pub(super) required: Vec<Box<str>>,
    mapping: Option<Arc<ClaimMapping>>,
    pub(crate) checks: Vec<TokenCheck>,
    pub(crate) allows_padding: bool,
    is_profile: bool,
}

/// A check that the application adds, with its name.
pub(crate) type TokenCheck = (&'static str, Arc<dyn Fn(&Token) -> bool + Send + Sync>);

policy_settings!(Policy);

impl Policy {
    /// A policy with strict defaults and no audience yet.
    pub fn new() -> Self {
        let times = Times { leeway: DEFAULT_LEEWAY, max_age: None, expiry_required: true };
        Self {
            algorithms: None,
            audiences: Audiences::Undecided,
            clients: Vec::new(),
            authorized_parties: Vec::new(),
            access_tokens_only: false,
            subject: None,
            typ: None,
            times,
            required: Vec::new(),
            mapping: None,
            checks: Vec::new(),
            allows_padding: false,
            is_profile: false,
        }
    }

    pub(crate) fn add_audience(&mut self, audience: String) {
        self.audiences.add(audience.into());
    }

    pub(crate) fn set_any_audience(&mut self) {
        self.audiences.set_any();
    }

    /// Requires that the audience is the resource with this identifier, which is a valid URL, and adds the scopes that
    /// imply others.
    pub(crate) fn set_resource(&mut self, identifier: &str, implied: &Scopes) {
        self.audiences.set_resource(ResourceAudience::new(identifier));
        if !implied.is_empty() {
            self.mapping_mut().scopes.extend(implied.clone());
        }
    }

    pub(crate) fn add_client(&mut self, id: String) {
        if self.audiences == Audiences::Undecided {
            self.audiences = Audiences::ByClient;
        }
        self.clients.push(id.into());
        self.access_tokens_only = true;
    }

    pub(crate) fn add_required_claim(&mut self, claim: String) {
        let claim = claim.into_boxed_str();
        if !self.required.contains(&claim) {
            self.required.push(claim);
        }
    }

    /// Requires a token to follow the profile of RFC 9068.
    pub(crate) fn set_profile(&mut self) {
        self.is_profile = true;
        self.typ = Some("at+jwt".into());
        for claim in ["iss", "sub", "aud", "exp", "iat", "jti", "client_id"] {
            self.add_required_claim(claim.to_owned());
        }
    }

    /// Whether the issuer must have a name.
    pub(crate) const fn wants_named_issuer(&self) -> bool {
        self.is_profile
    }

    /// The listed algorithms, if any.
    pub(crate) const fn listed(&self) -> Option<AlgorithmSet> {
        self.algorithms
    }

    /// Used by `policy_settings`.
    fn policy_mut(&mut self) -> &mut Self {
        self
    }

    pub(crate) fn mapping_mut(&mut self) -> &mut ClaimMapping {
        Arc::make_mut(self.mapping.get_or_insert_default())
    }

    /// Whether registered claims that are null count as absent.
    pub(crate) fn allows_null_claims(&self) -> bool {
        self.mapping.as_ref().is_some_and(|mapping| mapping.allows_null_claims)
    }

    /// How the issuer's claims are read, if that differs from the standards.
    pub(crate) const fn mapping(&self) -> Option<&Arc<ClaimMapping>> {
        self.mapping.as_ref()
    }

    /// Checks a token whose signature is verified.
    ///
    /// The order is: `typ`, other kinds of token, issuer, audience, client, authorized party, subject, tenant, required
    /// claims, and then [`check_now`](Self::check_now). The types of the registered claims were checked before, when
    /// they were read.
    ///
    /// Expiry is checked last, because the response reports it to the client: a token for another service must not
    /// be reported as expired.
    ///
    /// # Errors
    ///
    /// The first check that fails. `reach` is called before each step.
    pub(crate) fn accept<C>(
        &self,
        signed: SignedClaims<C>,
        issuer: ExpectedIssuer<'_>,
        now: NumericDate,
        reach: &mut impl FnMut(Step),
    ) -> Result<Accepted<C>, Error> {
        let token = signed.token();
        reach(Step::Type);
        if let Some(wanted) = &self.typ {
            check_type(wanted, token.header().typ)?;
        }
        self.check_access_token(token)?;
        reach(Step::Issuer);
        check_issuer(issuer, token)?;
        reach(Step::Audience);
        check_audience(&self.audiences, token)?;
        self.check_client(token)?;
        self.check_authorized_party(token)?;
        reach(Step::Subject);
        self.check_mapped_subject(token)?;
        check_subject(self.subject.as_deref(), token)?;
        reach(Step::Tenant);
        self.check_tenant(token)?;
        reach(Step::RequiredClaims);
        self.check_required(token)?;
        self.check_now(token, now, reach)?;
        reach(Step::ClaimsType);
        Ok(Accepted::new(signed))
    }

    #[inline]
    fn check_required(&self, token: &Token) -> Result<(), Error> {
        match self.required.iter().find(|claim| !token.has_claim(claim)) {
            Some(missing) => {
                Err(missing_claim(missing, "a claim that the policy requires is missing"))
            }
            None => Ok(()),
        }
    }

    /// The required claims that a token does not have.
    pub(crate) fn missing_claims(&self, has: impl Fn(&str) -> bool) -> impl Iterator<Item = &str> {
        self.required.iter().map(|claim| &**claim).filter(move |claim| !has(claim))
    }

    /// The checks whose result depends on the time or on the application. They are repeated for cached tokens; the
    /// result of every other check stays the same.
    pub(crate) fn check_now(
        &self,
        token: &Token,
        now: NumericDate,
        reach: &mut impl FnMut(Step),
    ) -> Result<(), Error> {
        reach(Step::NotBefore);
        self.times.check_start(token, now)?;
        reach(Step::Age);
        self.times.check_age(token, now)?;
        reach(Step::TokenChecks);
        for (name, check) in &self.checks {
            if !check(token) {
                return Err(Error::new(ErrorKind::CheckFailed).with_detail(name));
            }
        }
        reach(Step::Expiry);
        self.times.check_expiry(token, now)
    }

    /// Whether no setting decides about the audience.
    #[cfg(feature = "providers")]
    pub(crate) fn lacks_audience(&self) -> bool {
        self.audiences == Audiences::Undecided
    }

    /// The settings of this policy that are unsafe or cannot work, whatever the keys are. `is_migrating` means that the
    /// issuer has a secret and public keys.
    pub(crate) fn problems(&self, of: &str, is_migrating: bool) -> Vec<Problem> {
        let profile = if self.is_profile { self.profile_problems(of) } else { Vec::new() };
        let values = self.values();
        let leeway = self.times.leeway;
        let typ = self.typ.as_deref().filter(|_| self.requires_rejected_type());
        self.audience_problem(of)
            .into_iter()
            .chain(profile)
            .chain(values.filter_map(|(setting, value)| value_problem(setting, value, of)))
            .chain(self.empty_paths(of))
            .chain(self.scope_problems(of))
            .chain(typ.map(|typ| problem::type_of_another_kind(typ, of)))
            .chain((leeway > MAX_LEEWAY).then(|| problem::long_leeway(leeway, of)))
            .chain(self.algorithms_problem(of, is_migrating))
            .collect()
    }

    /// The values that must equal one in the token, and the names of claims, each with its description.
    fn values(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let audiences: &[Box<str>] = match &self.audiences {
            Audiences::OneOf(all) => all,
            _ => &[],
        };
        let lists = [
            (AUDIENCE, audiences),
            ("client", &self.clients),
            ("authorized party", &self.authorized_parties),
            ("required claim", &self.required),
            ("subject", self.subject.as_slice()),
            ("`typ`", self.typ.as_slice()),
        ];
        let lists = lists.into_iter().chain(self.mapped_names());
        lists.flat_map(|(setting, list)| list.iter().map(move |it| (setting, &**it)))
    }

    fn audience_problem(&self, of: &str) -> Option<Problem> {
        match &self.audiences {
            Audiences::Undecided => Some(problem::no_audience(of)),
            Audiences::Contradictory => Some(problem::contradictory_audiences(of)),
            Audiences::Different { resource, audience } => {
                Some(problem::audience_of_another_resource(audience, resource, of))
            }
            Audiences::OneOf(_) | Audiences::Resource(_) | Audiences::Any | Audiences::ByClient => {
                None
            }
        }
    }

    /// The settings that contradict RFC 9068.
    fn profile_problems(&self, of: &str) -> Vec<Problem> {
        let mut problems = Vec::new();
        match &self.audiences {
            Audiences::Any => problems.push(problem::profile_without_audience("any_audience", of)),
            Audiences::ByClient => {
                problems.push(problem::profile_without_audience("client_id", of));
            }
            _ => {}
        }
        if !self.times.expiry_required {
            problems.push(problem::profile_without_expiry(of));
        }
        if check_type("at+jwt", self.typ.as_deref()).is_err() {
            let typ = self.typ.as_deref().unwrap_or_default();
            problems.push(problem::profile_of_another_type(typ, of));
        }
        problems
    }

    fn algorithms_problem(&self, of: &str, is_migrating: bool) -> Option<Problem> {
        let listed = self.algorithms?;
        match (listed.hmac().is_empty(), listed.public().is_empty()) {
            (true, true) => Some(problem::no_algorithms(of)),
            (false, false) if !is_migrating => Some(problem::mixed_algorithms(of)),
            _ => None,
        }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let checks: Vec<_> = self.checks.iter().map(|(name, _)| name).collect();
        f.debug_struct("Policy")
            .field("algorithms", &self.algorithms)
            .field("audiences", &self.audiences)
            .field("clients", &self.clients)
            .field("authorized_parties", &self.authorized_parties)
            .field("access_tokens_only", &self.access_tokens_only)
            .field("subject", &self.subject)
            .field("typ", &self.typ)
            .field("times", &self.times)
            .field("checks", &checks)
            .field("allows_padding", &self.allows_padding)
            .field("required", &self.required)
            .field("mapping", &self.mapping)
            .finish_non_exhaustive()
    }
}
