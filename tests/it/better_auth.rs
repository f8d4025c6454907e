//! Tokens of real Better Auth servers from npm.
//!
//! Runs only if `BETTER_AUTH_INTEROP` is set, and prints a note otherwise. It needs Node and npm.

use std::fs;
use std::path::Path;
use std::process::Command;

use ::http::{Request, Response, StatusCode};
use http_body_util::Empty;
use serde::Deserialize;
use serde_json::Value;
use tokio_test::block_on;
use tower::{Layer, ServiceExt, service_fn};
use tower_jwt_auth::VerifierBuilder;
use tower_jwt_auth::{Algorithm, ErrorKind, JwtAuthLayer, Verified, Verifier};

use crate::support::interop;

#[derive(Deserialize)]
struct Capture {
    better_auth_version: String,
    servers: Vec<Server>,
}

#[derive(Deserialize)]
struct Server {
    mode: String,
    alg: String,
    #[serde(default)]
    issuer: String,
    #[serde(default)]
    audience: String,
    user_id: String,
    email: String,
    tokens: Vec<Token>,
    #[serde(default)]
    jwks: String,
    #[serde(default)]
    other_jwks: String,
    #[serde(default)]
    secret: String,
    #[serde(default)]
    other_secret: String,
}

#[derive(Deserialize)]
struct Token {
    from: String,
    jwt: String,
}

/// The number of accepted and rejected tokens.
#[derive(Debug, Default, PartialEq, Eq)]
struct Count {
    accepted: usize,
    rejected: usize,
}

#[test]
fn only_valid_tokens_of_better_auth_servers_are_accepted() {
    if !interop::is_wanted() {
        return;
    }
    let capture = capture();
    println!("better-auth {}", capture.better_auth_version);
    assert_eq!(capture.better_auth_version, "1.7.25");

    let mut counts = Vec::new();
    for server in &capture.servers {
        let count = match server.mode.as_str() {
            "jwt-plugin" => check_plugin_tokens(server),
            "cookie-cache" => check_cookie_tokens(server),
            other => panic!("unknown mode {other}"),
        };
        println!(
            "{:<12} {:<6} accepted {} rejected {}",
            server.mode, server.alg, count.accepted, count.rejected
        );
        counts.push((server.alg.as_str(), count));
    }
    // Each plugin server has two tokens and the cookie server one. The verifier and the layer both accept each.
    // Rejected: another audience, another issuer, other keys, other keys with the same id, a changed byte in each
    // of the three parts; for the cookie, another secret and the three changed bytes.
    let plugin = || Count { accepted: 4, rejected: 14 };
    let expected = [
        ("EdDSA", plugin()),
        ("ES256", plugin()),
        ("RS256", plugin()),
        ("PS256", plugin()),
        ("HS256", Count { accepted: 2, rejected: 4 }),
    ];
    assert_eq!(counts, expected);
}

/// Starts the servers, collects tokens and key sets, stops the servers.
fn capture() -> Capture {
    let script = interop::script("better_auth/run.sh");
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("better_auth.json");
    let mut capture = Command::new(&script);
    capture.arg(&file).env("INTEROP_PACKAGES", interop::packages());
    let status = capture.status().expect("bash runs the script");
    assert!(status.success(), "{} failed with {status}", script.display());
    serde_json::from_slice(&fs::read(&file).unwrap()).unwrap()
}

fn check_plugin_tokens(server: &Server) -> Count {
    let algorithm = Algorithm::from_name(&server.alg).unwrap();
    let trusting = |jwks: &str, issuer: &str, audience: &str| {
        let builder = Verifier::jwks(jwks).issuer(issuer).audience(audience);
        builder.algorithms([algorithm]).build().unwrap()
    };
    let verifier = trusting(&server.jwks, &server.issuer, &server.audience);
    let relabelled = relabel(&server.other_jwks, &server.jwks);
    let mut count = Count::default();
    for token in &server.tokens {
        accept(&verifier, token, server, &mut count);
        for (wrong, kind) in [
            (trusting(&server.jwks, &server.issuer, "orders"), ErrorKind::InvalidAudience),
            (
                trusting(&server.jwks, "http://127.0.0.1:1", &server.audience),
                ErrorKind::InvalidIssuer,
            ),
            (trusting(&server.other_jwks, &server.issuer, &server.audience), ErrorKind::UnknownKey),
            (trusting(&relabelled, &server.issuer, &server.audience), ErrorKind::InvalidSignature),
        ] {
            reject(&wrong, &token.jwt, Some(kind), &mut count);
        }
        reject_changed_bytes(&verifier, &token.jwt, &mut count);
    }
    count
}

fn check_cookie_tokens(server: &Server) -> Count {
    // It has no issuer, audience or subject. The user is a claim.
    let build = |builder: VerifierBuilder| {
        let expected = server.user_id.clone();
        builder
            .any_audience()
            .claims::<Value>()
            .check("the user's id", move |claims: &Value| claims["user"]["id"] == expected.as_str())
            .build()
            .unwrap()
    };
    let verifier = build(Verifier::shared_secret(&server.secret));
    let mut count = Count::default();
    for Token { from, jwt } in &server.tokens {
        let user = verifier.verify_now(jwt).unwrap_or_else(|error| panic!("{from}: {error}"));
        assert_eq!(user["user"]["email"], server.email.as_str());
        assert_eq!(through_the_layer(&verifier, jwt).0, StatusCode::OK);
        count.accepted += 2;
        let other = build(Verifier::shared_secret(&server.other_secret));
        reject(&other, jwt, Some(ErrorKind::InvalidSignature), &mut count);
        reject_changed_bytes(&verifier, jwt, &mut count);
    }
    count
}

fn accept(verifier: &Verifier, token: &Token, server: &Server, count: &mut Count) {
    let user = verifier.verify_now(&token.jwt).unwrap_or_else(|e| panic!("{}: {e}", token.from));
    assert_eq!(user.subject(), Some(server.user_id.as_str()), "{}", token.from);
    assert_eq!(user.text("email"), Some(server.email.as_str()), "{}", token.from);
    let (status, subject) = through_the_layer(verifier, &token.jwt);
    assert_eq!((status, subject.as_deref()), (StatusCode::OK, Some(server.user_id.as_str())));
    count.accepted += 2;
}

fn reject<C>(verifier: &Verifier<C>, jwt: &str, kind: Option<ErrorKind>, count: &mut Count)
where
    C: serde::de::DeserializeOwned + Send + Sync + 'static,
{
    let error = verifier.verify_now(jwt).expect_err("the token must be rejected");
    if let Some(kind) = kind {
        assert_eq!(error.kind(), kind);
    }
    assert_eq!(through_the_layer(verifier, jwt).0, StatusCode::UNAUTHORIZED);
    count.rejected += 1;
}

fn reject_changed_bytes<C>(verifier: &Verifier<C>, jwt: &str, count: &mut Count)
where
    C: serde::de::DeserializeOwned + Send + Sync + 'static,
{
    let ends: Vec<usize> = jwt.match_indices('.').map(|(at, _)| at).chain([jwt.len()]).collect();
    for end in ends {
        let mut changed = jwt.as_bytes().to_vec();
        // Inside the part, every bit of a letter is significant.
        let at = end - 8;
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        reject(verifier, std::str::from_utf8(&changed).unwrap(), None, count);
    }
}

fn through_the_layer<C>(verifier: &Verifier<C>, jwt: &str) -> (StatusCode, Option<String>)
where
    C: serde::de::DeserializeOwned + Send + Sync + 'static,
{
    let service =
        JwtAuthLayer::new(verifier.clone()).layer(service_fn(async |request: Request<()>| {
            let user = Verified::<C>::of(&request).expect("the layer verified a token");
            let mut response = Response::new(Empty::<bytes::Bytes>::new());
            response.extensions_mut().insert(user.token().subject().map(str::to_owned));
            Ok::<_, std::convert::Infallible>(response)
        }));
    let request = Request::builder().header("authorization", format!("Bearer {jwt}")).body(());
    let response = block_on(service.oneshot(request.unwrap())).unwrap();
    let subject = response.extensions().get::<Option<String>>().cloned().flatten();
    (response.status(), subject)
}

/// The keys of one set with the ids of another.
fn relabel(keys: &str, ids: &str) -> String {
    let (mut keys, ids): (Value, Value) =
        (serde_json::from_str(keys).unwrap(), serde_json::from_str(ids).unwrap());
    keys["keys"][0]["kid"] = ids["keys"][0]["kid"].clone();
    keys.to_string()
}
