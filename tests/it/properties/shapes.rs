//! Tokens with few different values, which often match a policy.

use std::sync::LazyLock;

use proptest::prelude::{Just, Strategy, prop_oneof};
use proptest::sample::{select, subsequence};
use tower_jwt_auth::Algorithm;
use tower_jwt_auth::testing::TestIssuer;

use super::json::{Json, Members};
use crate::support::tokens::{NOW, issuer};

/// One signer for each algorithm: one secret for three algorithms, and two public keys.
pub(super) static SIGNERS: LazyLock<[TestIssuer; 5]> = LazyLock::new(|| {
    use Algorithm::{ES256, EdDSA, HS256, HS384, HS512};
    [HS256, HS384, HS512, ES256, EdDSA].map(|algorithm| issuer(algorithm).without_key_id())
});

pub(super) const A: &str = "https://a.example";
const B: &str = "https://b.example";
pub(super) const TYPES: [&str; 5] =
    ["at+jwt", "AT+JWT", "application/at+jwt", "JWT", "text/at+jwt"];

/// The content of a token.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    pub(super) signer: usize,
    pub(super) typ: Option<&'static str>,
    pub(super) iss: Option<&'static str>,
    pub(super) aud: Vec<&'static str>,
    pub(super) sub: Option<&'static str>,
    pub(super) jti: Option<&'static str>,
    pub(super) exp: Option<i64>,
    pub(super) nbf: Option<i64>,
    pub(super) iat: Option<i64>,
    /// A claim of the application, which may be present and null.
    pub(super) tenant: Option<Json>,
}

impl Facts {
    pub(super) fn header(&self) -> Json {
        let mut members = vec![("alg".into(), Json::text(SIGNERS[self.signer].algorithm().name()))];
        members.extend(self.typ.map(|typ| ("typ".into(), Json::text(typ))));
        Json::Object(members)
    }

    pub(super) fn claims(&self) -> Members {
        let mut claims: Vec<(&str, Json)> = Vec::new();
        for (name, text) in [("iss", self.iss), ("sub", self.sub), ("jti", self.jti)] {
            claims.extend(text.map(|text| (name, Json::text(text))));
        }
        for (name, date) in [("exp", self.exp), ("nbf", self.nbf), ("iat", self.iat)] {
            claims.extend(date.map(|date| (name, Json::bare(date))));
        }
        claims.extend(match self.aud[..] {
            [] => None,
            [one] => Some(("aud", Json::text(one))),
            _ => Some(("aud", Json::List(self.aud.iter().copied().map(Json::text).collect()))),
        });
        claims.extend(self.tenant.clone().map(|tenant| ("tenant", tenant)));
        claims.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    pub(super) fn mint(&self) -> String {
        let claims = Json::Object(self.claims());
        SIGNERS[self.signer].sign(self.header().plain(), claims.plain())
    }
}

/// Mostly valid tokens: each part is occasionally invalid.
pub(super) fn facts() -> impl Strategy<Value = Facts> {
    fn mostly<T: Clone + std::fmt::Debug + 'static>(
        good: T,
        others: impl Strategy<Value = T>,
    ) -> impl Strategy<Value = Option<T>> {
        prop_oneof![10 => Just(Some(good)), 1 => Just(None), 2 => others.prop_map(Some)]
    }
    // Near the boundaries set by leeways and ages.
    let dates = || prop_oneof![-400..400_i64, -4000..4000_i64].prop_map(|by| NOW + by);
    let who = (
        prop_oneof![4 => Just(0_usize), 4 => 0..SIGNERS.len()],
        mostly("at+jwt", select(&TYPES[..])),
        mostly(A, select(&[B, ""][..])),
        prop_oneof![4 => Just(vec!["orders"]), 4 => subsequence(vec!["orders", "billing", "x"], 0..=3)],
        mostly("user-1", select(&["user-2", "User-1", ""][..])),
        mostly("1", Just("")),
    );
    let when = (mostly(NOW + 900, dates()), mostly(NOW - 9, dates()), mostly(NOW - 9, dates()));
    let tenant = mostly(Json::text("acme"), select(vec![Json::bare("null"), Json::text("")]));
    (who, when, tenant).prop_map(|((signer, typ, iss, aud, sub, jti), (exp, nbf, iat), tenant)| {
        Facts { signer, typ, iss, aud, sub, jti, exp, nbf, iat, tenant }
    })
}

/// A registered claim with a type that RFC 7519 §4.1 does not allow.
pub(super) fn wrong_claim() -> impl Strategy<Value = (String, Json)> {
    const TEXTS: [&str; 5] = ["null", "7", "true", "[]", "{}"];
    const AUDIENCES: [&str; 6] = ["null", "7", "[]", "[7]", "{}", "[\"orders\",null]"];
    const DATES: [&str; 7] =
        ["null", "true", "\"1767226500\"", "[1767226500]", "{}", "\"\"", "1e400"];
    let one = |name: &'static str, values: &'static [&'static str]| {
        select(values).prop_map(move |value| (name.to_owned(), Json::bare(value)))
    };
    prop_oneof![
        one("iss", &TEXTS),
        one("sub", &TEXTS),
        one("jti", &TEXTS),
        one("aud", &AUDIENCES),
        one("exp", &DATES),
        one("nbf", &DATES),
        one("iat", &DATES),
    ]
}
