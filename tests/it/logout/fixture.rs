//! An issuer, its logout endpoint, and a verifier with the list that the endpoint feeds.

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use serde_json::{Value, json};
use tower::ServiceExt;
use tower_jwt_auth::logout::{BackchannelLogout, BackchannelLogoutBuilder};
use tower_jwt_auth::revocation::Denylist;
use tower_jwt_auth::testing::{FixedClock, TestIssuer};
use tower_jwt_auth::{Algorithm, ErrorKind, VerificationKey, Verifier};

use crate::support::tokens::{NOW, Verdict, issuer, verdict};

pub(super) const NAME: &str = "https://auth.example.com";
pub(super) const CLIENT: &str = "web-app";
pub(super) const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
pub(super) const REVOKED: Verdict = Err(ErrorKind::TokenRevoked);

pub(super) struct Fixture {
    pub(super) clock: FixedClock,
    pub(super) issuer: TestIssuer,
    pub(super) denied: Denylist,
    pub(super) logout: BackchannelLogout,
    verifier: Verifier,
}

pub(super) fn fixture() -> Fixture {
    with(|builder| builder)
}

pub(super) fn with(
    settings: impl FnOnce(BackchannelLogoutBuilder) -> BackchannelLogoutBuilder,
) -> Fixture {
    let clock = FixedClock::new();
    let issuer = issuer(Algorithm::ES256).issuer(NAME);
    let denied = Denylist::new().clock(clock.clone());
    let key = VerificationKey::jwk(issuer.jwk()).unwrap();
    let builder = BackchannelLogout::new(NAME, key).client_id(CLIENT).clock(clock.clone());
    let logout = settings(builder.feeds(denied.clone())).build().unwrap();
    let verifier = Verifier::jwks(issuer.jwks()).issuer(NAME).any_audience();
    let verifier = verifier.clock(clock.clone()).revocation(denied.clone()).build().unwrap();
    Fixture { clock, issuer, denied, logout, verifier }
}

/// The claims of a good logout token.
pub(super) fn good() -> Value {
    json!({
        "iss": NAME, "aud": CLIENT, "sub": "alice", "sid": "s", "jti": "logout-1",
        "iat": NOW, "exp": NOW + 120, "events": {EVENT: {}},
    })
}

/// These claims with one more, or without it.
pub(super) fn changed(mut claims: Value, name: &str, value: impl Into<Option<Value>>) -> Value {
    match value.into() {
        Some(value) => claims[name] = value,
        None => _ = claims.as_object_mut().unwrap().remove(name),
    }
    claims
}

pub(super) fn header() -> Value {
    json!({"alg": "ES256", "kid": "test", "typ": "logout+jwt"})
}

impl Fixture {
    /// A logout token with this header and these claims.
    pub(super) fn sign(&self, header: &Value, claims: &Value) -> String {
        let mut header = header.clone();
        header["kid"] = serde_json::from_str::<Value>(&self.issuer.jwk()).unwrap()["kid"].clone();
        self.issuer.sign(header.to_string(), claims.to_string())
    }

    /// The answer to a logout token with these claims.
    pub(super) fn send(&self, claims: &Value) -> (StatusCode, String) {
        self.post(&self.sign(&header(), claims))
    }

    /// The answer to this text as logout token.
    pub(super) fn post(&self, token: &str) -> (StatusCode, String) {
        let response = answer(&self.logout, form(token));
        (response.status(), response.into_body())
    }

    /// The verdict on an access token that was issued at this time, with these claims.
    pub(super) fn verdict(&self, issued: i64, subject: &str, session: &str) -> Verdict {
        let token = self.issuer.token().subject(subject).claim("iat", issued);
        verdict(&self.verifier, &token.claim("sid", session).mint())
    }
}

/// A request with this token in a form.
pub(super) fn form(token: &str) -> Request<Full<Bytes>> {
    Request::post("/backchannel-logout")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Full::from(format!("logout_token={token}")))
        .unwrap()
}

pub(super) fn answer(
    logout: &BackchannelLogout,
    request: Request<Full<Bytes>>,
) -> Response<String> {
    logout.clone().oneshot(request).now_or_never().expect("nothing waits").unwrap()
}
