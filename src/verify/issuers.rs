//! Trusted issuers: each with its keys and its policy, which never mix.

use std::collections::HashMap;
use std::sync::Arc;

use crate::error::Problem;
use crate::error::{Error, ErrorKind};
use crate::json::{Object, Value};
use crate::jws::{AlgorithmFamily, Compact};
use crate::key::{Crowded, CryptoBackend, Held, KeyHealth, KeySource, Keys, VerificationKey};
use crate::policy::{ExpectedIssuer, Policy, issuer_name_problem};

/// Somebody whose tokens are taken, with the keys and the rules that are theirs alone.
///
/// ```
/// use tower_jwt_auth::{ErrorKind, Issuer, Policy, VerificationKey, Verifier, testing::TestIssuer};
///
/// let own = TestIssuer::hs256().audience("orders");
/// let partner = TestIssuer::es256().issuer("https://partner.example").audience("orders");
/// let policy = Policy::new().audience("orders");
/// let verifier = Verifier::builder()
///     .trust(Issuer::new("https://partner.example", VerificationKey::jwk(partner.jwk())?, policy.clone()))
///     .trust(Issuer::unnamed(VerificationKey::shared_secret(own.secret())?, policy))
///     .build()?;
///
/// assert!(verifier.verify_now(&partner.token().mint()).is_ok());
/// assert!(verifier.verify_now(&own.token().mint()).is_ok());
///
/// // One issuer's key does not speak for another.
/// let forged = own.token().claim("iss", "https://partner.example").mint();
/// assert_eq!(verifier.verify_now(&forged).unwrap_err().kind(), ErrorKind::AlgorithmNotAllowed);
/// # Ok::<(), tower_jwt_auth::BuildError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "an issuer is not trusted until it is given to `VerifierBuilder::trust`"]
pub struct Issuer {
    pub(super) name: Option<String>,
    pub(super) keys: Keys,
    pub(super) policy: Policy,
}

impl Issuer {
    /// An issuer whose tokens carry this name in `iss`, byte for byte.
    ///
    /// Keys that belong to an issuer of another name ([`KeySource::issuer`](crate::key::KeySource::issuer)) are
    /// a problem when the verifier is built.
    pub fn new(name: impl Into<String>, keys: impl Into<Keys>, policy: Policy) -> Self {
        Self { name: Some(name.into()), keys: keys.into(), policy }
    }

    /// An issuer whose tokens are known by their keys alone.
    ///
    /// As the only issuer it takes tokens with any `iss` or none; beside named issuers only those
    /// without.
    pub fn unnamed(keys: impl Into<Keys>, policy: Policy) -> Self {
        Self { name: None, keys: keys.into(), policy }
    }

    fn described(&self) -> String {
        match &self.name {
            Some(name) => format!("the issuer `{name}`"),
            None => "the unnamed issuer".to_owned(),
        }
    }

    fn shares_a_secret_with(&self, other: &Self) -> bool {
        let (Held::Fixed(ours), Held::Fixed(theirs)) = (&self.keys.0, &other.keys.0) else {
            return false;
        };
        ours.keys().iter().any(|key| theirs.keys().iter().any(|other| key.is_same_secret(other)))
    }

    /// Whether the keys belong to an issuer of another name.
    fn keys_of_another(&self) -> Option<Problem> {
        let Held::Source(source) = &self.keys.0 else { return None };
        let (name, other) = (self.name.as_deref()?, source.issuer()?);
        (name != other).then(|| {
            Problem::new(
                format!("keys of the issuer `{other}` for {}", self.described()),
                "tokens of one issuer would be verified with the keys of another",
                "Use the same name for both, or `Verifier::issuer_url`, which takes it once",
            )
        })
    }

    /// What is unsafe or cannot work about this issuer.
    pub(super) fn problems(&self, backend: CryptoBackend) -> Vec<Problem> {
        let of = self.described();
        let mut problems = self.policy.problems(&of);
        problems.extend(self.keys_of_another());
        problems.extend(self.name.as_deref().and_then(issuer_name_problem));
        let mut problem = |what: String, why, fix| problems.push(Problem::new(what, why, fix));
        if self.name.as_deref() == Some("") {
            problem(
                "an issuer with an empty name".to_owned(),
                "it is more likely a missing setting than a name",
                "Pass what the issuer puts into `iss`, or use `Issuer::unnamed`",
            );
        }
        if self.name.is_none() && self.policy.wants_named_issuer() {
            problem(
                "`rfc9068` for the unnamed issuer".to_owned(),
                "the profile has every server compare `iss` (RFC 9068 §4)",
                "Name the issuer",
            );
        }
        for missing in self.policy.listed().unwrap_or_default().iter() {
            if !backend.supports(missing) {
                problem(
                    format!("the algorithm {missing} for {of}"),
                    "the crypto backend `rust-crypto` does not have it",
                    "Turn on the feature `aws-lc-rs`, and name no other backend",
                );
            }
        }
        let Held::Fixed(set) = &self.keys.0 else {
            // What a source brings is judged when it comes; secrets are never used from one.
            if self.policy.lists_secrets() {
                problem(
                    format!("HMAC algorithms for {of}, whose keys come from a source"),
                    "a secret that can be fetched is none",
                    "List the public-key algorithms that the issuer signs with",
                );
            }
            return problems;
        };
        let secrets = set.keys().iter().filter(|key| key.is_secret()).count();
        if set.is_empty() {
            problem(format!("no keys for {of}"), "no token could be verified", "Give it a key");
        } else if secrets != 0 && secrets != set.len() {
            problem(
                format!("secrets and public keys together for {of}"),
                "somebody who knows a public key could try it as a secret",
                "Trust two issuers of different names, or build a verifier for each kind of key",
            );
        } else if !set.keys().iter().any(|key| key.is_supported_by(backend)) {
            problem(
                format!("keys for {of} that the crypto backend `{}` cannot use", backend.name()),
                "no token could be verified",
                "Turn on the feature `aws-lc-rs`, and name no other backend",
            );
        } else if let Some(crowded) = set.crowded(self.policy.listed()) {
            let (what, why) = match crowded {
                Crowded::Keys(algorithm) => (
                    format!("more than four keys without an id for {algorithm} and {of}"),
                    "four are tried for a token, and the others would never be used",
                ),
                Crowded::LargeKeys(algorithm) => (
                    format!("RSA keys above 4096 bits without an id for {algorithm} and {of}"),
                    "one is tried for a token, since a check takes long, and the others would never be used",
                ),
            };
            problem(what, why, "Give the keys ids with `with_key_id`, or drop the oldest");
        } else if let Some(listed) = self.policy.listed().filter(|listed| !listed.is_empty()) {
            // Of public keys one has to serve an algorithm; of secrets every one, or the secret of
            // before a rotation would verify nothing.
            let serves =
                |algorithm, key: &VerificationKey| key.usable(Some(listed)).contains(algorithm);
            for unused in listed.iter().filter(|one| match secrets {
                0 => !set.keys().iter().any(|key| serves(*one, key)),
                _ => !set.keys().iter().all(|key| serves(*one, key)),
            }) {
                let why = if unused.family() == AlgorithmFamily::Hmac && secrets != 0 {
                    "a secret is shorter than its hash (RFC 7518 §3.2)"
                } else {
                    "no key of this issuer can be used with it"
                };
                problem(
                    format!("the algorithm {unused} for {of}"),
                    why,
                    "List only what the issuer signs with, and give it the key for that",
                );
            }
        }
        problems
    }
}

/// The configured issuers, ready to choose from.
#[derive(Debug)]
pub(super) struct Issuers {
    all: Vec<Issuer>,
    by_name: HashMap<Box<str>, usize>,
    unnamed: Option<usize>,
}

impl Issuers {
    /// Indexes the issuers; notes what does not go together.
    pub(super) fn new(
        all: Vec<Issuer>,
        backend: CryptoBackend,
        problems: &mut Vec<Problem>,
    ) -> Self {
        for (index, issuer) in all.iter().enumerate() {
            if all.iter().skip(index + 1).any(|other| issuer.shares_a_secret_with(other)) {
                problems.push(Problem::new(
                    format!("{} and another one with the same secret", issuer.described()),
                    "each could sign tokens in the other's name",
                    "Give every issuer a secret of its own",
                ));
            }
        }
        let (mut by_name, mut unnamed) = (HashMap::new(), None);
        for (index, issuer) in all.iter().enumerate() {
            problems.extend(issuer.problems(backend));
            let twice = match &issuer.name {
                Some(name) => by_name.insert(name.as_str().into(), index).is_some(),
                None => unnamed.replace(index).is_some(),
            };
            if twice {
                problems.push(Problem::new(
                    format!("{} twice", issuer.described()),
                    "which keys and which policy count would be a matter of chance",
                    "Put all keys of an issuer into one `KeySet` and trust it once",
                ));
            }
        }
        Self { all, by_name, unnamed }
    }

    pub(super) fn health(&self) -> impl Iterator<Item = KeyHealth> {
        self.all.iter().map(|it| KeyHealth { issuer: it.name.clone(), ..it.keys.health() })
    }

    /// The issuers whose keys may change, with where those come from.
    pub(super) fn sources(&self) -> impl Iterator<Item = (&Issuer, &Arc<dyn KeySource>)> {
        self.all.iter().filter_map(|issuer| Some((issuer, issuer.keys.source()?)))
    }

    pub(super) fn get(&self, index: usize) -> Option<&Issuer> {
        self.all.get(index)
    }

    /// Chooses the issuer that a token has to be from. With one there is nothing to read; with several
    /// the unverified `iss` chooses among those that are configured, and does nothing else.
    pub(super) fn route(&self, compact: &Compact<'_>) -> Result<usize, Error> {
        if self.all.len() == 1 {
            return Ok(0);
        }
        // Good for choosing among these issuers, and for nothing else.
        let payload = Object::read(compact.unverified_payload()?).map_err(|_| {
            let detail = "the payload is not one strict JSON object";
            Error::new(ErrorKind::MalformedToken).with_detail(detail)
        })?;
        let index = match payload.get("iss").map(Value::string) {
            Some(Some(name)) => self.by_name.get(name).copied(),
            None => self.unnamed,
            Some(None) => {
                return Err(
                    Error::new(ErrorKind::InvalidIssuer).with_detail("`iss` is not a string")
                );
            }
        };
        index.ok_or_else(|| ErrorKind::InvalidIssuer.into())
    }

    /// What `iss` must be in the verified token, so that the choice above is confirmed.
    pub(super) fn expected<'i>(&self, issuer: &'i Issuer) -> ExpectedIssuer<'i> {
        match &issuer.name {
            Some(name) => ExpectedIssuer::Named(name),
            None if self.all.len() == 1 => ExpectedIssuer::Any,
            None => ExpectedIssuer::Absent,
        }
    }
}
