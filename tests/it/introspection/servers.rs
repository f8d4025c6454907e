//! Real introspection endpoints: Glewlwyd, and `oidc-provider` from npm.
//!
//! Runs only if `BETTER_AUTH_INTEROP` is set, for Glewlwyd if `INTEROP_LONG` is set, and prints a note otherwise.

use std::error::Error as _;
use std::fmt::{self, Write as _};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use serde_json::json;
use tower_jwt_auth::introspection::{FormBody, Introspection};
use tower_jwt_auth::jwks::RemoteJwks;
use tower_jwt_auth::testing::FixedClock;
use tower_jwt_auth::{Error, ErrorKind, Verifier};

use super::Builder;
use super::fixture::ACTIVE_FOR;
use crate::support::interop::{self, Server};
use crate::support::raw_http::Connection;

/// A server with its keys, and a clock that makes cached answers older.
struct Site {
    server: Server,
    keys: RemoteJwks,
    clock: FixedClock,
    audience: &'static str,
}

impl Site {
    fn of(server: Server, audience: &'static str) -> Self {
        let clock = FixedClock::new();
        let keys = RemoteJwks::issuer(server.said("issuer")).allow_http_on_loopback();
        let keys = keys.clock(clock.clone()).build().unwrap();
        let site = Self { server, keys, clock, audience };
        site.pass(Duration::ZERO);
        site
    }

    /// Makes the cached answers older. The tokens have the time of the server, which is the real time.
    fn pass(&self, time: Duration) {
        self.clock.advance(time);
        self.clock.set(SystemTime::now());
    }

    /// A verifier that introspects at this path of the issuer.
    fn verifier(&self, path: &str, settings: impl FnOnce(Builder) -> Builder) -> Verifier {
        let issuer = self.server.said("issuer");
        let introspection = Introspection::endpoint(format!("{issuer}{path}"), issuer);
        let introspection = introspection.allow_http_on_loopback().clock(self.clock.clone());
        let introspection = settings(introspection).build().unwrap();
        Verifier::key_source(self.keys.clone())
            .issuer(issuer)
            .audience(self.audience)
            .typ("at+jwt")
            .clock(self.clock.clone())
            .revocation(introspection)
            .build()
            .unwrap()
    }
}

/// How many tokens had each verdict.
#[derive(Debug, Default, PartialEq, Eq)]
struct Count {
    active: usize,
    revoked: usize,
    unknown: usize,
}

impl Count {
    async fn judge(&mut self, verifier: &Verifier, token: &str) -> Option<Error> {
        let error = verifier.verify(token).await.err();
        match error.as_ref().map(Error::kind) {
            None => self.active += 1,
            Some(ErrorKind::TokenRevoked) => self.revoked += 1,
            Some(ErrorKind::RevocationUnavailable) => self.unknown += 1,
            Some(other) => panic!("{other}"),
        }
        error
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "active {} revoked {} unknown {}", self.active, self.revoked, self.unknown)
    }
}

#[tokio::test]
async fn glewlwyd_answers_for_its_jwts() {
    if !interop::is_long_wanted() {
        return;
    }
    let server = Server::start_release("glewlwyd", "glewlwyd");
    let site = Site::of(server, "https://api.example.com");
    let token = |kind: &str| site.server.hello["kinds"][kind].as_str().unwrap();
    let (mut count, app) = (Count::default(), ("app", "secret"));
    let unsigned = |(id, secret): (&'static str, &'static str)| {
        let settings =
            move |it: Builder| it.client_secret_basic(id, secret).allow_unsigned_answers();
        site.verifier("/introspect", settings)
    };

    let verifier = unsigned(app);
    let own =
        ["access token of a client", "access token, code", "access token, implicit"].map(token);
    for token in own {
        assert!(count.judge(&verifier, token).await.is_none());
    }
    // The endpoint calls a token of another client inactive, although it is valid.
    count.judge(&verifier, token("access token of another client")).await.unwrap();
    count.judge(&unsigned(("another-app", "secret")), own[0]).await.unwrap();
    assert_eq!(count, Count { active: 3, revoked: 2, unknown: 0 });
    // A wrong secret.
    let error = count.judge(&unsigned(("app", "wrong")), own[0]).await.unwrap();
    println!("glewlwyd, wrong secret: {error}");

    // Signed answers have the audience of the token, and not the client as RFC 9701 §5 requires.
    let signed = |audience: Option<&str>| {
        site.verifier("/introspect", |it| {
            let it = it.client_secret_basic("app", "secret").signed(site.keys.clone());
            audience.map(str::to_owned).into_iter().fold(it, Builder::audience)
        })
    };
    let by_api = signed(Some("https://api.example.com"));
    for token in own {
        assert!(count.judge(&by_api, token).await.is_none());
    }
    let error = count.judge(&signed(None), own[0]).await.unwrap();
    assert_eq!(error.detail(), Some("the signed introspection answer does not verify"));

    // A revoked token is accepted until the cached answer ends.
    site.server.ask("revoke", json!({ "token": own[0] })).await;
    for verifier in [&verifier, &by_api] {
        assert!(count.judge(verifier, own[0]).await.is_none());
    }
    site.pass(ACTIVE_FOR);
    let error = count.judge(&verifier, own[0]).await.unwrap();
    assert_eq!(error.kind(), ErrorKind::TokenRevoked);
    assert!(count.judge(&verifier, own[1]).await.is_none());
    // Glewlwyd 2.7.5 has no signed answer for a revoked token: it answers 400.
    let error = count.judge(&by_api, own[0]).await.unwrap();
    assert_eq!(
        error.detail(),
        Some("the introspection endpoint rejected the request with status 400")
    );
    println!("introspection glewlwyd {}: {count}", site.server.said("version"));
    assert_eq!(count, Count { active: 9, revoked: 3, unknown: 3 });
}

/// A client that replaces the token in the request with another one. With it, the provider answers for JWTs.
async fn exchange(
    request: Request<FormBody>,
    jwt: &str,
    opaque: &str,
) -> Result<Response<Full<Bytes>>, http::Error> {
    let form = request.body().text().replace(jwt, opaque);
    assert!(form.contains(opaque));
    let host = request.uri().authority().unwrap();
    let mut text = format!("POST {} HTTP/1.1\r\nHost: {host}\r\n", request.uri().path());
    for (name, value) in request.headers() {
        write!(text, "{name}: {}\r\n", value.to_str().unwrap()).unwrap();
    }
    write!(text, "Content-Length: {}\r\n\r\n{form}", form.len()).unwrap();
    let address = host.as_str().parse().unwrap();
    let answer = Connection::to(address).await.ask(text.as_bytes()).await;
    let response = Response::builder().status(answer.status);
    let content_type = answer.header("content-type").unwrap_or_default().to_owned();
    response.header("content-type", content_type).body(Full::from(answer.body))
}

#[tokio::test]
async fn oidc_provider_rejects_its_jwts_and_signs_answers() {
    if !interop::is_wanted() {
        return;
    }
    let site = Site::of(Server::start("oidc_provider"), "https://api.example.com/RS256");
    let mut count = Count::default();
    let tokens = site.server.ask("tokens", json!({ "site": "main", "alg": "RS256" })).await;
    let jwt = tokens["client"].as_str().unwrap().to_owned();
    let opaque = site.server.ask("opaque", json!({ "alg": "RS256" })).await;
    let [secret, opaque] = ["secret", "token"].map(|it| opaque[it].as_str().unwrap().to_owned());

    // It does not introspect its JWTs.
    let path = "/token/introspection";
    let authenticated = |it: Builder| it.client_secret_basic("client-RS256", &secret);
    for token in [&jwt, tokens["user"].as_str().unwrap()] {
        for signed in [true, false] {
            let verifier = site.verifier(path, |it| {
                let it = authenticated(it);
                if signed { it.signed(site.keys.clone()) } else { it.allow_unsigned_answers() }
            });
            let error = count.judge(&verifier, token).await.unwrap();
            assert!(error.detail().unwrap().contains("does not answer for JWTs"), "{error}");
            let source = error.source().unwrap().to_string();
            assert!(
                source.ends_with("answered 400 Bad Request: `unsupported_token_type`"),
                "{source}"
            );
        }
    }
    assert_eq!(count, Count { active: 0, revoked: 0, unknown: 4 });

    // Its signed answers about an opaque token for the same resource verify.
    let (sent, replaced) = (jwt.clone(), opaque.clone());
    let client = tower::service_fn(move |request| {
        let (sent, replaced) = (sent.clone(), replaced.clone());
        async move { exchange(request, &sent, &replaced).await }
    });
    let exchanged = |settings: &dyn Fn(Builder) -> Builder| {
        site.verifier(path, |it| settings(authenticated(it).client(client.clone())))
    };
    let signed = exchanged(&|it| it.signed(site.keys.clone()));
    let unsigned = exchanged(&|it| it.allow_unsigned_answers());
    let other_audience = exchanged(&|it| it.audience("another").signed(site.keys.clone()));
    assert!(count.judge(&signed, &jwt).await.is_none());
    assert!(count.judge(&unsigned, &jwt).await.is_none());
    let error = count.judge(&other_audience, &jwt).await.unwrap();
    assert_eq!(error.detail(), Some("the signed introspection answer does not verify"));

    site.server.ask("revoke", json!({ "alg": "RS256", "token": opaque })).await;
    site.pass(ACTIVE_FOR);
    for verifier in [&signed, &unsigned] {
        let error = count.judge(verifier, &jwt).await.unwrap();
        assert_eq!(error.kind(), ErrorKind::TokenRevoked, "{error}");
    }
    println!("introspection oidc-provider {}: {count}", site.server.said("version"));
    assert_eq!(count, Count { active: 2, revoked: 2, unknown: 5 });
}
