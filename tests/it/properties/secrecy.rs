//! Errors and debug output contain no part of a token, a secret or a claim.

use std::error::Error as _;
use std::fmt::Debug;

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::prop_assert;
use proptest::sample::select;
use serde::Deserialize;
use tower_jwt_auth::key::KeySet;
use tower_jwt_auth::source::RawToken;
use tower_jwt_auth::testing::FixedClock;
use tower_jwt_auth::{
    Algorithm, Error, Issuer, JwtAuthLayer, Policy, VerificationKey, Verified, Verifier,
};

use super::cases::{Judged, Seen, for_all};
use super::json::{Json, Members, Style, style};
use crate::support::ask::{ask_layer, bearer};
use crate::support::tokens::{NOW, encode, mac_token, parts};

/// A value of at least eight characters, which cannot appear in the output by chance.
fn private() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[a-zA-Z0-9@._/+-]{12,24}",
        1 => "[\u{c0}-\u{17f}\u{4e00}-\u{4eff} \"\\\\]{8,16}",
        1 => vec(any::<char>(), 8..16).prop_map(String::from_iter),
    ]
}

/// Fails if the text contains one of the values, verbatim or as `Debug` escapes it.
fn clean(text: &str, private: &[String]) -> Judged {
    for value in private {
        for form in
            [value.clone(), value.escape_debug().to_string(), value.escape_default().to_string()]
        {
            prop_assert!(!text.contains(&form), "{form:?} appears in {text}");
        }
    }
    Ok(())
}

fn print(it: &impl Debug) -> String {
    format!("{it:?} {it:#?}")
}

fn print_error(error: &Error) -> String {
    let mut printed = format!("{error} {} {:?}", print(error), error.detail());
    let mut cause = error.source();
    while let Some(error) = cause {
        printed = format!("{printed} {error} {error:?}");
        cause = error.source();
    }
    printed
}

/// A claims type that rejects most claims, with detailed errors.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)] // never constructed
struct Strict {
    sub: std::net::IpAddr,
    exp: u8,
    tenant: Tenant,
}

#[derive(Debug, Deserialize)]
enum Tenant {
    Acme,
}

/// The change to the valid token.
#[derive(Clone, Copy, Debug)]
enum Fault {
    None,
    Expired,
    Early,
    Audience,
    Issuer,
    Subject,
    Type,
    Signature,
    Key,
    Shape,
    Json,
    WrongClaim,
    Bound,
}

const FAULTS: [(Fault, &str); 13] = [
    (Fault::None, "accepted"),
    (Fault::Expired, "token_expired"),
    (Fault::Early, "token_not_yet_valid"),
    (Fault::Audience, "invalid_audience"),
    (Fault::Issuer, "invalid_issuer"),
    (Fault::Subject, "missing_claim"),
    (Fault::Type, "invalid_type"),
    (Fault::Signature, "invalid_signature"),
    (Fault::Key, "unknown_key"),
    (Fault::Shape, "malformed_token"),
    (Fault::Json, "malformed_token"),
    (Fault::WrongClaim, "invalid_claims"),
    (Fault::Bound, "proof_required"),
];

/// A token with private values and one fault. The secret is the only one of these values in the settings.
fn token(fault: Fault, secret: &str, values: [&str; 3], style: &Style) -> String {
    let [one, two, three] = values.map(Json::text);
    let of = |(name, value): (&str, &Json)| (name.to_owned(), value.clone());
    let [alg, kid, typ] = ["HS256", "k", "JWT"].map(Json::text);
    let mut header = [("alg", &alg), ("kid", &kid), ("typ", &typ), ("x", &one)].map(of).to_vec();
    let [iss, aud] = ["https://a.example", "orders"].map(Json::text);
    let list = Json::List(vec![three.clone(), Json::Object(vec![of(("deep", &one))])]);
    let known = [("iss", &iss), ("aud", &aud), ("exp", &Json::bare(NOW + 900)), ("sub", &one)];
    let others = [("jti", &three), ("tenant", &two), ("list", &list), ("scope", &two)];
    let mut claims: Members = [known, others].concat().into_iter().map(of).collect();
    let set = |members: &mut Members, name: &str, value: Json| {
        members.retain(|(other, _)| other != name);
        members.push((name.to_owned(), value));
    };
    match fault {
        Fault::None | Fault::Signature | Fault::Shape | Fault::Json => {}
        Fault::Expired => set(&mut claims, "exp", Json::bare(NOW - 900)),
        Fault::Early => set(&mut claims, "nbf", Json::bare(NOW + 900)),
        Fault::Audience => set(&mut claims, "aud", Json::List(vec![one, two])),
        Fault::Issuer => set(&mut claims, "iss", one),
        Fault::Subject => claims.retain(|(name, _)| name != "sub"),
        Fault::Type => set(&mut header, "typ", two),
        Fault::Key => set(&mut header, "kid", three),
        Fault::WrongClaim => set(&mut claims, "nbf", three),
        Fault::Bound => set(&mut claims, "cnf", Json::Object(vec![of(("jkt", &one))])),
    }
    let [header, mut claims] = [header, claims].map(|it| Json::Object(it).written(style));
    if matches!(fault, Fault::Json) {
        claims.truncate(claims.trim_end().len() - 1);
    }
    let token = mac_token(Algorithm::HS256, secret.as_bytes(), &header, &claims);
    match fault {
        Fault::Signature => token.replace(parts(&token)[2], &encode([7; 32])),
        Fault::Shape => token.replacen('.', "..", 1),
        _ => token,
    }
}

/// Fails if an explanation has another verdict, or contains anything but the values that it may show.
fn explains(
    verifier: &Verifier,
    token: &str,
    fault: Fault,
    private: &[String],
    kind: &str,
) -> Judged {
    let shown = match fault {
        Fault::Issuer => 0..1,
        Fault::Audience => 0..2,
        Fault::Type => 1..2,
        Fault::Key => 2..3,
        _ => 0..0,
    };
    let hidden = private.iter().enumerate().filter(|(index, _)| !shown.contains(index));
    let hidden: Vec<_> = hidden.map(|(_, value)| value.clone()).collect();
    let explanation = verifier.explain(token).with_claims(["nothing"]);
    let found = explanation.error().map_or("accepted", |error| error.kind().as_str());
    prop_assert!(found == kind, "{explanation}");
    clean(&explanation.to_string(), &hidden)?;
    clean(&print(&explanation), &hidden)?;
    clean(&serde_json::to_string(&explanation).unwrap(), &hidden)
}

#[test]
fn errors_and_debug_output_contain_no_part_of_a_token() {
    let seen = Seen::default();
    let secret =
        (private(), Just("0123456789abcdef")).prop_map(|(one, rest)| format!("s{one}{rest}{rest}"));
    let cases = (secret, [private(), private(), private()], select(&FAULTS[..]), style());
    for_all(300, &cases, |(secret, values, (fault, kind), style)| {
        let token = token(fault, &secret, values.each_ref().map(String::as_str), &style);
        let mut private = values.to_vec();
        private.extend([token.clone(), secret.clone()]);
        private.extend(token.split('.').filter(|part| part.len() > 8).map(str::to_owned));
        let clean = |text: &str| clean(text, &private);

        let key = VerificationKey::shared_secret(&secret).unwrap().with_key_id("k");
        clean(&print(&key))?;
        let policy = Policy::new().audience("orders").require_claim("sub").typ("JWT");
        let issuer = Issuer::new("https://a.example", key, policy);
        let builder = Verifier::builder().trust(issuer.clone()).clock(FixedClock::new());
        clean(&print(&builder))?;
        let judge = builder.build().unwrap();
        clean(&print(&judge))?;
        clean(&print(&RawToken::new(token.as_str())))?;
        let outcome = judge.verify_now(&token);
        prop_assert!(
            outcome.as_ref().err().map_or("accepted", |error| error.kind().as_str()) == kind
        );
        explains(&judge, &token, fault, &private, kind)?;
        match &outcome {
            Ok(verified) => {
                clean(&print(verified))?;
                clean(&print(&verified.token()))?;
                clean(&print(&verified.token().header()))?;
                clean(&print(&verified.identity()))?;
                clean(&print(&**verified))?;
            }
            Err(error) => clean(&print_error(error))?,
        }
        let strict = Verifier::builder().trust(issuer).clock(FixedClock::new()).claims::<Strict>();
        let strict: Result<Verified<Strict>, _> = strict.build().unwrap().verify_now(&token);
        clean(&print_error(&strict.unwrap_err()))?;

        let reply = ask_layer(&JwtAuthLayer::new(judge), bearer(&token));
        // The inner service answers an accepted request, and its response is not restricted.
        if reply.error.is_some() {
            clean(&format!("{:?} {}", reply.headers, reply.text()))?;
        }
        seen.note(kind);
        Ok(())
    })
    .and_saw(&seen, FAULTS.map(|(_, kind)| kind));
}

#[test]
fn build_errors_contain_no_secret() {
    let short = prop_oneof!["[a-zA-Z0-9@._/+-]{10,31}", "[\u{c0}-\u{17f}]{8,15}"];
    for_all(300, &(short, private()), |(secret, odd)| {
        let encoded = encode(&secret);
        // Long enough for HS256, but not for the configured algorithm.
        let long = encode([secret.as_bytes(), &[b'x'; 31]].concat());
        let private = [secret.clone(), encoded.clone(), long.clone(), odd.clone()];
        let jwk = |k: &str, alg| {
            format!("{{\"kty\":\"oct\",\"alg\":\"{alg}\",\"kid\":\"k\",\"k\":\"{k}\"}}")
        };
        let pem = |label| format!("-----BEGIN {label}-----\n{encoded}\n-----END {label}-----\n");
        let mut rejected = vec![
            VerificationKey::shared_secret(&secret).map(drop),
            VerificationKey::shared_secret_base64(&odd).map(drop),
            VerificationKey::shared_secret_base64(&encoded).map(drop),
            Verifier::shared_secret(&secret)
                .previous_secret(&secret)
                .any_audience()
                .build()
                .map(drop),
        ];
        for text in [pem("PRIVATE KEY"), pem("PUBLIC KEY"), pem("RSA PUBLIC KEY"), odd.clone()] {
            rejected.push(VerificationKey::pem(Algorithm::ES256, text).map(drop));
        }
        for jwk in [jwk(&encoded, "HS256"), jwk(&long, "HS512"), jwk(&odd, "HS256"), odd] {
            let document = format!("{{\"keys\":[{jwk}]}}");
            rejected.push(VerificationKey::jwk(jwk).map(drop));
            rejected.push(KeySet::jwks(&document).map(drop));
            let builder = Verifier::jwks(&document).any_issuer().any_audience();
            clean(&print(&builder), &private)?;
            rejected.push(builder.build().map(drop));
        }
        for made in rejected {
            let error = made.unwrap_err();
            clean(&format!("{error} {} {:?}", print(&error), error.problems()), &private)?;
        }
        Ok(())
    });
}
