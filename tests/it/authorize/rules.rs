//! Rules, from the token to the response.

use serde::de::IgnoredAny;
use serde_json::{Value, json};
use tower_jwt_auth::testing::FixedClock;
use tower_jwt_auth::{RequireLayer, Rule, Verifier};

use super::fixture::Outcome::{Allowed, Forbidden, Lacks};
use super::fixture::{Outcome, ask_both, check, expect, issuer, layer, raw, token};
use crate::support::ask::bearer;

fn each(rule: &Rule, rows: &[(Value, Outcome)]) {
    for (claims, outcome) in rows {
        expect(rule, &token(claims), *outcome);
    }
}

#[test]
fn every_valid_token_is_authenticated() {
    each(&Rule::authenticated(), &[(json!({}), Allowed), (json!({"scope": "x"}), Allowed)]);
    each(
        &Rule::authenticated().not(),
        &[(json!({}), Forbidden), (json!({"scope": "x"}), Forbidden)],
    );
}

#[test]
fn a_missing_scope_is_named_in_the_challenge() {
    each(
        &Rule::scope("orders:read"),
        &[
            (json!({"scope": "orders:read"}), Allowed),
            (json!({"scope": "profile orders:read email"}), Allowed),
            (json!({}), Lacks("orders:read")),
            (json!({"scope": ""}), Lacks("orders:read")),
            (json!({"scope": "orders:write"}), Lacks("orders:read")),
            (json!({"roles": ["orders:read"]}), Lacks("orders:read")),
        ],
    );
}

#[test]
fn all_scopes_are_required_and_all_are_named() {
    each(
        &Rule::all_scopes(["orders:read", "orders:write"]),
        &[
            (json!({"scope": "orders:read orders:write"}), Allowed),
            (json!({"scope": "orders:write x orders:read"}), Allowed),
            (json!({"scope": "orders:read", "scp": ["orders:write"]}), Allowed),
            (json!({"scope": "orders:read"}), Lacks("orders:read orders:write")),
            (json!({"scope": "orders:write"}), Lacks("orders:read orders:write")),
            (json!({}), Lacks("orders:read orders:write")),
        ],
    );
}

#[test]
fn one_of_several_scopes_is_enough() {
    each(
        &Rule::any_scope(["orders:read", "orders:admin"]),
        &[
            (json!({"scope": "orders:read"}), Allowed),
            (json!({"scope": "orders:admin"}), Allowed),
            (json!({"scope": "orders"}), Lacks("orders:read orders:admin")),
            (json!({}), Lacks("orders:read orders:admin")),
        ],
    );
}

#[test]
fn a_missing_role_is_forbidden() {
    each(
        &Rule::role("admin"),
        &[
            (json!({"roles": ["clerk", "admin"]}), Allowed),
            (json!({"roles": "admin"}), Allowed),
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
            (json!({"roles": ["clerk"]}), Allowed),
            (json!({"roles": ["admin", "x"]}), Allowed),
            (json!({"roles": ["x"]}), Forbidden),
            (json!({}), Forbidden),
        ],
    );
}

#[test]
fn a_claim_rule_needs_the_claim_and_a_true_predicate() {
    each(
        &Rule::claim("email_verified", |verified| verified == true),
        &[
            (json!({"email_verified": true}), Allowed),
            (json!({"email_verified": false}), Forbidden),
            (json!({"email_verified": "true"}), Forbidden),
            (json!({"email_verified": 1}), Forbidden),
            (json!({"email_verified": null}), Forbidden),
            (json!({"user": {"email_verified": true}}), Forbidden),
            (json!({}), Forbidden),
        ],
    );
    // `null` is a value. The predicate is skipped only for a missing claim.
    each(
        &Rule::claim(["user", "deleted"], Value::is_null),
        &[
            (json!({"user": {"deleted": null}}), Allowed),
            (json!({"user": {"deleted": "2026-01-01"}}), Forbidden),
            (json!({"user": {}}), Forbidden),
            (json!({"user": null}), Forbidden),
            (json!({"user": [{"deleted": null}]}), Forbidden),
        ],
    );
}

#[test]
fn combined_rules_name_scopes_only_if_scopes_would_suffice() {
    let reader = || Rule::scope("orders:read");
    each(
        &reader().and(Rule::role("clerk")),
        &[
            (json!({"scope": "orders:read", "roles": ["clerk"]}), Allowed),
            (json!({"roles": ["clerk"]}), Lacks("orders:read")),
            (json!({"scope": "orders:read"}), Forbidden),
            (json!({}), Forbidden),
        ],
    );
    each(
        &reader().or(Rule::role("clerk")),
        &[
            (json!({"scope": "orders:read"}), Allowed),
            (json!({"roles": ["clerk"]}), Allowed),
            (json!({}), Lacks("orders:read")),
        ],
    );
    each(
        &reader().and(Rule::role("guest").not()),
        &[
            (json!({"scope": "orders:read"}), Allowed),
            (json!({"scope": "orders:read", "roles": ["guest"]}), Forbidden),
            (json!({}), Lacks("orders:read")),
        ],
    );
    // A negated scope is never named. While it is present, the other scope does not help.
    each(
        &reader().and(Rule::scope("trial").not()),
        &[
            (json!({"scope": "orders:read"}), Allowed),
            (json!({"scope": "orders:read trial"}), Forbidden),
            (json!({"scope": "trial"}), Forbidden),
            (json!({}), Lacks("orders:read")),
        ],
    );
    each(
        &reader().not().not(),
        &[(json!({"scope": "orders:read"}), Allowed), (json!({}), Forbidden)],
    );
}

#[test]
fn a_negated_rule_permits_missing_and_malformed_claims() {
    // As documented: `not` permits wherever the rule does not.
    each(
        &Rule::role("guest").not(),
        &[
            (json!({"roles": ["guest"]}), Forbidden),
            (json!({"roles": {"guest": true}}), Allowed),
            (json!({}), Allowed),
        ],
    );
    each(
        &Rule::claim("suspended", |_| true).not(),
        &[(json!({"suspended": false}), Forbidden), (json!({}), Allowed)],
    );
}

#[test]
fn neither_an_ambiguous_claim_nor_its_negation_permits() {
    let suspended = || Rule::claim(["user", "suspended"], |value| value == true);
    for (rule, members, permits, negation_permits) in [
        (suspended(), r#""user":{"suspended":true}"#, Allowed, Forbidden),
        (suspended(), r#""user":{"suspended":false}"#, Forbidden, Allowed),
        (suspended(), r#""user":{}"#, Forbidden, Allowed),
        // Duplicate members are ambiguous.
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
fn a_number_out_of_range_permits_neither_rule_nor_negation() {
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
fn no_token_satisfies_an_empty_list_or_name() {
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
    each(&Rule::any_scope(["", "a"]), &[(everything, Allowed), (json!({}), Lacks("a"))]);
}

#[test]
fn layer_constructors_match_their_rules() {
    let none: [&str; 0] = [];
    let rows = [
        (RequireLayer::scope("a"), json!({"scope": "a"}), Allowed),
        (RequireLayer::scope("a"), json!({"scope": "b"}), Lacks("a")),
        (RequireLayer::all_scopes(["a", "b"]), json!({"scope": "b a"}), Allowed),
        (RequireLayer::all_scopes(["a", "b"]), json!({"scope": "a"}), Lacks("a b")),
        (RequireLayer::all_scopes(none), json!({"scope": "a"}), Forbidden),
        (RequireLayer::any_scope(["a", "b"]), json!({"scope": "b"}), Allowed),
        (RequireLayer::any_scope(["a", "b"]), json!({"scope": "c"}), Lacks("a b")),
        (RequireLayer::any_scope(none), json!({"scope": "a"}), Forbidden),
        (RequireLayer::role("a"), json!({"roles": ["a"]}), Allowed),
        (RequireLayer::role("a"), json!({"scope": "a"}), Forbidden),
    ];
    for (require, claims, outcome) in rows {
        let reply = ask_both(&layer(), &require, bearer(&token(&claims)));
        check(&reply, outcome, &format!("{require:?} {claims}"));
    }
}
