//! The subject of the token in the current span.

use std::cell::Cell;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use futures_util::FutureExt;
use tower::{Layer, ServiceExt, service_fn};
use tower_jwt_auth::error::ProblemKind;
use tower_jwt_auth::testing::TestIssuer;
use tower_jwt_auth::{JwtAuthLayer, Verifier};
use tracing::field::{Empty, Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use tracing_core::span::Current;

use crate::support::ask::{ask_layer, bearer, who};
use crate::support::late_keys::LateKeys;

/// Records what is recorded in spans after their creation.
#[derive(Clone, Default)]
struct Recorded(Arc<Mutex<Vec<String>>>);

impl Recorded {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Visit for Recorded {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.lock().unwrap().push(format!("{}={value:?}", field.name()));
    }
}

thread_local! {
    /// The metadata of the span that was created last in this thread.
    static LAST: Cell<Option<&'static Metadata<'static>>> = const { Cell::new(None) };
}

impl Subscriber for Recorded {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, span: &Attributes<'_>) -> Id {
        LAST.set(Some(span.metadata()));
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut self.clone());
    }
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
    fn current_span(&self) -> Current {
        LAST.get().map_or_else(Current::none, |last| Current::new(Id::from_u64(1), last))
    }
}

const KEY: [u8; 32] = [7; 32];
/// The first half of the HMAC-SHA-256 of `ada` with [`KEY`].
const HASH_OF_ADA: &str = "cf2f093f9c4c3f3969cc06a6934eecd4";

fn layer() -> JwtAuthLayer {
    let verifier = Verifier::shared_secret(TestIssuer::hs256().secret()).any_audience();
    JwtAuthLayer::new(verifier.build().unwrap())
}

/// What is recorded while this runs in a span with the fields `user.id` and `user.hash`.
fn recorded(run: impl FnOnce()) -> Vec<String> {
    let recorded = Recorded::default();
    tracing::subscriber::with_default(recorded.clone(), || {
        let span = tracing::info_span!("request", user.id = Empty, user.hash = Empty);
        span.in_scope(run);
    });
    recorded.take()
}

#[test]
fn the_subject_of_an_accepted_token_is_recorded_if_configured() {
    let issuer = TestIssuer::hs256();
    let ada = || issuer.token().subject("ada");
    let plain = layer().record_subject("user.id");
    let hashed = layer().record_subject_hashed("user.hash", KEY).unwrap();
    let unknown = layer().record_subject("enduser.id");
    let lenient = plain.clone().allow_invalid_token();
    let id = vec!["user.id=\"ada\"".to_owned()];
    let hash = vec![format!("user.hash=\"{HASH_OF_ADA}\"")];
    for (layer, token, expected) in [
        (&plain, ada().mint(), id.clone()),
        (&hashed, ada().mint(), hash.clone()),
        (&lenient, ada().mint(), id.clone()),
        (&layer(), ada().mint(), vec![]),
        // The span has no such field.
        (&unknown, ada().mint(), vec![]),
        (&plain, ada().without("sub").mint(), vec![]),
        (&hashed, ada().without("sub").mint(), vec![]),
        (&plain, ada().expired().mint(), vec![]),
        (&lenient, ada().expired().mint(), vec![]),
        (&hashed, ada().mint_tampered(), vec![]),
    ] {
        let got = recorded(|| _ = ask_layer(layer, bearer(&token)));
        assert_eq!(got, expected);
    }
    // The last setting replaces the others.
    let last = plain.record_subject_hashed("user.hash", KEY).unwrap();
    assert_eq!(recorded(|| _ = ask_layer(&last, bearer(&ada().mint()))), hash);
    // Without a span.
    assert_eq!(ask_layer(&last, bearer(&ada().mint())).text(), "user ada");
}

#[test]
fn a_bypassed_request_records_no_subject() {
    let token = TestIssuer::hs256().token().subject("ada").mint();
    let layer = layer().record_subject("user.id").bypass(|_| true);
    assert!(recorded(|| _ = ask_layer(&layer, bearer(&token))).is_empty());
}

#[test]
fn the_subject_is_recorded_after_waiting_for_keys() {
    let issuer = TestIssuer::es256();
    let keys = LateKeys::default();
    let verifier = Verifier::key_source(keys.clone()).any_issuer().any_audience();
    let layer = JwtAuthLayer::new(verifier.build().unwrap()).record_subject("user.id");
    let token = issuer.token().subject("ada").mint();
    let got = recorded(|| {
        let mut waiting = Box::pin(layer.layer(service_fn(who)).oneshot(bearer(&token)));
        assert!((&mut waiting).now_or_never().is_none());
        keys.arrive(&issuer.jwks());
        assert_eq!(waiting.now_or_never().unwrap().unwrap().status(), 200);
    });
    assert_eq!(got, ["user.id=\"ada\""]);
}

#[test]
fn a_short_key_is_a_problem_that_names_the_setting() {
    for len in [0, 1, 31] {
        let error = layer().record_subject_hashed("user.hash", vec![7; len]).unwrap_err();
        let [problem] = error.problems() else { panic!("{error}") };
        assert_eq!(problem.kind(), ProblemKind::WeakSecret);
        assert!(error.to_string().contains(&format!("`record_subject_hashed` has {len} bytes")));
    }
    assert!(layer().record_subject_hashed("user.hash", [7; 32]).is_ok());
}
