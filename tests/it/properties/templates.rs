//! A template accepts exactly the tokens whose `iss` and claim contain the same trusted tenant.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::prop_assert_eq;
use proptest::sample::select;
use serde_json::Value;
use tower_jwt_auth::key::KeySet;
use tower_jwt_auth::testing::{FixedClock, TestIssuer};
use tower_jwt_auth::{Algorithm, Issuer, Policy, VerificationKey, Verifier};

use super::cases::{Seen, for_all};
use super::near_misses::mutated;
use crate::support::tokens::{issuer, verdict};

const TEMPLATES: [(&str, &str, &str); 4] = [
    ("https://a.example/", "tid", "/v2.0"),
    ("https://a.example/", "org", ""),
    ("https://a.example:8443/realms/x/", "tid", "/"),
    ("http://localhost/", "tid", "/tid/tid"),
];

const TENANTS: [&str; 6] = ["a", "A", "acme", "72f988bf-86f1", "x_y", "tid"];

#[derive(Clone, Debug)]
struct Case {
    template: (&'static str, &'static str, &'static str),
    /// `None` for every tenant.
    tenants: Option<Vec<&'static str>>,
    iss: Option<String>,
    claim: Option<String>,
    key_issuer: Option<String>,
    has_other: bool,
}

fn tenant() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => select(&TENANTS[..]).prop_map(str::to_owned),
        1 => "[A-Za-z0-9_-]{1,130}",
        1 => mutated(select(&TENANTS[..]).prop_map(str::to_owned)),
    ]
}

fn cases() -> impl Strategy<Value = Case> {
    let settings = (select(&TEMPLATES[..]), option::of(vec(select(&TENANTS[..]), 1..4)));
    (settings, tenant(), tenant(), any::<bool>()).prop_flat_map(
        |((template, tenants), one, other, has_other)| {
            let (prefix, _, suffix) = template;
            let name = format!("{prefix}{one}{suffix}");
            let iss = prop_oneof![
                6 => Just(Some(name.clone())),
                1 => mutated(Just(name.clone())).prop_map(Some),
                1 => Just(None),
            ];
            let claim = prop_oneof![
                6 => Just(Some(one)),
                1 => Just(Some(other.clone())),
                1 => Just(None),
            ];
            let key_issuer = prop_oneof![
                4 => Just(None),
                2 => Just(Some(format!("{prefix}{{tenantid}}{suffix}"))),
                1 => Just(Some(name)),
                1 => Just(Some(format!("{prefix}{other}{suffix}"))),
            ];
            (iss, claim, key_issuer).prop_map(move |(iss, claim, key_issuer)| Case {
                template,
                tenants: tenants.clone(),
                iss,
                claim,
                key_issuer,
                has_other,
            })
        },
    )
}

impl Case {
    /// The definition, in other words than those of the crate.
    fn is_valid(&self) -> bool {
        let (Some(iss), Some(tenant)) = (&self.iss, &self.claim) else { return false };
        let (prefix, _, suffix) = self.template;
        let is_plain =
            tenant.chars().all(|it| it.is_ascii_alphanumeric() || it == '-' || it == '_');
        is_plain
            && !tenant.is_empty()
            && tenant.chars().count() <= 128
            && *iss == [prefix, tenant, suffix].concat()
            && self.tenants.as_ref().is_none_or(|listed| listed.iter().any(|it| it == tenant))
            && self.key_issuer.as_ref().is_none_or(|of| of.replace("{tenantid}", tenant) == *iss)
    }

    fn verifier(&self, signer: &TestIssuer) -> Verifier {
        let (prefix, claim, suffix) = self.template;
        let mut jwk: Value = serde_json::from_str(&signer.jwk()).unwrap();
        jwk["issuer"] = self.key_issuer.clone().into();
        let keys = KeySet::jwks(format!("{{\"keys\":[{jwk}]}}")).unwrap();
        let policy = || Policy::new().any_audience();
        let trusted = Issuer::template(format!("{prefix}{{{claim}}}{suffix}"), keys, policy());
        let trusted = match &self.tenants {
            Some(listed) => trusted.tenants(listed.iter().copied()),
            None => trusted.any_tenant(),
        };
        let builder = Verifier::builder().trust(trusted).clock(FixedClock::new());
        let other = VerificationKey::jwk(issuer(Algorithm::EdDSA).jwk()).unwrap();
        let other = Issuer::new("https://other.example", other, policy());
        if self.has_other { builder.trust(other) } else { builder }.build().unwrap()
    }

    fn token(&self, signer: &TestIssuer) -> String {
        let claims = [("iss", &self.iss), (self.template.1, &self.claim)];
        let claims = claims.into_iter().filter_map(|(name, value)| Some((name, value.clone()?)));
        claims.fold(signer.token(), |token, (name, value)| token.claim(name, value)).mint()
    }
}

#[test]
fn a_template_accepts_exactly_the_trusted_tenants() {
    let seen = Seen::default();
    let signer = issuer(Algorithm::ES256);
    for_all(600, &cases(), |case| {
        let outcome = verdict(&case.verifier(&signer), &case.token(&signer));
        prop_assert_eq!(outcome.is_ok(), case.is_valid(), "{:?}: {:?}", case, outcome);
        seen.accepted(&outcome);
        if case.key_issuer.is_some() && outcome.is_ok() {
            seen.note("accepted with the issuer of the key");
        }
        Ok(())
    })
    .and_saw(&seen, ["accepted", "rejected", "accepted with the issuer of the key"]);
}
