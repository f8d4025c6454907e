//! Rules on session cookies, whose claims are hidden from rules.
#![cfg(feature = "better-auth")]

use serde_json::Value;
use tower_jwt_auth::provider::better_auth::BetterAuth;
use tower_jwt_auth::testing::FixedClock;
use tower_jwt_auth::{Identity, Rule};

use super::tokens::{ORIGIN, SECRET, keys, kinds};

fn token(kind: &str) -> String {
    let (_, token) = kinds().into_iter().find(|(name, _)| *name == kind).unwrap();
    token
}

/// The identities of the session cookies, one for each kind of signature.
fn of_cookies() -> [Identity; 2] {
    let clock = FixedClock::new;
    let by_secret = BetterAuth::session_cookie(SECRET).clock(clock()).build().unwrap();
    let by_pair =
        BetterAuth::session_cookie_url(ORIGIN).keys(keys()).clock(clock()).build().unwrap();
    [
        by_secret.verify_now(&token("cookie by secret")).unwrap().identity(),
        by_pair.verify_now(&token("cookie by pair")).unwrap().identity(),
    ]
}

/// The identity of a token of the JWT plugin, whose claims are not hidden.
fn of_token() -> Identity {
    let verifier = BetterAuth::url(ORIGIN).keys(keys()).clock(FixedClock::new()).build().unwrap();
    verifier.verify_now(&token("plugin")).unwrap().identity()
}

/// Rules on a claim that the cookie has, one that it has in another place, and one that it does not have.
fn claims() -> [Rule; 4] {
    let any = |_: &Value| true;
    [
        Rule::claim(["user", "role"], any),
        Rule::claim(["session", "token"], any),
        Rule::claim("role", |role| role == "clerk"),
        Rule::claim("banned", any),
    ]
}

#[test]
fn rules_on_hidden_claims_never_permit_session_cookies() {
    for identity in of_cookies() {
        for claim in claims() {
            let rules = [
                claim.clone(),
                claim.clone().not(),
                claim.clone().not().not(),
                claim.clone().or(claim.clone().not()),
                claim.clone().and(Rule::authenticated()).not(),
                Rule::authenticated().and(claim.not()),
            ];
            for rule in rules {
                assert!(!rule.permits(&identity), "{rule:?}");
            }
        }
    }
}

#[test]
fn rules_without_hidden_claims_apply_to_session_cookies() {
    for identity in of_cookies() {
        let hidden = || Rule::claim("banned", |_| true);
        for (rule, permitted) in [
            (Rule::authenticated(), true),
            (Rule::authenticated().not(), false),
            // Scopes and roles are read, but the cookie has none.
            (Rule::scope("admin"), false),
            (Rule::role("guest").not(), true),
            // Hidden claims do not affect these rules.
            (Rule::authenticated().or(hidden().not()), true),
            (Rule::role("guest").and(hidden()).not(), true),
        ] {
            assert_eq!(rule.permits(&identity), permitted, "{rule:?}");
        }
    }
}

#[test]
fn claim_rules_apply_to_tokens_without_hidden_claims() {
    let identity = of_token();
    let [.., clerk, banned] = claims();
    for (rule, permitted) in [
        (clerk.clone(), true),
        (clerk.clone().not(), false),
        (banned.clone(), false),
        (banned.clone().not(), true),
        (clerk.and(banned.not()), true),
    ] {
        assert_eq!(rule.permits(&identity), permitted, "{rule:?}");
    }
}
