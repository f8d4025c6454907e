//! The response to each error kind.

use http::Request;
use serde_json::{Value, json};
use tower_jwt_auth::possession::{Confirm, Confirmation, Unconfirmed};
use tower_jwt_auth::source::RawToken;
use tower_jwt_auth::testing::FixedClock;
use tower_jwt_auth::{Answer, ErrorKind, JwtAuthLayer, Verifier};

use super::rejections::{self, NOT_BY_REQUEST, rejected_request};
use crate::support::ask::{Reply, ask_layer, bearer};

/// A response: status, `WWW-Authenticate`, `Retry-After`, body.
struct Expected {
    status: u16,
    challenge: Option<&'static str>,
    retry_after: Option<&'static str>,
    body: Value,
}

/// No bearer credentials: a challenge without an error code.
fn missing() -> Expected {
    Expected {
        status: 401,
        challenge: Some("Bearer"),
        retry_after: None,
        body: json!({
            "type": "about:blank", "title": "Unauthorized", "status": 401,
            "detail": "The request needs an access token",
        }),
    }
}

/// Malformed credentials.
fn malformed() -> Expected {
    Expected {
        status: 400,
        challenge: Some(
            r#"Bearer error="invalid_request", error_description="The request is malformed""#,
        ),
        retry_after: None,
        body: json!({
            "type": "about:blank", "title": "Bad Request", "status": 400,
            "detail": "The request is malformed", "error": "invalid_request",
        }),
    }
}

/// An invalid token: the same response for every reason.
fn invalid() -> Expected {
    Expected {
        status: 401,
        challenge: Some(
            r#"Bearer error="invalid_token", error_description="The access token is invalid""#,
        ),
        retry_after: None,
        body: json!({
            "type": "about:blank", "title": "Unauthorized", "status": 401,
            "detail": "The access token is invalid", "error": "invalid_token",
        }),
    }
}

/// The exception: clients act on expiry.
fn expired() -> Expected {
    Expected {
        status: 401,
        challenge: Some(
            r#"Bearer error="invalid_token", error_description="The access token expired""#,
        ),
        retry_after: None,
        body: json!({
            "type": "about:blank", "title": "Unauthorized", "status": 401,
            "detail": "The access token expired", "error": "invalid_token",
        }),
    }
}

/// An authenticated client without permission.
fn forbidden(detail: &str, challenge: &'static str) -> Expected {
    Expected {
        status: 403,
        challenge: Some(challenge),
        retry_after: None,
        body: json!({
            "type": "about:blank", "title": "Forbidden", "status": 403,
            "detail": detail, "error": "insufficient_scope",
        }),
    }
}

/// An authenticated client that must log in again.
fn step_up() -> Expected {
    Expected {
        status: 401,
        challenge: Some(
            "Bearer error=\"insufficient_user_authentication\", \
             error_description=\"A stronger or more recent login is needed\"",
        ),
        retry_after: None,
        body: json!({
            "type": "about:blank", "title": "Unauthorized", "status": 401,
            "detail": "A stronger or more recent login is needed",
            "error": "insufficient_user_authentication",
        }),
    }
}

/// A failure of the server; the client may retry.
fn unavailable(retry_after: &'static str) -> Expected {
    Expected {
        status: 503,
        challenge: None,
        retry_after: Some(retry_after),
        body: json!({
            "type": "about:blank", "title": "Service Unavailable", "status": 503,
            "detail": "The access token cannot be verified at the moment",
        }),
    }
}

/// A failure of the server; a retry does not help.
fn internal() -> Expected {
    Expected {
        status: 500,
        challenge: None,
        retry_after: None,
        body: json!({
            "type": "about:blank", "title": "Internal Server Error", "status": 500,
            "detail": "The server cannot answer this request",
        }),
    }
}

/// The expected response to each kind. A kind without one fails the tests below.
fn expected(kind: ErrorKind) -> Option<Expected> {
    use ErrorKind as K;
    #[allow(clippy::match_same_arms)] // a table: one row for each
    Some(match kind {
        K::MissingToken => missing(),
        K::UnsupportedScheme => missing(),
        K::MalformedHeader => malformed(),
        K::MultipleTokens => malformed(),
        K::TokenTooLarge => invalid(),
        K::MalformedToken => invalid(),
        K::AlgorithmNotAllowed => invalid(),
        K::UnknownKey => invalid(),
        K::InvalidSignature => invalid(),
        K::InvalidIssuer => invalid(),
        K::InvalidAudience => invalid(),
        K::InvalidSubject => invalid(),
        K::TokenExpired => expired(),
        K::TokenNotYetValid => invalid(),
        K::TokenTooOld => invalid(),
        K::InvalidType => invalid(),
        K::MissingClaim => invalid(),
        K::InvalidClaims => invalid(),
        K::CheckFailed => invalid(),
        K::ProofRequired => invalid(),
        K::CertificateMismatch => invalid(),
        K::TokenRevoked => invalid(),
        K::InsufficientScope => forbidden(
            "The access token lacks a scope",
            r#"Bearer error="insufficient_scope", error_description="The access token lacks a scope""#,
        ),
        K::Forbidden => forbidden(
            "The access token does not permit this",
            "Bearer error=\"insufficient_scope\", \
             error_description=\"The access token does not permit this\"",
        ),
        K::StepUpRequired => step_up(),
        K::ConfirmUnavailable => unavailable("1"),
        K::RevocationUnavailable => unavailable("1"),
        K::KeysUnavailable => unavailable("1"),
        K::Internal => internal(),
        _ => return None,
    })
}

/// Compares the status, every header and the body with the expected response.
fn compare(kind: ErrorKind, reply: &Reply, expected: &Expected) {
    assert_eq!(reply.verdict(), (expected.status, Some(kind)));
    assert_eq!(reply.header("www-authenticate"), expected.challenge, "{kind}");
    assert_eq!(reply.header("retry-after"), expected.retry_after, "{kind}");
    assert_eq!(reply.header("cache-control"), Some("no-store"), "{kind}");
    assert_eq!(reply.header("content-type"), Some("application/problem+json"), "{kind}");
    let optional = [expected.challenge, expected.retry_after];
    let headers = 2 + optional.iter().flatten().count();
    assert_eq!(reply.headers.len(), headers, "{kind}: {:?}", reply.headers);
    assert_eq!(reply.json(), expected.body, "{kind}");
}

/// Rejects every proof with this kind.
#[derive(Debug)]
struct Never(ErrorKind);

impl Confirm for Never {
    fn confirm(
        &self,
        _: &http::request::Parts,
        _: &tower_jwt_auth::Token,
        _: &RawToken<'_>,
    ) -> Answer<Result<Confirmation, Unconfirmed>> {
        Answer::now(Err(self.0.into()))
    }
}

#[test]
fn every_error_kind_has_an_expected_response() {
    let issuer = rejections::issuer();
    let verifier = Verifier::shared_secret(issuer.secret()).any_audience();
    let verifier = verifier.clock(FixedClock::new()).build().unwrap();
    for kind in ErrorKind::ALL {
        let expected = expected(*kind).unwrap_or_else(|| panic!("`{kind}` is not in the table"));
        let layer = JwtAuthLayer::new(verifier.clone()).confirm(Never(*kind));
        let reply = ask_layer(&layer, bearer(&issuer.token().mint()));
        compare(*kind, &reply, &expected);
    }
    println!("{} error kinds", ErrorKind::ALL.len());
}

#[test]
fn every_reachable_error_kind_is_caused_by_a_request() {
    let mut caused = 0;
    for kind in ErrorKind::ALL {
        let Some((layer, request)) = rejected_request(*kind) else {
            assert!(NOT_BY_REQUEST.contains(kind), "no request causes `{kind}`");
            continue;
        };
        let mut expected = expected(*kind).unwrap();
        if *kind == ErrorKind::KeysUnavailable {
            // The key source reports a longer delay.
            expected.retry_after = Some("7");
        }
        compare(*kind, &ask_layer(&layer, request), &expected);
        caused += 1;
    }
    assert_eq!(caused + NOT_BY_REQUEST.len(), ErrorKind::ALL.len());
}

#[test]
fn the_valid_neighbour_is_accepted() {
    let (layer, token) = (rejections::layer(), rejections::good().mint());
    let reply = ask_layer(&layer, bearer(&token));
    assert_eq!((reply.status, reply.text()), (200, "user user-1"));
    assert!(reply.headers.is_empty(), "{:?}", reply.headers);
    assert!(reply.error.is_none());
}

#[test]
fn a_head_request_gets_the_same_headers_and_no_body() {
    for kind in ErrorKind::ALL {
        let Some((layer, request)) = rejected_request(*kind) else {
            continue;
        };
        let get = ask_layer(&layer, request.clone());
        let mut request: Request<String> = request;
        *request.method_mut() = http::Method::HEAD;
        let head = ask_layer(&layer, request);
        assert_eq!(head.verdict(), get.verdict(), "{kind}");
        // HEAD has the length of the GET body. For GET the server adds it.
        let mut expected = get.headers.clone();
        expected.insert("content-length", get.body.len().into());
        assert_eq!(head.headers, expected, "{kind}");
        assert!(head.body.is_empty() && !get.body.is_empty(), "{kind}");
    }
}

#[test]
fn only_expiry_with_a_valid_signature_is_distinguished() {
    let layer = rejections::layer();
    let issuer = rejections::issuer();
    let asked = |token: String| ask_layer(&layer, bearer(&token));

    let good = asked(rejections::good().mint());
    assert_eq!(good.status, 200);
    let expired_token = asked(rejections::good().expired().mint());
    compare(ErrorKind::TokenExpired, &expired_token, &expired());

    // Without a valid signature the response does not reveal the expiry.
    let other = rejections::with_the_same_name(issuer.clone().with_other_key());
    let forged = asked(rejections::claims(&other).expired().mint());
    compare(ErrorKind::InvalidSignature, &forged, &invalid());
    let tampered = asked(rejections::good().expired().mint_tampered());
    compare(ErrorKind::InvalidSignature, &tampered, &invalid());
    let unsigned = rejections::good().expired().mint();
    let unsigned = format!("{}.", unsigned.rsplit_once('.').unwrap().0);
    compare(ErrorKind::MalformedToken, &asked(unsigned), &invalid());
}

#[test]
fn unavailable_keys_are_a_401_if_so_configured() {
    let (layer, request) = rejected_request(ErrorKind::KeysUnavailable).unwrap();
    assert_eq!(ask_layer(&layer, request.clone()).status, 503);
    let reply = ask_layer(&layer.clone().unauthorized_while_keys_unavailable(), request);
    compare(ErrorKind::KeysUnavailable, &reply, &invalid());
    // An unavailable revocation list is still a 503.
    let (layer, request) = rejected_request(ErrorKind::RevocationUnavailable).unwrap();
    let reply = ask_layer(&layer.unauthorized_while_keys_unavailable(), request);
    assert_eq!(reply.status, 503);
}
