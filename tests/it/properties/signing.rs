//! Signed tokens are accepted unchanged, and only those.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::{Strategy, any, prop_oneof};
use proptest::sample::{Index, select};
use proptest::{option, prop_assert, prop_assert_eq};
use serde::Deserialize;
use serde_json::{Map, Value};
use tower_jwt_auth::claims::NumericDate;

use tower_jwt_auth::testing::TestIssuer;
use tower_jwt_auth::{Algorithm, Verifier};

use super::cases::{Seen, for_all};
use super::json::{Json, Members, Style, json, members, style, text};
use crate::support::tokens::{algorithms, decode, encode, issuer, parts, trusting, verdict};

/// Every algorithm; those with slow signing are rare.
pub(super) fn algorithm() -> impl Strategy<Value = Algorithm> {
    let is_rsa = |algorithm: &Algorithm| matches!(&algorithm.name()[..2], "RS" | "PS");
    let (rsa, quick): (Vec<Algorithm>, Vec<_>) = algorithms().partition(is_rsa);
    prop_oneof![1 => select(rsa), 6 => select(quick)]
}

/// A claims type of an application.
#[derive(Debug, Deserialize)]
struct Own {
    sub: Option<String>,
    text: String,
    count: u64,
    balance: i64,
    ratio: f64,
    flags: Vec<Option<bool>>,
    nested: Value,
}

/// The members of [`Own`].
fn own_members() -> impl Strategy<Value = Members> {
    let flag = select(&["null", "true", "false"][..]).prop_map(Json::bare);
    (text(), any::<u64>(), any::<i64>(), any::<i32>(), vec(flag, 0..4), json()).prop_map(
        |(text, count, balance, eighths, flags, nested)| {
            let named = |(name, value): (&str, Json)| (name.to_owned(), value);
            let members = [
                ("text", Json::Text(text)),
                ("count", Json::bare(count)),
                ("balance", Json::bare(balance)),
                ("ratio", Json::Bare(format!("{:?}", f64::from(eighths) / 8.0))),
                ("flags", Json::List(flags)),
                ("nested", nested),
            ];
            Vec::from(members.map(named))
        },
    )
}

/// Registered claims of RFC 7519 that any token may contain; always with `exp`.
fn registered() -> impl Strategy<Value = Members> {
    let name = || option::of(text().prop_map(Json::Text));
    let several = vec(text(), 1..4).prop_map(|all| all.into_iter().map(Json::Text).collect());
    let audience =
        option::of(prop_oneof![text().prop_map(Json::Text), several.prop_map(Json::List)]);
    let past = || option::of((0..1_767_225_600_u32).prop_map(Json::bare));
    let grants = || option::weighted(0.3, json());
    let exp = (1_767_225_601_i64..i64::MAX).prop_map(|exp| Some(Json::bare(exp)));
    let texts = (name(), name(), name(), audience, grants(), grants(), grants());
    (texts, exp, past(), past()).prop_map(
        |((iss, sub, jti, aud, scope, scp, roles), exp, nbf, iat)| {
            let named = [("iss", iss), ("sub", sub), ("jti", jti), ("aud", aud), ("scope", scope)];
            let more = [("scp", scp), ("roles", roles), ("exp", exp), ("nbf", nbf), ("iat", iat)];
            let named = named.into_iter().chain(more);
            named.filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
        },
    )
}

/// All claims of a token, in any order and spelling.
fn claims() -> impl Strategy<Value = (Members, Style)> {
    let all = (registered(), own_members(), members(5))
        .prop_map(|(registered, own, others)| [registered, own, others].concat())
        .prop_map(|all| {
            all.into_iter().collect::<BTreeMap<_, _>>().into_iter().collect::<Vec<_>>()
        });
    (all.prop_shuffle(), style())
}

/// An issuer, and one verifier for each claims type.
struct Readers {
    issuer: TestIssuer,
    all: Verifier,
    raw: Verifier<Map<String, Value>>,
    own: Verifier<Own>,
}

fn readers() -> BTreeMap<&'static str, Readers> {
    let of = |algorithm: Algorithm| {
        let issuer = issuer(algorithm);
        let builder = || trusting(&issuer).max_token_len(1 << 20);
        let (all, raw) = (builder().build(), builder().claims().build());
        let (all, raw, own) = (all.unwrap(), raw.unwrap(), builder().claims().build().unwrap());
        (algorithm.name(), Readers { issuer, all, raw, own })
    };
    algorithms().map(of).collect()
}

fn header_of(algorithm: Algorithm, others: Members) -> Json {
    let members = [vec![("alg".to_owned(), Json::text(algorithm.name()))], others].concat();
    Json::Object(members)
}

#[test]
fn minted_tokens_are_accepted_with_unchanged_claims() {
    let (readers, seen) = (readers(), Seen::default());
    let cases = (algorithm(), members(4), claims());
    for_all(300, &cases, |(algorithm, others, (claims, style))| {
        let Readers { issuer, all, raw, own } = &readers[algorithm.name()];
        let claims = Json::Object(claims);
        let header = header_of(algorithm, others).written(&style);
        let token = issuer.sign(header, claims.written(&style));
        let there = claims.value();

        let raw = raw.verify_now(&token);
        prop_assert!(raw.is_ok(), "{raw:?}");
        prop_assert_eq!(&Value::Object(raw.unwrap().claims().clone()), &there);
        let all = all.verify_now(&token);
        prop_assert!(all.is_ok(), "{all:?}");
        let all = all.unwrap();
        prop_assert_eq!(&serde_json::to_value(&*all).unwrap(), &there);

        let info = all.token();
        let text = |name: &str| there[name].as_str();
        prop_assert_eq!(info.header().algorithm, algorithm);
        prop_assert_eq!(info.issuer(), text("iss"));
        prop_assert_eq!(info.subject(), text("sub"));
        prop_assert_eq!(info.token_id(), text("jti"));
        let audiences = match &there["aud"] {
            Value::Array(several) => several.iter().map(|one| one.as_str().unwrap()).collect(),
            one => Vec::from_iter(one.as_str()),
        };
        prop_assert_eq!(info.audience().collect::<Vec<_>>(), audiences);
        let seconds = |name: &str| there[name].as_i64();
        prop_assert_eq!(info.expires_at().map(NumericDate::seconds), seconds("exp"));
        prop_assert_eq!(info.not_before().map(NumericDate::seconds), seconds("nbf"));
        prop_assert_eq!(info.issued_at().map(NumericDate::seconds), seconds("iat"));

        let own = own.verify_now(&token);
        prop_assert!(own.is_ok(), "{own:?}");
        let own = own.unwrap();
        prop_assert_eq!(own.sub.as_deref(), text("sub"));
        prop_assert_eq!(Some(own.text.as_str()), text("text"));
        prop_assert_eq!(Some(own.count), there["count"].as_u64());
        prop_assert_eq!(Some(own.balance), there["balance"].as_i64());
        prop_assert_eq!(Some(own.ratio), there["ratio"].as_f64());
        let flags: Vec<_> = own.flags.iter().map(|flag| Value::from(*flag)).collect();
        prop_assert_eq!(&Value::from(flags), &there["flags"]);
        prop_assert_eq!(&own.nested, &there["nested"]);
        seen.note(algorithm);
        Ok(())
    })
    .and_saw(&seen, algorithms().map(Algorithm::name));
}

#[test]
fn a_token_with_one_changed_bit_is_rejected() {
    let (readers, seen) = (readers(), Seen::default());
    let cases = (algorithm(), members(4), claims(), any::<[Index; 4]>());
    for_all(200, &cases, |(algorithm, others, (claims, style), at)| {
        let Readers { issuer, all, .. } = &readers[algorithm.name()];
        let (header, claims) = (header_of(algorithm, others), Json::Object(claims));
        let token = issuer.sign(header.written(&style), claims.written(&style));
        prop_assert_eq!(verdict(all, &token), Ok(()));
        // In the text of the token. The top bit is excluded, because the result would not be a string.
        let bit = at[3].index(token.len() * 7);
        let mut bytes = token.clone().into_bytes();
        bytes[bit / 7] ^= 1 << (bit % 7);
        let changed = String::from_utf8(bytes).unwrap();
        prop_assert!(verdict(all, &changed).is_err(), "bit {bit}: {changed}");
        // In the decoded bytes of each part.
        for (part, at) in at.iter().take(3).enumerate() {
            let mut bytes = decode(parts(&token)[part]);
            let bit = at.index(bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
            let encoded = encode(bytes);
            let mut parts = parts(&token);
            parts[part] = &encoded;
            let changed = parts.join(".");
            prop_assert!(verdict(all, &changed).is_err(), "bit {bit} of part {part}: {changed}");
        }
        prop_assert_eq!(verdict(all, &token), Ok(()));
        seen.note(algorithm);
        Ok(())
    })
    .and_saw(&seen, ["HS256", "ES256", "ES384", "EdDSA"]);
}

#[test]
fn a_signature_verifies_only_its_own_header_and_payload() {
    let readers = readers();
    let quick = select(&[Algorithm::HS512, Algorithm::EdDSA][..]);
    for_all(100, &(quick, claims(), claims()), |(algorithm, (one, style), (other, _))| {
        let Readers { issuer, all, .. } = &readers[algorithm.name()];
        let header = header_of(algorithm, vec![]).plain();
        let mint = |claims: Members| issuer.sign(&header, Json::Object(claims).written(&style));
        let (one, other) = (mint(one), mint(other));
        prop_assert_eq!([verdict(all, &one), verdict(all, &other)], [Ok(()), Ok(())]);
        let ([h, p, s], [_, other_p, other_s]) = (parts(&one), parts(&other));
        for swapped in
            [format!("{h}.{other_p}.{s}"), format!("{h}.{p}.{other_s}"), format!("{p}.{h}.{s}")]
        {
            let is_same = swapped == one || swapped == other;
            prop_assert_eq!(verdict(all, &swapped).is_ok(), is_same, "{}", swapped);
        }
        Ok(())
    });
}
