//! A server that starts before or after Redis.

use std::error::Error as _;

use tower_jwt_auth::observe::StoreFailure;
use tower_jwt_auth::store::{DenylistState, RedisDenylist, StoreError};

use super::fixture::{KEY, NAME, REVOKED, Replica, UNAVAILABLE, UNTIL, member, seconds, until};
use super::server::{RedisServer, free_port};

#[tokio::test]
async fn a_list_that_was_never_read_rejects_every_token() {
    let Some(redis) = RedisServer::if_wanted() else { return };
    for allow_when_stale in [false, true] {
        let replica = Replica::with(&redis.url(), |builder| {
            if allow_when_stale { builder.allow_when_stale() } else { builder }
        });
        let token = replica.token().mint();
        assert_eq!(replica.state(), DenylistState::Unread);
        assert_eq!(replica.verdict(&token), UNAVAILABLE);
        let error = replica.error(&token);
        assert_eq!(error.detail(), Some("the shared denylist was never read"));
        assert_eq!(error.retry_after(), Some(seconds(5)));
        // An entry of this server's own does not make the list complete.
        replica.denied.revoke_token("other", "t", None).await.unwrap();
        assert_eq!(replica.verdict(&token), UNAVAILABLE);

        replica.denied.warm().await.unwrap();
        assert_eq!(replica.state(), DenylistState::Fresh);
        assert_eq!(replica.verdict(&token), Ok(()));
    }
}

#[tokio::test]
async fn warm_reads_what_was_revoked_before() {
    let Some(redis) = RedisServer::if_wanted() else { return };
    redis.add(KEY, UNTIL, &member("jti", "t1"));
    let mut replica = Replica::idle(&redis.url());
    replica.denied.warm().await.unwrap();
    assert_eq!(replica.verdict_on("jti", "t1"), REVOKED);
    assert_eq!(replica.verdict_on("jti", "t2"), Ok(()));
    replica.event("connected").await;
    replica.event("read 1 skipped 0").await;
    // The list is read once.
    replica.denied.warm().await.unwrap();
    assert!(!replica.has_event());
    let health = replica.denied.health();
    assert_eq!((health.age, health.entries), (Some(seconds(0)), 1));
    // Later, it is read again.
    replica.clock.advance(seconds(16));
    replica.denied.warm().await.unwrap();
    replica.event("connected").await;
    replica.event("read 1 skipped 0").await;
}

#[tokio::test]
async fn the_default_clock_and_settings_work() {
    let Some(redis) = RedisServer::if_wanted() else { return };
    let list = || RedisDenylist::client(redis::Client::open(redis.url()).unwrap()).build().unwrap();
    let (one, other) = (list(), list());
    let tasks = [&one, &other].map(|list| tokio::spawn(list.keep_fresh()));
    let is_fresh = |list: &RedisDenylist| list.health().state == DenylistState::Fresh;
    until("two lists", || is_fresh(&one) && is_fresh(&other)).await;
    one.revoke_token(NAME, "t1", None).await.unwrap();
    until("an entry", || other.health().entries == 1).await;
    tasks.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test]
async fn without_keep_fresh_the_list_expires() {
    let Some(redis) = RedisServer::if_wanted() else { return };
    let replica = Replica::idle(&redis.url());
    replica.denied.warm().await.unwrap();
    let token = replica.token().mint();
    replica.clock.advance(seconds(300));
    assert_eq!((replica.verdict(&token), replica.state()), (Ok(()), DenylistState::Stale));
    replica.clock.advance(seconds(1));
    assert_eq!((replica.verdict(&token), replica.state()), (UNAVAILABLE, DenylistState::Expired));
    replica.denied.warm().await.unwrap();
    assert_eq!((replica.verdict(&token), replica.state()), (Ok(()), DenylistState::Fresh));
}

#[tokio::test]
async fn a_server_that_starts_before_redis_reads_the_list_later() {
    let Some(mut redis) = RedisServer::if_wanted() else { return };
    redis.kill();
    let mut replica = Replica::idle(&redis.url());
    replica.follow();
    replica.event("disconnected connection").await;
    assert_eq!(replica.verdict_on("jti", "t1"), UNAVAILABLE);
    let health = replica.denied.health();
    assert_eq!(health.state, DenylistState::Unread);
    assert_eq!(health.last_error.map(|error| error.failure()), Some(StoreFailure::Connection));

    redis.start_again();
    redis.add(KEY, UNTIL, &member("jti", "t1"));
    replica.after(seconds(10)).await;
    replica.event("connected").await;
    replica.event("read 1 skipped 0").await;
    assert_eq!(replica.verdict_on("jti", "t1"), REVOKED);
    assert_eq!(replica.verdict_on("jti", "t2"), Ok(()));
    assert!(replica.denied.health().last_error.is_none());
}

#[tokio::test]
async fn warm_reports_why_the_list_could_not_be_read() {
    let Some(redis) = RedisServer::if_wanted() else { return };
    let away = Replica::idle(&format!("redis://127.0.0.1:{}", free_port()));
    assert_eq!(away.denied.warm().await.unwrap_err().failure(), StoreFailure::Connection);

    let _: String = redis.run("SET", &[KEY, "not a set"]);
    let replica = Replica::idle(&redis.url());
    let error = replica.denied.warm().await.unwrap_err();
    assert_eq!(error.failure(), StoreFailure::WrongType);
    let text = "the key of the denylist holds a value of another type: `ZSCAN`: WRONGTYPE";
    assert_eq!(error.to_string(), text);
    assert_eq!(replica.verdict_on("jti", "t1"), UNAVAILABLE);
    // Nothing is written over it.
    let error = replica.denied.revoke_token("a", "b", None).await.unwrap_err();
    let source = error.source().and_then(|source| source.downcast_ref::<StoreError>());
    assert_eq!(source.map(StoreError::failure), Some(StoreFailure::WrongType));

    let _: usize = redis.run("DEL", &[KEY]);
    replica.denied.warm().await.unwrap();
    assert_eq!(replica.verdict_on("jti", "t1"), Ok(()));
}
