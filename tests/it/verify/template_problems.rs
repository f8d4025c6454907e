//! Careless templates of issuers are rejected when the verifier is built.

use tower_jwt_auth::error::ProblemKind as Kind;
use tower_jwt_auth::{Issuer, Policy, Verifier};

use super::builder::expect_naming;
use super::issuers::{A, any, key};
use super::templates::{OTHER, OURS, TEMPLATE, build, listed, name, provider, template};

#[test]
fn careless_templates_are_rejected() {
    let of = "the issuer `https://login.example.com/{tid}/v2.0`";
    expect_naming(build(listed()), &[]);
    expect_naming(build(template(TEMPLATE).any_tenant()), &[]);
    expect_naming(build(template(TEMPLATE).any_tenant().any_tenant()), &[]);
    expect_naming(build(template(TEMPLATE).tenants([OURS]).tenants([OTHER])), &[]);
    expect_naming(build(template(TEMPLATE)), &[(Kind::MissingIssuer, of)]);
    expect_naming(build(listed().any_tenant()), &[(Kind::Conflict, of)]);
    expect_naming(build(template(TEMPLATE).any_tenant().tenants([OURS])), &[(Kind::Conflict, of)]);
    let none: [&str; 0] = [];
    expect_naming(build(template(TEMPLATE).tenants(none)), &[(Kind::EmptyValue, of)]);
    expect_naming(build(template(TEMPLATE).tenants(none).any_tenant()), &[(Kind::Conflict, of)]);
    for tenant in
        ["", "contoso.com", "a/b", "..", " acme", "acm\u{e9}", "{tid}", "*", &"a".repeat(129)]
    {
        let configured = template(TEMPLATE).tenants([OURS, tenant]);
        expect_naming(build(configured), &[(Kind::InvalidValue, of)]);
    }
    // Settings of a template on other issuers.
    let named = || Issuer::new(A, key(&provider()), any());
    let unnamed = || Issuer::unnamed(key(&provider()), any());
    expect_naming(build(named()), &[]);
    expect_naming(build(named().tenants([OURS])), &[(Kind::NoEffect, "`tenants` on the issuer")]);
    expect_naming(build(named().any_tenant()), &[(Kind::NoEffect, "`any_tenant` on the issuer")]);
    expect_naming(build(unnamed().any_tenant()), &[(Kind::NoEffect, "the unnamed issuer")]);
    // The policy is checked as for every issuer.
    let policy = Issuer::template(TEMPLATE, key(&provider()), Policy::new()).any_tenant();
    expect_naming(build(policy), &[(Kind::MissingAudience, of)]);
}

#[test]
fn a_template_has_one_placeholder_for_a_whole_segment() {
    for text in [
        TEMPLATE,
        "https://login.microsoftonline.com/{tid}/v2.0",
        "https://sts.windows.net/{tid}/",
        "https://auth.example.com/realms/{realm}",
        "http://localhost:8080/{a-b_c}/x/y",
    ] {
        expect_naming(build(template(text).tenants([OURS])), &[]);
    }
    for text in [
        "",
        "{tid}",
        "/{tid}",
        "https://auth.example.com",
        "https://auth.example.com/tid",
        "https://{tid}",
        "https://{tid}/",
        "https:///{tid}",
        "https://{tid}.example.com/v2.0",
        "https://auth.example.com:{tid}/",
        "https://auth.example.com/{}/",
        "https://auth.example.com/{tid",
        "https://auth.example.com/tid}",
        "https://auth.example.com/{tid}-x/",
        "https://auth.example.com/x-{tid}/",
        "https://auth.example.com/{a}/{b}",
        "https://auth.example.com/{a}{b}",
        "https://auth.example.com/{a}/}",
        "https://auth.example.com/{{a}}/",
        "https://auth.example.com/{a/b}/",
        "https://auth.example.com/{tenant id}/",
        "https://auth.example.com/x?a={tid}",
        "https://auth.example.com/x?a=/{tid}",
        "https://auth.example.com/{tid}/x?a=b",
        "https://auth.example.com/#/{tid}",
        "https://auth.example.com/{tid}/#x",
        "https://user:hunter2@auth.example.com/{tid}/",
        "urn:example:{tid}",
        "urn:example/{tid}",
        "ftp://auth.example.com/{tid}",
        "*/{tid}",
    ] {
        expect_naming(build(template(text).any_tenant()), &[(Kind::InvalidIssuer, "template")]);
    }
    // Names that no token has.
    for (text, tenant) in [
        ("https://login.example.com/{tid}/.well-known/openid-configuration", OURS),
        ("https://login.microsoftonline.com/{tid}/v2.0", "common"),
        ("https://login.microsoftonline.com/common/{tid}", OURS),
        ("https://account.apple.com/{tid}", OURS),
    ] {
        expect_naming(build(template(text).tenants([tenant])), &[(Kind::InvalidIssuer, "")]);
    }
}

#[test]
fn templates_that_match_the_same_name_are_rejected() {
    for (one, other, overlap) in [
        ("https://a.example/{tid}", "https://a.example/{tid}", true),
        ("https://a.example/{tid}/x", "https://a.example/{org}/x", true),
        // Both match `https://a.example/x/y`.
        ("https://a.example/{a}/y", "https://a.example/x/{b}", true),
        ("https://a.example/{a}/y/z", "https://a.example/x/{b}/z", true),
        ("https://a.example/{a}/y", "https://a.example/y/{b}", true),
        ("https://a.example/{a}/v2.0", "https://a.example/x/{b}", false),
        ("https://a.example/{a}/y", "https://a.example/x.y/{b}", false),
        ("https://a.example/{tid}", "https://a.example/{tid}/", false),
        ("https://a.example/{tid}", "https://b.example/{tid}", false),
        ("https://a.example/{tid}/x", "https://a.example/{tid}/y", false),
        ("https://a.example/x/{tid}", "https://a.example/{tid}", false),
    ] {
        for (one, other) in [(one, other), (other, one)] {
            let second = Issuer::template(other, key(&provider().with_other_key()), any());
            let builder = Verifier::builder().trust(template(one).tenants(["x"]));
            let made = builder.trust(second.tenants(["y"])).build();
            let problems: &[_] =
                if overlap { &[(Kind::Conflict, "another template")] } else { &[] };
            expect_naming(made, problems);
        }
    }
    // A name that a template matches is valid beside it.
    let named = Issuer::new(name(OURS), key(&provider().with_other_key()), any());
    expect_naming(Verifier::builder().trust(listed()).trust(named).build(), &[]);
}

#[cfg(feature = "jwks-client")]
#[test]
fn keys_of_one_issuer_are_not_for_a_template() {
    use tower_jwt_auth::jwks::RemoteJwks;
    let with = |keys| build(Issuer::template(TEMPLATE, keys, any()).tenants([OURS]));
    expect_naming(with(RemoteJwks::url("https://login.example.com/keys")), &[]);
    expect_naming(with(RemoteJwks::issuer(name(OURS))), &[(Kind::ForeignKeys, OURS)]);
    let placeholder = with(RemoteJwks::issuer(TEMPLATE));
    expect_naming(placeholder, &[(Kind::InvalidIssuer, "a placeholder")]);
}
