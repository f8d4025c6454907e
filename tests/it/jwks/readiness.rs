//! Readiness and settings of verifiers with remote keys, for every constructor.

use std::time::Duration;

use http::StatusCode;
use tokio::time::{Instant, sleep};
use tower_jwt_auth::VerifierBuilder;
use tower_jwt_auth::error::ProblemKind;
use tower_jwt_auth::jwks::{RemoteJwks, RemoteJwksBuilder};
use tower_jwt_auth::key::KeysErrorKind;
use tower_jwt_auth::key::{FetchFailure, KeySetState, Refreshed};
use tower_jwt_auth::testing::{FixedClock, TestIssuer, TestIssuerService};
use tower_jwt_auth::{Issuer, Policy, Verifier};

use super::fixture::{COOLDOWN, LIFETIME, SECOND, STALE_BOUND, just_before};
use super::virtual_time::Virtual;
use crate::support::failure_label;

const ISSUER: &str = "https://auth.example.com";
const KEYS: &str = "https://auth.example.com/jwks";

/// An issuer whose metadata and keys are served from memory.
fn working() -> TestIssuerService {
    TestIssuer::es256().issuer(ISSUER).service()
}

fn down() -> TestIssuerService {
    let service = working();
    service.answer_with(StatusCode::FORBIDDEN);
    service
}

/// A verifier from each constructor that fetches keys.
fn by_each_constructor(served: &TestIssuerService) -> Vec<(&'static str, Verifier)> {
    let remote = RemoteJwks::url(KEYS).client(served.clone()).build().unwrap();
    let trusted = RemoteJwks::issuer(ISSUER).client(served.clone()).build().unwrap();
    let policy = Policy::new().audience("orders");
    let built = |builder: VerifierBuilder| builder.audience("orders").build().unwrap();
    vec![
        ("issuer_url", built(Verifier::issuer_url(ISSUER).client(served.clone()))),
        ("jwks_url", built(Verifier::jwks_url(KEYS).client(served.clone()).issuer(ISSUER))),
        ("key_source", built(Verifier::key_source(remote).issuer(ISSUER))),
        ("trust", Verifier::builder().trust(Issuer::new(ISSUER, trusted, policy)).build().unwrap()),
    ]
}

fn states<C>(verifier: &Verifier<C>) -> Vec<KeySetState> {
    verifier.health().map(|it| it.state).collect()
}

#[tokio::test]
async fn every_constructor_becomes_ready_by_warming() {
    for (name, verifier) in by_each_constructor(&working()) {
        assert_eq!(states(&verifier), [KeySetState::Empty], "{name}");
        verifier.warm().await.unwrap();
        assert_eq!(states(&verifier), [KeySetState::Fresh], "{name}");
        let token = TestIssuer::es256().issuer(ISSUER).audience("orders").token().mint();
        assert!(verifier.verify_now(&token).is_ok(), "{name}");
        assert_eq!(verifier.refresh().await.unwrap(), Refreshed::Suppressed, "{name}");
    }
}

#[tokio::test]
async fn every_constructor_names_the_issuer_that_failed_to_warm() {
    for (name, verifier) in by_each_constructor(&down()) {
        let error = verifier.warm().await.unwrap_err();
        assert_eq!(error.kind(), KeysErrorKind::NoKeys, "{name}");
        assert_eq!(error.failures().map(|(issuer, _)| issuer).collect::<Vec<_>>(), [Some(ISSUER)]);
        let (_, failure) = error.failures().next().unwrap();
        assert_eq!(failure.failure(), Some(FetchFailure::ClientError), "{name}");
        assert_eq!(states(&verifier), [KeySetState::Empty], "{name}");
        assert_eq!(failure_label(&verifier.health().next().unwrap()), Some("client_error"));
    }
}

#[cfg(feature = "better-auth")]
#[tokio::test]
async fn presets_become_ready_by_warming() {
    use tower_jwt_auth::provider::better_auth::BetterAuth;

    let (served, failing, clock) = (working(), down(), FixedClock::new());
    let preset = |served: &TestIssuerService| {
        let client = served.clone();
        let preset = BetterAuth::url(ISSUER).jwks_url(KEYS).clock(clock.clone());
        preset.remote_keys(|keys| keys.client(client))
    };
    let verifier = preset(&served).build().unwrap();
    assert_eq!(states(&verifier), [KeySetState::Empty]);
    verifier.warm().await.unwrap();
    assert_eq!((states(&verifier), served.key_requests()), (vec![KeySetState::Fresh], 1));
    clock.advance(LIFETIME);
    assert_eq!(states(&verifier), [KeySetState::Stale]);

    // Issuers that share their keys are warmed by one fetch, and each is named when it fails.
    let both =
        |served: &TestIssuerService| preset(served).issuer(ISSUER).issuer("https://old.example");
    let several = working();
    both(&several).build().unwrap().warm().await.unwrap();
    assert_eq!(several.key_requests(), 1);
    let error = both(&failing).build().unwrap().warm().await.unwrap_err();
    let named: Vec<_> = error.failures().filter_map(|(issuer, _)| issuer).collect();
    assert_eq!((named, failing.key_requests()), (vec![ISSUER, "https://old.example"], 1));

    // A preset with a secret has nothing to fetch.
    let secret = BetterAuth::bridge_token(TestIssuer::hs256().secret());
    let verifier = secret.build().unwrap();
    assert!(verifier.warm().await.is_ok());
    assert_eq!(states(&verifier), [KeySetState::Fresh]);
}

#[tokio::test]
async fn a_server_stays_ready_while_its_keys_are_stale() {
    let clock = FixedClock::new();
    let served = working();
    let keys = Verifier::jwks_url(KEYS).client(served.clone()).any_issuer().any_audience();
    let verifier = keys.clock(clock.clone()).build().unwrap();
    let is_ready = || states(&verifier) != [KeySetState::Empty];
    assert!(!is_ready());
    verifier.warm().await.unwrap();
    assert!(is_ready());
    served.answer_with(StatusCode::SERVICE_UNAVAILABLE);
    clock.advance(just_before(LIFETIME + STALE_BOUND));
    let error = verifier.refresh().await.unwrap_err();
    assert_eq!(error.kind(), KeysErrorKind::NotRefreshed);
    assert!(verifier.warm().await.is_ok() && is_ready());
    clock.advance(SECOND);
    assert!(!is_ready());
}

#[tokio::test]
async fn the_verifier_clock_applies_to_its_keys_in_any_order() {
    let clock = FixedClock::new();
    let start = || Verifier::issuer_url(ISSUER).audience("orders");
    let with_client = |builder: VerifierBuilder| builder.client(working());
    let own = |builder: VerifierBuilder| {
        builder.remote_keys(|keys: RemoteJwksBuilder| keys.clock(FixedClock::new()))
    };
    for (name, builder, ages) in [
        ("before the client", with_client(start().clock(clock.clone())), true),
        ("after the client", with_client(start()).clock(clock.clone()), true),
        ("no clock", with_client(start()), false),
        ("before the keys' own", own(with_client(start().clock(clock.clone()))), false),
        ("after the keys' own", own(with_client(start())).clock(clock.clone()), false),
    ] {
        let verifier = builder.build().unwrap();
        verifier.warm().await.unwrap();
        clock.advance(LIFETIME);
        let expected = if ages { KeySetState::Stale } else { KeySetState::Fresh };
        assert_eq!(states(&verifier), [expected], "{name}");
    }
}

#[tokio::test]
async fn remote_keys_settings_apply_to_every_url() {
    for start in [
        || Verifier::issuer_url(ISSUER).audience("orders"),
        || Verifier::jwks_url(KEYS).issuer(ISSUER).audience("orders"),
    ] {
        let (clock, served) = (FixedClock::new(), working());
        let verifier = start()
            .remote_keys(|keys| keys.ttl(20 * SECOND))
            .clock(clock.clone())
            .client(served.clone())
            .remote_keys(|keys| keys.cooldown(2 * SECOND))
            .build()
            .unwrap();
        verifier.warm().await.unwrap();
        clock.advance(just_before(2 * SECOND));
        assert_eq!(verifier.refresh().await.unwrap(), Refreshed::Suppressed);
        clock.advance(SECOND);
        assert_eq!(verifier.refresh().await.unwrap(), Refreshed::Unchanged);
        clock.advance(just_before(20 * SECOND));
        assert_eq!(states(&verifier), [KeySetState::Fresh]);
        clock.advance(SECOND);
        assert_eq!((states(&verifier), served.key_requests()), (vec![KeySetState::Stale], 2));

        // The builder of the keys validates the values.
        let bad = start().remote_keys(|keys| keys.cooldown(Duration::ZERO)).build().unwrap_err();
        assert_eq!(bad.problems()[0].kind(), ProblemKind::OutOfRange, "{bad}");
    }
    let default = Verifier::jwks_url(KEYS).client(working()).any_issuer();
    let clock = FixedClock::new();
    let default = default.any_audience().clock(clock.clone()).build().unwrap();
    default.warm().await.unwrap();
    clock.advance(just_before(COOLDOWN));
    assert_eq!(default.refresh().await.unwrap(), Refreshed::Suppressed);
}

#[test]
fn plain_http_needs_an_explicit_setting() {
    type Set = fn(RemoteJwksBuilder) -> RemoteJwksBuilder;
    for (url, on_loopback, anywhere) in [
        ("https://auth.example.com", true, true),
        ("http://127.0.0.1:3000", true, true),
        ("http://auth.example.com", false, true),
    ] {
        let issuer = || Verifier::issuer_url(url).audience("orders");
        let keys = || Verifier::jwks_url(format!("{url}/jwks")).issuer(url).audience("orders");
        for start in [&issuer as &dyn Fn() -> VerifierBuilder, &keys] {
            assert_eq!(start().build().is_ok(), url.starts_with("https"), "{url}");
            assert_eq!(start().allow_http_on_loopback().build().is_ok(), on_loopback, "{url}");
            assert_eq!(start().allow_insecure_http().build().is_ok(), anywhere, "{url}");
        }
        // The same settings, for one of several issuers.
        let settings: [(Set, bool); 3] = [
            (|it| it, url.starts_with("https")),
            (RemoteJwksBuilder::allow_http_on_loopback, on_loopback),
            (RemoteJwksBuilder::allow_insecure_http, anywhere),
        ];
        let elsewhere: [fn(RemoteJwksBuilder, String) -> RemoteJwksBuilder; 3] = [
            |it, _| it,
            |it, url| it.keys_url(format!("{url}/keys")),
            |it, url| it.metadata_url(format!("{url}/metadata")),
        ];
        for (set, is_ok) in settings {
            for place in elsewhere {
                let keys = set(place(RemoteJwks::issuer(url), url.to_owned()));
                let trusted = Issuer::new(url, keys, Policy::new().audience("orders"));
                assert_eq!(Verifier::builder().trust(trusted).build().is_ok(), is_ok, "{url}");
            }
        }
    }
}

#[test]
fn settings_of_remote_keys_need_a_url() {
    let remote = || RemoteJwks::url(KEYS).client(working()).build().unwrap();
    let starts: [&dyn Fn() -> VerifierBuilder; 4] = [
        &|| Verifier::shared_secret(TestIssuer::hs256().secret()).any_audience(),
        &|| Verifier::jwks(TestIssuer::es256().jwks()).any_issuer().any_audience(),
        &|| Verifier::key_source(remote()).any_issuer().any_audience(),
        &|| {
            let policy = Policy::new().any_audience();
            Verifier::builder().trust(Issuer::unnamed(remote(), policy))
        },
    ];
    for start in starts {
        assert!(start().build().is_ok());
        for (setting, builder) in [
            ("remote_keys", start().remote_keys(RemoteJwksBuilder::require_same_origin)),
            ("client", start().client(working())),
            ("allow_http_on_loopback", start().allow_http_on_loopback()),
            ("allow_insecure_http", start().allow_insecure_http()),
            ("metadata_url", start().metadata_url("https://auth.example.com/metadata")),
        ] {
            let error = builder.build().unwrap_err();
            let [problem] = error.problems() else { panic!("{error}") };
            assert_eq!(problem.kind(), ProblemKind::NoEffect);
            assert!(problem.what().contains(&format!("`{setting}`")), "{error}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn keep_fresh_continues_although_one_issuer_is_down() {
    let down_at_first = down();
    let keys = |served: &TestIssuerService| {
        let keys = RemoteJwks::url(KEYS).client(served.clone());
        keys.clock(Virtual(Instant::now())).build().unwrap()
    };
    let (a, b) = (keys(&working()), keys(&down_at_first));
    let policy = || Policy::new().any_audience();
    let verifier = Verifier::builder()
        .trust(Issuer::new("https://a.example", a.clone(), policy()))
        .trust(Issuer::new("https://b.example", b.clone(), policy()))
        .clock(Virtual(Instant::now()))
        .build()
        .unwrap();
    let keeping = tokio::spawn(verifier.keep_fresh());
    sleep(SECOND).await;
    assert_eq!(states(&verifier), [KeySetState::Fresh, KeySetState::Empty]);
    for minute in 0..6 * 60 {
        sleep(60 * SECOND).await;
        assert_eq!(states(&verifier)[0], KeySetState::Fresh, "minute {minute}");
        if minute == 5 {
            assert_eq!(states(&verifier)[1], KeySetState::Empty);
            down_at_first.recover();
        }
    }
    assert_eq!(states(&verifier), [KeySetState::Fresh; 2]);
    assert!(!keeping.is_finished());
    // It ends with the verifier even if the keys are still in use.
    drop(verifier);
    sleep(31 * SECOND).await;
    assert!(keeping.is_finished());
    drop((a, b));
}

#[tokio::test(start_paused = true)]
async fn keep_fresh_works_for_one_line_constructors() {
    let served = working();
    let keys = Verifier::issuer_url(ISSUER).client(served.clone()).audience("orders");
    let verifier = keys.clock(Virtual(Instant::now())).build().unwrap();
    let keeping = tokio::spawn(verifier.keep_fresh());
    for minute in 0..60 {
        sleep(60 * SECOND).await;
        assert_eq!(states(&verifier), [KeySetState::Fresh], "minute {minute}");
    }
    assert!(served.key_requests() > 6, "{}", served.key_requests());
    drop(verifier);
    sleep(31 * SECOND).await;
    assert!(keeping.is_finished());
}

#[test]
fn a_runtime_without_timers_is_reported() {
    let keys = Verifier::jwks_url(KEYS).client(working()).any_issuer();
    let verifier = keys.any_audience().build().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let error = runtime.block_on(verifier.warm()).unwrap_err();
    assert_eq!(error.failures().next().unwrap().1.failure(), Some(FetchFailure::NoTimer));
    runtime.block_on(verifier.keep_fresh());
    assert_eq!(failure_label(&verifier.health().next().unwrap()), Some("no_timer"));
    let timed = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    assert!(timed.block_on(verifier.warm()).is_ok());
    // The keys are available, but the runtime without timers still cannot start a fetch.
    let error = runtime.block_on(verifier.warm()).unwrap_err();
    assert_eq!(error.kind(), KeysErrorKind::NotRefreshed);
}
