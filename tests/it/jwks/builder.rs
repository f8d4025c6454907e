//! Invalid settings and their valid neighbours.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Empty;
use tower_jwt_auth::BuildError;
use tower_jwt_auth::error::{Problem, ProblemKind as Kind};
use tower_jwt_auth::jwks::{Fetch, NoBody, RemoteJwks, RemoteJwksBuilder};

use super::fixture::{Fixture, NANOSECOND, SECOND, just_before};

const URL: &str = "https://auth.example.com/keys";

/// Avoids the built-in client, which reads the platform's roots on every build.
fn client() -> impl Fetch {
    let answer = || Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()));
    tower::service_fn(move |_: Request<NoBody>| std::future::ready(answer()))
}

fn problems(builder: RemoteJwksBuilder) -> Vec<Kind> {
    let error = builder.client(client()).build().err();
    let problems = error.as_ref().map(BuildError::problems).unwrap_or_default();
    problems.iter().map(Problem::kind).collect()
}

#[test]
fn settings_outside_their_bounds_do_not_build() {
    type Set = fn(RemoteJwksBuilder, Duration) -> RemoteJwksBuilder;
    let day = Duration::from_secs(24 * 3600);
    let rows: [(Kind, Set, Duration, Duration); 11] = [
        // Problem, setting, last valid value, first invalid value
        (Kind::OutOfRange, |it, v| it.ttl(v), 10 * SECOND, just_before(10 * SECOND)),
        (Kind::OutOfRange, |it, v| it.ttl(v), day, day + NANOSECOND),
        (
            Kind::OutOfRange,
            |it, v| it.ttl_between(v, 60 * SECOND),
            10 * SECOND,
            just_before(10 * SECOND),
        ),
        (
            Kind::Conflict,
            |it, v| it.ttl_between(v, 60 * SECOND),
            60 * SECOND,
            60 * SECOND + NANOSECOND,
        ),
        (Kind::OutOfRange, |it, v| it.ttl_between(60 * SECOND, v), day, day + NANOSECOND),
        (Kind::OutOfRange, |it, v| it.cooldown(v), SECOND, just_before(SECOND)),
        (Kind::OutOfRange, |it, v| it.max_backoff(v), SECOND, just_before(SECOND)),
        (Kind::OutOfRange, |it, v| it.timeout(v), NANOSECOND, Duration::ZERO),
        (Kind::OutOfRange, |it, v| it.timeout(v), 30 * SECOND, 30 * SECOND + NANOSECOND),
        // The nanoseconds are used as a number of bytes or requests.
        (Kind::OutOfRange, |it, v| it.max_bytes(v.as_nanos() as usize), NANOSECOND, Duration::ZERO),
        (
            Kind::OutOfRange,
            |it, v| it.max_waiting(v.as_nanos() as usize),
            NANOSECOND,
            Duration::ZERO,
        ),
    ];
    for (at, (kind, set, good, bad)) in rows.into_iter().enumerate() {
        assert_eq!(problems(set(RemoteJwks::url(URL), good)), [], "{at}");
        assert_eq!(problems(set(RemoteJwks::url(URL), bad)), [kind], "{at}");
    }
    let mib = 1024 * 1024;
    assert_eq!(problems(RemoteJwks::url(URL).max_bytes(8 * mib)), []);
    assert_eq!(problems(RemoteJwks::url(URL).max_bytes(8 * mib + 1)), [Kind::OutOfRange]);
    // Every stale bound is valid.
    for bound in [Duration::ZERO, Duration::MAX] {
        assert_eq!(problems(RemoteJwks::url(URL).max_stale(bound)), []);
    }
}

#[test]
fn a_huge_max_waiting_is_a_problem_not_a_panic() {
    assert_eq!(problems(RemoteJwks::url(URL).max_waiting(usize::MAX)), [Kind::OutOfRange]);
    assert_eq!(problems(RemoteJwks::url(URL).max_waiting(usize::MAX >> 3)), []);
}

#[test]
fn insecure_and_malformed_urls_do_not_build() {
    for (url, as_url, as_issuer, on_loopback) in [
        ("https://auth.example.com", true, true, true),
        ("https://auth.example.com/keys", true, true, true),
        ("https://auth.example.com/keys?v=1", true, false, true),
        ("https://10.0.0.1/keys", true, true, true),
        ("http://auth.example.com/keys", false, false, false),
        ("http://127.0.0.1:3000/keys", false, false, true),
        ("http://localhost/keys", false, false, true),
        ("http://127.0.0.1.nip.io/keys", false, false, false),
        ("http://evil-localhost/keys", false, false, false),
        ("http://evil.localhost/keys", false, false, false),
        ("http://localhost.evil.example/keys", false, false, false),
        ("http://localhost:3000/keys", false, false, true),
        ("https://user:pass@auth.example.com/keys", false, false, false),
        ("https://auth.example.com/keys#k", false, false, false),
        ("//auth.example.com/keys", false, false, false),
        ("/keys", false, false, false),
        ("ftp://auth.example.com/keys", false, false, false),
        ("file:///etc/keys", false, false, false),
        ("", false, false, false),
    ] {
        assert_eq!(problems(RemoteJwks::url(url)).is_empty(), as_url, "{url}");
        assert_eq!(problems(RemoteJwks::issuer(url)).is_empty(), as_issuer, "{url}");
        let loopback = RemoteJwks::url(url).allow_http_on_loopback();
        assert_eq!(problems(loopback).is_empty(), on_loopback, "{url}");
    }
}

#[test]
fn all_problems_are_reported_at_once() {
    let builder = RemoteJwks::issuer("http://user:hunter2@auth.example.com?x#y")
        .ttl(SECOND)
        .ttl_between(60 * SECOND * 60 * 48, 60 * SECOND * 60 * 25)
        .cooldown(Duration::ZERO)
        .max_backoff(Duration::ZERO)
        .timeout(Duration::ZERO)
        .max_bytes(0)
        .max_waiting(0);
    assert!(!format!("{builder:?}").contains("hunter2"));
    let error = builder.build().unwrap_err();
    let mut expected = vec![Kind::OutOfRange; 7];
    expected.insert(1, Kind::Conflict);
    expected.push(Kind::InvalidUrl);
    let kinds: Vec<_> = error.problems().iter().map(Problem::kind).collect();
    assert_eq!(kinds, expected, "{error}");
    // Each has a reason and a fix. None contains the password.
    for problem in error.problems() {
        assert!(!problem.why().is_empty() && !problem.fix().is_empty());
    }
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}

#[tokio::test]
async fn debug_output_shows_url_and_state_but_no_key() {
    let fixture = Fixture::start().warm().await;
    let shown = format!("{:?}", fixture.keys);
    assert!(shown.contains("/keys") && shown.contains("Fresh"), "{shown}");
    // The verifier and the layer do not show key material either.
    let jwk: serde_json::Value = serde_json::from_str(&fixture.issuer.jwk()).unwrap();
    let coordinate = jwk["x"].as_str().unwrap();
    for shown in [shown, format!("{:?}", fixture.verifier), format!("{:?}", fixture.layer)] {
        assert!(!shown.contains(coordinate), "{shown}");
    }
}
