//! Order, white space and escapes do not matter; duplicate names are rejected (RFC 7515 §4, RFC 7519 §4).

use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::{Index, select};
use proptest::{option, prop_assert, prop_assert_eq};
use serde_json::{Map, Value};
use tower_jwt_auth::testing::TestIssuer;
use tower_jwt_auth::{Algorithm, Claims, Error, ErrorKind, Verifier};

use super::cases::{Judged, Seen, for_all};
use super::json::{Json, Members, Style, json, members, style};
use super::rules::rules_and_tokens;
use super::shapes::{SIGNERS, wrong_claim};
use crate::support::tokens::{PAYLOAD, Three, header, issuer, trusting, verdict};

/// The same members in two orders.
fn two_orders(
    members: impl Strategy<Value = Members>,
) -> impl Strategy<Value = (Members, Members)> {
    members.prop_flat_map(|members| {
        (Just(members.clone()).prop_shuffle(), Just(members).prop_shuffle())
    })
}

/// The result for a token under one claims type: everything that a handler sees, or the error kind.
fn seen_by<C: serde::Serialize>(
    verified: Result<tower_jwt_auth::Verified<C>, Error>,
) -> Result<Value, ErrorKind> {
    verified.map(|verified| serde_json::to_value(&*verified).unwrap()).map_err(|error| error.kind())
}

#[test]
fn order_and_spelling_of_claims_do_not_matter() {
    let seen = Seen::default();
    let cases = (rules_and_tokens(1), members(4), option::weighted(0.2, wrong_claim()))
        .prop_flat_map(|((rules, mut tokens), others, wrong)| {
            let facts = tokens.remove(0);
            let mut claims = [facts.claims(), others].concat();
            if let Some((name, value)) = wrong {
                claims.retain(|(other, _)| *other != name);
                claims.push((name, value));
            }
            (Just(rules), Just(facts), two_orders(Just(claims)), style(), style())
        });
    for_all(400, &cases, |(rules, facts, (one, other), first, second)| {
        let all: Verifier<Claims> = rules.builder().build().unwrap();
        let raw: Verifier<Map<String, Value>> = rules.builder().claims().build().unwrap();
        let mint = |claims: Members, style: &Style| {
            let claims = Json::Object(claims).written(style);
            SIGNERS[facts.signer].sign(facts.header().plain(), claims)
        };
        let (one, other) = (mint(one, &first), mint(other, &second));
        let outcome = seen_by(all.verify_now(&one));
        prop_assert_eq!(&seen_by(all.verify_now(&other)), &outcome);
        let by_type = [raw.verify_now(&one), raw.verify_now(&other)].map(seen_by);
        prop_assert_eq!(&by_type, &[outcome.clone(), outcome.clone()]);
        seen.accepted(&outcome);
        Ok(())
    })
    .and_saw(&seen, ["accepted", "rejected"]);
}

/// Header members, some of which cause a rejection.
fn header_members() -> impl Strategy<Value = Members> {
    let one = |name: &'static str, values: &'static [&'static str], often| {
        let values =
            select(values).prop_map(move |value| (name.to_owned(), value.parse().unwrap()));
        option::weighted(often, values)
    };
    let known = (
        one("alg", &["\"HS256\"", "\"HS256\"", "\"HS256\"", "\"HS512\"", "\"none\"", "null"], 0.97),
        one("kid", &["\"k\"", "\"k\"", "\"k\"", "\"l\"", "7", "null"], 0.7),
        one("typ", &["\"JWT\"", "\"at+jwt\"", "\"\"", "[]"], 0.6),
        one("crit", &["[\"exp\"]", "[]"], 0.1),
        one("b64", &["true", "true", "false"], 0.2),
        one("enc", &["\"A256GCM\""], 0.05),
    );
    (known, members(6)).prop_map(|((alg, kid, typ, crit, b64, enc), mut members)| {
        let known = [alg, kid, typ, crit, b64, enc].into_iter().flatten();
        members.extend(known.map(|(name, value): (String, Value)| (name, Json::from(value))));
        members
    })
}

#[test]
fn order_and_spelling_of_header_members_do_not_matter() {
    let seen = Seen::default();
    let issuer = issuer(Algorithm::HS256).key_id("k");
    for_all(
        400,
        &(two_orders(header_members()), style(), style()),
        |((one, other), first, second)| {
            // A new verifier for each case, because it caches the first accepted headers.
            let verifier = trusting(&issuer).max_token_len(1 << 20).build().unwrap();
            let sign = |members: Members, style| {
                issuer.sign(Json::Object(members).written(style), PAYLOAD)
            };
            let (one, other) = (sign(one, &first), sign(other, &second));
            let outcome = verdict(&verifier, &one);
            prop_assert_eq!(verdict(&verifier, &other), outcome);
            prop_assert_eq!(verdict(&verifier, &one), outcome, "the second time");
            seen.accepted(&outcome);
            Ok(())
        },
    )
    .and_saw(&seen, ["accepted", "rejected"]);
}

/// Members, and the one to duplicate: its position, value and spelling.
type Twice = (Members, Index, Index, Option<Json>, Style);

fn twice(members: impl Strategy<Value = Members>) -> impl Strategy<Value = Twice> {
    let other_value = prop_oneof![Just(None), json().prop_map(Some)];
    (members, any::<Index>(), any::<Index>(), other_value, style())
}

/// Verifies the object unchanged, with an additional member, and with a duplicate member.
fn judge(verifiers: &Three, sign: impl Fn(String) -> String, case: Twice) -> Judged {
    let (members, which, at, value, style) = case;
    let (name, old_value) = members[which.index(members.len())].clone();
    // A value of the wrong type may be reported before the duplicate name.
    let is_other = value.is_some() && ["exp", "sub", "aud"].contains(&name.as_str());
    let value = value.unwrap_or(old_value);
    let verdicts = |name: Option<&str>| {
        let mut members = members.clone();
        if let Some(name) = name {
            members.insert(at.index(members.len() + 1), (name.to_owned(), value.clone()));
        }
        let object = Json::Object(members).written(&style);
        (verifiers.verdicts(&sign(object.clone())), object)
    };
    for neighbour in [verdicts(None), verdicts(Some(&format!("{name}{name}?")))] {
        prop_assert_eq!(neighbour.0, [Ok(()); 3], "{}", neighbour.1);
    }
    let (twice, object) = verdicts(Some(&name));
    prop_assert!(twice.iter().all(Result::is_err), "{object}");
    prop_assert!(is_other || twice == [Err(ErrorKind::MalformedToken); 3], "{object}: {twice:?}");
    Ok(())
}

fn three(issuer: &TestIssuer) -> Three {
    Three::new(|| trusting(issuer).max_token_len(1 << 20))
}

#[test]
fn a_duplicate_claim_is_rejected_in_every_spelling() {
    let issuer = issuer(Algorithm::HS256);
    let verifiers = three(&issuer);
    let good = || {
        let claims =
            [("sub", "\"user-1\""), ("exp", "1767226500"), ("aud", "[\"a\"]"), ("tenant", "{}")];
        let claim = |(name, value): (&str, &str)| {
            (name.to_owned(), Json::from(value.parse::<Value>().unwrap()))
        };
        claims.map(claim).to_vec()
    };
    let claims = members(20).prop_map(move |others| [good(), others].concat()).prop_shuffle();
    for_all(150, &twice(claims), |case| {
        judge(&verifiers, |payload| issuer.sign(header(Algorithm::HS256), payload), case)
    });
}

#[test]
fn a_duplicate_header_member_is_rejected_in_every_spelling() {
    let issuer = issuer(Algorithm::HS256).key_id("k");
    let verifiers = three(&issuer);
    let good = || {
        let members = [("alg", "HS256"), ("kid", "k"), ("typ", "JWT")];
        members.map(|(name, value)| (name.to_owned(), Json::text(value))).to_vec()
    };
    let members = members(10).prop_map(move |others| [good(), others].concat()).prop_shuffle();
    for_all(250, &twice(members), |case| {
        judge(&verifiers, |header| issuer.sign(header, PAYLOAD), case)
    });
}
