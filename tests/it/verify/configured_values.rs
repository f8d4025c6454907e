//! Configured names that no token can have.

use tower_jwt_auth::error::ProblemKind as Kind;
use tower_jwt_auth::{Algorithm, Issuer, Policy, Verifier, VerifierBuilder};

use super::builder::expect_naming;
use super::issuers::{A, key};
use crate::support::tokens::issuer;

/// A builder whose issuer and audience are not decided yet.
fn undecided() -> VerifierBuilder {
    Verifier::jwks(issuer(Algorithm::ES256).jwks())
}

fn settings() -> VerifierBuilder {
    undecided().issuer(A).audience("orders")
}

#[test]
fn white_space_around_a_value_is_reported() {
    type Set = fn(VerifierBuilder, &str) -> VerifierBuilder;
    let sets: [(&str, Set); 8] = [
        ("audience", |it, value| it.audience(value)),
        ("client", |it, value| it.client_id(value)),
        ("authorized party", |it, value| it.authorized_party(value)),
        ("subject", |it, value| it.subject(value)),
        ("`typ`", |it, value| it.typ(value)),
        ("required claim", |it, value| it.require_claim(value)),
        ("`subject_claim`", |it, value| it.subject_claim(value)),
        ("`tenant_claim`", |it, value| it.tenant_claim(value)),
    ];
    for (setting, set) in sets {
        let build = |value: &str| set(settings(), value).build();
        for good in ["a", "a b", "https://a.example", "caf\u{e9}"] {
            expect_naming(build(good), &[]);
        }
        expect_naming(build(""), &[(Kind::EmptyValue, setting)]);
        for (value, shown) in [
            (" a", "` a`"),
            ("a ", "`a `"),
            ("a\n", r"`a\n`"),
            ("a\r\n", r"`a\r\n`"),
            ("\t", r"`\t`"),
        ] {
            let what = format!("white space around the {setting} {shown}");
            expect_naming(build(value), &[(Kind::InvalidValue, &what)]);
        }
    }
}

#[test]
fn a_list_is_not_one_audience() {
    for list in [
        "a, b",
        "a,b",
        "orders,",
        "[\"a\"]",
        "api://a api://b",
        "https://a.example\nhttps://b.example",
    ] {
        let built = undecided().issuer(A).audience(list).build();
        expect_naming(built, &[(Kind::InvalidValue, "as one audience for the issuer")]);
        let trusted = Issuer::new(A, key(&issuer(Algorithm::ES256)), Policy::new().audience(list));
        let error = Verifier::builder().trust(trusted).build().unwrap_err();
        assert_eq!(error.problems()[0].fix(), "Call `audience` once for each name");
    }
    for one in ["a b", "My API", "https://a.example/b?c", "urn:example:a", "api://a", "a;b"] {
        expect_naming(undecided().issuer(A).audience(one).build(), &[]);
    }
    expect_naming(undecided().issuer(A).audience("a").audience("b").build(), &[]);
}

#[test]
fn issuer_names_that_no_token_has_do_not_build() {
    for (name, what) in [
        ("https://.acme.example", "the host `.acme.example`"),
        ("https://acme..example", "the host `acme..example`"),
        ("https://user:hunter2@acme..example", "the host `acme..example`"),
        ("https://", "the host ``"),
        ("https:///realms/one", "the host ``"),
        (" https://acme.example", "white space around the name of the issuer"),
        ("https://acme.example\n", "white space around the name of the issuer"),
        ("acme ", "white space"),
        ("https://acme.example/.well-known/openid-configuration", "`/.well-known/`"),
        ("https://login.microsoftonline.com/common/v2.0", "`common`"),
        ("https://login.microsoftonline.com//v2.0", "without the id of a tenant"),
        ("https://login.microsoftonline.com/<tenant id>/v2.0", "a placeholder"),
        ("https://YOUR_DOMAIN/", "a placeholder"),
    ] {
        let built = undecided().audience("orders").issuer(name).build();
        expect_naming(built, &[(Kind::InvalidIssuer, what)]);
        // For keys from the issuer's metadata, the name is reported once as well.
        #[cfg(feature = "jwks-client")]
        {
            let built = Verifier::issuer_url(name).audience("orders").build();
            expect_naming(built, &[(Kind::InvalidIssuer, what)]);
        }
    }
    for name in ["https://acme.example", "https://acme.example.", "acme", "urn:acme", "my issuer"] {
        expect_naming(undecided().audience("orders").issuer(name).build(), &[]);
    }
}

#[cfg(feature = "jwks-client")]
#[test]
fn a_name_whose_metadata_are_read_has_no_query() {
    for (name, is_url) in [
        ("https://acme.example/?tenant=1", false),
        ("https://acme.example?", false),
        ("https://acme.example/#part", false),
        ("https://acme.example/tenant", true),
    ] {
        let expected: &[_] =
            if is_url { &[] } else { &[(Kind::InvalidUrl, "the URL of the issuer")] };
        expect_naming(Verifier::issuer_url(name).audience("orders").build(), expected);
        // With fixed keys or another URL, nothing is read from a URL with that name.
        expect_naming(undecided().audience("orders").issuer(name).build(), &[]);
        let explicit = Verifier::issuer_url(name).keys_url("https://acme.example/keys");
        expect_naming(explicit.audience("orders").build(), &[]);
    }
}

#[cfg(feature = "jwks-client")]
#[test]
fn an_issuer_has_one_name() {
    use tower_jwt_auth::jwks::RemoteJwks;
    for name in [A, "https://a.example/", "https://A.example", "https://b.example"] {
        let is_same = name == A;
        let twice = Verifier::issuer_url(A).issuer(name).audience("orders").build();
        let conflict: &[_] = if is_same { &[] } else { &[(Kind::Conflict, name)] };
        expect_naming(twice, conflict);
        let trusted = Issuer::new(name, RemoteJwks::issuer(A), Policy::new().audience("orders"));
        let foreign: &[_] = if is_same { &[] } else { &[(Kind::ForeignKeys, name)] };
        expect_naming(Verifier::builder().trust(trusted).build(), foreign);
    }
}
