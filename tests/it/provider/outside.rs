//! A preset for a provider that this crate does not know, built only from public API.
#![cfg(feature = "jwks")]

use std::time::Duration;

use serde::Deserialize;
use tower_jwt_auth::claims::NumericDate;
use tower_jwt_auth::clock::Clock;
use tower_jwt_auth::error::{Problem, ProblemKind};
use tower_jwt_auth::jwks::RemoteJwks;
use tower_jwt_auth::key::Keys;
use tower_jwt_auth::testing::{FixedClock, TestIssuer, TestIssuerService};
use tower_jwt_auth::{Error, ErrorKind, Issuer, Policy, Rule, Verified, Verifier, VerifierBuilder};

const NAMES: [&str; 2] = ["https://login.acme.example", "https://login.acme-eu.example"];

/// An account of a provider that signs with the same keys for two regions. Its tokens contain the user's id in an object
/// next to a credential, and its sessions may end before the tokens expire.
#[derive(Debug, Deserialize)]
struct Account {
    plan: String,
    session_ends: NumericDate,
}

/// The preset.
fn acme(audience: &str, server: TestIssuerService) -> VerifierBuilder<Account> {
    let policy = Policy::new()
        .audience(audience)
        .subject_claim(["account", "id"])
        .check_token("`kid`", |token| token.header().key_id.is_some())
        .hide_claims();
    let keys: Keys = RemoteJwks::url("https://keys.acme.example/jwks").client(server).into();
    let start = Verifier::builder()
        .claims::<Account>()
        .check("a paid plan", |account| account.plan != "free")
        .check_with_clock("the session's end", |account, clock| {
            NumericDate::from(clock.now()) < account.session_ends
        })
        .operator_hint(|token, kind| match kind {
            ErrorKind::MalformedToken if token.text().starts_with("acme_") => {
                Some("an Acme API key")
            }
            ErrorKind::AlgorithmNotAllowed => {
                token.header::<String>("alg").map(|_| "an Acme webhook")
            }
            _ => None,
        });
    let start = if audience.starts_with("acme:") {
        start
    } else {
        start.problem(Problem::new(
            ProblemKind::InvalidValue,
            format!("the audience `{audience}`"),
            "Acme writes audiences as `acme:<service>`, so that no token would be accepted",
            "Pass the service's full name",
        ))
    };
    let issuer = |name| Issuer::new(name, keys.clone(), policy.clone());
    NAMES.into_iter().map(issuer).fold(start, VerifierBuilder::trust)
}

struct Scene {
    clock: FixedClock,
    server: TestIssuerService,
    verifier: Verifier<Account>,
}

impl Scene {
    fn start() -> Self {
        let clock = FixedClock::new();
        let server = TestIssuer::es256().clock(clock.clone()).service();
        let builder = acme("acme:orders", server.clone());
        // The keys use the clock of the verifier, which is set last.
        Self { verifier: builder.clock(clock.clone()).build().unwrap(), clock, server }
    }

    fn token(&self, issuer: &str, plan: &str) -> String {
        let end = NumericDate::from(self.clock.now()).saturating_add(Duration::from_secs(60));
        let token = self.server.token().claim("iss", issuer).claim("aud", "acme:orders");
        let account = serde_json::json!({ "id": "user-1", "refresh_token": "s3cr3t" });
        token
            .claim("account", account)
            .claim("plan", plan)
            .claim("session_ends", end.seconds())
            .mint()
    }

    async fn verify(&self, token: &str) -> Result<Verified<Account>, Error> {
        self.verifier.verify(token).await
    }
}

#[tokio::test]
async fn preset_issuers_share_one_key_fetch() {
    let scene = Scene::start();
    for name in NAMES {
        let user = scene.verify(&scene.token(name, "team")).await.unwrap();
        assert_eq!((user.subject(), user.issuer()), (Some("user-1"), Some(name)));
    }
    assert_eq!(scene.server.key_requests(), 1);
    // By the clock of the verifier the keys are old, and one fetch refreshes them for both issuers.
    scene.clock.advance(Duration::from_secs(3_000));
    scene.server.rotate();
    for name in NAMES {
        assert!(scene.verify(&scene.token(name, "team")).await.is_ok());
    }
    assert_eq!(scene.server.key_requests(), 2);
}

#[tokio::test]
async fn hidden_claims_appear_only_in_the_claims_type() {
    let scene = Scene::start();
    let user = scene.verify(&scene.token(NAMES[0], "team")).await.unwrap();
    assert_eq!(user.plan, "team");
    assert_eq!(user.token().claim::<String>(["account", "refresh_token"]), None);
    assert_eq!(user.token().claim::<String>("plan"), None);
    let on_plan = Rule::claim("plan", |_| true);
    assert!(!on_plan.permits(user.token()) && !on_plan.not().permits(user.token()));
}

#[tokio::test]
async fn preset_checks_use_the_verifier_clock() {
    let scene = Scene::start();
    let free = scene.verify(&scene.token(NAMES[0], "free")).await.unwrap_err();
    assert_eq!((free.kind(), free.detail()), (ErrorKind::CheckFailed, Some("a paid plan")));

    let token = scene.token(NAMES[0], "team");
    scene.clock.advance(Duration::from_secs(59));
    assert!(scene.verify(&token).await.is_ok());
    scene.clock.advance(Duration::from_secs(1));
    let ended = scene.verify(&token).await.unwrap_err();
    assert_eq!(ended.detail(), Some("the session's end"));
}

#[tokio::test]
async fn an_operator_hint_replaces_the_detail() {
    let scene = Scene::start();
    let webhook = TestIssuer::hs256().token().claim("iss", NAMES[0]).mint();
    for (token, kind, detail) in [
        ("acme_live_51H", ErrorKind::MalformedToken, "an Acme API key"),
        (&*webhook, ErrorKind::AlgorithmNotAllowed, "an Acme webhook"),
    ] {
        let error = scene.verify(token).await.unwrap_err();
        assert_eq!((error.kind(), error.detail()), (kind, Some(detail)));
    }
    // Without a hint, the detail of the rejection is kept.
    let error = scene.verify("a.b").await.unwrap_err();
    assert!(error.detail().is_some_and(|detail| !detail.contains("Acme")));
}

#[test]
fn preset_problems_are_reported_with_all_others() {
    let server = TestIssuer::es256().service();
    let error = acme("orders", server.clone()).max_token_len(0).build().unwrap_err();
    let kinds: Vec<_> = error.problems().iter().map(Problem::kind).collect();
    assert_eq!(kinds, [ProblemKind::InvalidValue, ProblemKind::OutOfRange]);
    assert!(acme("acme:orders", server).build().is_ok());
    // A preset whose keys failed trusts no issuer, which is not reported as a second problem.
    let problem = error.problems()[0].clone();
    let alone = Verifier::builder().problem(problem.clone()).build().unwrap_err();
    assert_eq!(alone.problems(), [problem]);
}

#[test]
fn key_settings_are_validated_once_for_all_issuers() {
    let keys: Keys = RemoteJwks::url("http://keys.acme.example/jwks").into();
    let issuer = |name| Issuer::new(name, keys.clone(), Policy::new().audience("orders"));
    let builder = NAMES.into_iter().map(issuer).fold(Verifier::builder(), VerifierBuilder::trust);
    let error = builder.build().unwrap_err();
    let kinds: Vec<_> = error.problems().iter().map(Problem::kind).collect();
    assert_eq!(kinds, [ProblemKind::InsecureUrl]);
}
