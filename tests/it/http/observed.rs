//! What an observer of the layer is told of requests.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt;
use tower::{Layer, ServiceExt, service_fn};
use tower_jwt_auth::ErrorKind::{
    self, InvalidSignature, KeysUnavailable, MissingToken, MultipleTokens, TokenExpired,
};
use tower_jwt_auth::observe::Event;
use tower_jwt_auth::testing::TestIssuer;
use tower_jwt_auth::{JwtAuthLayer, Verifier};

use crate::support::ask::{ask_layer, bearer, request, who};
use crate::support::late_keys::LateKeys;

type Seen = Arc<Mutex<Vec<(&'static str, Option<ErrorKind>)>>>;

/// The layer with an observer, and what that one has seen.
fn observed(layer: &JwtAuthLayer) -> (JwtAuthLayer, Seen) {
    let seen = Seen::default();
    let to = Arc::clone(&seen);
    let layer = layer.clone().observer(move |event: &Event| match *event {
        Event::RequestJudged { result, reason, .. } => to.lock().unwrap().push((result, reason)),
        _ => panic!("no event of a request: {event:?}"),
    });
    (layer, seen)
}

#[test]
fn every_request_is_told_once_with_its_verdict() {
    let issuer = TestIssuer::hs256();
    let verifier = Verifier::shared_secret(issuer.secret()).any_audience().build().unwrap();
    let (layer, seen) = observed(&JwtAuthLayer::new(verifier));
    let lenient = layer.clone().allow_missing_token();
    let bypassing = layer.clone().bypass(|_| true);

    let good = issuer.token().mint();
    ask_layer(&layer, bearer(&good));
    ask_layer(&layer, bearer(&issuer.token().mint_tampered()));
    ask_layer(&layer, bearer(&issuer.token().expired().mint()));
    ask_layer(&layer, request::<&str>([]));
    ask_layer(&layer, request(["Bearer a.b.c"; 2]));
    ask_layer(&lenient, request::<&str>([]));
    ask_layer(&lenient, bearer(&good));
    ask_layer(&bypassing, bearer("whatever"));
    assert_eq!(
        *seen.lock().unwrap(),
        [
            ("accepted", None),
            ("refused", Some(InvalidSignature)),
            ("refused", Some(TokenExpired)),
            ("refused", Some(MissingToken)),
            ("refused", Some(MultipleTokens)),
            ("anonymous", None),
            ("accepted", None),
            ("anonymous", None),
        ]
    );
}

#[test]
fn a_request_that_waits_is_told_when_it_is_judged() {
    let issuer = TestIssuer::es256();
    for (keys_come, told) in
        [(true, ("accepted", None)), (false, ("refused", Some(KeysUnavailable)))]
    {
        let keys = LateKeys::default();
        let verifier = Verifier::key_source(keys.clone()).any_issuer().any_audience();
        let (layer, seen) = observed(&JwtAuthLayer::new(verifier.build().unwrap()));
        let service = layer.layer(service_fn(who));
        let mut waiting = Box::pin(service.oneshot(bearer(&issuer.token().mint())));
        assert!((&mut waiting).now_or_never().is_none());
        assert!(seen.lock().unwrap().is_empty());
        if keys_come {
            keys.arrive(&issuer.jwks());
        } else {
            keys.fail(Duration::from_secs(1));
        }
        assert!(waiting.now_or_never().is_some());
        assert_eq!(*seen.lock().unwrap(), [told]);
    }
}
