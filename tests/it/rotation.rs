//! Key rotation, withdrawal and outages of a real Better Auth server, through [`RemoteJwks`] and
//! the layer.
//!
//! Runs only if `BETTER_AUTH_INTEROP` is set and the features are enabled, and prints a note otherwise.

#[cfg(not(feature = "jwks-client"))]
#[test]
fn rotation_is_skipped() {
    println!("skipped: the feature `jwks-client` and a crypto backend are needed");
}

#[cfg(feature = "jwks-client")]
mod live {
    use std::sync::{Arc, Mutex};
    use std::time::{Duration, SystemTime};

    use serde_json::json;
    use tower::{Layer, ServiceExt, service_fn};
    use tower_jwt_auth::jwks::RemoteJwks;
    use tower_jwt_auth::key::KeySetState;
    use tower_jwt_auth::observe::Event;
    use tower_jwt_auth::testing::FixedClock;
    use tower_jwt_auth::{ErrorKind, JwtAuthLayer, Verifier};

    use crate::support::ask::{Reply, ask_layer, bearer, take_apart, who};
    use crate::support::failure_label;
    use crate::support::interop::{self, Server};
    use crate::support::tokens::{signature, with_signature};

    // The documented times of the schedule.
    const COOLDOWN: Duration = Duration::from_secs(30);
    const REFRESH_AHEAD: Duration = Duration::from_secs(8 * 60);
    const LIFETIME: Duration = Duration::from_secs(10 * 60);
    const FIRST_BACKOFF: Duration = Duration::from_secs(1);
    const MAX_BACKOFF: Duration = Duration::from_secs(60);

    const OUTAGES: [Outage; 3] = [
        Outage { kind: "503", arrives: true, cold: 2, label: "server_error" },
        Outage { kind: "429", arrives: true, cold: 1, label: "client_error" },
        Outage { kind: "refused", arrives: false, cold: 2, label: "connection" },
    ];

    /// A failure of the JWKS endpoint.
    struct Outage {
        kind: &'static str,
        /// Whether the request reaches the server, which can then count it.
        arrives: bool,
        /// The number of fetches without keys. A client error is not retried.
        cold: u64,
        /// The label of the failure.
        label: &'static str,
    }

    impl Outage {
        fn fetches(&self, attempts: u64) -> u64 {
            if self.arrives { attempts } else { 0 }
        }
    }

    #[tokio::test]
    async fn new_keys_are_fetched_and_withdrawn_keys_are_dropped() {
        if !interop::is_wanted() {
            return;
        }
        let server = start();
        let mut api = Api::of(&server);
        let first = token(&server).await;

        // Without keys: the first request waits for them, the second does not.
        api.accepts_waiting(&first).await;
        api.accepts(&first);
        api.expect_refreshes(&[("empty", "replaced")]);
        assert_eq!(fetches(&server).await, 1);
        api.rejects(&forged(&first), ErrorKind::InvalidSignature);
        assert_eq!(fetches(&server).await, 0);

        // The new key is published only with its first token.
        api.pass(COOLDOWN);
        assert_eq!(published(&server).await, 1);
        server.tell("rotate").await;
        assert_eq!(published(&server).await, 1);
        let second = token(&server).await;
        assert_eq!(published(&server).await, 2);
        api.accepts(&first);
        assert_eq!(fetches(&server).await, 0);
        api.accepts_waiting(&second).await;
        api.expect_refreshes(&[("unknown_key", "replaced")]);
        assert_eq!(fetches(&server).await, 1);
        api.accepts(&second);
        api.accepts(&first);

        // A third key at once: rejected without waiting, and fetched after the cooldown.
        server.tell("rotate").await;
        let third = token(&server).await;
        api.rejects(&third, ErrorKind::UnknownKey);
        assert_eq!(fetches(&server).await, 0);
        api.pass(COOLDOWN);
        api.accepts_waiting(&third).await;
        api.expect_refreshes(&[("unknown_key", "replaced")]);
        assert_eq!(fetches(&server).await, 1);

        // The first key is withdrawn. Its tokens are accepted until a request with another key starts a refresh.
        server.ask("retire", json!({ "kid": kid(&first) })).await;
        assert_eq!(published(&server).await, 2);
        api.accepts(&first);
        api.pass(REFRESH_AHEAD);
        api.accepts(&third);
        api.wait_for_refresh().await;
        api.expect_refreshes(&[("schedule", "replaced")]);
        assert_eq!(fetches(&server).await, 1);
        api.rejects(&first, ErrorKind::UnknownKey);
        assert_eq!(fetches(&server).await, 0);
        api.pass(COOLDOWN);
        api.rejects_waiting(&first, ErrorKind::UnknownKey).await;
        api.expect_refreshes(&[("unknown_key", "unchanged")]);
        assert_eq!(fetches(&server).await, 1);
        api.accepts(&second);
        api.accepts(&third);
        api.rejects(&forged(&third), ErrorKind::InvalidSignature);
        assert_eq!(fetches(&server).await, 0);

        let expected = Count { accepted: 11, rejected: 5, unavailable: 0 };
        api.count.check("rotation", &expected);
    }

    #[tokio::test]
    async fn known_keys_work_during_an_outage_of_the_key_server() {
        if !interop::is_wanted() {
            return;
        }
        let server = start();
        for outage in &OUTAGES {
            let mut api = Api::of(&server);
            let known = token(&server).await;
            api.accepts_waiting(&known).await;
            api.expect_refreshes(&[("empty", "replaced")]);
            assert_eq!(fetches(&server).await, 1);

            // Fresh keys: known keys are not affected. A token with an unknown key cannot be verified.
            server.tell("rotate").await;
            let unknown = token(&server).await;
            begin(&server, outage.kind).await;
            api.pass(COOLDOWN);
            api.accepts(&known);
            assert_eq!(fetches(&server).await, 0);
            assert_eq!(api.is_unavailable_after_waiting(&unknown).await, "30");
            api.expect_refreshes(&[("unknown_key", outage.label)]);
            assert_eq!(fetches(&server).await, outage.fetches(1));
            assert_eq!(api.is_unavailable(&unknown), "30");
            api.accepts(&known);
            api.rejects(&forged(&known), ErrorKind::InvalidSignature);
            assert_eq!(fetches(&server).await, 0);

            // The outage ends: the next request with the unknown key fetches it.
            begin(&server, "none").await;
            api.pass(COOLDOWN);
            api.accepts_waiting(&unknown).await;
            api.expect_refreshes(&[("unknown_key", "replaced")]);
            assert_eq!(fetches(&server).await, 1);

            // Keys past their lifetime still serve.
            server.tell("rotate").await;
            let unknown = token(&server).await;
            begin(&server, outage.kind).await;
            api.pass(LIFETIME);
            api.accepts(&known);
            api.wait_for_refresh().await;
            api.expect_refreshes(&[("schedule", outage.label)]);
            assert_eq!(fetches(&server).await, outage.fetches(1));
            let health = api.keys.health();
            let state = (health.state, failure_label(&health));
            assert_eq!(state, (KeySetState::Stale, Some(outage.label)));
            api.accepts(&known);
            assert_eq!(api.is_unavailable(&unknown), "30");
            api.rejects(&forged(&known), ErrorKind::InvalidSignature);
            assert_eq!(fetches(&server).await, 0);

            // The outage ends: a request with a known key is enough to fetch the unknown one.
            begin(&server, "none").await;
            api.pass(MAX_BACKOFF);
            api.accepts(&known);
            api.wait_for_refresh().await;
            api.expect_refreshes(&[("schedule", "replaced")]);
            assert_eq!(fetches(&server).await, 1);
            let health = api.keys.health();
            assert_eq!((health.state, failure_label(&health)), (KeySetState::Fresh, None));
            api.accepts(&unknown);
            assert_eq!(fetches(&server).await, 0);

            let expected = Count { accepted: 8, rejected: 2, unavailable: 3 };
            api.count.check(&format!("outage {}", outage.kind), &expected);
        }
    }

    #[tokio::test]
    async fn a_service_that_starts_during_an_outage_recovers() {
        if !interop::is_wanted() {
            return;
        }
        let server = start();
        for outage in &OUTAGES {
            let mut api = Api::of(&server);
            let token = token(&server).await;
            begin(&server, outage.kind).await;
            assert_eq!(api.is_unavailable_after_waiting(&token).await, "1");
            api.expect_refreshes(&[("empty", outage.label)]);
            assert_eq!(fetches(&server).await, outage.fetches(outage.cold));
            assert_eq!(api.is_unavailable(&token), "1");
            assert_eq!(api.is_unavailable(&forged(&token)), "1");
            assert_eq!(fetches(&server).await, 0);

            begin(&server, "none").await;
            api.pass(FIRST_BACKOFF);
            api.accepts_waiting(&token).await;
            api.expect_refreshes(&[("empty", "replaced")]);
            assert_eq!(fetches(&server).await, 1);
            api.rejects(&forged(&token), ErrorKind::InvalidSignature);
            assert_eq!(fetches(&server).await, 0);

            let expected = Count { accepted: 1, rejected: 1, unavailable: 3 };
            api.count.check(&format!("cold {}", outage.kind), &expected);
        }
    }

    // ---- the server ----

    fn start() -> Server {
        let server = Server::start("rotation");
        assert_eq!(server.said("version"), "1.7.25");
        server
    }

    async fn token(server: &Server) -> String {
        server.tell("token").await["token"].as_str().unwrap().to_owned()
    }

    /// The number of fetches of the key set since the last call.
    async fn fetches(server: &Server) -> u64 {
        server.tell("fetches").await["fetches"].as_u64().unwrap()
    }

    /// The number of published keys.
    async fn published(server: &Server) -> usize {
        server.tell("published").await["kids"].as_array().unwrap().len()
    }

    async fn begin(server: &Server, outage: &str) {
        server.ask("outage", json!({ "kind": outage })).await;
    }

    fn kid(token: &str) -> String {
        let header = crate::support::tokens::decode(token.split('.').next().unwrap());
        let header: serde_json::Value = serde_json::from_slice(&header).unwrap();
        header["kid"].as_str().unwrap().to_owned()
    }

    /// The token with one bit of its signature changed.
    fn forged(token: &str) -> String {
        let mut signature = signature(token);
        signature[10] ^= 1;
        with_signature(token, signature)
    }

    // ---- the service ----

    /// A service behind the layer, which fetches its keys from the server.
    struct Api {
        layer: JwtAuthLayer,
        keys: RemoteJwks,
        clock: FixedClock,
        refreshes: Arc<Mutex<Vec<(&'static str, &'static str)>>>,
        user: String,
        count: Count,
    }

    #[derive(Debug, Default, PartialEq, Eq)]
    struct Count {
        accepted: usize,
        rejected: usize,
        unavailable: usize,
    }

    impl Count {
        fn check(&self, what: &str, expected: &Self) {
            let Self { accepted, rejected, unavailable } = self;
            println!(
                "better-auth {what} accepted {accepted} rejected {rejected} unavailable {unavailable}"
            );
            assert_eq!(self, expected, "{what}");
        }
    }

    impl Api {
        fn of(server: &Server) -> Self {
            let url = server.said("url");
            let clock = FixedClock::new();
            let refreshes = Arc::new(Mutex::new(Vec::new()));
            let observed = Arc::clone(&refreshes);
            let keys = RemoteJwks::url(format!("{url}/api/auth/jwks"))
                .allow_http_on_loopback()
                .clock(clock.clone())
                .observer(move |event: &Event<'_>| {
                    if let Event::KeysRefreshed { trigger, outcome, .. } = event {
                        observed.lock().unwrap().push((trigger.as_str(), outcome.as_str()));
                    }
                })
                .build()
                .unwrap();
            let verifier = Verifier::key_source(keys.clone()).issuer(url).audience(url);
            let layer = JwtAuthLayer::new(verifier.clock(clock.clone()).build().unwrap());
            let (user, count) = (server.said("user_id").to_owned(), Count::default());
            let api = Self { layer, keys, clock, refreshes, user, count };
            api.pass(Duration::ZERO);
            api
        }

        /// Makes the keys older. The tokens have the time of the server, which is the real time.
        fn pass(&self, time: Duration) {
            self.clock.advance(time);
            self.clock.set(SystemTime::now());
        }

        /// The response to a request that must not wait.
        fn ask(&self, token: &str) -> Reply {
            ask_layer(&self.layer, bearer(token))
        }

        /// The response to a request that waits for keys.
        async fn ask_waiting(&self, token: &str) -> Reply {
            let service = self.layer.layer(service_fn(who));
            take_apart(service.oneshot(bearer(token)).await.unwrap()).await
        }

        fn accepts(&mut self, token: &str) {
            self.is_accepted(&self.ask(token));
        }

        async fn accepts_waiting(&mut self, token: &str) {
            self.is_accepted(&self.ask_waiting(token).await);
        }

        fn is_accepted(&mut self, reply: &Reply) {
            assert_eq!(reply.verdict(), (200, None));
            assert_eq!(reply.text(), format!("user {}", self.user));
            self.count.accepted += 1;
        }

        fn rejects(&mut self, token: &str, kind: ErrorKind) {
            assert_eq!(self.ask(token).verdict(), (401, Some(kind)));
            self.count.rejected += 1;
        }

        async fn rejects_waiting(&mut self, token: &str, kind: ErrorKind) {
            assert_eq!(self.ask_waiting(token).await.verdict(), (401, Some(kind)));
            self.count.rejected += 1;
        }

        fn is_unavailable(&mut self, token: &str) -> String {
            self.retry_after(&self.ask(token))
        }

        async fn is_unavailable_after_waiting(&mut self, token: &str) -> String {
            self.retry_after(&self.ask_waiting(token).await)
        }

        fn retry_after(&mut self, reply: &Reply) -> String {
            assert_eq!(reply.verdict(), (503, Some(ErrorKind::KeysUnavailable)));
            self.count.unavailable += 1;
            reply.header("retry-after").expect("the response has a `Retry-After`").to_owned()
        }

        /// Waits for a refresh behind a request: joins it, or comes after it and starts none.
        async fn wait_for_refresh(&self) {
            let _ = self.keys.refresh().await;
        }

        /// Checks the triggers and outcomes of the refreshes since the last call.
        fn expect_refreshes(&self, expected: &[(&str, &str)]) {
            assert_eq!(std::mem::take(&mut *self.refreshes.lock().unwrap()), expected);
        }
    }
}
