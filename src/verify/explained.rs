//! The rows of an explanation: what is configured, and what the token has.

use std::fmt::Display;

use super::expected::with_keys;
use super::trusted::Trusted;
use crate::claims::{ClaimPath, NumericDate};
use crate::error::{ErrorKind, quoted};
use crate::explain::{Step, UnverifiedToken, relative_to};
use crate::json::{Strings, Value};
use crate::jws::Algorithm;
use crate::key::VerificationKey;
use crate::policy::{ExpectedIssuer, Policy};

/// The most values that one text lists.
const MAX_LISTED: usize = 8;

const UNREADABLE: &str = "unreadable";

/// Builds the rows in the order of the steps.
pub(super) struct Rows<'t> {
    token: &'t UnverifiedToken<'t>,
    now: NumericDate,
    done: Vec<Row>,
}

type Row = (Step, Option<String>, Option<String>);

impl From<Rows<'_>> for Vec<Row> {
    fn from(rows: Rows<'_>) -> Self {
        rows.done
    }
}

impl<'t> Rows<'t> {
    pub(super) const fn new(token: &'t UnverifiedToken<'t>, now: NumericDate) -> Self {
        Self { token, now, done: Vec::new() }
    }

    pub(super) fn add(&mut self, step: Step, expected: Option<String>, found: Option<String>) {
        self.done.push((step, expected, found));
    }

    fn add_texts(&mut self, step: Step, expected: &str, found: String) {
        self.add(step, Some(expected.to_owned()), Some(found));
    }

    /// A member of the header.
    fn header(&self, member: &str) -> String {
        match self.token.header_object() {
            Some(header) => described(header.get(member)),
            None => UNREADABLE.to_owned(),
        }
    }

    /// A claim.
    fn claim(&self, name: &str) -> String {
        match self.token.payload_object() {
            Some(_) => described(self.value(name)),
            None => UNREADABLE.to_owned(),
        }
    }

    fn value(&self, name: &str) -> Option<Value<'_>> {
        self.token.payload_object()?.get(name)
    }

    /// Length, format and header.
    pub(super) fn of_form(&mut self, longest: usize) {
        let length = self.token.text().len();
        self.add_texts(
            Step::Length,
            &format!("at most {longest} bytes"),
            format!("{length} bytes"),
        );
        let parts = self.token.parts();
        let parts = if parts == 1 { "1 part".to_owned() } else { format!("{parts} parts") };
        self.add_texts(Step::Format, "3 parts", parts);
        let header = match self.token.header_object() {
            None => UNREADABLE.to_owned(),
            Some(_) => ["alg", "kid", "typ"]
                .map(|member| format!("`{member}` {}", self.header(member)))
                .join(", "),
        };
        self.add_texts(Step::Header, "a JSON object with `alg`", header);
    }

    /// The choice among several issuers.
    pub(super) fn of_trust<'i>(&mut self, names: impl Iterator<Item = &'i str>) {
        self.add(Step::TrustedIssuer, listed(names, " or "), Some(self.claim("iss")));
    }

    /// Algorithm, key, signature and payload.
    pub(super) fn of_signature(&mut self, issuer: &Trusted) {
        let algorithms = issuer.allowed_algorithms();
        let algorithms = algorithms.and_then(|all| listed(all.iter().map(Algorithm::name), " or "));
        self.add(Step::Algorithm, algorithms, Some(self.header("alg")));
        let algorithm: Option<String> = self.token.header("alg");
        let algorithm = algorithm.and_then(|name| Algorithm::from_name(&name));
        let keys = algorithm.map_or(&issuer.keys, |algorithm| issuer.keys_for(algorithm));
        let keys = with_keys(keys, |set| match set.keys() {
            [] => "no keys".to_owned(),
            keys => cut(keys.iter().map(|key| Self::key(issuer, key)), ", ").unwrap_or_default(),
        });
        let keys = keys.map_or("keys, and none have been fetched".to_owned(), |keys| {
            format!("one of the keys {keys}")
        });
        self.add_texts(Step::Key, &keys, format!("`kid` {}", self.header("kid")));
        self.add(Step::Signature, None, None);
        let payload = match self.token.payload_object() {
            Some(_) => "a JSON object",
            None => UNREADABLE,
        };
        self.add_texts(Step::Payload, "a JSON object", payload.to_owned());
    }

    /// For example `2026` (RS256).
    fn key(issuer: &Trusted, key: &VerificationKey) -> String {
        let usable = key.usable(issuer.policy.listed());
        let algorithms: Vec<_> = usable.iter().map(Algorithm::name).collect();
        let algorithms = algorithms.join(" ");
        match key.key_id() {
            Some(id) => format!("{} ({algorithms})", quoted(id)),
            None => format!("without an id ({algorithms})"),
        }
    }

    /// Everything that the policy requires.
    pub(super) fn of_policy(&mut self, policy: &Policy, issuer: ExpectedIssuer<'_>) {
        if let Some(expected) = policy.expected(ErrorKind::InvalidType) {
            self.add(Step::Type, Some(expected), Some(format!("`typ` {}", self.header("typ"))));
        }
        let expected = match issuer {
            ExpectedIssuer::Named(name) => quoted(name).to_string(),
            ExpectedIssuer::Template(template) => template.described(),
            ExpectedIssuer::Absent => "none".to_owned(),
            ExpectedIssuer::Any => "any or none".to_owned(),
        };
        self.add_claim(Step::Issuer, &expected, "iss");
        let audiences = policy.expected(ErrorKind::InvalidAudience);
        let audiences = audiences.unwrap_or_else(|| "any or none".to_owned());
        self.add_claim(Step::Audience, &audiences, "aud");
        if policy.subject.is_some() {
            // A subject is personal data and is not named.
            self.add(Step::Subject, Some("the configured subject".to_owned()), None);
        } else if let Some(claim) = policy.mapped_subject() {
            self.add_mapped(Step::Subject, claim);
        }
        if let Some(claim) = policy.mapped_tenant() {
            self.add_mapped(Step::Tenant, claim);
        }
        self.add_required(policy);
        self.add_dates(policy);
    }

    fn add_claim(&mut self, step: Step, expected: &str, name: &str) {
        self.add_texts(step, expected, self.claim(name));
    }

    /// A claim with a value that is personal data and is not shown.
    fn add_mapped(&mut self, step: Step, claim: &ClaimPath) {
        let found = match self.token.payload_object().map(|payload| claim.find(payload)) {
            None => UNREADABLE,
            Some(None) => "none",
            Some(Some(value)) => match value.string_or_integer() {
                None => "neither a string nor an integer",
                Some("") => "an empty string",
                Some(_) => "a value",
            },
        };
        self.add_texts(step, &format!("a value in {claim:?}"), found.to_owned());
    }

    fn add_required(&mut self, policy: &Policy) {
        let Some(required) = listed(policy.missing_claims(|_| false), ", ") else { return };
        let has = |name: &str| self.value(name).is_some_and(|value| !value.is_null());
        let missing = listed(policy.missing_claims(has), ", ");
        let found = missing.map_or("all".to_owned(), |missing| format!("all but {missing}"));
        self.add_texts(Step::RequiredClaims, &required, found);
    }

    fn add_dates(&mut self, policy: &Policy) {
        let times = &policy.times;
        let leeway = times.leeway;
        let latest = format!("none, or before {}, with a leeway of {leeway:?}", self.now);
        self.add_texts(Step::NotBefore, &latest, self.date("nbf"));
        if let Some(age) = times.max_age {
            self.add_texts(Step::Age, &format!("at most {age:?} ago"), self.date("iat"));
        }
        if !policy.checks.is_empty() {
            let names = policy.checks.iter().map(|(name, _)| *name);
            self.add(Step::TokenChecks, listed(names, ", "), None);
        }
        let or_none = if times.expiry_required { "" } else { "none, or " };
        let earliest = format!("{or_none}after {}, with a leeway of {leeway:?}", self.now);
        self.add_texts(Step::Expiry, &earliest, self.date("exp"));
    }

    fn date(&self, name: &str) -> String {
        match self.value(name) {
            None => "none".to_owned(),
            Some(value) => match NumericDate::from_value(value) {
                Some(date) => relative_to(self.now, date),
                None => "not a number".to_owned(),
            },
        }
    }

    /// The proof of possession, for tokens that are bound to a key.
    pub(super) fn of_proof(&mut self, is_missing: bool) {
        if is_missing || self.value("cnf").is_some() {
            self.add_texts(Step::Proof, "a proof of possession", "a token with `cnf`".to_owned());
        }
    }
}

/// A string in quotation marks, a list of strings, or the type of another value.
fn described(value: Option<Value<'_>>) -> String {
    let Some(value) = value else { return "none".to_owned() };
    if value.is_null() {
        return "null".to_owned();
    }
    match value.strings() {
        Some(strings) => {
            listed(Strings::iter(strings), ", ").unwrap_or_else(|| "an empty list".to_owned())
        }
        None => "not a string".to_owned(),
    }
}

fn listed<'v>(values: impl Iterator<Item = &'v str>, separator: &str) -> Option<String> {
    cut(values.map(quoted), separator)
}

/// Joins the first values; `None` if there are none.
fn cut(values: impl Iterator<Item = impl Display>, separator: &str) -> Option<String> {
    let mut values = values.map(|value| value.to_string());
    let mut first: Vec<_> = values.by_ref().take(MAX_LISTED).collect();
    first.extend(values.next().map(|_| "…".to_owned()));
    (!first.is_empty()).then(|| first.join(separator))
}
