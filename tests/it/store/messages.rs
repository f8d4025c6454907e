//! How an entry gets from one server to the others.

use tower_jwt_auth::claims::NumericDate;

use super::fixture::{
    KEY, NAME, REVOKED, Replica, UNAVAILABLE, UNTIL, member, message, seconds, until,
};
use super::proxy::Proxy;
use super::server::RedisServer;
use crate::support::tokens::NOW;

#[tokio::test]
async fn what_one_server_revokes_the_others_reject() {
    let Some(redis) = RedisServer::if_wanted() else { return };
    let (one, other) =
        (Replica::following(&redis.url()).await, Replica::following(&redis.url()).await);
    let until = NumericDate::from_seconds(UNTIL);
    one.denied.revoke_token(NAME, "t1", until).await.unwrap();
    one.denied.revoke_session(NAME, "s1", until).await.unwrap();
    one.denied
        .revoke_subject(NAME, "mallory", NumericDate::from_seconds(NOW), until)
        .await
        .unwrap();
    other.rejects("jti", "t1").await;
    other.rejects("sid", "s1").await;
    other.rejects("sub", "mallory").await;
    for replica in [&one, &other] {
        for (claim, value) in [("jti", "s1"), ("sid", "t1"), ("sub", "t1"), ("sid", "mallory")] {
            assert_eq!(replica.verdict_on(claim, value), Ok(()), "{claim} {value}");
        }
        assert_eq!(replica.verdict_on("jti", "t1"), REVOKED);
        let mallory = |iat: i64| replica.token().subject("mallory").claim("iat", iat).mint();
        replica.clock.advance(seconds(1));
        assert_eq!(replica.verdict(&mallory(NOW)), REVOKED);
        assert_eq!(replica.verdict(&mallory(NOW + 1)), Ok(()));
        assert_eq!(replica.denied.health().entries, 3);
    }
    assert_eq!(
        redis.members(KEY),
        [
            (member("jti", "t1"), UNTIL.to_string()),
            (member("sid", "s1"), UNTIL.to_string()),
            (format!(r#"{{"iss":"{NAME}","sub":"mallory","iat":{NOW}}}"#), UNTIL.to_string()),
        ]
    );
}

#[tokio::test]
async fn a_message_alone_is_applied() {
    let Some(redis) = RedisServer::if_wanted() else { return };
    let replica = Replica::following(&redis.url()).await;
    assert_eq!(replica.verdict_on("sid", "s1"), Ok(()));
    assert_eq!(redis.publish(KEY, &message("sid", "s1")), 1);
    replica.rejects("sid", "s1").await;
    assert_eq!(replica.verdict_on("sid", "s2"), Ok(()));
}

#[tokio::test]
async fn a_lost_message_is_repaired_within_a_minute() {
    let Some(redis) = RedisServer::if_wanted() else { return };
    let mut replica = Replica::following(&redis.url()).await;
    redis.add(KEY, UNTIL, &member("jti", "t1"));
    replica.after(seconds(5)).await;
    until("an answered ping", || {
        replica.denied.health().age == Some(seconds(0)) && replica.clock.sleeping() > 0
    })
    .await;
    assert_eq!(replica.verdict_on("jti", "t1"), Ok(()));
    replica.after(seconds(55)).await;
    replica.event("read 1 skipped 0").await;
    assert_eq!(replica.verdict_on("jti", "t1"), REVOKED);
    assert_eq!(replica.verdict_on("jti", "t2"), Ok(()));
}

#[tokio::test]
async fn a_message_during_the_reading_is_not_lost() {
    let Some(redis) = RedisServer::if_wanted() else { return };
    let proxy = Proxy::holding("ZSCAN", redis.port).await;
    let mut replica = Replica::idle(&proxy.url);
    replica.follow();
    proxy.held.acquire().await.unwrap().forget();
    // The list is about to be read. These are only in messages.
    redis.publish(KEY, &message("jti", "early"));
    redis.publish(KEY, &message("sid", "early"));
    assert_eq!(replica.verdict_on("jti", "none"), UNAVAILABLE);
    proxy.permits.add_permits(1);
    replica.event("connected").await;
    replica.event("read 0 skipped 0").await;
    // The two connections are independent, so a message may arrive after the end of the reading.
    replica.rejects("jti", "early").await;
    replica.rejects("sid", "early").await;
    assert_eq!(replica.verdict_on("jti", "none"), Ok(()));
}

#[tokio::test]
async fn lists_with_other_keys_are_separate() {
    let Some(redis) = RedisServer::if_wanted() else { return };
    let (one, mut other) = (
        Replica::following(&redis.url()).await,
        Replica::with(&redis.url(), |builder| builder.key("billing:denied")),
    );
    other.follow();
    other.event("connected").await;
    other.read().await;
    one.denied.revoke_token(NAME, "one", None).await.unwrap();
    other.denied.revoke_token(NAME, "other", None).await.unwrap();
    // A later message has arrived after the earlier ones.
    redis.publish(KEY, &message("jti", "last"));
    redis.publish("billing:denied", &message("jti", "last"));
    for (replica, mine, foreign) in [(&one, "one", "other"), (&other, "other", "one")] {
        replica.rejects("jti", "last").await;
        assert_eq!(replica.verdict_on("jti", mine), REVOKED);
        assert_eq!(replica.verdict_on("jti", foreign), Ok(()));
    }
    assert_eq!(redis.members("billing:denied"), [(member("jti", "other"), "inf".to_owned())]);
}

#[tokio::test]
async fn keep_fresh_ends_after_the_last_clone_is_dropped() {
    let Some(redis) = RedisServer::if_wanted() else { return };
    let mut replica = Replica::idle(&redis.url());
    let clock = replica.clock.clone();
    let task = tokio::spawn(replica.denied.keep_fresh());
    replica.event("connected").await;
    replica.read().await;
    until("a timer", || clock.sleeping() > 0).await;
    drop(replica);
    clock.advance(seconds(5));
    tokio::time::timeout(seconds(20), task).await.unwrap().unwrap();
}

#[tokio::test]
async fn the_newer_protocol_works_as_well() {
    let Some(redis) = RedisServer::if_wanted() else { return };
    redis.add(KEY, UNTIL, &member("jti", "before"));
    let mut replica = Replica::following(&format!("{}/?protocol=resp3", redis.url())).await;
    replica.after(seconds(60)).await;
    replica.event("read 1 skipped 0").await;
    assert_eq!(replica.verdict_on("jti", "before"), REVOKED);
    redis.publish(KEY, &message("jti", "after"));
    replica.rejects("jti", "after").await;
    replica.denied.revoke_token(NAME, "own", None).await.unwrap();
    assert_eq!(replica.verdict_on("jti", "none"), Ok(()));
    assert_eq!(redis.members(KEY).len(), 2);
}
