//! A logout token that one server receives ends the session on all of them.

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::Full;
use serde_json::json;
use tower::ServiceExt;
use tower_jwt_auth::VerificationKey;
use tower_jwt_auth::logout::BackchannelLogout;
use tower_jwt_auth::testing::TestIssuer;

use super::fixture::{NAME, REVOKED, Replica, seconds};
use super::server::RedisServer;

/// An endpoint of this server, and the answer of it to a logout token.
struct Endpoint(BackchannelLogout, TestIssuer);

impl Endpoint {
    fn of(replica: &Replica) -> Self {
        let issuer = TestIssuer::es256().issuer(NAME).clock(replica.clock.clone());
        let key = VerificationKey::jwk(issuer.jwk()).unwrap();
        let builder = BackchannelLogout::new(NAME, key).client_id("web-app");
        let builder = builder.clock(replica.clock.clone()).feeds(replica.denied.clone());
        Self(builder.build().unwrap(), issuer)
    }

    fn logout_token(&self, session: &str) -> String {
        let events = json!({"http://schemas.openid.net/event/backchannel-logout": {}});
        let token = self.1.token().header("typ", "logout+jwt").claim("aud", "web-app");
        token.claim("sid", session).claim("jti", session).claim("events", events).mint()
    }

    async fn post(&self, token: &str) -> StatusCode {
        let request = Request::post("/backchannel-logout")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Full::<Bytes>::from(format!("logout_token={token}")));
        self.0.clone().oneshot(request.unwrap()).await.unwrap().status()
    }
}

#[tokio::test]
async fn a_logout_token_ends_the_session_on_every_server() {
    let Some(mut redis) = RedisServer::if_wanted() else { return };
    let mut receiver = Replica::following(&redis.url()).await;
    let mut other = Replica::following(&redis.url()).await;
    let endpoint = Endpoint::of(&receiver);
    assert_eq!(endpoint.post(&endpoint.logout_token("s1")).await, StatusCode::OK);
    other.rejects("sid", "s1").await;
    for replica in [&receiver, &other] {
        assert_eq!(replica.verdict_on("sid", "s1"), REVOKED);
        assert_eq!(replica.verdict_on("sid", "s2"), Ok(()));
    }

    // The issuer sends it again if it could not be stored.
    redis.kill();
    receiver.event("disconnected connection").await;
    other.event("disconnected connection").await;
    let token = endpoint.logout_token("s2");
    assert_eq!(endpoint.post(&token).await, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(receiver.verdict_on("sid", "s2"), REVOKED);
    redis.start_again();
    assert_eq!(endpoint.post(&token).await, StatusCode::OK);
    other.after(seconds(10)).await;
    other.event("connected").await;
    other.event("read 1 skipped 0").await;
    assert_eq!(other.verdict_on("sid", "s2"), REVOKED);
    assert_eq!(other.verdict_on("sid", "s3"), Ok(()));
}
