//! Scopes are compared byte for byte and as whole words (RFC 6749 §3.3).

use tower_jwt_auth::Rule;

use super::fixture::Outcome::{Allowed, Lacks};
use super::fixture::{expect, raw};

#[test]
fn scopes_match_whole_words_and_whole_list_items() {
    for (value, is_granted) in [
        (r#""orders:read""#, true),
        (r#""a orders:read b""#, true),
        (r#""  orders:read  ""#, true),
        (r#""orders\u003aread""#, true),
        (r#"["orders:read"]"#, true),
        (r#"["a","orders:read"]"#, true),
        (r#"["a","orders\u003aread"]"#, true),
        // Prefixes, suffixes and surrounding characters.
        (r#""orders:rea""#, false),
        (r#""rders:read""#, false),
        (r#""orders:reader""#, false),
        (r#""orders:read:all""#, false),
        (r#""my-orders:read""#, false),
        (r#""orders:*""#, false),
        (r#""*""#, false),
        (r#""orders: read""#, false),
        (r#""orders:read,a""#, false),
        (r#""orders:read;a""#, false),
        (r#""orders:read+a""#, false),
        (r#""\"orders:read\"""#, false),
        // Only a space separates scopes.
        (r#""a\torders:read""#, false),
        (r#""a\norders:read""#, false),
        (r#""a\u00a0orders:read""#, false),
        (r#""a\u2003orders:read""#, false),
        (r#""orders:read\u0000""#, false),
        (r#""\u0000orders:read""#, false),
        // Case and look-alikes.
        (r#""Orders:read""#, false),
        (r#""ORDERS:READ""#, false),
        (r#""orders\uff1aread""#, false),
        (r#""\u043erders:read""#, false),
        (r#""orders:re\u0430d""#, false),
        (r#""orders:read\u200b""#, false),
        (r#""orders%3Aread""#, false),
        // List items are not split, trimmed or searched.
        (r#"["a orders:read"]"#, false),
        (r#"["orders:read "]"#, false),
        (r#"["orders","read"]"#, false),
        (r#"[["orders:read"]]"#, false),
        (r#"[{"orders:read":true}]"#, false),
        (r#"{"orders:read":true}"#, false),
        // A list with an item that is not a string grants nothing.
        (r#"["orders:read",7]"#, false),
        (r#"["orders:read",null]"#, false),
        ("[]", false),
        ("7", false),
        ("true", false),
        ("null", false),
        ("\"\"", false),
    ] {
        let outcome = if is_granted { Allowed } else { Lacks("orders:read") };
        for name in ["scope", "scp"] {
            let token = raw(&format!("\"sub\":\"ada\",\"{name}\":{value}"));
            expect(&Rule::scope("orders:read"), &token, outcome);
        }
    }
}

#[test]
fn scopes_are_read_only_from_scope_and_scp() {
    let rule = Rule::scope("a").and(Rule::scope("b"));
    for (members, outcome) in [
        (r#""scope":"a","scp":"b""#, Allowed),
        (r#""scope":["b"],"scp":["a"]"#, Allowed),
        (r#""scp":"a b""#, Allowed),
        // A malformed claim does not affect the other claim.
        (r#""scope":7,"scp":"a b""#, Allowed),
        (r#""scope":"a b","scp":{}"#, Allowed),
        (r#""scope":"a","SCP":"b""#, Lacks("a b")),
        (r#""Scope":"a b""#, Lacks("a b")),
        (r#""scopes":"a b""#, Lacks("a b")),
        (r#""permissions":["a","b"]"#, Lacks("a b")),
        (r#""roles":["a","b"]"#, Lacks("a b")),
        (r#""x":{"scope":"a b"}"#, Lacks("a b")),
    ] {
        expect(&rule, &raw(&format!("\"sub\":\"ada\",{members}")), outcome);
    }
}

#[test]
fn a_scope_name_with_a_space_is_one_scope() {
    let rule = Rule::scope("a b");
    for (value, outcome) in
        [(r#""a b""#, Lacks("a b")), (r#"["a","b"]"#, Lacks("a b")), (r#"["a b"]"#, Allowed)]
    {
        expect(&rule, &raw(&format!("\"sub\":\"ada\",\"scope\":{value}")), outcome);
    }
}
