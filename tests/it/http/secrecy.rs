//! No token, secret or claim appears in a response, an error or `Debug` output.

use std::error::Error as StdError;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::FutureExt;
use http::request::Parts;
use http::{HeaderName, Request, Response};
use http_body_util::Full;
use tower::{Layer, ServiceExt};
use tower_jwt_auth::Token;
use tower_jwt_auth::possession::{Confirm, Confirmation, Unconfirmed};
use tower_jwt_auth::respond::{Plain, ProblemJson, Rejection, from_fn};
use tower_jwt_auth::source::{CookieToken, HeaderToken, RawToken, WebSocketProtocol};
use tower_jwt_auth::{Answer, ErrorKind, Identity, JwtAuthLayer, Verified, Verifier};

use super::rejections::{self, KEY_ID, NOT_BY_REQUEST, PRIVATE, rejected_request};
use crate::support::ask::{Reply, ask_layer, bearer, take_apart, who};

/// Texts that must not appear: the parts of the token, the secret and the claim values.
fn forbidden(request: &Request<String>) -> Vec<String> {
    let fields = request.headers().get_all("authorization").iter();
    let words = fields.flat_map(|field| field.to_str().unwrap().split(' '));
    let mut forbidden: Vec<_> = words
        .flat_map(|word| word.split(['.', '~']))
        // Skips the scheme and other short words.
        .filter(|part| part.len() > 8)
        .map(ToOwned::to_owned)
        .collect();
    forbidden.extend(PRIVATE.iter().map(ToString::to_string));
    forbidden.push(rejections::issuer().secret().to_owned());
    forbidden.push("10.0.0.7".to_owned());
    forbidden
}

fn assert_clean(text: &str, forbidden: &[String], context: &str) {
    for secret in forbidden {
        assert!(!text.contains(secret), "{context} shows `{secret}`: {text}");
    }
}

/// Everything that a client receives.
fn answer(reply: &Reply) -> String {
    let headers = reply.headers.iter();
    let headers = headers.map(|(name, value)| format!("{name}: {}\n", value.to_str().unwrap()));
    format!("{}\n{}\n{}", reply.status, headers.collect::<String>(), reply.text())
}

#[test]
fn no_rejection_shows_any_part_of_the_token() {
    type Change = fn(JwtAuthLayer) -> JwtAuthLayer;
    let looks: [(&str, Change); 4] = [
        ("problem+json", |layer| layer),
        ("verbose", |layer| layer.responder(ProblemJson::new().verbose())),
        ("plain", |layer| layer.responder(Plain)),
        ("with realm", |layer| layer.realm("orders")),
    ];
    let mut rejected = 0;
    for (look, change) in looks {
        for kind in ErrorKind::ALL {
            let Some((layer, request)) = rejected_request(*kind) else {
                continue;
            };
            let mut forbidden = forbidden(&request);
            if look == "verbose" {
                // The explanation names the key.
                forbidden.retain(|text| text != KEY_ID);
            }
            let clean = |text: &str, part| {
                assert_clean(text, &forbidden, &format!("{look}, {kind}: {part}"));
            };
            let service = change(layer).layer(tower::service_fn(who::<String>));
            let future = service.oneshot(request);
            let response = future.now_or_never().unwrap().unwrap();
            clean(&format!("{response:?}"), "the response, printed");
            let reply = take_apart(response).now_or_never().unwrap();
            clean(&answer(&reply), "the answer");
            let error = reply.error.unwrap();
            clean(&format!("{error:?} {error:#?} {error}"), "the error");
            rejected += 1;
        }
    }
    println!("{rejected} rejections");
    assert_eq!(rejected, looks.len() * (ErrorKind::ALL.len() - NOT_BY_REQUEST.len()));
}

#[test]
fn the_cause_of_an_outage_is_not_sent_to_clients() {
    for kind in [ErrorKind::KeysUnavailable, ErrorKind::RevocationUnavailable] {
        let (layer, request) = rejected_request(kind).unwrap();
        let reply = ask_layer(&layer, request);
        let error = reply.error.as_ref().unwrap();
        let causes = std::iter::successors(error.source(), |&cause| cause.source());
        let cause = causes.last().map(ToString::to_string);
        assert_eq!(cause.as_deref(), Some("10.0.0.7 refused"), "{kind}");
        assert!(!answer(&reply).contains("10.0.0.7"), "{kind}");
        assert!(!format!("{error:?} {error}").contains("10.0.0.7"), "{kind}");
    }
}

#[test]
fn debug_output_of_the_layer_shows_no_secret_or_token() {
    let request = bearer(&rejections::good().mint());
    // These two are configured, not secret: the subject of the policy and the key id.
    let forbidden: Vec<_> = forbidden(&request)
        .into_iter()
        .filter(|one| one != "user-1" && one != "private-key-id")
        .collect();
    let layer = rejections::layer();
    let service = layer.layer("inner");
    let secret = rejections::issuer().secret().to_owned();
    let builder = Verifier::shared_secret(&secret).previous_secret(&secret).any_audience();
    let failing = Verifier::shared_secret(&secret[..20]).previous_secret(&secret[..21]);
    let printed: [(&str, &dyn Debug); 6] = [
        ("the layer", &layer),
        ("the service", &service),
        ("the builder", &builder),
        ("the failing builder", &failing),
        ("the issuer of the tests", &rejections::issuer()),
        ("the token of the tests", &RawToken::new(rejections::good().mint())),
    ];
    for (name, it) in printed {
        assert_clean(&format!("{it:?} {it:#?}"), &forbidden, name);
        assert!(!format!("{it:?}").contains(&secret[..20]), "{name}");
    }
    let verifier = builder.build().unwrap();
    assert_clean(&format!("{verifier:?}"), &forbidden, "the verifier");
    let error = failing.any_audience().build().unwrap_err();
    assert!(!format!("{error:?} {error}").contains(&secret[..20]));
}

#[test]
fn debug_output_of_an_accepted_request_shows_no_token() {
    let request = bearer(&rejections::good().mint());
    let forbidden = forbidden(&request);
    let inner = tower::service_fn(|request: Request<String>| {
        let verified: &Verified = Verified::of(&request).unwrap();
        let identity = request.extensions().get::<Identity>().unwrap();
        let printed = format!(
            "{request:?} {:?} {verified:?} {identity:?} {:?} {:?}",
            request.extensions(),
            verified.token(),
            **verified,
        );
        std::future::ready(Ok::<_, std::convert::Infallible>(Response::new(Full::<Bytes>::from(
            printed,
        ))))
    });
    let mut service = rejections::layer().layer(inner);
    let future = tower::Service::call(&mut service, request);
    assert_clean(&format!("{future:?}"), &forbidden, "the future");
    let response = future.now_or_never().unwrap().unwrap();
    let reply = take_apart(response).now_or_never().unwrap();
    assert_eq!(reply.status, 200);
    assert_clean(reply.text(), &forbidden, "the inner service");
}

/// Records the `Debug` output of its arguments.
#[derive(Debug)]
struct Printing(Arc<Mutex<String>>);

impl Confirm for Printing {
    fn confirm(
        &self,
        request: &Parts,
        token: &Token,
        raw: &RawToken<'_>,
    ) -> Answer<Result<Confirmation, Unconfirmed>> {
        *self.0.lock().unwrap() = format!("{request:?} {token:?} {raw:?}");
        Answer::now(Ok(Confirmation::new()))
    }
}

#[test]
fn debug_output_in_confirm_shows_no_token() {
    let request = bearer(&rejections::good().mint());
    let forbidden = forbidden(&request);
    let printed = Arc::new(Mutex::new(String::new()));
    let layer = rejections::layer().confirm(Printing(Arc::clone(&printed)));
    assert_eq!(ask_layer(&layer, request).status, 200);
    let printed = printed.lock().unwrap();
    assert!(printed.contains("authorization"));
    assert_clean(&printed, &forbidden, "the request");
}

#[test]
fn debug_output_in_a_responder_shows_no_token() {
    for kind in ErrorKind::ALL {
        let Some((layer, request)) = rejected_request(*kind) else {
            continue;
        };
        if *kind == ErrorKind::UnsupportedScheme {
            continue; // credentials of another scheme are not marked as sensitive
        }
        let forbidden = forbidden(&request);
        let print = |rejection: &Rejection<'_>, request: &Parts| {
            rejection.response(Bytes::from(format!("{request:?} {rejection:?}")))
        };
        let reply = ask_layer(&layer.responder(from_fn(print)), request);
        assert_clean(reply.text(), &forbidden, kind.as_str());
    }
}

#[test]
fn debug_output_hides_tokens_in_every_location() {
    let token = rejections::good().mint();
    let (first, rest) = token.split_at(token.len() / 2);
    let print = |rejection: &Rejection<'_>, request: &Parts| {
        rejection.response(Bytes::from(format!("{request:?} {rejection:?}")))
    };
    let assertion = HeaderName::from_static("x-assertion");
    let layer = rejections::layer().responder(from_fn(print)).token_source(
        HeaderToken::new(assertion)
            .or(CookieToken::new("s").allow_chunks())
            .or(WebSocketProtocol::new("bearer")),
    );
    let tampered = format!("{first}A{rest}");
    for (name, good, bad) in [
        ("x-assertion", token.clone(), vec![format!("{token} x"), tampered.clone()]),
        (
            "cookie",
            format!("s={token}"),
            vec![
                format!("s={token}; s={tampered}"),
                format!("s.1={token}"),
                format!("s={tampered}"),
            ],
        ),
        (
            "sec-websocket-protocol",
            format!("bearer, {token}"),
            vec![format!("bearer, {token}, {token}"), format!("bearer, {tampered}")],
        ),
    ] {
        let request = |value: &str| {
            let request = Request::builder().header(name, value);
            request.body(String::new()).unwrap()
        };
        let printed = Arc::new(Mutex::new(String::new()));
        let confirming = layer.clone().confirm(Printing(Arc::clone(&printed)));
        assert_eq!(ask_layer(&confirming, request(&good)).status, 200, "{name}");
        let printed = printed.lock().unwrap();
        assert!(printed.contains(name));
        for part in [first, rest] {
            assert!(!printed.contains(part), "{name}: {printed}");
        }
        for value in bad {
            let reply = ask_layer(&layer, request(&value));
            assert!([400, 401].contains(&reply.status), "{name}");
            assert!(reply.text().contains(name));
            for part in [first, rest] {
                assert!(!reply.text().contains(part), "{name}: {}", reply.text());
            }
        }
    }
}
