//! Tokens of real OpenID providers (`oidc-provider` from npm), with keys from discovery.
//!
//! Runs only if `BETTER_AUTH_INTEROP` is set and the features are enabled, and prints a note otherwise.

#[cfg(not(feature = "jwks-client"))]
#[test]
fn oidc_provider_is_skipped() {
    println!("skipped: the feature `jwks-client` and a crypto backend are needed");
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
    use crate::support::interop::{self, Server, with_a_changed_byte};

    // The documented times of the schedule.
    const COOLDOWN: Duration = Duration::from_secs(30);
    const REFRESH_AHEAD: Duration = Duration::from_secs(8 * 60);
    const LIFETIME: Duration = Duration::from_secs(10 * 60);
    const MAX_BACKOFF: Duration = Duration::from_secs(60);

    /// The algorithm of the provider, and another one for a verifier. For RSA, both algorithms use the
    /// same key.
    const KINDS: [(Algorithm, Algorithm); 4] = [
        (Algorithm::ES256, Algorithm::RS256),
        (Algorithm::RS256, Algorithm::PS256),
        (Algorithm::PS256, Algorithm::RS256),
        (Algorithm::EdDSA, Algorithm::ES256),
    ];

    /// The tokens of one provider with one algorithm.
    #[derive(Deserialize)]
    struct Tokens {
        /// An access token of a client on its own behalf.
        client: String,
        /// An access token of a user.
        user: String,
        /// The ID token that came with it.
        id: String,
    }

    #[tokio::test]
    async fn only_access_tokens_of_a_trusted_provider_are_accepted() {
        if !interop::is_wanted() {
            return;
        }
        let providers = Providers::start();
        let issuer = providers.issuer();
        // With a trailing slash it is another issuer.
        let slashed = format!("{issuer}/");
        let keys = providers.keys_of(issuer);
        let unnamed = WithoutIssuer(keys.clone());
        let others_keys = providers.keys_of(providers.server.said("other_issuer"));

        let mut counts = Vec::new();
        for (algorithm, another) in KINDS {
            let (name, mut count) = (algorithm.name(), Count::default());
            let tokens = providers.tokens("main", algorithm).await;
            let others = providers.tokens("other", algorithm).await;
            let impostors = providers.tokens("impostor", algorithm).await;
            let (resource, client) = (resource(algorithm), format!("client-{name}"));

            let api = providers.api(&keys, issuer, &resource, algorithm);
            let reads = format!("{client}: orders:read");
            let reads_and_writes = "user-1: orders:read orders:write";
            count.accept_waiting(&api, &tokens.client, &reads).await;
            count.accept(&api, &tokens.user, reads_and_writes);
            let plain = providers.verifier(&keys, issuer, &client, algorithm);
            count.accept(&layer(plain), &tokens.id, "user-1: ");

            let wrong = [
                (
                    providers.api(&keys, issuer, "https://api.example.com/", algorithm),
                    K::InvalidAudience,
                ),
                (providers.api(&unnamed, &slashed, &resource, algorithm), K::InvalidIssuer),
                (providers.api(&keys, issuer, &resource, another), K::AlgorithmNotAllowed),
                (
                    layer(providers.verifier(&keys, issuer, &resource, algorithm).typ("JWT")),
                    K::InvalidType,
                ),
            ];
            for token in [&tokens.client, &tokens.user] {
                for (wrong, kind) in &wrong {
                    count.reject(wrong, token, *kind);
                }
                for changed in with_a_changed_byte(token) {
                    count.reject_for_any_reason(&api, &changed);
                }
            }
            // The ID token has the right audience but is not an access token.
            count.reject(
                &providers.api(&keys, issuer, &client, algorithm),
                &tokens.id,
                K::InvalidType,
            );

            for token in [&others.client, &others.user] {
                count.reject(&api, token, K::UnknownKey);
            }
            // The impostor has the same issuer and the same key ids, but other keys.
            for token in [&impostors.client, &impostors.user] {
                count.reject(&api, token, K::InvalidSignature);
            }
            let other = providers.server.said("other_issuer");
            let other = providers.api(&others_keys, other, &resource, algorithm);
            count.accept_waiting(&other, &others.client, &reads).await;
            count.accept(&other, &others.user, reads_and_writes);

            println!("oidc-provider {name:<6} {count}");
            counts.push((name, count));
        }
        // Accepted: three tokens of the provider, and two of the other one where it is trusted. Rejected: each
        // access token by four verifiers and with three changed bytes, the ID token where an access token is
        // required, two tokens of the other provider, two of the impostor.
        let each = || Count { accepted: 5, rejected: 19 };
        let expected = [("ES256", each()), ("RS256", each()), ("PS256", each()), ("EdDSA", each())];
        assert_eq!(counts, expected);
        assert_eq!(providers.requests().await, Requests { metadata: 1, jwks: 1 });
    }

    #[tokio::test]
    async fn keys_that_change_with_a_restart_are_found() {
        if !interop::is_wanted() {
            return;
        }
        let providers = Providers::start();
        let keys = providers.keys_of(providers.issuer());
        let api =
            |algorithm| providers.api(&keys, providers.issuer(), &resource(algorithm), algorithm);
        let user = "user-1: orders:read orders:write";
        let mut count = Count::default();

        let old = providers.tokens_of_each("main").await;
        for (algorithm, tokens) in &old {
            count.accept_waiting(&api(*algorithm), &tokens.user, user).await;
        }
        assert_eq!(providers.requests().await, Requests { metadata: 1, jwks: 1 });

        // New keys, followed by the old ones.
        providers.server.tell("rotate").await;
        providers.pass(COOLDOWN);
        let new = providers.tokens_of_each("main").await;
        count.accept_waiting(&api(new[0].0), &new[0].1.user, user).await;
        for (algorithm, tokens) in new.iter().chain(&old) {
            count.accept(&api(*algorithm), &tokens.user, user);
        }
        assert_eq!(providers.requests().await, Requests { metadata: 1, jwks: 2 });

        // Without the old keys. Their tokens are accepted until the next refresh.
        providers.server.tell("retire").await;
        providers.pass(REFRESH_AHEAD);
        count.accept(&api(old[0].0), &old[0].1.user, user);
        // Joins the refresh behind that request, or comes after it and starts none.
        keys.refresh().await.unwrap();
        for ((algorithm, new), (_, old)) in new.iter().zip(&old) {
            count.accept(&api(*algorithm), &new.user, user);
            count.reject(&api(*algorithm), &old.user, K::UnknownKey);
        }
        assert_eq!(providers.requests().await, Requests { metadata: 1, jwks: 3 });

        println!("oidc-provider rotation {count}");
        assert_eq!(count, Count { accepted: 18, rejected: 4 });
    }

    #[tokio::test]
    async fn metadata_of_a_similar_issuer_name_is_rejected() {
        if !interop::is_wanted() {
            return;
        }
        let providers = Providers::start();
        let algorithm = Algorithm::ES256;
        let tokens = providers.tokens("main", algorithm).await;
        for (name, outcome) in [
            (providers.issuer().to_owned(), (200, None, KeySetState::Fresh, None)),
            (
                format!("{}/", providers.issuer()),
                (503, Some(K::KeysUnavailable), KeySetState::Empty, Some("other_issuer")),
            ),
        ] {
            let keys = providers.keys_of(&name);
            let api = providers.api(&keys, &name, &resource(algorithm), algorithm);
            let response = api.layer(service_fn(scopes)).oneshot(bearer(&tokens.user)).await;
            let (status, kind) = take_apart(response.unwrap()).await.verdict();
            let health = keys.health();
            assert_eq!((status, kind, health.state, failure_label(&health)), outcome, "{name}");
        }
        // Both have fetched the metadata, and one has fetched the keys.
        assert_eq!(providers.requests().await, Requests { metadata: 2, jwks: 1 });
    }

    #[tokio::test]
    async fn readiness_follows_a_real_provider() {
        if !interop::is_wanted() {
            return;
        }
        let (providers, algorithm) = (Providers::start(), Algorithm::ES256);
        let verifier = Verifier::issuer_url(providers.issuer())
            .audience(resource(algorithm))
            .allow_http_on_loopback()
            .clock(providers.clock.clone())
            .build()
            .unwrap();
        let state = || verifier.health().next().unwrap().state;
        let token = providers.tokens("main", algorithm).await.user;
        let mut seen = vec![state()];

        providers.server.tell("outage").await;
        let error = verifier.warm().await.unwrap_err();
        assert_eq!(error.failures().next().unwrap().0, Some(providers.issuer()));
        seen.push(state());

        providers.server.tell("recovery").await;
        providers.pass(MAX_BACKOFF);
        verifier.warm().await.unwrap();
        seen.push(state());
        assert!(verifier.verify_now(&token).is_ok());

        providers.server.tell("outage").await;
        providers.pass(LIFETIME);
        let error = verifier.refresh().await.unwrap_err();
        assert_eq!(error.kind(), KeysErrorKind::NotRefreshed);
        seen.push(state());
        assert!(verifier.verify_now(&token).is_ok());

        providers.server.tell("recovery").await;
        providers.pass(MAX_BACKOFF);
        verifier.refresh().await.unwrap();
        seen.push(state());

        let seen: Vec<_> = seen.into_iter().map(KeySetState::as_str).collect();
        println!("oidc-provider readiness {}", seen.join(" "));
        assert_eq!(seen, ["empty", "empty", "fresh", "stale", "fresh"]);
    }

    type K = ErrorKind;

    /// The resource in the configuration of the provider.
    fn resource(algorithm: Algorithm) -> String {
        format!("https://api.example.com/{algorithm}")
    }

    // ---- the providers and their verifiers ----

    struct Providers {
        server: Server,
        clock: FixedClock,
    }

    /// The number of requests for the documents of the first provider.
    #[derive(Debug, Deserialize, PartialEq, Eq)]
    struct Requests {
        metadata: u64,
        jwks: u64,
    }

    impl Providers {
        fn start() -> Self {
            let server = Server::start("oidc_provider");
            assert_eq!(server.said("version"), "9.13.3");
            let providers = Self { server, clock: FixedClock::new() };
            providers.pass(Duration::ZERO);
            providers
        }

        /// Makes the keys older. The tokens have the time of the provider, which is the real time.
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

        /// Accepts only access tokens (RFC 9068 §4).
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

    /// The same keys without their issuer name. With it, a verifier for another issuer does not build.
    #[derive(Clone, Debug)]
    struct WithoutIssuer(RemoteJwks);

    impl KeySource for WithoutIssuer {
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

    /// Responds with the subject and the scopes that the handler receives.
    async fn scopes(request: Request<String>) -> Result<Response<Full<Bytes>>, Infallible> {
        let user = Verified::<Claims>::of(&request).expect("the layer verified a token");
        let scopes: Vec<_> = user.token().scopes().collect();
        let text = format!("{}: {}", user.subject().unwrap_or("no subject"), scopes.join(" "));
        Ok(Response::new(Full::from(text)))
    }

    // ---- verdicts ----

    #[derive(Debug, Default, PartialEq, Eq)]
    struct Count {
        accepted: usize,
        rejected: usize,
    }

    impl std::fmt::Display for Count {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(f, "accepted {} rejected {}", self.accepted, self.rejected)
        }
    }

    impl Count {
        /// Uses cached keys, so the request must not wait.
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

        fn reject(&mut self, layer: &JwtAuthLayer, token: &str, kind: ErrorKind) {
            let reply = ask(layer.layer(service_fn(scopes)), bearer(token));
            assert_eq!(reply.verdict(), (401, Some(kind)));
            self.rejected += 1;
        }

        fn reject_for_any_reason(&mut self, layer: &JwtAuthLayer, token: &str) {
            let reply = ask(layer.layer(service_fn(scopes)), bearer(token));
            assert_eq!(reply.status, 401);
            self.rejected += 1;
        }
    }
}
