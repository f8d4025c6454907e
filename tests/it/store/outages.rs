//! What happens while Redis is down.

use tower_jwt_auth::claims::NumericDate;
use tower_jwt_auth::observe::StoreFailure;
use tower_jwt_auth::store::{DenylistState, RedisDenylistBuilder};

use super::fixture::{KEY, NAME, REVOKED, Replica, UNAVAILABLE, UNTIL, member, seconds, until};
use super::server::{RedisServer, free_port};
use crate::support::tokens::NOW;

#[tokio::test]
async fn past_the_bound_only_listed_tokens_get_401() {
    let Some(mut redis) = RedisServer::if_wanted() else { return };
    redis.add(KEY, UNTIL, &member("jti", "t1"));
    let mut replica = Replica::following(&redis.url()).await;
    let mut lenient = Replica::with(&redis.url(), RedisDenylistBuilder::allow_when_stale);
    lenient.follow();
    lenient.event("connected").await;
    lenient.read().await;
    redis.kill();
    for replica in [&mut replica, &mut lenient] {
        replica.event("disconnected connection").await;
        assert_eq!(replica.state(), DenylistState::Stale);
        assert_eq!(replica.verdict_on("jti", "t1"), REVOKED);
        assert_eq!(replica.verdict_on("jti", "t2"), Ok(()));
        until("a pause", || replica.clock.sleeping() > 0).await;
        replica.clock.advance(seconds(300));
        assert_eq!(replica.verdict_on("jti", "t2"), Ok(()));
        replica.clock.advance(seconds(1));
        assert_eq!(replica.state(), DenylistState::Expired);
        assert_eq!(replica.verdict_on("jti", "t1"), REVOKED);
    }
    assert_eq!(replica.verdict_on("jti", "t2"), UNAVAILABLE);
    assert_eq!(lenient.verdict_on("jti", "t2"), Ok(()));
    let error = replica.error(&replica.token().mint());
    assert_eq!(
        error.to_string(),
        "revocation cannot be checked now: \
         the connection to the shared denylist is lost for longer than its `max_stale`"
    );
    assert_eq!(error.retry_after(), Some(seconds(5)));
}

#[tokio::test]
async fn entries_survive_an_empty_redis_until_they_expire() {
    let Some(mut redis) = RedisServer::if_wanted() else { return };
    let mut replica = Replica::following(&redis.url()).await;
    let soon = NumericDate::from_seconds(NOW + 3600);
    replica.denied.revoke_token(NAME, "t1", soon).await.unwrap();
    redis.kill();
    replica.event("disconnected connection").await;
    redis.start_again();
    replica.after(seconds(10)).await;
    replica.event("connected").await;
    replica.event("read 0 skipped 0").await;
    assert_eq!(replica.state(), DenylistState::Fresh);
    assert_eq!(replica.verdict_on("jti", "t1"), REVOKED);
    assert_eq!(replica.verdict_on("jti", "t2"), Ok(()));
    assert_eq!(replica.denied.health().entries, 1);
    // New entries arrive again, on both ways.
    replica.denied.revoke_token(NAME, "t3", None).await.unwrap();
    assert_eq!(redis.members(KEY), [(member("jti", "t3"), "inf".to_owned())]);
    // Ten minutes after it is needed, because of the leeway of policies.
    replica.after(seconds(3600 + 602)).await;
    replica.event("read 1 skipped 0").await;
    assert_eq!(replica.verdict_on("jti", "t1"), Ok(()));
    assert_eq!(replica.verdict_on("jti", "t3"), REVOKED);
}

#[tokio::test]
async fn a_redis_that_does_not_answer_is_noticed() {
    let Some(redis) = RedisServer::if_wanted() else { return };
    redis.add(KEY, UNTIL, &member("jti", "t1"));
    let mut replica = Replica::with(&redis.url(), |builder| builder.max_stale(seconds(2)));
    replica.follow();
    replica.event("connected").await;
    replica.read().await;
    redis.signal("-STOP");
    // The ping is sent after a quarter of the bound, and is not answered within two seconds.
    replica.after(seconds(1)).await;
    assert_eq!(replica.verdict_on("jti", "t2"), Ok(()));
    replica.after(seconds(2)).await;
    replica.event("disconnected timeout").await;
    assert_eq!(replica.state(), DenylistState::Expired);
    assert_eq!(replica.verdict_on("jti", "t2"), UNAVAILABLE);
    assert_eq!(replica.verdict_on("jti", "t1"), REVOKED);
    // The next attempt is not answered either.
    replica.after(seconds(1)).await;
    replica.after(seconds(2)).await;
    replica.event("disconnected timeout").await;
    let error = replica.denied.health().last_error.unwrap();
    assert_eq!(error.failure(), StoreFailure::Timeout);
    assert_eq!(error.to_string(), "the store did not answer within the time limit: connecting");

    redis.signal("-CONT");
    replica.after(seconds(1)).await;
    replica.event("connected").await;
    replica.event("read 1 skipped 0").await;
    assert_eq!(replica.state(), DenylistState::Fresh);
    assert_eq!(replica.verdict_on("jti", "t2"), Ok(()));
    assert_eq!(replica.verdict_on("jti", "t1"), REVOKED);
}

#[tokio::test]
async fn answered_pings_keep_the_list_fresh() {
    let Some(redis) = RedisServer::if_wanted() else { return };
    let replica = Replica::following(&redis.url()).await;
    for _ in 0..10 {
        replica.after(seconds(5)).await;
        assert_eq!(replica.state(), DenylistState::Fresh);
        until("an answer", || replica.denied.health().age == Some(seconds(0))).await;
    }
    assert_eq!(replica.verdict_on("jti", "t1"), Ok(()));
}

#[tokio::test]
async fn a_cut_subscription_is_made_again() {
    let Some(redis) = RedisServer::if_wanted() else { return };
    let mut replica = Replica::following(&redis.url()).await;
    let killed: usize = redis.run("CLIENT", &["KILL", "TYPE", "pubsub"]);
    assert_eq!(killed, 1);
    // Nothing listens to this message.
    assert_eq!(redis.publish(KEY, &member("jti", "t0")), 0);
    redis.add(KEY, UNTIL, &member("jti", "t1"));
    replica.event("disconnected connection").await;
    assert_eq!(replica.verdict_on("jti", "t1"), Ok(()));
    replica.after(seconds(1)).await;
    replica.event("connected").await;
    replica.event("read 1 skipped 0").await;
    assert_eq!(replica.verdict_on("jti", "t1"), REVOKED);
}

#[tokio::test]
async fn a_replica_without_its_primary_is_not_trusted() {
    let nothing = free_port().to_string();
    let Some(redis) = RedisServer::with_options(&["--replicaof", "127.0.0.1", &nothing]) else {
        return;
    };
    let replica = Replica::idle(&redis.url());
    let error = replica.denied.warm().await.unwrap_err();
    assert_eq!(error.failure(), StoreFailure::LostPrimary);
    assert_eq!(replica.state(), DenylistState::Unread);
    let _: String = redis.run("REPLICAOF", &["NO", "ONE"]);
    replica.denied.warm().await.unwrap();
    assert_eq!(replica.state(), DenylistState::Fresh);
}
