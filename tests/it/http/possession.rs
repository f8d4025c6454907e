//! Sender-constrained tokens and `Confirm` implementations.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::request::Parts;
use http::{HeaderMap, Request, Response};
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tower::{Layer, ServiceExt};
use tower_jwt_auth::ErrorKind::{
    self, CertificateMismatch, InvalidSignature, MissingToken, ProofRequired,
};
use tower_jwt_auth::Token;
use tower_jwt_auth::possession::{Confirm, Confirmation, Unconfirmed};
use tower_jwt_auth::source::RawToken;
use tower_jwt_auth::testing::TestIssuer;
use tower_jwt_auth::{Answer, Issuer, JwtAuthLayer, Policy, Verifier};

use crate::support::ask::{ask_layer, bearer, request, take_apart, who};
use crate::support::late_keys::LateKeys;

fn issuer() -> TestIssuer {
    TestIssuer::hs256()
}

fn layer() -> JwtAuthLayer {
    let verifier = Verifier::shared_secret(issuer().secret()).any_audience();
    JwtAuthLayer::new(verifier.build().unwrap())
}

fn bound() -> String {
    issuer().token().subject("ada").claim("cnf", json!({"x5t#S256": "abc"})).mint()
}

fn unbound() -> String {
    issuer().token().subject("ada").mint()
}

#[test]
fn a_bound_token_is_rejected_without_a_confirm() {
    let (strict, optional) = (layer(), layer().allow_missing_token());
    assert_eq!(ask_layer(&strict, bearer(&unbound())).text(), "user ada");
    let forms: [Value; 6] = [
        json!({"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}),
        json!({"x5t#S256": "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"}),
        json!({}),
        json!("unheard-of"),
        json!([]),
        json!(null),
    ];
    for cnf in forms {
        let token = issuer().token().subject("ada").claim("cnf", cnf.clone()).mint();
        for layer in [&strict, &optional] {
            let reply = ask_layer(layer, bearer(&token));
            assert_eq!(reply.verdict(), (401, Some(ProofRequired)), "{cnf}");
        }
        let open = layer().allow_bound_tokens_without_proof();
        assert_eq!(ask_layer(&open, bearer(&token)).text(), "user ada", "{cnf}");
    }
    // Only a claim with the exact name `cnf` binds a token.
    let token = issuer().token().subject("ada").claim("CNF", json!({})).mint();
    assert_eq!(ask_layer(&strict, bearer(&token)).text(), "user ada");
}

/// Counts its calls, requires a request header and adds a response header.
#[derive(Clone, Debug, Default)]
struct RequiresProof(Arc<AtomicUsize>);

impl RequiresProof {
    fn asked(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Confirm for RequiresProof {
    fn confirm(
        &self,
        request: &Parts,
        token: &Token,
        raw: &RawToken<'_>,
    ) -> Answer<Result<Confirmation, Unconfirmed>> {
        self.0.fetch_add(1, Ordering::Relaxed);
        assert_eq!(request.headers["authorization"], format!("Bearer {}", raw.as_str()));
        assert_eq!(token.subject(), Some("ada"));
        let proof = request.headers.get("proof").is_some_and(|proof| proof == "good");
        Answer::now(if proof || !token.is_sender_constrained() {
            let mut confirmation = Confirmation::new();
            confirmation.response_headers.insert("dpop-nonce", "n-1".parse().unwrap());
            Ok(confirmation)
        } else {
            Err(CertificateMismatch.into())
        })
    }
}

fn with_proof(token: &str, proof: &str) -> Request<String> {
    let mut request = bearer(token);
    request.headers_mut().insert("proof", proof.parse().unwrap());
    request
}

/// A request, the verdict, the added response header, and the number of `confirm` calls.
type Row = (Request<String>, (u16, Option<ErrorKind>), Option<&'static str>, usize);

#[test]
fn confirm_is_called_once_for_each_verified_token() {
    let confirm = RequiresProof::default();
    let layer = layer().confirm(confirm.clone());
    let rows: [Row; 7] = [
        (with_proof(&bound(), "good"), (200, None), Some("n-1"), 1),
        (bearer(&unbound()), (200, None), Some("n-1"), 1),
        (with_proof(&bound(), "bad"), (401, Some(CertificateMismatch)), None, 1),
        (bearer(&bound()), (401, Some(CertificateMismatch)), None, 1),
        (Request::default(), (401, Some(MissingToken)), None, 0),
        (request(["Bearer"]), (400, Some(ErrorKind::MalformedHeader)), None, 0),
        (
            with_proof(&issuer().token().mint_tampered(), "good"),
            (401, Some(InvalidSignature)),
            None,
            0,
        ),
    ];
    for (asked, verdict, nonce, times) in rows {
        let before = confirm.asked();
        let reply = ask_layer(&layer, asked);
        assert_eq!(reply.verdict(), verdict);
        assert_eq!(reply.header("dpop-nonce"), nonce, "{verdict:?}");
        assert_eq!(confirm.asked() - before, times, "{verdict:?}");
    }
}

#[test]
fn confirm_runs_although_bound_tokens_are_allowed_without_proof() {
    let confirm = RequiresProof::default();
    let layer = layer().allow_bound_tokens_without_proof().confirm(confirm.clone());
    let reply = ask_layer(&layer, bearer(&bound()));
    assert_eq!(reply.verdict(), (401, Some(CertificateMismatch)));
    assert_eq!(confirm.asked(), 1);
}

#[test]
fn anonymous_and_bypassed_requests_need_no_proof() {
    let confirm = RequiresProof::default();
    let open = layer().confirm(confirm.clone()).allow_missing_token();
    let reply = ask_layer(&open, Request::<String>::default());
    assert_eq!((reply.text(), reply.header("dpop-nonce")), ("anonymous", None));
    let open = layer().confirm(confirm.clone()).bypass(|_| true);
    assert_eq!(ask_layer(&open, bearer(&bound())).text(), "anonymous");
    assert_eq!(confirm.asked(), 0);
}

/// Adds several response headers.
#[derive(Debug)]
struct AddsHeaders;

impl Confirm for AddsHeaders {
    fn confirm(
        &self,
        _: &Parts,
        _: &Token,
        _: &RawToken<'_>,
    ) -> Answer<Result<Confirmation, Unconfirmed>> {
        let mut confirmation = Confirmation::new();
        let headers: &mut HeaderMap = &mut confirmation.response_headers;
        headers.append("x-first", "1".parse().unwrap());
        headers.append("x-first", "2".parse().unwrap());
        headers.append("x-second", "3".parse().unwrap());
        Answer::now(Ok(confirmation))
    }
}

#[tokio::test]
async fn confirmation_headers_are_added_to_the_inner_response() {
    let inner = tower::service_fn(async |request: Request<String>| {
        let mut response = who(request).await?;
        response.headers_mut().insert("content-language", "en".parse().unwrap());
        *response.status_mut() = http::StatusCode::CREATED;
        Ok::<Response<_>, std::convert::Infallible>(response)
    });
    let service = layer().confirm(AddsHeaders).layer(inner);
    let reply = take_apart(service.oneshot(bearer(&bound())).await.unwrap()).await;
    assert_eq!((reply.status, reply.text()), (201, "user ada"));
    assert_eq!(reply.header("content-language"), Some("en"));
    assert_eq!(reply.header("x-second"), Some("3"));
    let first: Vec<_> = reply.headers.get_all("x-first").iter().collect();
    assert_eq!(first, ["1", "2"]);
}

type Verdict = Result<Confirmation, Unconfirmed>;

/// Completes when the test sends a verdict.
#[derive(Debug)]
struct Later(std::sync::Mutex<Option<oneshot::Receiver<Verdict>>>);

impl Confirm for Later {
    fn confirm(&self, _: &Parts, _: &Token, _: &RawToken<'_>) -> Answer<Verdict> {
        let receiver = self.0.lock().unwrap().take().unwrap();
        Answer::later(async move { receiver.await.unwrap() })
    }
}

#[test]
fn confirm_may_complete_later() {
    let nonce = || {
        let mut confirmation = Confirmation::new();
        confirmation.response_headers.insert("dpop-nonce", "n-2".parse().unwrap());
        confirmation
    };
    for (verdict, expected, text) in [
        (Ok(nonce()), (200, None), Some("n-2")),
        (Err(CertificateMismatch.into()), (401, Some(CertificateMismatch)), None),
    ] {
        let (sender, receiver) = oneshot::channel();
        let layer = layer().confirm(Later(std::sync::Mutex::new(Some(receiver))));
        let service = layer.layer(tower::service_fn(who::<String>));
        let mut asked = tokio_test::task::spawn(service.oneshot(bearer(&bound())));
        tokio_test::assert_pending!(asked.poll());
        sender.send(verdict).unwrap();
        assert!(asked.is_woken());
        let response = tokio_test::assert_ready_ok!(asked.poll());
        let reply = tokio_test::block_on(take_apart(response));
        assert_eq!(reply.verdict(), expected);
        assert_eq!(reply.header("dpop-nonce"), text);
    }
}

#[test]
fn confirm_runs_after_waiting_for_keys() {
    let issuer = TestIssuer::es256();
    let bound = issuer.token().subject("ada").claim("cnf", json!({"jkt": "abc"})).mint();
    let trusting = |keys: &LateKeys| {
        let trusted = Issuer::unnamed(keys.clone(), Policy::new().any_audience());
        JwtAuthLayer::new(Verifier::builder().trust(trusted).build().unwrap())
    };
    let wait = |layer: JwtAuthLayer, keys: &LateKeys, request| {
        let service = layer.layer(tower::service_fn(who::<String>));
        let mut asked = tokio_test::task::spawn(service.oneshot(request));
        tokio_test::assert_pending!(asked.poll());
        keys.arrive(&issuer.jwks());
        let response = tokio_test::assert_ready_ok!(asked.poll());
        tokio_test::block_on(take_apart(response))
    };

    let keys = LateKeys::default();
    let reply = wait(trusting(&keys), &keys, bearer(&bound));
    assert_eq!(reply.verdict(), (401, Some(ProofRequired)));

    let (keys, confirm) = (LateKeys::default(), RequiresProof::default());
    let layer = trusting(&keys).confirm(confirm.clone());
    let reply = wait(layer, &keys, with_proof(&bound, "good"));
    assert_eq!((reply.status, reply.header("dpop-nonce")), (200, Some("n-1")));
    assert_eq!(confirm.asked(), 1);

    let keys = LateKeys::default();
    let layer = trusting(&keys).confirm(RequiresProof::default());
    let reply = wait(layer, &keys, with_proof(&bound, "bad"));
    assert_eq!(reply.verdict(), (401, Some(CertificateMismatch)));

    let keys = LateKeys::default();
    let layer = trusting(&keys).allow_bound_tokens_without_proof();
    assert_eq!(wait(layer, &keys, bearer(&bound)).text(), "user ada");
}

/// The client certificate, as the code that accepts connections inserts it.
#[derive(Clone)]
struct Certificate(&'static str);

/// Accepts a single certificate.
#[derive(Debug)]
struct RequiresCertificate;

impl Confirm for RequiresCertificate {
    fn confirm(&self, request: &Parts, _: &Token, _: &RawToken<'_>) -> Answer<Verdict> {
        let shown = request.extensions.get::<Certificate>();
        Answer::now(match shown {
            Some(Certificate("abc")) => Ok(Confirmation::new()),
            _ => Err(CertificateMismatch.into()),
        })
    }
}

#[test]
fn confirm_sees_the_extensions_after_waiting_for_keys() {
    let issuer = TestIssuer::es256();
    for (shown, expected) in [
        (Some(Certificate("abc")), (200, None)),
        (Some(Certificate("other")), (401, Some(CertificateMismatch))),
        (None, (401, Some(CertificateMismatch))),
    ] {
        let keys = LateKeys::default();
        let trusted = Issuer::unnamed(keys.clone(), Policy::new().any_audience());
        let verifier = Verifier::builder().trust(trusted).build().unwrap();
        let layer = JwtAuthLayer::new(verifier).confirm(RequiresCertificate);
        let mut request = bearer(&issuer.token().subject("ada").mint());
        if let Some(shown) = shown {
            request.extensions_mut().insert(shown);
        }
        let service = layer.layer(tower::service_fn(who::<String>));
        let mut asked = tokio_test::task::spawn(service.oneshot(request));
        tokio_test::assert_pending!(asked.poll());
        keys.arrive(&issuer.jwks());
        let response = tokio_test::assert_ready_ok!(asked.poll());
        assert_eq!(tokio_test::block_on(take_apart(response)).verdict(), expected);
    }
}

#[cfg(feature = "cache")]
#[test]
fn confirm_runs_again_for_a_cached_token() {
    use tower_jwt_auth::TokenCache;

    for cache in [TokenCache::new(8), TokenCache::new(8).digest_keys()] {
        let confirm = RequiresProof::default();
        let verifier = Verifier::shared_secret(issuer().secret()).any_audience().cache(cache);
        let layer = JwtAuthLayer::new(verifier.build().unwrap()).confirm(confirm.clone());
        let token = bound();
        for (times, (proof, verdict)) in [
            ("good", (200, None)),
            ("bad", (401, Some(CertificateMismatch))),
            ("good", (200, None)),
        ]
        .into_iter()
        .enumerate()
        {
            assert_eq!(confirm.asked(), times);
            assert_eq!(ask_layer(&layer, with_proof(&token, proof)).verdict(), verdict);
        }
        assert_eq!(confirm.asked(), 3);
    }
}
