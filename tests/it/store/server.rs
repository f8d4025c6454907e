//! A real Redis or Valkey server.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use redis::{FromRedisValue, ToRedisArgs};

/// A server with an empty database, which is killed on drop.
pub(super) struct RedisServer {
    child: Child,
    pub(super) port: u16,
    options: Vec<String>,
}

impl RedisServer {
    /// Starts a server, or prints a note if these tests are not wanted.
    pub(super) fn if_wanted() -> Option<Self> {
        Self::with_options(&[])
    }

    /// Starts a server with further options.
    pub(super) fn with_options(options: &[&str]) -> Option<Self> {
        let Some(program) = program() else {
            println!("skipped: set REDIS_SERVER to the path of redis-server or valkey-server");
            return None;
        };
        let options: Vec<_> = options.iter().map(ToString::to_string).collect();
        // The server cannot choose a port. Another process may take it first.
        let started = (0..10).find_map(|_| {
            let port = free_port();
            let child = start(&program, port, &options)?;
            Some(Self { child, port, options: options.clone() })
        });
        println!("store: a real server");
        Some(started.expect("the server starts"))
    }

    pub(super) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Kills the server: its data are lost.
    pub(super) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts the server again on the same port.
    pub(super) fn start_again(&mut self) {
        let program = program().unwrap();
        self.child = start(&program, self.port, &self.options).expect("the port is free again");
    }

    /// Stops or continues the process; its connections stay open.
    pub(super) fn signal(&self, name: &str) {
        let process = self.child.id().to_string();
        let status = Command::new("kill").args([name, &process]).status().unwrap();
        assert!(status.success());
    }

    /// Runs a command.
    pub(super) fn run<T: FromRedisValue>(&self, name: &str, arguments: &[impl ToRedisArgs]) -> T {
        let client = redis::Client::open(self.url()).unwrap();
        let mut connection = client.get_connection().unwrap();
        redis::cmd(name).arg(arguments).query(&mut connection).unwrap()
    }

    /// Adds a member to the set without a message.
    pub(super) fn add(&self, key: &str, until: i64, member: &str) {
        let added: usize = self.run("ZADD", &[key, &until.to_string(), member]);
        assert_eq!(added, 1, "{member}");
    }

    /// Publishes a message without a member in the set. Returns the number of subscribers.
    pub(super) fn publish(&self, key: &str, message: &str) -> usize {
        self.run("PUBLISH", &[key, message])
    }

    /// The members of the set with their scores, lowest first.
    pub(super) fn members(&self, key: &str) -> Vec<(String, String)> {
        self.run("ZRANGE", &[key, "0", "-1", "WITHSCORES"])
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        // Fails if it is killed already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn program() -> Option<PathBuf> {
    Some(PathBuf::from(env::var_os("REDIS_SERVER")?))
}

/// A port that was free a moment ago.
pub(super) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// `None` if the server ends before it is ready.
fn start(program: &Path, port: u16, options: &[String]) -> Option<Child> {
    static STARTED: AtomicUsize = AtomicUsize::new(0);
    let number = STARTED.fetch_add(1, Ordering::Relaxed);
    let name = format!("redis-{}-{number}", std::process::id());
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&folder).unwrap();
    let mut command = Command::new(program);
    command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""]);
    command.args(["--appendonly", "no", "--daemonize", "no", "--dir"]).arg(&folder).args(options);
    let mut child = command.stdout(Stdio::piped()).spawn().expect("REDIS_SERVER is a program");
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let is_ready = lines.any(|line| line.is_ok_and(|line| line.contains("Ready to accept")));
    // Nothing is saved into it.
    fs::remove_dir_all(&folder).unwrap();
    if !is_ready {
        child.wait().unwrap();
        return None;
    }
    // Further output must not fill the pipe.
    std::thread::spawn(move || lines.for_each(drop));
    Some(child)
}
