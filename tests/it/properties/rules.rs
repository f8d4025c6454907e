//! Policies for the tokens of `shapes`, and an independent implementation of their verdicts.

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::{select, subsequence};
use tower_jwt_auth::Token;
use tower_jwt_auth::VerifierBuilder;
use tower_jwt_auth::testing::FixedClock;
use tower_jwt_auth::{Algorithm, Verifier};

use super::json::Json;
use super::shapes::{A, Facts, SIGNERS, TYPES, facts};
use crate::support::tokens::NOW;

/// The requirements of a verifier.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    /// Whether the verifier has the secret, or the two public keys.
    pub(super) secret: bool,
    pub(super) algorithms: Option<Vec<Algorithm>>,
    pub(super) issuer: Option<&'static str>,
    /// Any audience is accepted if this is empty.
    pub(super) audiences: Vec<&'static str>,
    pub(super) subject: Option<&'static str>,
    pub(super) typ: Option<&'static str>,
    pub(super) required: Vec<&'static str>,
    pub(super) leeway: u64,
    pub(super) max_age: Option<u64>,
    pub(super) expiry: bool,
    /// Whether a rule requires a non-empty `jti`.
    pub(super) rule: bool,
}

pub(super) const REQUIRABLE: [&str; 4] = ["tenant", "sub", "nbf", "iat"];

impl Rules {
    pub(super) fn builder(&self) -> VerifierBuilder {
        let [secret, .., p256, ed25519] = &*SIGNERS;
        let mut builder = if self.secret {
            Verifier::shared_secret(secret.secret())
        } else {
            Verifier::jwks(format!("{{\"keys\":[{},{}]}}", p256.jwk(), ed25519.jwk()))
        };
        builder = builder.clock(FixedClock::new()).leeway(Duration::from_secs(self.leeway));
        builder = match self.issuer {
            Some(issuer) => builder.issuer(issuer),
            None => builder.any_issuer(),
        };
        builder = match self.audiences[..] {
            [] => builder.any_audience(),
            _ => self.audiences.iter().copied().fold(builder, VerifierBuilder::audience),
        };
        builder = self.required.iter().copied().fold(builder, VerifierBuilder::require_claim);
        if let Some(algorithms) = &self.algorithms {
            builder = builder.algorithms(algorithms.iter().copied());
        }
        if let Some(subject) = self.subject {
            builder = builder.subject(subject);
        }
        if let Some(typ) = self.typ {
            builder = builder.typ(typ);
        }
        if let Some(age) = self.max_age {
            builder = builder.max_age(Duration::from_secs(age));
        }
        if !self.expiry {
            builder = builder.allow_missing_expiry();
        }
        if self.rule {
            let rule = |token: &_| id_is_not_empty(token);
            builder = builder.check_token("an id that is not empty", rule);
        }
        builder
    }

    /// The algorithms of the keys, which apply if no list is configured.
    pub(super) fn usual(&self) -> Vec<Algorithm> {
        use Algorithm::{ES256, EdDSA, HS256};
        if self.secret { vec![HS256] } else { vec![ES256, EdDSA] }
    }

    /// Whether a token meets every requirement, checked independently and in any order.
    pub(super) fn take(&self, token: &Facts) -> bool {
        let algorithms = self.algorithms.clone().unwrap_or_else(|| self.usual());
        let typ = |typ: &str| typ.to_ascii_lowercase().replace("application/", "");
        let is_there = |name: &str| match name {
            "tenant" => matches!(token.tenant, Some(Json::Text(_))),
            "sub" => token.sub.is_some(),
            "nbf" => token.nbf.is_some(),
            _ => token.iat.is_some(),
        };
        let leeway = i64::try_from(self.leeway).unwrap();
        let is_young = |age: u64| {
            let age = i64::try_from(age).unwrap();
            token.iat.is_some_and(|iat| NOW + leeway >= iat && NOW < iat + age + leeway)
        };
        algorithms.contains(&SIGNERS[token.signer].algorithm())
            && self.issuer.is_none_or(|issuer| token.iss == Some(issuer))
            && (self.audiences.is_empty() || token.aud.iter().any(|it| self.audiences.contains(it)))
            && self.subject.is_none_or(|subject| token.sub == Some(subject))
            && self.typ.is_none_or(|wanted| token.typ.is_some_and(|it| typ(it) == typ(wanted)))
            && self.required.iter().copied().all(is_there)
            && token.exp.map_or(!self.expiry, |exp| NOW < exp + leeway)
            && token.nbf.is_none_or(|nbf| NOW + leeway >= nbf)
            && self.max_age.is_none_or(is_young)
            && (!self.rule || token.jti.is_some_and(|jti| !jti.is_empty()))
    }
}

fn id_is_not_empty(token: &Token) -> bool {
    token.token_id().is_some_and(|id| !id.is_empty())
}

/// Policies with random requirements.
pub(super) fn rules() -> impl Strategy<Value = Rules> {
    let maybe = || proptest::bool::weighted(0.3);
    let algorithms = any::<bool>().prop_flat_map(|secret| {
        use Algorithm::{ES256, EdDSA, HS256, HS384, HS512};
        let all = if secret { vec![HS256, HS384, HS512] } else { vec![ES256, EdDSA] };
        let most = all.len();
        let listed = subsequence(all, 1..=most).prop_map(Some);
        prop_oneof![2 => Just(None), 1 => listed].prop_map(move |list| (secret, list))
    });
    let typ = prop_oneof![3 => Just(None), 1 => select(&TYPES[..3]).prop_map(Some)];
    let audiences = prop_oneof![Just(vec![]), subsequence(vec!["orders", "billing"], 1..=2)];
    let required = subsequence(REQUIRABLE.to_vec(), 0..=2);
    let max_age = prop_oneof![3 => Just(None), 1 => (0..4000_u64).prop_map(Some)];
    let leeway = prop_oneof![Just(60), 0..=300_u64];
    let maybe_text = |text| maybe().prop_map(move |asks| Some(text).filter(|_| asks));
    let identity = (algorithms, maybe_text(A), audiences, maybe_text("user-1"), typ, required);
    (identity, leeway, max_age, any::<bool>(), maybe()).prop_map(
        |(
            ((secret, algorithms), issuer, audiences, subject, typ, required),
            leeway,
            max_age,
            expiry,
            rule,
        )| Rules {
            secret,
            algorithms,
            issuer,
            audiences,
            subject,
            typ,
            required,
            leeway,
            max_age,
            expiry,
            rule,
        },
    )
}

/// Rules and tokens for them; every second token is signed with an accepted algorithm.
pub(super) fn rules_and_tokens(tokens: usize) -> impl Strategy<Value = (Rules, Vec<Facts>)> {
    (rules(), vec((facts(), any::<bool>()), tokens)).prop_map(|(rules, tokens)| {
        let taken = rules.algorithms.clone().unwrap_or_else(|| rules.usual())[0];
        let fitting = SIGNERS.iter().position(|signer| signer.algorithm() == taken).unwrap();
        let signed = |(facts, fits): (Facts, bool)| {
            if fits { Facts { signer: fitting, ..facts } } else { facts }
        };
        (rules, tokens.into_iter().map(signed).collect())
    })
}
