//! The writers and the permissions on the page about shared denylists.

use std::env;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Command;

use super::fixture::{KEY, NAME, REVOKED, Replica};
use super::server::RedisServer;

const PAGE: &str = include_str!("../../../docs/shared-denylist.md");

/// The first code block in this language.
fn block(language: &str) -> String {
    let (_, rest) = PAGE.split_once(&format!("```{language}\n")).unwrap();
    rest.split_once("```").unwrap().0.to_owned()
}

fn run(redis: &RedisServer, program: impl AsRef<OsStr>, arguments: &[&str], folder: &str) {
    let mut command = Command::new(program);
    command.args(arguments).env("REDIS_URL", redis.url()).current_dir(folder);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[tokio::test]
async fn the_writers_of_the_guide_revoke() {
    let Some(redis) = RedisServer::if_wanted() else { return };
    let Some(packages) = env::var_os("DENYLIST_WRITERS").map(PathBuf::from) else {
        println!("skipped: set DENYLIST_WRITERS to the folder of tests/interop/install.sh");
        return;
    };
    let running = Replica::following(&redis.url()).await;
    let folder = packages.to_str().unwrap();
    std::fs::write(packages.join("writer.mjs"), block("js")).unwrap();
    run(&redis, "node", &["writer.mjs", "node-1"], folder);
    let python = ["-c", &block("python"), "python-1"];
    run(&redis, packages.join("venv/bin/python"), &python, folder);
    run(&redis, "sh", &["-ec", &block("sh")], folder);

    let started = Replica::idle(&redis.url());
    started.denied.warm().await.unwrap();
    for session in ["node-1", "python-1", "shell-1"] {
        running.rejects("sid", session).await;
        assert_eq!(started.verdict_on("sid", session), REVOKED, "{session}");
    }
    for replica in [&running, &started] {
        assert_eq!(replica.verdict_on("sid", "session-1"), Ok(()));
        assert_eq!(replica.denied.health().entries, 3);
    }
    // The same entry from this crate has the same member.
    for session in ["node-1", "python-1", "shell-1"] {
        running.denied.revoke_session(NAME, session, None).await.unwrap();
    }
    assert_eq!(redis.members(KEY).len(), 3);
    println!("store: three writers");
}

#[tokio::test]
async fn the_permissions_of_the_guide_are_enough() {
    let Some(redis) = RedisServer::if_wanted() else { return };
    let text = block("text");
    let words: Vec<_> = text.split_whitespace().collect();
    assert_eq!(words[0], "ACL");
    let _: String = redis.run("ACL", &words[1..]);
    let url = format!("redis://orders:password@127.0.0.1:{}", redis.port);
    let replica = Replica::following(&url).await;
    assert_eq!(replica.verdict_on("jti", "t1"), Ok(()));
    replica.denied.revoke_token(NAME, "t1", None).await.unwrap_err();

    let (_, writing) = PAGE.split_once("if it revokes, `").unwrap();
    let writing = writing.split_once('`').unwrap().0.split(' ');
    let words: Vec<_> = ["SETUSER", "orders"].into_iter().chain(writing).collect();
    let _: String = redis.run("ACL", &words);
    replica.denied.revoke_token(NAME, "t1", None).await.unwrap();
    assert_eq!(replica.verdict_on("jti", "t1"), REVOKED);
    assert_eq!(redis.members(KEY).len(), 1);
}
