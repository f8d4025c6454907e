//! Delegated tokens: their actors (RFC 8693 §4.1), and rules about the current one.

use serde_json::{Value, json};
use tower_jwt_auth::claims::Actor;
use tower_jwt_auth::testing::FixedClock;
use tower_jwt_auth::{Identity, JwtAuthLayer, RequireLayer, Rule, Verifier};

use super::fixture::Outcome::{Allowed, Forbidden};
use super::fixture::{ask_both, check, issuer, layer, raw, token};
use crate::support::ask::bearer;

fn hiding() -> Verifier {
    let verifier = Verifier::shared_secret(issuer().secret()).any_audience().hide_claims();
    verifier.clock(FixedClock::new()).build().unwrap()
}

fn identity(token: &str) -> Identity {
    super::fixture::verified(token).identity()
}

fn subjects(token: &Identity) -> Vec<Option<&str>> {
    token.actors().map(Actor::subject).collect()
}

/// Who uses a token, as far as a rule on the actor `a` can decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Used {
    Directly,
    ByA,
    ByOther,
    ByUnknown,
}

use Used::{ByA, ByOther, ByUnknown, Directly};

const CASES: [(&str, Used); 42] = [
    ("", Directly),
    (r#","may_act":{"sub":"a"}"#, Directly),
    (r#","Act":{"sub":"a"}"#, Directly),
    (r#","x":{"act":{"sub":"a"}}"#, Directly),
    (r#","act":{"sub":"a"}"#, ByA),
    (r#","\u0061ct":{"\u0073ub":"\u0061"}"#, ByA),
    (r#","act":{"sub":"a","client_id":"b","act":{"sub":"b"}}"#, ByA),
    (r#","act":{"sub":"a","act":null}"#, ByA),
    (r#","act":{"sub":"a","act":{"sub":"b"},"act":{"sub":"c"}}"#, ByA),
    (r#","act":{"sub":"a","x":1,"x":2}"#, ByA),
    (r#","iss":"https://i.example","act":{"sub":"a","iss":"https://i.example"}"#, ByA),
    (r#","iss":"https://i.example","act":{"sub":"a"}"#, ByA),
    (r#","act":{"sub":"b"}"#, ByOther),
    (r#","act":{"sub":"A"}"#, ByOther),
    (r#","act":{"sub":"a "}"#, ByOther),
    // Earlier actors do not count, nor does the subject.
    (r#","act":{"sub":"b","act":{"sub":"a"}}"#, ByOther),
    (r#","act":{"sub":"ada"}"#, ByOther),
    (r#","act":{"sub":"b","client_id":"a"}"#, ByOther),
    (r#","act":null"#, ByUnknown),
    (r#","act":{}"#, ByUnknown),
    (r#","act":"a""#, ByUnknown),
    (r#","act":"""#, ByUnknown),
    (r#","act":7"#, ByUnknown),
    (r#","act":true"#, ByUnknown),
    (r#","act":false"#, ByUnknown),
    (r#","act":[]"#, ByUnknown),
    (r#","act":["a"]"#, ByUnknown),
    (r#","act":[{"sub":"a"}]"#, ByUnknown),
    (r#","act":{"sub":7}"#, ByUnknown),
    (r#","act":{"sub":null}"#, ByUnknown),
    (r#","act":{"sub":""}"#, ByUnknown),
    (r#","act":{"sub":["a"]}"#, ByUnknown),
    (r#","act":{"Sub":"a"}"#, ByUnknown),
    (r#","act":{"client_id":"a"}"#, ByUnknown),
    (r#","act":{"act":{"sub":"a"}}"#, ByUnknown),
    (r#","act":{"sub":"a","sub":"a"}"#, ByUnknown),
    (r#","act":{"sub":"a","\u0073ub":"b"}"#, ByUnknown),
    // A subject of another issuer, or of an issuer that is not clear.
    (r#","act":{"sub":"a","iss":"https://i.example"}"#, ByUnknown),
    (r#","iss":"https://i.example","act":{"sub":"a","iss":"https://i.example/"}"#, ByUnknown),
    (r#","iss":"https://i.example","act":{"sub":"a","iss":null}"#, ByUnknown),
    (r#","iss":"https://i.example","act":{"sub":"a","iss":["https://i.example"]}"#, ByUnknown),
    (
        r#","iss":"https://i.example","act":{"sub":"a","iss":"https://i.example","iss":"https://i.example"}"#,
        ByUnknown,
    ),
];

#[test]
fn only_the_current_actor_decides() {
    let a = || Rule::actor("a");
    for (members, used) in CASES {
        let token = raw(&format!("\"sub\":\"ada\"{members}"));
        let visible = layer();
        let hidden = JwtAuthLayer::new(hiding());
        for (rule, permits) in [
            (Rule::direct(), used == Directly),
            (Rule::direct().not(), used != Directly),
            (a(), used == ByA),
            (a().not(), matches!(used, Directly | ByOther)),
            (a().or(Rule::direct()), matches!(used, Directly | ByA)),
            (a().and(Rule::direct()), false),
            (Rule::actor(""), false),
        ] {
            let outcome = if permits { Allowed } else { Forbidden };
            let require = RequireLayer::new(rule.clone());
            // Hidden claims do not make a delegated token look direct.
            for layer in [&visible, &hidden] {
                let at = format!("{members} {used:?} {rule:?}");
                check(&ask_both(layer, &require, bearer(&token)), outcome, &at);
            }
        }
        let is_delegated = identity(&token).actors().next().is_some();
        assert_eq!(is_delegated, used != Directly, "{members}");
    }
}

#[test]
fn the_detail_names_the_condition_on_the_actor() {
    for (rule, act, detail) in [
        (Rule::direct(), json!({"sub": "a"}), "another party acts for the subject"),
        (Rule::direct(), json!(null), "another party acts for the subject"),
        (Rule::actor("b"), json!({"sub": "a"}), "the token has another current actor, or none"),
        (Rule::actor("b"), json!({}), "the token has another current actor, or none"),
    ] {
        let token = token(&json!({"act": act}));
        let reply = ask_both(&layer(), &RequireLayer::new(rule), bearer(&token));
        assert_eq!(reply.error.unwrap().detail(), Some(detail), "{act}");
    }
}

#[test]
fn actors_begin_with_the_current_one() {
    for (act, expected) in [
        (json!({"sub": "a"}), &[Some("a")][..]),
        (
            json!({"sub": "a", "act": {"sub": "b", "act": {"sub": "c"}}}),
            &[Some("a"), Some("b"), Some("c")],
        ),
        (
            json!({"sub": "a", "act": {"iss": "x", "act": {"sub": "c"}}}),
            &[Some("a"), None, Some("c")],
        ),
        (json!({"sub": "a", "act": {"sub": 7}}), &[Some("a"), None]),
        (json!({"sub": "a", "act": null}), &[Some("a"), None]),
        (json!([{"sub": "a"}]), &[None]),
        (Value::Null, &[None]),
    ] {
        let token = identity(&token(&json!({"act": act})));
        assert_eq!(subjects(&token), expected, "{act}");
    }
    assert!(subjects(&identity(&token(&json!({})))).is_empty());
    // It is not clear which of two members counts.
    let twice = identity(&raw(r#""act":{"sub":"a","act":{"sub":"b"},"act":{"sub":"c"}}"#));
    assert_eq!(subjects(&twice), [Some("a"), None]);
}

#[test]
fn at_most_eight_actors_are_read() {
    for (depth, expected) in [(1, 1), (7, 7), (8, 8), (9, 8), (60, 8)] {
        let act = (0..depth).rev().fold(Value::Null, |inner, level| match inner {
            Value::Null => json!({"sub": level.to_string()}),
            inner => json!({"sub": level.to_string(), "act": inner}),
        });
        let token = identity(&token(&json!({"act": act})));
        let names: Vec<_> = (0..expected).map(|level| level.to_string()).collect();
        let found: Vec<_> = subjects(&token).into_iter().flatten().collect();
        assert_eq!(found, names, "{depth}");
        assert!(Rule::actor("0").permits(&token) && !Rule::direct().permits(&token));
    }
}

#[test]
fn an_actor_has_an_issuer_and_a_client() {
    let act =
        json!({"sub": "a", "iss": "https://i.example", "client_id": "web", "act": {"iss": 7}});
    let token = identity(&token(&json!({"act": act})));
    let actors: Vec<_> = token.actors().collect();
    assert_eq!(
        (actors[0].issuer(), actors[0].client_id()),
        (Some("https://i.example"), Some("web"))
    );
    assert_eq!((actors[1].issuer(), actors[1].client_id()), (None, None));
    assert_eq!(format!("{actors:?}"), "[Actor(..), Actor(..)]");
}
