//! Explicit URLs of keys and metadata, and issuer names that cannot work.

use http_body_util::Empty;
use tower_jwt_auth::VerifierBuilder;
use tower_jwt_auth::error::{Problem, ProblemKind as Kind};
use tower_jwt_auth::jwks::{Fetch, NoBody, RemoteJwks, RemoteJwksBuilder};
use tower_jwt_auth::key::KeySource;
use tower_jwt_auth::testing::{FixedClock, TestIssuer};
use tower_jwt_auth::{BuildError, Issuer, Policy, Verifier};

use super::discovery::{OAUTH, OPENID, Site, metadata, paths};
use super::fixture::{DOWN, Fixture, GOOD, MAX_BACKOFF};
use crate::support::answers::{document, status};
use crate::support::failure_label;
use crate::support::key_server::{Act, KeyServer};

const NAME: &str = "https://auth.example.com/tenant";
const GUID: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";

fn client() -> impl Fetch {
    tower::service_fn(|_: http::Request<NoBody>| {
        let body = Empty::<bytes::Bytes>::new();
        std::future::ready(Ok::<_, std::convert::Infallible>(http::Response::new(body)))
    })
}

/// An issuer with this name whose documents are on another server.
fn on_another_server(
    name: &str,
    settings: impl FnOnce(RemoteJwksBuilder, &KeyServer) -> RemoteJwksBuilder,
) -> (Fixture, Site) {
    let clock = FixedClock::new();
    let signer = TestIssuer::es256().key_id("known").issuer(name).clock(clock.clone());
    let (server, site) = (KeyServer::start(""), Site::default());
    let pages = site.clone();
    server.act(move |request, _| Act::Send(pages.get(request.path())));
    site.put("/keys", document(&signer.jwks()));
    site.put("/meta", metadata(name, &server.url("/keys")));
    let builder = settings(RemoteJwks::issuer(name).allow_http_on_loopback(), &server);
    (Fixture::of(server, clock, signer, builder), site)
}

#[tokio::test]
async fn keys_url_needs_no_metadata() {
    for name in [NAME, "accounts.google.com", "urn:example:issuer", "http://internal"] {
        let (fixture, _) = on_another_server(name, |it, server| it.keys_url(server.url("/keys")));
        assert_eq!(fixture.verdict(&fixture.known()).await, GOOD, "{name}");
        assert_eq!(paths(&fixture), ["/keys"], "{name}");
        assert_eq!(fixture.keys.issuer(), Some(name));
        let trusted = Issuer::new(name, fixture.keys.clone(), Policy::new().any_audience());
        assert!(Verifier::builder().trust(trusted).build().is_ok(), "{name}");
        let other =
            Issuer::new("https://b.example", fixture.keys.clone(), Policy::new().any_audience());
        assert!(Verifier::builder().trust(other).build().is_err(), "{name}");
    }
}

#[tokio::test]
async fn metadata_url_replaces_the_well_known_locations() {
    let (fixture, site) =
        on_another_server(NAME, |it, server| it.metadata_url(server.url("/meta")));
    let good = site.get("/meta");
    for location in [OPENID, &*format!("/tenant{OPENID}"), OAUTH, &*format!("{OAUTH}/tenant")] {
        site.put(location, good.clone());
    }
    site.put("/meta", status("404 Not Found"));
    assert_eq!(fixture.verdict(&fixture.known()).await, DOWN);
    assert_eq!(failure_label(&fixture.keys.health()), Some("no_metadata"));
    fixture.clock.advance(MAX_BACKOFF);
    // The metadata must still name the issuer.
    site.put("/meta", metadata(&fixture.server.url(""), &fixture.server.url("/keys")));
    assert_eq!(fixture.verdict(&fixture.known()).await, DOWN);
    assert_eq!(failure_label(&fixture.keys.health()), Some("other_issuer"));
    fixture.clock.advance(MAX_BACKOFF);
    site.put("/meta", good);
    assert_eq!(fixture.verdict(&fixture.known()).await, GOOD);
    assert_eq!(paths(&fixture), ["/meta", "/meta", "/meta", "/keys"]);
    assert_eq!(fixture.keys.issuer(), Some(NAME));
}

#[tokio::test]
async fn private_keys_urls_depend_on_the_host_of_the_metadata() {
    // The issuer name does not allow a private address if the metadata is on another host.
    for (name, jwks_uri, is_allowed) in [
        (NAME, None, true),
        ("https://10.0.0.1", Some("https://10.0.0.1/keys"), false),
        ("http://localhost", Some("http://localhost/keys"), false),
    ] {
        let (fixture, site) =
            on_another_server(name, |it, server| it.metadata_url(server.url("/meta")));
        if let Some(jwks_uri) = jwks_uri {
            site.put("/meta", metadata(name, jwks_uri));
        }
        let verdict = fixture.verdict(&fixture.known()).await;
        assert_eq!(verdict, if is_allowed { GOOD } else { DOWN }, "{name}");
        let failure = (!is_allowed).then_some("forbidden_url");
        assert_eq!(failure_label(&fixture.keys.health()), failure, "{name}");
    }
}

/// The kinds and the texts of all problems.
fn problems(error: Option<&BuildError>) -> (Vec<Kind>, String) {
    let problems = error.map(BuildError::problems).unwrap_or_default();
    let text = error.map(ToString::to_string).unwrap_or_default();
    (problems.iter().map(Problem::kind).collect(), text)
}

#[test]
fn issuer_names_that_no_token_contains_do_not_build() {
    let microsoft = "https://login.microsoftonline.com";
    for (name, fix) in [
        (format!("{microsoft}/common/v2.0"), Some("<tenant id>")),
        (format!("{microsoft}/organizations/v2.0"), Some("<tenant id>")),
        (format!("{microsoft}/consumers/v2.0"), Some("<tenant id>")),
        (format!("{microsoft}/contoso.onmicrosoft.com/v2.0"), Some("<tenant id>")),
        (format!("{microsoft}/{{tenantid}}/v2.0"), Some("the id of the tenant")),
        (format!("{NAME}{OPENID}"), Some("metadata_url")),
        (format!("https://auth.example.com{OAUTH}/tenant"), Some("metadata_url")),
        ("https://account.apple.com".to_owned(), Some("keys_url")),
        (format!("{microsoft}/{GUID}/v2.0"), None),
        (format!("https://sts.windows.net/{GUID}/"), None),
        ("https://auth.example.com/common/v2.0".to_owned(), None),
        ("https://appleid.apple.com".to_owned(), None),
        (NAME.to_owned(), None),
    ] {
        let policy = || Policy::new().audience("orders");
        let keys = || RemoteJwks::url("https://auth.example.com/keys").client(client());
        let trusted = Issuer::new(&*name, keys().build().unwrap(), policy());
        for error in [
            Verifier::issuer_url(&*name).audience("orders").build().err(),
            RemoteJwks::issuer(&*name).client(client()).build().err(),
            // Also with an explicit URL of the keys.
            RemoteJwks::issuer(&*name).client(client()).keys_url("https://a.example").build().err(),
            Verifier::builder().trust(trusted).build().err(),
            Verifier::jwks(TestIssuer::es256().jwks()).issuer(&*name).any_audience().build().err(),
        ] {
            let (kinds, text) = problems(error.as_ref());
            let expected: Vec<_> = fix.iter().map(|_| Kind::InvalidIssuer).collect();
            assert_eq!(kinds, expected, "{name}: {text}");
            assert!(text.contains(fix.unwrap_or_default()), "{name}: {text}");
        }
    }
}

#[test]
fn contradicting_urls_do_not_build() {
    const URL: &str = "https://auth.example.com/document";
    type Set = fn(RemoteJwksBuilder) -> RemoteJwksBuilder;
    let rows: [(RemoteJwksBuilder, Set, Option<Kind>); 11] = [
        (RemoteJwks::issuer(NAME), |it| it.keys_url(URL), None),
        (RemoteJwks::issuer(NAME), |it| it.metadata_url(URL), None),
        (RemoteJwks::issuer(NAME), |it| it.keys_url(URL).metadata_url(URL), Some(Kind::Conflict)),
        (RemoteJwks::url(URL), |it| it, None),
        (RemoteJwks::url(URL), |it| it.keys_url(URL), Some(Kind::Conflict)),
        (RemoteJwks::url(URL), |it| it.metadata_url(URL), Some(Kind::Conflict)),
        (RemoteJwks::issuer(""), |it| it.keys_url(URL), Some(Kind::EmptyValue)),
        (RemoteJwks::issuer(NAME), |it| it.keys_url("http://a.example"), Some(Kind::InsecureUrl)),
        (
            RemoteJwks::issuer(NAME),
            |it| it.metadata_url("http://a.example"),
            Some(Kind::InsecureUrl),
        ),
        (RemoteJwks::url(format!("{NAME}{OPENID}")), |it| it, Some(Kind::InvalidUrl)),
        (
            RemoteJwks::issuer(NAME),
            |it| it.keys_url(format!("{NAME}{OPENID}")),
            Some(Kind::InvalidUrl),
        ),
    ];
    for (at, (builder, set, kind)) in rows.into_iter().enumerate() {
        let (kinds, text) = problems(set(builder).client(client()).build().err().as_ref());
        assert_eq!(kinds, Vec::from_iter(kind), "{at}: {text}");
    }
}

#[test]
fn the_url_settings_are_available_with_issuer_url() {
    const URL: &str = "https://keys.example.com/document";
    type Set = fn(VerifierBuilder) -> VerifierBuilder;
    let issuer = || Verifier::issuer_url(NAME);
    let fixed = || Verifier::jwks(TestIssuer::es256().jwks()).issuer(NAME);
    let rows: [(VerifierBuilder, Set, Option<Kind>); 8] = [
        (issuer(), |it| it.keys_url(URL), None),
        (issuer(), |it| it.metadata_url(URL), None),
        (Verifier::issuer_url("accounts.google.com"), |it| it.keys_url(URL), None),
        (Verifier::issuer_url("accounts.google.com"), |it| it, Some(Kind::InvalidUrl)),
        (issuer(), |it| it.keys_url("http://a.example"), Some(Kind::InsecureUrl)),
        (issuer(), |it| it.keys_url(URL).metadata_url(URL), Some(Kind::Conflict)),
        (Verifier::jwks_url(URL).issuer(NAME), |it| it.keys_url(URL), Some(Kind::Conflict)),
        (fixed(), |it| it.metadata_url(URL), Some(Kind::NoEffect)),
    ];
    for (at, (builder, set, kind)) in rows.into_iter().enumerate() {
        let (kinds, text) = problems(set(builder.audience("orders")).build().err().as_ref());
        assert_eq!(kinds, Vec::from_iter(kind), "{at}: {text}");
    }
    // The verifier has a single issuer name.
    let twice = issuer().keys_url(URL).issuer("https://b.example").audience("orders").build();
    assert_eq!(problems(twice.err().as_ref()).0, [Kind::Conflict]);
}
