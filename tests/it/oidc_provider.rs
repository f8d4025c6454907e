//! Tokens of real OpenID providers (`oidc-provider` from npm), whose keys are found by discovery.
//!
//! Runs when `BETTER_AUTH_INTEROP` is set and the features are there, and says so when it is left out.

#[cfg(not(feature = "jwks-client"))]
#[test]
fn oidc_provider_is_left_out() {
    println!("left out: the feature `jwks-client` and a crypto backend are needed");
}

#[cfg(feature = "jwks-client")]
mod live {
    use std::convert::Infallible;
    use std::sync::Arc;
    use std::time::{Duration, SystemTime};

    use bytes::Bytes;
    use http::{Request, Response};
    use http_body_util::Full;
    use serde::Deserialize;
    use serde_json::json;
    use tower::{Layer, ServiceExt, service_fn};
    use tower_jwt_auth::VerifierBuilder;
    use tower_jwt_auth::jwks::RemoteJwks;
    use tower_jwt_auth::key::KeysErrorKind;
    use tower_jwt_auth::key::{
        KeyHealth, KeySet, KeySetState, KeySource, RefreshError, RefreshReason, Refreshed,
    };
    use tower_jwt_auth::testing::FixedClock;
    use tower_jwt_auth::{Algorithm, Answer, Claims, ErrorKind, JwtAuthLayer, Verified, Verifier};

    use crate::support::ask::{ask, bearer, take_apart};
    use crate::support::failure_label;
    use crate::support::interop::{self, Server};

    // The numbers of the schedule, as documented.
    const COOL_DOWN: Duration = Duration::from_secs(30);
    const REFRESH_AHEAD: Duration = Duration::from_secs(8 * 60);
    const LIFETIME: Duration = Duration::from_secs(10 * 60);
    const LONGEST_BACK_OFF: Duration = Duration::from_secs(60);

    /// What the provider signs with, and an algorithm that a verifier might want instead: for the two of
    /// RSA, one of the same key.
    const KINDS: [(Algorithm, Algorithm); 4] = [
        (Algorithm::ES256, Algorithm::RS256),
        (Algorithm::RS256, Algorithm::PS256),
        (Algorithm::PS256, Algorithm::RS256),
        (Algorithm::EdDSA, Algorithm::ES256),
    ];

    /// Signed by one provider with one algorithm.
    #[derive(Deserialize)]
    struct Tokens {
        /// An access token of a client that speaks for itself.
        client: String,
        /// An access token of a user.
        user: String,
        /// The ID token that came with it.
        id: String,
    }

    #[tokio::test]
    async fn access_tokens_of_a_real_openid_provider_are_accepted_and_all_others_are_not() {
        if !interop::is_wanted() {
            return;
        }
        let scene = Scene::start();
        let issuer = scene.issuer();
        // The name of an issuer is a text: with a slash at the end it is another one.
        let slashed = format!("{issuer}/");
        let keys = scene.keys_of(issuer);
        let unnamed = OfNoIssuer(keys.clone());
        let others_keys = scene.keys_of(scene.server.said("other_issuer"));

        let mut counts = Vec::new();
        for (algorithm, another) in KINDS {
            let (name, mut count) = (algorithm.name(), Count::default());
            let tokens = scene.tokens("main", algorithm).await;
            let others = scene.tokens("other", algorithm).await;
            let impostors = scene.tokens("impostor", algorithm).await;
            let (resource, client) = (resource(algorithm), format!("client-{name}"));

            let api = scene.api(&keys, issuer, &resource, algorithm);
            let reads = format!("{client}: orders:read");
            let reads_and_writes = "user-1: orders:read orders:write";
            count.accept_waiting(&api, &tokens.client, &reads).await;
            count.accept(&api, &tokens.user, reads_and_writes);
            let plain = scene.verifier(&keys, issuer, &client, algorithm);
            count.accept(&layer(plain), &tokens.id, "user-1: ");

            let wrong = [
                (
                    scene.api(&keys, issuer, "https://api.example.com/", algorithm),
                    K::InvalidAudience,
                ),
                (scene.api(&unnamed, &slashed, &resource, algorithm), K::InvalidIssuer),
                (scene.api(&keys, issuer, &resource, another), K::AlgorithmNotAllowed),
                (
                    layer(scene.verifier(&keys, issuer, &resource, algorithm).typ("JWT")),
                    K::InvalidType,
                ),
            ];
            for token in [&tokens.client, &tokens.user] {
                for (wrong, kind) in &wrong {
                    count.refuse(wrong, token, *kind);
                }
                for changed in with_a_changed_byte(token) {
                    count.refuse_for_any_reason(&api, &changed);
                }
            }
            // An ID token has the right audience here, and is no access token.
            count.refuse(&scene.api(&keys, issuer, &client, algorithm), &tokens.id, K::InvalidType);

            for token in [&others.client, &others.user] {
                count.refuse(&api, token, K::UnknownKey);
            }
            // The same name and the same key ids do not make up for another key.
            for token in [&impostors.client, &impostors.user] {
                count.refuse(&api, token, K::InvalidSignature);
            }
            let other = scene.server.said("other_issuer");
            let other = scene.api(&others_keys, other, &resource, algorithm);
            count.accept_waiting(&other, &others.client, &reads).await;
            count.accept(&other, &others.user, reads_and_writes);

            println!("oidc-provider {name:<6} {count}");
            counts.push((name, count));
        }
        // Accepted: three tokens of the provider, two of the other one by who trusts that. Refused: each
        // access token by four verifiers and with three changed bytes, the ID token where access tokens
        // are wanted, two tokens of the other provider, two of the impostor.
        let each = || Count { accepted: 5, refused: 19 };
        let expected = [("ES256", each()), ("RS256", each()), ("PS256", each()), ("EdDSA", each())];
        assert_eq!(counts, expected);
        assert_eq!(scene.requests().await, Requests { metadata: 1, jwks: 1 });
    }

    #[tokio::test]
    async fn keys_that_an_openid_provider_changes_with_a_restart_are_found() {
        if !interop::is_wanted() {
            return;
        }
        let scene = Scene::start();
        let keys = scene.keys_of(scene.issuer());
        let api = |algorithm| scene.api(&keys, scene.issuer(), &resource(algorithm), algorithm);
        let user = "user-1: orders:read orders:write";
        let mut count = Count::default();

        let old = scene.tokens_of_each("main").await;
        for (algorithm, tokens) in &old {
            count.accept_waiting(&api(*algorithm), &tokens.user, user).await;
        }
        assert_eq!(scene.requests().await, Requests { metadata: 1, jwks: 1 });

        // New keys, and the old ones behind them.
        scene.server.tell("rotate").await;
        scene.pass(COOL_DOWN);
        let new = scene.tokens_of_each("main").await;
        count.accept_waiting(&api(new[0].0), &new[0].1.user, user).await;
        for (algorithm, tokens) in new.iter().chain(&old) {
            count.accept(&api(*algorithm), &tokens.user, user);
        }
        assert_eq!(scene.requests().await, Requests { metadata: 1, jwks: 2 });

        // Without the old ones. They are good until somebody looks.
        scene.server.tell("retire").await;
        scene.pass(REFRESH_AHEAD);
        count.accept(&api(old[0].0), &old[0].1.user, user);
        // Joins the refresh that goes on behind that request, or comes too late and starts none.
        keys.refresh().await.unwrap();
        for ((algorithm, new), (_, old)) in new.iter().zip(&old) {
            count.accept(&api(*algorithm), &new.user, user);
            count.refuse(&api(*algorithm), &old.user, K::UnknownKey);
        }
        assert_eq!(scene.requests().await, Requests { metadata: 1, jwks: 3 });

        println!("oidc-provider rotation {count}");
        assert_eq!(count, Count { accepted: 18, refused: 4 });
    }

    #[tokio::test]
    async fn metadata_of_an_issuer_by_nearly_the_same_name_is_not_taken() {
        if !interop::is_wanted() {
            return;
        }
        let scene = Scene::start();
        let algorithm = Algorithm::ES256;
        let tokens = scene.tokens("main", algorithm).await;
        for (name, outcome) in [
            (scene.issuer().to_owned(), (200, None, KeySetState::Fresh, None)),
            (
                format!("{}/", scene.issuer()),
                (503, Some(K::KeysUnavailable), KeySetState::Empty, Some("other_issuer")),
            ),
        ] {
            let keys = scene.keys_of(&name);
            let api = scene.api(&keys, &name, &resource(algorithm), algorithm);
            let response = api.layer(service_fn(scopes)).oneshot(bearer(&tokens.user)).await;
            let (status, kind) = take_apart(response.unwrap()).await.verdict();
            let health = keys.health();
            assert_eq!((status, kind, health.state, failure_label(&health)), outcome, "{name}");
        }
        // Both have looked at the metadata, and one at the keys.
        assert_eq!(scene.requests().await, Requests { metadata: 2, jwks: 1 });
    }

    #[tokio::test]
    async fn readiness_of_a_one_line_constructor_follows_a_real_provider() {
        if !interop::is_wanted() {
            return;
        }
        let (scene, algorithm) = (Scene::start(), Algorithm::ES256);
        let verifier = Verifier::issuer_url(scene.issuer())
            .audience(resource(algorithm))
            .allow_http_on_loopback()
            .clock(scene.clock.clone())
            .build()
            .unwrap();
        let state = || verifier.health().next().unwrap().state;
        let token = scene.tokens("main", algorithm).await.user;
        let mut seen = vec![state()];

        scene.server.tell("outage").await;
        let error = verifier.warm().await.unwrap_err();
        assert_eq!(error.failures().next().unwrap().0, Some(scene.issuer()));
        seen.push(state());

        scene.server.tell("recovery").await;
        scene.pass(LONGEST_BACK_OFF);
        verifier.warm().await.unwrap();
        seen.push(state());
        assert!(verifier.verify_now(&token).is_ok());

        scene.server.tell("outage").await;
        scene.pass(LIFETIME);
        let error = verifier.refresh().await.unwrap_err();
        assert_eq!(error.kind(), KeysErrorKind::NotRefreshed);
        seen.push(state());
        assert!(verifier.verify_now(&token).is_ok());

        scene.server.tell("recovery").await;
        scene.pass(LONGEST_BACK_OFF);
        verifier.refresh().await.unwrap();
        seen.push(state());

        let seen: Vec<_> = seen.into_iter().map(KeySetState::as_str).collect();
        println!("oidc-provider readiness {}", seen.join(" "));
        assert_eq!(seen, ["empty", "empty", "fresh", "stale", "fresh"]);
    }

    type K = ErrorKind;

    /// As in the configuration of the provider.
    fn resource(algorithm: Algorithm) -> String {
        format!("https://api.example.com/{algorithm}")
    }

    // ---- the providers, and who trusts them ----

    struct Scene {
        server: Server,
        clock: FixedClock,
    }

    /// How often the first provider was asked for its documents.
    #[derive(Debug, Deserialize, PartialEq, Eq)]
    struct Requests {
        metadata: u64,
        jwks: u64,
    }

    impl Scene {
        fn start() -> Self {
            let server = Server::start("oidc_provider");
            assert_eq!(server.said("version"), "9.13.3");
            let scene = Self { server, clock: FixedClock::new() };
            scene.pass(Duration::ZERO);
            scene
        }

        /// The keys get older. The tokens are of the provider's time, which is the real one.
        fn pass(&self, time: Duration) {
            self.clock.advance(time);
            self.clock.set(SystemTime::now());
        }

        fn issuer(&self) -> &str {
            self.server.said("issuer")
        }

        async fn tokens(&self, site: &str, algorithm: Algorithm) -> Tokens {
            let wanted = json!({ "site": site, "alg": algorithm.name() });
            serde_json::from_value(self.server.ask("tokens", wanted).await).unwrap()
        }

        async fn tokens_of_each(&self, site: &str) -> Vec<(Algorithm, Tokens)> {
            let mut all = Vec::new();
            for (algorithm, _) in KINDS {
                all.push((algorithm, self.tokens(site, algorithm).await));
            }
            all
        }

        async fn requests(&self) -> Requests {
            serde_json::from_value(self.server.tell("requests").await).unwrap()
        }

        fn keys_of(&self, issuer: &str) -> RemoteJwks {
            let keys = RemoteJwks::issuer(issuer).allow_http_on_loopback();
            keys.clock(self.clock.clone()).build().unwrap()
        }

        fn verifier(
            &self,
            keys: &(impl KeySource + Clone),
            issuer: &str,
            audience: &str,
            algorithm: Algorithm,
        ) -> VerifierBuilder {
            let verifier = Verifier::key_source(keys.clone()).issuer(issuer).audience(audience);
            verifier.algorithms([algorithm]).clock(self.clock.clone())
        }

        /// Takes access tokens and nothing else (RFC 9068 §4).
        fn api(
            &self,
            keys: &(impl KeySource + Clone),
            issuer: &str,
            audience: &str,
            algorithm: Algorithm,
        ) -> JwtAuthLayer {
            layer(self.verifier(keys, issuer, audience, algorithm).typ("at+jwt"))
        }
    }

    /// The same keys, without the name of their issuer: under another name they would not build.
    #[derive(Clone, Debug)]
    struct OfNoIssuer(RemoteJwks);

    impl KeySource for OfNoIssuer {
        fn current(&self) -> Option<Arc<KeySet>> {
            self.0.current()
        }

        fn refresh(&self, reason: RefreshReason) -> Answer<Result<Refreshed, RefreshError>> {
            KeySource::refresh(&self.0, reason)
        }

        fn health(&self) -> KeyHealth {
            self.0.health()
        }
    }

    fn layer(verifier: VerifierBuilder) -> JwtAuthLayer {
        JwtAuthLayer::new(verifier.build().unwrap())
    }

    /// Says what the handler gets to see: the subject and the scopes.
    async fn scopes(request: Request<String>) -> Result<Response<Full<Bytes>>, Infallible> {
        let user = Verified::<Claims>::of(&request).expect("the layer verified a token");
        let scopes: Vec<_> = user.token().scopes().collect();
        let text = format!("{}: {}", user.subject().unwrap_or("nobody"), scopes.join(" "));
        Ok(Response::new(Full::from(text)))
    }

    // ---- verdicts ----

    #[derive(Debug, Default, PartialEq, Eq)]
    struct Count {
        accepted: usize,
        refused: usize,
    }

    impl std::fmt::Display for Count {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(f, "accepted {} refused {}", self.accepted, self.refused)
        }
    }

    impl Count {
        /// With the keys in memory: nothing may wait.
        fn accept(&mut self, layer: &JwtAuthLayer, token: &str, seen: &str) {
            let reply = ask(layer.layer(service_fn(scopes)), bearer(token));
            assert_eq!((reply.verdict(), reply.text()), ((200, None), seen));
            self.accepted += 1;
        }

        async fn accept_waiting(&mut self, layer: &JwtAuthLayer, token: &str, seen: &str) {
            let response = layer.layer(service_fn(scopes)).oneshot(bearer(token)).await;
            let reply = take_apart(response.unwrap()).await;
            assert_eq!((reply.verdict(), reply.text()), ((200, None), seen));
            self.accepted += 1;
        }

        fn refuse(&mut self, layer: &JwtAuthLayer, token: &str, kind: ErrorKind) {
            let reply = ask(layer.layer(service_fn(scopes)), bearer(token));
            assert_eq!(reply.verdict(), (401, Some(kind)));
            self.refused += 1;
        }

        fn refuse_for_any_reason(&mut self, layer: &JwtAuthLayer, token: &str) {
            let reply = ask(layer.layer(service_fn(scopes)), bearer(token));
            assert_eq!(reply.status, 401);
            self.refused += 1;
        }
    }

    /// The token three times, with one letter changed in each of its parts.
    fn with_a_changed_byte(token: &str) -> Vec<String> {
        let ends = token.match_indices('.').map(|(at, _)| at).chain([token.len()]);
        ends.map(|end| {
            let mut changed = token.as_bytes().to_vec();
            // In the middle of a part: every bit of that letter counts.
            let at = end - 8;
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            String::from_utf8(changed).unwrap()
        })
        .collect()
    }
}
