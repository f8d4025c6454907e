//! Settings, and secrets in them.

use tower_jwt_auth::error::ProblemKind;
use tower_jwt_auth::observe::StoreFailure;
use tower_jwt_auth::store::{RedisDenylist, RedisDenylistBuilder};

use super::fixture::{NAME, Replica, seconds};
use super::server::RedisServer;

fn problems(builder: RedisDenylistBuilder) -> Vec<ProblemKind> {
    let error = builder.build().unwrap_err();
    error.problems().iter().map(tower_jwt_auth::error::Problem::kind).collect()
}

#[test]
fn settings_that_cannot_work_are_reported() {
    let good = || RedisDenylist::url("redis://127.0.0.1");
    assert!(good().key("a").max_stale(seconds(1)).build().is_ok());
    let below = seconds(1).saturating_sub(std::time::Duration::from_nanos(1));
    let all = RedisDenylist::url("").key("").max_stale(below);
    assert_eq!(
        problems(all),
        [ProblemKind::EmptyValue, ProblemKind::OutOfRange, ProblemKind::InvalidUrl]
    );
    for url in ["http://127.0.0.1", "127.0.0.1:6379", "redis://", "redis://127.0.0.1/x"] {
        assert_eq!(problems(RedisDenylist::url(url)), [ProblemKind::InvalidUrl], "{url}");
    }
    assert_eq!(problems(RedisDenylist::url("rediss://127.0.0.1")), [ProblemKind::MissingFeature]);
    for url in ["redis://u:p@127.0.0.1:7/2", "valkey://127.0.0.1", "unix:///run/redis.sock"] {
        assert!(RedisDenylist::url(url).build().is_ok(), "{url}");
    }
    let client = redis::Client::open("redis://127.0.0.1").unwrap();
    assert!(RedisDenylist::client(client).build().is_ok());
}

#[test]
fn urls_and_their_passwords_are_not_printed() {
    for url in ["redis://bob:hunter2@127.0.0.1", "rediss://bob:hunter2@h", "x://bob:hunter2@h"] {
        let builder = RedisDenylist::url(url);
        let of_builder = format!("{builder:?}");
        let of_result = match builder.build() {
            Ok(denied) => format!("{denied:?} {:?}", denied.health()),
            Err(error) => format!("{error} {error:?}"),
        };
        let text = of_builder + &of_result;
        assert!(!text.contains("hunter2") && !text.contains("bob"), "{text}");
    }
}

#[tokio::test]
async fn a_wrong_password_is_reported_without_it() {
    let Some(redis) = RedisServer::with_options(&["--requirepass", "correct"]) else { return };
    let address = format!("127.0.0.1:{}", redis.port);
    for login in ["", ":hunter2@", "user:hunter2@"] {
        let replica = Replica::idle(&format!("redis://{login}{address}"));
        let error = replica.denied.warm().await.unwrap_err();
        assert_eq!(error.failure(), StoreFailure::Authentication, "{login} {error}");
        let revoked = replica.denied.revoke_token(NAME, "t1", None).await.unwrap_err();
        let health = replica.denied.health();
        let text = format!("{error} {error:?} {revoked} {revoked:?} {health:?}");
        assert!(!text.contains("hunter2"), "{text}");
    }
    let replica = Replica::idle(&format!("redis://:correct@{address}"));
    replica.denied.warm().await.unwrap();
    replica.denied.revoke_token(NAME, "t1", None).await.unwrap();
}

#[test]
fn a_runtime_without_io_is_reported() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let denied = RedisDenylist::url("redis://127.0.0.1:1").build().unwrap();
    let error = runtime.block_on(denied.warm()).unwrap_err();
    assert_eq!(error.failure(), StoreFailure::Panicked);
    let whole = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let error = whole.block_on(denied.warm()).unwrap_err();
    assert_eq!(error.failure(), StoreFailure::Connection);
}

#[test]
fn outside_of_a_runtime_nothing_panics() {
    let denied = RedisDenylist::url("redis://127.0.0.1").build().unwrap();
    let error = futures_util::FutureExt::now_or_never(denied.warm()).unwrap().unwrap_err();
    assert_eq!(error.failure(), StoreFailure::NoTimer);
    let answer = denied.revoke_token(NAME, "t1", None).try_now().unwrap();
    assert!(answer.is_err());
    assert_eq!(futures_util::FutureExt::now_or_never(denied.keep_fresh()), Some(()));
    let error = denied.health().last_error.unwrap();
    assert_eq!(error.failure(), StoreFailure::NoTimer);
}
