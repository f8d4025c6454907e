//! How entries are written.

use std::error::Error as _;

use tower_jwt_auth::claims::NumericDate;
use tower_jwt_auth::observe::StoreFailure;
use tower_jwt_auth::revocation::{Entry, Revoke};
use tower_jwt_auth::store::StoreError;
use tower_jwt_auth::{Error, ErrorKind};

use super::fixture::{KEY, NAME, REVOKED, Replica, UNTIL, member, seconds, until};
use super::server::RedisServer;
use crate::support::tokens::NOW;

fn failure(error: &Error) -> Option<StoreFailure> {
    assert_eq!(error.kind(), ErrorKind::RevocationUnavailable);
    error.source()?.downcast_ref().map(StoreError::failure)
}

#[tokio::test]
async fn an_entry_that_cannot_be_written_counts_here() {
    let Some(mut redis) = RedisServer::if_wanted() else { return };
    let replica = Replica::idle(&redis.url());
    replica.denied.warm().await.unwrap();
    redis.kill();
    let entry = Entry::token(NAME, "t1").until(NumericDate::from_seconds(UNTIL));
    let error = replica.denied.revoke(&entry).await.unwrap_err();
    assert_eq!(failure(&error), Some(StoreFailure::Connection));
    assert_eq!(
        error.detail(),
        Some(
            "the entry could not be written to the store; until it is, only this server applies it"
        )
    );
    assert_eq!(replica.verdict_on("jti", "t1"), REVOKED);
    assert_eq!(replica.verdict_on("jti", "t2"), Ok(()));
    // The same entry can be written later.
    redis.start_again();
    replica.denied.revoke(&entry).await.unwrap();
    assert_eq!(redis.members(KEY), [(member("jti", "t1"), UNTIL.to_string())]);
}

#[tokio::test]
async fn a_redis_that_does_not_answer_fails_the_writer() {
    let Some(redis) = RedisServer::if_wanted() else { return };
    let replica = Replica::idle(&redis.url());
    replica.denied.revoke_token(NAME, "t1", None).await.unwrap();
    redis.signal("-STOP");
    let waiting = tokio::spawn(replica.denied.revoke_token(NAME, "t2", None));
    replica.after(seconds(2)).await;
    let error = waiting.await.unwrap().unwrap_err();
    assert_eq!(failure(&error), Some(StoreFailure::Timeout));
    assert_eq!(error.retry_after(), Some(seconds(1)));
    redis.signal("-CONT");
    replica.denied.revoke_token(NAME, "t3", None).await.unwrap();
    assert!(redis.members(KEY).contains(&(member("jti", "t3"), "inf".to_owned())));
}

#[tokio::test]
async fn a_writer_connects_again_after_its_connection_was_cut() {
    let Some(redis) = RedisServer::if_wanted() else { return };
    let replica = Replica::idle(&redis.url());
    for id in ["t1", "t2", "t3"] {
        replica.denied.revoke_token(NAME, id, None).await.unwrap();
        let killed: usize = redis.run("CLIENT", &["KILL", "TYPE", "normal"]);
        assert_eq!(killed, 1, "{id}");
    }
    let written: Vec<_> = redis.members(KEY).into_iter().map(|(text, _)| text).collect();
    assert_eq!(written, ["t1", "t2", "t3"].map(|id| member("jti", id)));
}

#[tokio::test]
async fn an_entry_is_written_even_if_the_answer_is_dropped() {
    let Some(redis) = RedisServer::if_wanted() else { return };
    let replica = Replica::idle(&redis.url());
    drop(replica.denied.revoke_session(NAME, "s1", None));
    until("the entry", || redis.members(KEY) == [(member("sid", "s1"), "inf".to_owned())]).await;
}

#[tokio::test]
async fn an_entry_keeps_the_latest_time() {
    let Some(redis) = RedisServer::if_wanted() else { return };
    let replica = Replica::idle(&redis.url());
    for (until, expected) in [(NOW + 60, NOW + 60), (NOW + 90, NOW + 90), (NOW + 30, NOW + 90)] {
        let until = NumericDate::from_seconds(until);
        replica.denied.revoke_token(NAME, "t1", until).await.unwrap();
        assert_eq!(redis.members(KEY), [(member("jti", "t1"), expected.to_string())]);
    }
}

#[tokio::test]
async fn entries_that_were_not_written_are_written_later() {
    let Some(mut redis) = RedisServer::if_wanted() else { return };
    let mut replica = Replica::following(&redis.url()).await;
    redis.kill();
    replica.event("disconnected connection").await;
    let until_then = NumericDate::from_seconds(UNTIL);
    for id in ["t1", "t2"] {
        let outcome = replica.denied.revoke_token(NAME, id, until_then).await;
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::RevocationUnavailable);
    }
    redis.start_again();
    replica.after(seconds(10)).await;
    replica.event("connected").await;
    replica.event("read 0 skipped 0").await;
    until("both entries", || redis.members(KEY).len() == 2).await;
    let other = Replica::idle(&redis.url());
    other.denied.warm().await.unwrap();
    for id in ["t1", "t2"] {
        assert_eq!(other.verdict_on("jti", id), REVOKED, "{id}");
    }
    assert_eq!(other.verdict_on("jti", "t3"), Ok(()));
}

#[tokio::test]
async fn the_lifetime_is_the_default_end_of_an_entry() {
    let Some(redis) = RedisServer::if_wanted() else { return };
    let replica = Replica::with(&redis.url(), |builder| builder.lifetime(seconds(3600)));
    replica.denied.revoke_token(NAME, "t1", None).await.unwrap();
    replica.denied.revoke_token(NAME, "t2", NumericDate::from_seconds(UNTIL)).await.unwrap();
    let expected = [("t1", NOW + 3600), ("t2", UNTIL)];
    assert_eq!(redis.members(KEY), expected.map(|(id, end)| (member("jti", id), end.to_string())));
}

#[tokio::test]
async fn an_entry_that_is_too_long_is_not_written() {
    let Some(redis) = RedisServer::if_wanted() else { return };
    let replica = Replica::idle(&redis.url());
    replica.denied.warm().await.unwrap();
    let long = "x".repeat(4096);
    let error = replica.denied.revoke_token(NAME, &long, None).await.unwrap_err();
    assert_eq!(
        error.detail(),
        Some("the entry is longer than 4096 bytes; only this server applies it")
    );
    assert_eq!(replica.verdict_on("jti", &long), REVOKED);
    assert_eq!(redis.members(KEY), []);
    let fits = "x".repeat(4000);
    replica.denied.revoke_token(NAME, &fits, None).await.unwrap();
    assert_eq!(redis.members(KEY).len(), 1);
}
