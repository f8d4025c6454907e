//! Rules, from the token to the answer.

use serde::de::IgnoredAny;
use serde_json::{Value, json};
use tower_jwt_auth::testing::FixedClock;
use tower_jwt_auth::{RequireLayer, Rule, Verifier};

use super::fixture::Outcome::{Forbidden, In, Lacks};
use super::fixture::{Outcome, ask_both, check, expect, issuer, layer, raw, token};
use crate::support::ask::bearer;

fn each(rule: &Rule, rows: &[(Value, Outcome)]) {
    for (claims, outcome) in rows {
        expect(rule, &token(claims), *outcome);
    }
}

#[test]
fn anybody_with_a_good_token_is_authenticated() {
    each(&Rule::authenticated(), &[(json!({}), In), (json!({"scope": "x"}), In)]);
    each(
        &Rule::authenticated().not(),
        &[(json!({}), Forbidden), (json!({"scope": "x"}), Forbidden)],
    );
}

#[test]
fn one_scope_is_there_or_named() {
    each(
        &Rule::scope("orders:read"),
        &[
            (json!({"scope": "orders:read"}), In),
            (json!({"scope": "profile orders:read email"}), In),
            (json!({}), Lacks("orders:read")),
            (json!({"scope": ""}), Lacks("orders:read")),
            (json!({"scope": "orders:write"}), Lacks("orders:read")),
            (json!({"roles": ["orders:read"]}), Lacks("orders:read")),
        ],
    );
}

#[test]
fn all_scopes_are_there_or_all_are_named() {
    each(
        &Rule::all_scopes(["orders:read", "orders:write"]),
        &[
            (json!({"scope": "orders:read orders:write"}), In),
            (json!({"scope": "orders:write x orders:read"}), In),
            (json!({"scope": "orders:read", "scp": ["orders:write"]}), In),
            (json!({"scope": "orders:read"}), Lacks("orders:read orders:write")),
            (json!({"scope": "orders:write"}), Lacks("orders:read orders:write")),
            (json!({}), Lacks("orders:read orders:write")),
        ],
    );
}

#[test]
fn any_scope_will_do_where_any_is_asked_for() {
    each(
        &Rule::any_scope(["orders:read", "orders:admin"]),
        &[
            (json!({"scope": "orders:read"}), In),
            (json!({"scope": "orders:admin"}), In),
            (json!({"scope": "orders"}), Lacks("orders:read orders:admin")),
            (json!({}), Lacks("orders:read orders:admin")),
        ],
    );
}

#[test]
fn a_role_is_there_or_it_is_forbidden() {
    each(
        &Rule::role("admin"),
        &[
            (json!({"roles": ["clerk", "admin"]}), In),
            (json!({"roles": "admin"}), In),
            (json!({"roles": "clerk admin"}), Forbidden),
            (json!({"roles": ["Admin"]}), Forbidden),
            (json!({"roles": ["administrator"]}), Forbidden),
            (json!({"roles": [["admin"]]}), Forbidden),
            (json!({"role": "admin"}), Forbidden),
            (json!({"scope": "admin"}), Forbidden),
            (json!({}), Forbidden),
        ],
    );
    each(
        &Rule::any_role(["admin", "clerk"]),
        &[
            (json!({"roles": ["clerk"]}), In),
            (json!({"roles": ["admin", "x"]}), In),
            (json!({"roles": ["x"]}), Forbidden),
            (json!({}), Forbidden),
        ],
    );
}

#[test]
fn a_claim_is_there_and_said_yes_to() {
    each(
        &Rule::claim("email_verified", |verified| verified == true),
        &[
            (json!({"email_verified": true}), In),
            (json!({"email_verified": false}), Forbidden),
            (json!({"email_verified": "true"}), Forbidden),
            (json!({"email_verified": 1}), Forbidden),
            (json!({"email_verified": null}), Forbidden),
            (json!({"user": {"email_verified": true}}), Forbidden),
            (json!({}), Forbidden),
        ],
    );
    // Null is a value; only what is not there is not asked about.
    each(
        &Rule::claim(["user", "deleted"], Value::is_null),
        &[
            (json!({"user": {"deleted": null}}), In),
            (json!({"user": {"deleted": "2026-01-01"}}), Forbidden),
            (json!({"user": {}}), Forbidden),
            (json!({"user": null}), Forbidden),
            (json!({"user": [{"deleted": null}]}), Forbidden),
        ],
    );
}

#[test]
fn and_or_and_not_name_scopes_only_where_scopes_would_do() {
    let reader = || Rule::scope("orders:read");
    each(
        &reader().and(Rule::role("clerk")),
        &[
            (json!({"scope": "orders:read", "roles": ["clerk"]}), In),
            (json!({"roles": ["clerk"]}), Lacks("orders:read")),
            (json!({"scope": "orders:read"}), Forbidden),
            (json!({}), Forbidden),
        ],
    );
    each(
        &reader().or(Rule::role("clerk")),
        &[
            (json!({"scope": "orders:read"}), In),
            (json!({"roles": ["clerk"]}), In),
            (json!({}), Lacks("orders:read")),
        ],
    );
    each(
        &reader().and(Rule::role("guest").not()),
        &[
            (json!({"scope": "orders:read"}), In),
            (json!({"scope": "orders:read", "roles": ["guest"]}), Forbidden),
            (json!({}), Lacks("orders:read")),
        ],
    );
    // A scope that must not be there is none to ask for, and asking for the other does not help.
    each(
        &reader().and(Rule::scope("trial").not()),
        &[
            (json!({"scope": "orders:read"}), In),
            (json!({"scope": "orders:read trial"}), Forbidden),
            (json!({"scope": "trial"}), Forbidden),
            (json!({}), Lacks("orders:read")),
        ],
    );
    each(&reader().not().not(), &[(json!({"scope": "orders:read"}), In), (json!({}), Forbidden)]);
}

#[test]
fn a_claim_that_cannot_be_read_keeps_nobody_out() {
    // As documented: `not` permits wherever the rule does not.
    each(
        &Rule::role("guest").not(),
        &[
            (json!({"roles": ["guest"]}), Forbidden),
            (json!({"roles": {"guest": true}}), In),
            (json!({}), In),
        ],
    );
    each(
        &Rule::claim("suspended", |_| true).not(),
        &[(json!({"suspended": false}), Forbidden), (json!({}), In)],
    );
}

#[test]
fn neither_an_ambiguous_claim_nor_its_negation_permits() {
    let suspended = || Rule::claim(["user", "suspended"], |value| value == true);
    for (rule, members, permits, negation_permits) in [
        (suspended(), r#""user":{"suspended":true}"#, In, Forbidden),
        (suspended(), r#""user":{"suspended":false}"#, Forbidden, In),
        (suspended(), r#""user":{}"#, Forbidden, In),
        // Which of two values counts would be a guess.
        (suspended(), r#""user":{"suspended":true,"suspended":false}"#, Forbidden, Forbidden),
        (suspended(), r#""user":{"suspended":false,"suspended":false}"#, Forbidden, Forbidden),
    ] {
        let token = raw(&format!(r#""sub":"ada",{members}"#));
        expect(&rule, &token, permits);
        expect(&rule.clone().not(), &token, negation_permits);
        expect(&rule.not().not(), &token, permits);
    }
}

#[test]
fn a_number_that_cannot_be_read_is_unknown_to_rules() {
    let verifier = Verifier::shared_secret(issuer().secret()).any_audience();
    let verifier = verifier.claims::<IgnoredAny>().clock(FixedClock::new()).build().unwrap();
    let present = Rule::claim("n", |_| true);
    for (members, permits, negation_permits) in
        [(r#""n":7"#, true, false), ("", false, true), (r#""n":1e999"#, false, false)]
    {
        let identity = verifier.verify_now(&raw(members)).unwrap().identity();
        assert_eq!(present.permits(&identity), permits, "{members}");
        assert_eq!(present.clone().not().permits(&identity), negation_permits, "{members}");
    }
}

#[test]
fn an_empty_list_or_name_is_met_by_nobody() {
    let everything = json!({"scope": ["", " ", "a"], "scp": "", "roles": [""]});
    let none: [&str; 0] = [];
    for rule in [
        Rule::all_scopes(none),
        Rule::any_scope(none),
        Rule::any_role(none),
        Rule::scope(""),
        Rule::role(""),
        Rule::any_scope([""]),
        Rule::any_role([""]),
    ] {
        each(&rule, &[(everything.clone(), Forbidden), (json!({}), Forbidden)]);
    }
    // The valid neighbour.
    each(&Rule::any_scope(["", "a"]), &[(everything, In), (json!({}), Lacks("a"))]);
}

#[test]
fn the_short_roads_of_the_layer_are_their_rules() {
    let none: [&str; 0] = [];
    let rows = [
        (RequireLayer::scope("a"), json!({"scope": "a"}), In),
        (RequireLayer::scope("a"), json!({"scope": "b"}), Lacks("a")),
        (RequireLayer::all_scopes(["a", "b"]), json!({"scope": "b a"}), In),
        (RequireLayer::all_scopes(["a", "b"]), json!({"scope": "a"}), Lacks("a b")),
        (RequireLayer::all_scopes(none), json!({"scope": "a"}), Forbidden),
        (RequireLayer::any_scope(["a", "b"]), json!({"scope": "b"}), In),
        (RequireLayer::any_scope(["a", "b"]), json!({"scope": "c"}), Lacks("a b")),
        (RequireLayer::any_scope(none), json!({"scope": "a"}), Forbidden),
        (RequireLayer::role("a"), json!({"roles": ["a"]}), In),
        (RequireLayer::role("a"), json!({"scope": "a"}), Forbidden),
    ];
    for (require, claims, outcome) in rows {
        let reply = ask_both(&layer(), &require, bearer(&token(&claims)));
        check(&reply, outcome, &format!("{require:?} {claims}"));
    }
}
