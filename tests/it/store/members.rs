//! What is in the set, and what is not understood.

use tower_jwt_auth::claims::NumericDate;

use super::fixture::{KEY, NAME, REVOKED, Replica, UNTIL, member, message};
use super::server::RedisServer;
use crate::support::tokens::NOW;

const MALFORMED: [&str; 8] = [
    "",
    "t1",
    "{}",
    "{\"iss\":\"a\"}",
    "{\"iss\":\"a\",\"jti\":7}",
    "{\"iss\":\"a\",\"sub\":\"b\"}",
    "{\"iss\":\"a\",\"jti\":\"b\",\"sid\":\"c\"}",
    "{\"iss\":\"a\",\"jti\":\"b\"",
];

#[tokio::test]
async fn malformed_members_do_not_hide_the_others() {
    let Some(redis) = RedisServer::if_wanted() else { return };
    for text in MALFORMED {
        redis.add(KEY, UNTIL, text);
    }
    redis.add(KEY, UNTIL, &"x".repeat(100_000));
    redis.add(KEY, UNTIL, &member("jti", "t1"));
    redis.add(KEY, UNTIL, "{ \"sid\": \"s1\", \"iss\": \"https://auth.example.com\", \"by\": 1 }");
    let bytes: usize = redis.run("ZADD", &[KEY.as_bytes(), b"7", b"\xff\x00{\r\n"]);
    assert_eq!(bytes, 1);
    let mut replica = Replica::idle(&redis.url());
    replica.denied.warm().await.unwrap();
    replica.event("connected").await;
    replica.event("read 2 skipped 10").await;
    replica.event("skipped 10").await;
    assert_eq!(replica.verdict_on("jti", "t1"), REVOKED);
    assert_eq!(replica.verdict_on("sid", "s1"), REVOKED);
    assert_eq!(replica.verdict_on("jti", "b"), Ok(()));
}

#[tokio::test]
async fn malformed_messages_do_not_hide_the_others() {
    let Some(redis) = RedisServer::if_wanted() else { return };
    let mut replica = Replica::following(&redis.url()).await;
    for text in MALFORMED {
        redis.publish(KEY, text);
        replica.event("skipped 1").await;
    }
    redis.publish(KEY, &"x".repeat(1_000_000));
    redis.publish(KEY, &message("jti", "t1"));
    replica.rejects("jti", "t1").await;
    replica.event("skipped 1").await;
    assert!(!replica.has_event());
    assert_eq!(replica.verdict_on("jti", "t2"), Ok(()));
}

#[tokio::test]
async fn entries_of_other_issuers_do_not_match() {
    let Some(redis) = RedisServer::if_wanted() else { return };
    redis.add(KEY, UNTIL, "{\"iss\":\"https://partner.example\",\"jti\":\"t1\"}");
    redis.add(KEY, UNTIL, &member("jti", "t2"));
    let replica = Replica::idle(&redis.url());
    replica.denied.warm().await.unwrap();
    assert_eq!(replica.verdict_on("jti", "t1"), Ok(()));
    assert_eq!(replica.verdict_on("jti", "t2"), REVOKED);
}

#[tokio::test]
async fn expired_members_are_not_read_and_are_removed() {
    let Some(redis) = RedisServer::if_wanted() else { return };
    redis.add(KEY, NOW - 86_401, &member("jti", "old"));
    redis.add(KEY, NOW - 86_400, &member("jti", "recent"));
    redis.add(KEY, NOW, &member("jti", "leeway"));
    redis.add(KEY, UNTIL, &member("jti", "live"));
    let mut replica = Replica::idle(&redis.url());
    replica.denied.warm().await.unwrap();
    replica.event("connected").await;
    replica.event("read 3 skipped 0").await;
    assert_eq!(replica.denied.health().entries, 2);
    assert_eq!(replica.verdict_on("jti", "live"), REVOKED);
    assert_eq!(replica.verdict_on("jti", "leeway"), REVOKED);
    assert_eq!(replica.verdict_on("jti", "recent"), Ok(()));
    let until = NumericDate::from_seconds(UNTIL);
    replica.denied.revoke_token(NAME, "new", until).await.unwrap();
    let left: Vec<_> = redis.members(KEY).into_iter().map(|(text, _)| text).collect();
    assert_eq!(left, ["recent", "leeway", "live", "new"].map(|id| member("jti", id)));
}

#[tokio::test]
async fn a_hundred_thousand_entries_are_read_in_pages() {
    let Some(redis) = RedisServer::if_wanted() else { return };
    let client = redis::Client::open(redis.url()).unwrap();
    let mut connection = client.get_connection().unwrap();
    for thousand in 0..100 {
        let mut command = redis::cmd("ZADD");
        command.arg(KEY);
        for number in 0..1000 {
            command.arg(UNTIL).arg(member("jti", &format!("t{}", thousand * 1000 + number)));
        }
        command.exec(&mut connection).unwrap();
    }
    let _: String = redis.run("CONFIG", &["SET", "slowlog-log-slower-than", "100000"]);
    let _: String = redis.run("SLOWLOG", &["RESET"]);
    let mut replica = Replica::idle(&redis.url());
    replica.denied.warm().await.unwrap();
    replica.event("connected").await;
    let read = replica.read().await;
    // A member may be returned twice while the set is reorganized.
    let entries: usize = read.split(' ').nth(1).unwrap().parse().unwrap();
    assert!((100_000..150_000).contains(&entries), "{read}");
    assert_eq!(replica.denied.health().entries, 100_000);
    for number in [0, 1, 54_321, 99_999] {
        assert_eq!(replica.verdict_on("jti", &format!("t{number}")), REVOKED);
    }
    assert_eq!(replica.verdict_on("jti", "t100000"), Ok(()));
    // No command has kept the server busy for a tenth of a second.
    let slow: usize = redis.run("SLOWLOG", &["LEN"]);
    assert_eq!(slow, 0);
}
