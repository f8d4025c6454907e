//! Which settings are rejected, beside valid neighbours.

use std::time::Duration;

use tower_jwt_auth::error::{Problem, ProblemKind as K};
use tower_jwt_auth::introspection::Introspection;
use tower_jwt_auth::testing::TestIssuer;
use tower_jwt_auth::{BuildError, VerificationKey};

use super::Builder;
use super::fixture::{Act, CLIENT, Endpoint, ISSUER, SECOND, SECRET, URL};

fn at(url: &str) -> Builder {
    Introspection::endpoint(url, ISSUER).client(Endpoint::new(Act::active()))
}

fn basic(builder: Builder) -> Builder {
    builder.client_secret_basic(CLIENT, SECRET)
}

fn good() -> Builder {
    basic(at(URL)).allow_unsigned_answers()
}

fn key() -> VerificationKey {
    VerificationKey::jwk(TestIssuer::es256().jwk()).unwrap()
}

fn kinds(builder: Builder) -> Vec<K> {
    let problems = builder.build().map_or_else(BuildError::into_problems, |_| Vec::new());
    problems.iter().map(Problem::kind).collect()
}

#[test]
fn only_https_and_allowed_loopback_urls_are_accepted() {
    for (url, production, development) in [
        (URL, None, None),
        ("https://127.0.0.1:8443/introspect?tenant=a", None, None),
        ("http://127.0.0.1:3000/introspect", Some(K::InsecureUrl), None),
        ("http://[::1]:3000/introspect", Some(K::InsecureUrl), None),
        ("http://localhost/introspect", Some(K::InsecureUrl), None),
        ("http://auth.example.com/introspect", Some(K::InsecureUrl), Some(K::InsecureUrl)),
        ("http://evil.localhost/introspect", Some(K::InsecureUrl), Some(K::InsecureUrl)),
        ("http://10.0.0.1/introspect", Some(K::InsecureUrl), Some(K::InsecureUrl)),
        ("https://u:p@auth.example.com/introspect", Some(K::InsecureUrl), Some(K::InsecureUrl)),
        ("https://auth.example.com/introspect#x", Some(K::InvalidUrl), Some(K::InvalidUrl)),
        ("auth.example.com/introspect", Some(K::InvalidUrl), Some(K::InvalidUrl)),
        ("/introspect", Some(K::InvalidUrl), Some(K::InvalidUrl)),
        ("", Some(K::InvalidUrl), Some(K::InvalidUrl)),
    ] {
        let builder = || basic(at(url)).allow_unsigned_answers();
        assert_eq!(kinds(builder()), Vec::from_iter(production), "{url}");
        assert_eq!(kinds(builder().allow_http_on_loopback()), Vec::from_iter(development), "{url}");
    }
}

#[test]
fn answers_must_be_signed_or_explicitly_unsigned() {
    assert_eq!(kinds(basic(at(URL))), [K::MissingKeys]);
    assert_eq!(kinds(good()), []);
    assert_eq!(kinds(basic(at(URL)).signed(key())), []);
    assert_eq!(kinds(good().signed(key())), [K::Conflict]);
    // The error has the risk and both fixes.
    let text = basic(at(URL)).build().unwrap_err().to_string();
    for part in ["a revoked token is active", "Call `signed`", "`allow_unsigned_answers`"] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn signed_answers_need_an_audience() {
    assert_eq!(kinds(at(URL).bearer("abc").signed(key())), [K::MissingAudience]);
    assert_eq!(kinds(at(URL).bearer("abc").audience(CLIENT).signed(key())), []);
    assert_eq!(kinds(basic(at(URL)).signed(key())), []);
    assert_eq!(kinds(basic(at(URL)).audience("").signed(key())), [K::EmptyValue]);
}

#[test]
fn exactly_one_credential_is_required() {
    let unsigned = || at(URL).allow_unsigned_answers();
    assert_eq!(kinds(unsigned()), [K::MissingCredential]);
    assert_eq!(kinds(unsigned().bearer("abc")), []);
    assert_eq!(kinds(unsigned().authenticate_with(|_| Ok::<_, &str>(()))), []);
    assert_eq!(kinds(basic(unsigned()).bearer("abc")), [K::Conflict]);
    for (id, secret) in [("", "secret"), ("orders", "")] {
        let builder = unsigned().client_secret_basic(id, secret);
        assert_eq!(kinds(builder), [K::InvalidValue], "{id} {secret}");
    }
    for token in ["", "a b", "a\n"] {
        assert_eq!(kinds(unsigned().bearer(token)), [K::InvalidValue], "{token:?}");
    }
    // Any text is encoded, so that it can be sent.
    assert_eq!(kinds(unsigned().client_secret_basic("or:ders", "s\u{e9}\n")), []);
}

#[test]
fn limits_out_of_range_are_rejected() {
    let day = Duration::from_secs(86_400);
    for (builder, expected) in [
        (good().timeout(Duration::ZERO), [K::OutOfRange].as_slice()),
        (good().timeout(Duration::from_nanos(1)), &[]),
        (good().timeout(30 * SECOND), &[]),
        (good().timeout(31 * SECOND), &[K::OutOfRange]),
        (good().timeout(Duration::MAX), &[K::OutOfRange]),
        (good().max_calls(0), &[K::OutOfRange]),
        (good().max_calls(1), &[]),
        (good().max_calls(usize::MAX), &[K::OutOfRange]),
        (good().cache_active_for(Duration::ZERO), &[]),
        (good().cache_active_for(30 * SECOND), &[]),
        (good().cache_active_for(31 * SECOND), &[K::OutOfRange]),
        (good().timeout(day).max_calls(0).cache_active_for(day), &[K::OutOfRange; 3]),
    ] {
        assert_eq!(kinds(builder), expected);
    }
}

#[test]
fn the_issuer_name_must_be_possible() {
    let named = |name: &str| {
        let builder = Introspection::endpoint(URL, name).client(Endpoint::new(Act::active()));
        kinds(basic(builder).allow_unsigned_answers())
    };
    assert_eq!(named(ISSUER), []);
    assert_eq!(named(""), [K::EmptyValue]);
    let metadata = format!("{ISSUER}/.well-known/openid-configuration");
    assert_eq!(named(&metadata), [K::InvalidIssuer]);
}

#[test]
fn settings_of_the_default_client_conflict_with_another() {
    assert_eq!(kinds(good().no_proxy()), [K::NoEffect]);
    let own = || Introspection::endpoint(URL, ISSUER).allow_unsigned_answers();
    assert_eq!(kinds(basic(own()).no_proxy()), []);
    assert_eq!(kinds(basic(own()).proxy("http://proxy.example:3128")), []);
    assert_eq!(kinds(basic(own()).proxy("socks5://proxy.example")), [K::InvalidUrl]);
    assert_eq!(kinds(basic(own()).root_certificates("not a certificate")), [K::InvalidValue]);
}
