//! Tests the presets with real Better Auth servers of several releases, installed from npm.
//!
//! Runs if `BETTER_AUTH_INTEROP` is set, and prints a note otherwise. Needs Node and npm.
#![cfg(all(feature = "better-auth", feature = "jwks-client"))]

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use tower::{Layer, ServiceExt, service_fn};
use tower_jwt_auth::jwks::RemoteJwks;
use tower_jwt_auth::provider::better_auth::{BetterAuth, SessionUser, User, session_cookie_source};
use tower_jwt_auth::testing::FixedClock;
use tower_jwt_auth::{Error, ErrorKind, Identity, JwtAuthLayer, Verifier};

use crate::support::ask::take_apart;
use crate::support::failure_label;
use crate::support::interop::{self, Server};

/// The releases in the columns below; the first one is the newest.
const RELEASES: [&str; 4] = ["1.7.25", "1.7.5", "1.4.22", "1.2.8"];

/// Each cell of the table has one letter for each of these presets.
const PRESETS: [&str; 5] =
    ["url", "oauth_access_token", "bridge_token", "session_cookie", "session_cookie_url"];

/// The expected verdicts for each kind of token of each release: `A` is accepted, any other letter is rejected with the
/// kind in [`reason`]. An empty cell means that the release does not issue this kind of token.
const TABLE: [(&str, [&str; 4]); 18] = [
    ("plugin", ["Ataat", "Ataat", "Ataat", "Ataat"]),
    ("plugin, header", ["Ataat", "Ataat", "Ataat", "Ataat"]),
    ("access token", ["", "iAaat", "", ""]),
    ("access token of a client", ["", "iAaat", "", ""]),
    ("access token, opaque", ["", "mmmmm", "mmmmm", "mmmmm"]),
    // With `oidcProvider` the issuer is that of the plugin's tokens; only the audience differs.
    ("ID token", ["", "itaat", "utaat", ""]),
    ("ID token, client secret", ["", "aassa", "aassa", "aassa"]),
    ("logout token", ["", "itaat", "", ""]),
    ("cookie, key pair", ["utaaA", "utaaA", "", ""]),
    ("cookie, secret", ["aacAa", "aacAa", "aacAa", ""]),
    ("cookie, compact", ["mmmmm", "mmmmm", "mmmmm", "mmmmm"]),
    ("cookie, encrypted", ["mmmmm", "mmmmm", "mmmmm", ""]),
    ("session token", ["mmmmm", "mmmmm", "mmmmm", "mmmmm"]),
    ("session cookie", ["mmmmm", "mmmmm", "mmmmm", "mmmmm"]),
    ("e-mail link", ["aacca", "aacca", "aacca", "aacca"]),
    ("bridge, jose", ["aaAca", "aaAca", "aaAca", "aaAca"]),
    ("bridge, jsonwebtoken", ["aaAca", "aaAca", "aaAca", "aaAca"]),
    ("bridge, userId", ["aacca", "aacca", "aacca", "aacca"]),
];

/// The reasons for empty cells.
const NOT_THERE: [(&str, &str, &str); 17] = [
    ("access token", "1.7.25", "the newest `@better-auth/oauth-provider` is 1.7.5"),
    ("access token", "1.4.22", "those of `oidcProvider` are opaque"),
    ("access token", "1.2.8", "those of `oidcProvider` are opaque"),
    ("access token of a client", "1.7.25", "the newest `@better-auth/oauth-provider` is 1.7.5"),
    ("access token of a client", "1.4.22", "`oidcProvider` has no client credentials grant"),
    ("access token of a client", "1.2.8", "`oidcProvider` has no client credentials grant"),
    ("access token, opaque", "1.7.25", "the newest `@better-auth/oauth-provider` is 1.7.5"),
    ("ID token", "1.7.25", "the newest `@better-auth/oauth-provider` is 1.7.5"),
    ("ID token", "1.2.8", "`oidcProvider` has no `useJWTPlugin`"),
    ("ID token, client secret", "1.7.25", "the newest `@better-auth/oauth-provider` is 1.7.5"),
    ("logout token", "1.7.25", "the newest `@better-auth/oauth-provider` is 1.7.5"),
    ("logout token", "1.4.22", "`oidcProvider` has no back-channel logout"),
    ("logout token", "1.2.8", "`oidcProvider` has no back-channel logout"),
    ("cookie, key pair", "1.4.22", "`sessionCookieCache` exists since 1.7"),
    ("cookie, key pair", "1.2.8", "`sessionCookieCache` exists since 1.7"),
    ("cookie, secret", "1.2.8", "strategies exist since 1.4"),
    ("cookie, encrypted", "1.2.8", "strategies exist since 1.4"),
];

fn reason(letter: char) -> ErrorKind {
    match letter {
        'a' => ErrorKind::AlgorithmNotAllowed,
        'c' => ErrorKind::MissingClaim,
        'i' => ErrorKind::InvalidIssuer,
        'm' => ErrorKind::MalformedToken,
        's' => ErrorKind::InvalidSignature,
        't' => ErrorKind::InvalidType,
        'u' => ErrorKind::InvalidAudience,
        other => panic!("{other} is not a known letter"),
    }
}

type Verdict = Pin<Box<dyn Future<Output = Result<String, Error>>>>;
type Verify = Box<dyn Fn(&str) -> Verdict>;

/// Every preset as an application configures it, with keys from the server.
fn presets(server: &Server) -> [Verify; 5] {
    fn of_user(verifier: Verifier<User>) -> Verify {
        Box::new(move |token| {
            let (verifier, token) = (verifier.clone(), token.to_owned());
            Box::pin(async move { verifier.verify(&token).await.map(|user| user.id().to_owned()) })
        })
    }
    fn of_session(verifier: Verifier<SessionUser>) -> Verify {
        Box::new(move |token| {
            let (verifier, token) = (verifier.clone(), token.to_owned());
            Box::pin(async move { verifier.verify(&token).await.map(|user| user.id().to_owned()) })
        })
    }
    let (url, secret) = (server.said("url"), server.said("secret"));
    let access = BetterAuth::url(url).oauth_access_token(server.said("resource"));
    [
        of_user(BetterAuth::url(url).build().unwrap()),
        of_user(access.build().unwrap()),
        of_user(BetterAuth::bridge_token(secret).build().unwrap()),
        of_session(BetterAuth::session_cookie(secret).build().unwrap()),
        of_session(BetterAuth::session_cookie_url(url).build().unwrap()),
    ]
}

/// The numbers of accepted, rejected and missing tokens.
type Count = (usize, usize, usize);

async fn judge(release: &'static str, expected: Count) {
    if !interop::is_wanted() {
        return;
    }
    let server = start(release);
    let column = RELEASES.iter().position(|name| *name == release).unwrap();
    let presets = presets(&server);
    let (mut accepted, mut rejected, mut missing) = (0, 0, 0);
    let mut wrong = Vec::new();
    for (kind, cells) in TABLE {
        let Some(token) = server.hello["kinds"][kind].as_str() else {
            assert_eq!(cells[column], "", "{release} has no {kind}");
            let why = NOT_THERE.iter().find(|(of, at, _)| (*of, *at) == (kind, release));
            println!("better-auth {release}: {kind}: n/a, {}", why.expect("a reason").2);
            missing += presets.len();
            continue;
        };
        let mut got = String::new();
        for verify in &presets {
            got.push(match verify(token).await {
                Ok(id) => {
                    let of_client = kind == "access token of a client";
                    assert_eq!(id == server.said("user_id"), !of_client, "{release} {kind}");
                    accepted += 1;
                    'A'
                }
                Err(error) => {
                    rejected += 1;
                    "acimstu".chars().find(|it| reason(*it) == error.kind()).unwrap_or('?')
                }
            });
        }
        println!("better-auth {release}: {kind}: {got}");
        if got != cells[column] {
            wrong.push(format!("{kind}: {got} and not {}", cells[column]));
        }
    }
    println!("better-auth {release}: accepted {accepted} rejected {rejected} n/a {missing}");
    assert!(wrong.is_empty(), "{release}, {PRESETS:?}: {wrong:#?}");
    assert_eq!((accepted, rejected, missing), expected);
    let kinds = server.hello["kinds"].as_object().unwrap();
    assert_eq!(kinds.len() * presets.len(), accepted + rejected, "a kind is not in the table");
    judge_cookies(&server).await;
    judge_settings(&server).await;
    judge_es512(&server).await;
    judge_user_ids_of_bridges(&server);
}

fn start(release: &'static str) -> Server {
    let server = match release {
        "1.7.25" => Server::start("presets"),
        older => Server::start_release("presets", older),
    };
    assert_eq!(server.said("version"), release);
    server
}

#[tokio::test]
async fn presets_accept_exactly_their_tokens_of_1_7_25() {
    judge("1.7.25", (6, 54, 30)).await;
}

#[tokio::test]
async fn presets_accept_exactly_their_tokens_of_1_7_5() {
    judge("1.7.5", (8, 82, 0)).await;
}

#[tokio::test]
async fn presets_accept_exactly_their_tokens_of_1_4_22() {
    judge("1.4.22", (5, 65, 20)).await;
}

#[tokio::test]
async fn presets_accept_exactly_their_tokens_of_1_2_8() {
    judge("1.2.8", (4, 51, 35)).await;
}

/// Tests the cookies as a browser sends them, all in one field.
async fn judge_cookies(server: &Server) {
    let (secret, url) = (server.said("secret"), server.said("url"));
    let by_secret = BetterAuth::session_cookie(secret).build().unwrap();
    let by_server = BetterAuth::session_cookie_url(url).build().unwrap();
    for (kind, by_secret_status, by_server_status) in [
        ("cookie, secret", 200, 401),
        ("cookie, secure", 200, 401),
        ("cookie, in chunks", 200, 401),
        ("cookie, key pair", 401, 200),
        ("cookie, compact", 401, 401),
        ("cookie, encrypted", 401, 401),
    ] {
        // The table above contains the kinds that a release issues.
        let Some(cookies) = server.hello["cookies"][kind].as_str() else { continue };
        for (verifier, status) in [(&by_secret, by_secret_status), (&by_server, by_server_status)] {
            let layer = JwtAuthLayer::new(verifier.clone()).token_source(session_cookie_source());
            let request = http::Request::builder().header("cookie", cookies).body(String::new());
            let service = layer.layer(service_fn(async |request: http::Request<String>| {
                let identity: &Identity = request.extensions().get().unwrap();
                let subject = identity.subject().unwrap_or_default().to_owned();
                let body = http_body_util::Full::<bytes::Bytes>::from(subject);
                Ok::<_, std::convert::Infallible>(http::Response::new(body))
            }));
            let reply = take_apart(service.oneshot(request.unwrap()).await.unwrap()).await;
            assert_eq!(reply.status, status, "{kind}");
            assert!(status != 200 || reply.text() == server.said("user_id"), "{kind}");
        }
    }
}

type Preset = fn(BetterAuth) -> BetterAuth;

/// Tests server settings that change a token: `definePayload`, `getSubject`, `audience` and `expirationTime`.
async fn judge_settings(server: &Server) {
    let (user, email) = (server.said("user_id"), server.said("email"));
    let rows: [(&str, Preset, Result<&str, ErrorKind>); 12] = [
        ("iat in milliseconds", |it| it, Ok(user)),
        ("exp with a fraction", |it| it, Ok(user)),
        ("no e-mail address", |it| it, Ok(user)),
        ("no e-mail address", BetterAuth::require_email, Err(ErrorKind::CheckFailed)),
        ("several audiences", |it| it, Ok(user)),
        ("another audience", |it| it, Err(ErrorKind::InvalidAudience)),
        ("another audience", |it| it.audience("https://other.example.com"), Ok(user)),
        ("sub is the e-mail address", |it| it, Ok(email)),
        ("sub is the e-mail address", |it| it.user_id_claim("id"), Ok(user)),
        (
            "sub is the e-mail address",
            BetterAuth::require_verified_email,
            Err(ErrorKind::CheckFailed),
        ),
        ("expired in 1970", |it| it, Err(ErrorKind::TokenExpired)),
        ("nbf to come", |it| it, Err(ErrorKind::TokenNotYetValid)),
    ];
    // One fetch for all of them.
    let keys = RemoteJwks::url(format!("{}/api/auth/jwks", server.said("url")));
    let keys = keys.allow_http_on_loopback().build().unwrap();
    for (name, preset, expected) in rows {
        let url = BetterAuth::url(server.said("url")).keys(keys.clone());
        let verifier = preset(url).build().unwrap();
        let token = server.hello["variants"][name].as_str().unwrap();
        let verdict = verifier.verify(token).await;
        let got = verdict.as_ref().map(|user| user.id()).map_err(Error::kind);
        assert_eq!(got, expected, "{name}");
    }
}

/// Tokens of e-mail links have `email`, and since 1.7.25 also `userId`. Neither may be the user id of bridge tokens
/// without an audience, because link tokens have none.
fn judge_user_ids_of_bridges(server: &Server) {
    let by = |claim: &str| BetterAuth::bridge_token(server.said("secret")).user_id_claim(claim);
    for claim in ["userId", "email"] {
        assert!(by(claim).build().is_err(), "{claim}");
    }
    let verifier = by("userId").audience(server.said("resource")).build().unwrap();
    let verdict = |token: &str| {
        let verdict = verifier.verify_now(token);
        verdict.map(|user| user.id().to_owned()).map_err(|error| error.kind())
    };
    assert_eq!(verdict(server.said("bridge_for_api")), Ok(server.said("user_id").to_owned()));
    for kind in ["e-mail link", "bridge, userId"] {
        let token = server.hello["kinds"][kind].as_str().unwrap();
        assert_eq!(verdict(token), Err(ErrorKind::InvalidAudience), "{kind}");
    }
}

/// Keys on P-521 are an option of every release, and depend on the backend.
async fn judge_es512(server: &Server) {
    let es512 = &server.hello["es512"];
    let text = |name: &str| es512[name].as_str().unwrap();
    let verifier = BetterAuth::url(text("url")).build().unwrap();
    let verdict = verifier.verify(text("token")).await;
    let got = verdict.as_ref().map(|user| user.id()).map_err(Error::kind);
    if cfg!(feature = "aws-lc-rs") {
        assert_eq!(got, Ok(text("user_id")));
    } else {
        assert!(got.is_err(), "no backend should verify ES512 here");
    }
}

// ---- key sets ----

/// A preset whose keys age only when the test advances their clock.
struct Aging {
    verifier: Verifier<User>,
    keys: RemoteJwks,
    clock: FixedClock,
}

/// The documented cooldown for unknown keys.
const COOLDOWN: Duration = Duration::from_secs(30);

impl Aging {
    fn of(url: &str) -> Self {
        let clock = FixedClock::new();
        clock.set(SystemTime::now());
        let keys = RemoteJwks::url(format!("{url}/api/auth/jwks"))
            .allow_http_on_loopback()
            .refresh_on_bad_signature()
            .clock(clock.clone())
            .build()
            .unwrap();
        let preset = BetterAuth::url(url).keys(keys.clone()).clock(clock.clone());
        Self { verifier: preset.build().unwrap(), keys, clock }
    }

    /// Ages the keys. The tokens use the real time of the server.
    fn pass(&self, time: Duration) {
        self.clock.advance(time);
        self.clock.set(SystemTime::now());
    }

    async fn verdict(&self, token: &Token) -> Result<(), ErrorKind> {
        let verdict = self.verifier.verify(&token.text).await;
        verdict.map(|user| assert_eq!(user.id(), token.user)).map_err(|error| error.kind())
    }
}

struct Token {
    user: String,
    text: String,
}

async fn token(server: &Server, site: &str) -> Token {
    let answer = server.ask("token", json!({ "site": site })).await;
    let text = |name: &str| answer[name].as_str().unwrap().to_owned();
    Token { user: text("user_id"), text: text("token") }
}

async fn fetches(server: &Server, site: &str) -> u64 {
    server.ask("fetches", json!({ "site": site })).await["fetches"].as_u64().unwrap()
}

#[tokio::test]
async fn keys_published_without_algorithm_or_id_are_found() {
    if !interop::is_wanted() {
        return;
    }
    let server = start("1.2.8");
    // Signed before the key was published; the published key then has no `alg`.
    let published = server.tell("jwks").await;
    let keys = published["keys"].as_array().unwrap();
    let members: Vec<_> = keys[0].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!((keys.len(), members), (1, vec!["crv", "kid", "kty", "x"]));
    let verifier = BetterAuth::url(server.said("url")).build().unwrap();
    let user = verifier.verify(server.hello["kinds"]["plugin"].as_str().unwrap()).await.unwrap();
    assert_eq!(user.id(), server.said("user_id"));

    // Published before it signed; the key in the first response has no `kid`, and is tried as the only key.
    let preset = Aging::of(server.said("fresh"));
    preset.keys.refresh().await.unwrap();
    assert_eq!(fetches(&server, "fresh").await, 1);
    let token = token(&server, "fresh").await;
    assert_eq!(preset.verdict(&token).await, Ok(()));
    assert_eq!(fetches(&server, "fresh").await, 1);
}

#[tokio::test]
async fn known_keys_verify_while_the_server_limits_requests() {
    if !interop::is_wanted() {
        return;
    }
    for release in RELEASES {
        let server = start(release);
        let preset = Aging::of(server.said("limited"));
        let known = token(&server, "limited").await;
        assert_eq!(preset.verdict(&known).await, Ok(()));
        assert_eq!(fetches(&server, "limited").await, 1);

        server.ask("forget", json!({ "site": "limited" })).await;
        let unknown = token(&server, "limited").await;
        server.tell("spend").await;
        let spent = fetches(&server, "limited").await;
        assert!(spent > 100, "{release}: {spent}");
        preset.pass(COOLDOWN);
        assert_eq!(preset.verdict(&unknown).await, Err(ErrorKind::KeysUnavailable));
        assert_eq!(failure_label(&preset.keys.health()), Some("client_error"));
        assert_eq!(fetches(&server, "limited").await, spent + 1);
        for _ in 0..200 {
            assert_eq!(preset.verdict(&known).await, Ok(()));
        }
        assert_eq!(preset.verdict(&unknown).await, Err(ErrorKind::KeysUnavailable));
        assert_eq!(fetches(&server, "limited").await, spent + 1);
    }
}

#[tokio::test]
async fn a_preset_waits_for_a_new_key() {
    if !interop::is_wanted() {
        return;
    }
    let server = Server::start("rotation");
    let user = server.said("user_id").to_owned();
    let token = async || {
        let answer: Value = server.tell("token").await;
        Token { user: user.clone(), text: answer["token"].as_str().unwrap().to_owned() }
    };
    let preset = Aging::of(server.said("url"));
    let first = token().await;
    assert_eq!(preset.verdict(&first).await, Ok(()));
    preset.pass(COOLDOWN);
    server.tell("rotate").await;
    let second = token().await;
    server.tell("fetches").await;
    assert_eq!(preset.verdict(&second).await, Ok(()));
    assert_eq!(preset.verdict(&first).await, Ok(()));
    assert_eq!(server.tell("fetches").await["fetches"], 1);
}
