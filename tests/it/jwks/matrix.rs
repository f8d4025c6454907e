//! Every fault of the key server in every state of the keys, compared with the table in `matrix.txt`.
//!
//! `cargo test --features jwks-client --test it jwks::matrix -- --nocapture` prints the table.

use std::fmt::Write as _;
use std::pin::Pin;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use futures_util::stream::{self, StreamExt};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::rt::TokioExecutor;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tower_jwt_auth::ErrorKind;
use tower_jwt_auth::clock::Clock;
use tower_jwt_auth::jwks::{NoBody, RemoteJwks};
use tower_jwt_auth::testing::{FixedClock, TestIssuer};

use super::faults::{Break, Documents, Location};
use super::fixture::{COOLDOWN, Events, Fixture, LIFETIME, MAX_BACKOFF, SECOND, STALE_BOUND};
use crate::support::answers::with_headers;
use crate::support::failure_label;
use crate::support::key_server::KeyServer;

const TABLE: &str = include_str!("matrix.txt");
const STATES: [&str; 4] = ["cold", "warm", "expired", "past"];
/// All cells at once could exceed every timeout on a busy machine.
const AT_ONCE: usize = 16;
/// The timeout of a fetch, long enough for a busy machine.
const LONG: Duration = Duration::from_secs(30);
/// The rest of the timeout after the connection to a server that hangs.
const SHORT: Duration = Duration::from_millis(200);

/// A line of the table.
#[derive(Clone, Copy)]
struct Row {
    fault: &'static str,
    failure: &'static str,
    cells: [&'static str; 4],
}

fn rows() -> Vec<Row> {
    let lines = TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let row = |line: &'static str| {
        let columns: Vec<_> = line.split('|').map(str::trim).collect();
        let [fault, failure, cells @ ..] = &columns[..] else { panic!("{line}") };
        Row { fault, failure, cells: cells.try_into().expect(line) }
    };
    lines.map(row).collect()
}

/// Resolves every name to this machine, until the lookup is set to fail.
#[derive(Clone)]
struct Names(Arc<AtomicBool>);

impl tower::Service<Name> for Names {
    type Response = std::iter::Once<std::net::SocketAddr>;
    type Error = std::io::Error;
    type Future = std::future::Ready<Result<Self::Response, Self::Error>>;

    fn poll_ready(
        &mut self,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), Self::Error>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Name) -> Self::Future {
        std::future::ready(if self.0.load(Ordering::SeqCst) {
            Err(std::io::Error::other("no such name"))
        } else {
            Ok(std::iter::once(([127, 0, 0, 1], 0).into()))
        })
    }
}

/// A clock with short timers while the server hangs, and with the timers of the runtime otherwise.
#[derive(Debug)]
struct HangClock {
    time: FixedClock,
    connections: watch::Receiver<usize>,
    hangs: Arc<AtomicBool>,
}

impl Clock for HangClock {
    fn now(&self) -> SystemTime {
        self.time.now()
    }

    fn monotonic(&self) -> Duration {
        self.time.monotonic()
    }

    fn sleep_until(
        &self,
        deadline: Duration,
    ) -> Option<Pin<Box<dyn Future<Output = ()> + Send + Sync>>> {
        if !self.hangs.load(Ordering::SeqCst) {
            return self.time.sleep_until(deadline);
        }
        let mut connections = self.connections.clone();
        connections.mark_unchanged();
        Some(Box::pin(async move {
            let _ = timeout(LONG, connections.changed()).await;
            sleep(SHORT).await;
        }))
    }
}

/// Puts the keys into a state, breaks the server, sends requests and returns the outcome.
async fn cell(row: Row, state: &'static str, expected: &str) -> (String, Option<&'static str>) {
    let clock = FixedClock::new();
    let issuer = TestIssuer::es256().key_id("known").clock(clock.clone());
    let documents = Documents(issuer.clone());
    let other_host = KeyServer::start(&documents.usual());
    let (location, broken) = documents.fault(row.fault, &other_host.url("/keys"));

    let server = KeyServer::start(&documents.usual());
    if !row.fault.ends_with("without a validator") {
        server.send(with_headers(&[("ETag", "\"1\"")], documents.usual()));
    }
    let names = Names(Arc::new(AtomicBool::new(false)));
    let builder = match location {
        Location::Http => RemoteJwks::url(server.url("/keys")).allow_http_on_loopback(),
        Location::Https => {
            server.greet(super::tls::greeting("good"));
            RemoteJwks::url(server.https_url("/keys")).no_proxy()
        }
        Location::Named => {
            // The built-in client uses the lookup of the system, which a test cannot make fail.
            let client = HttpConnector::new_with_resolver(names.clone());
            let client = Client::builder(TokioExecutor::new()).build::<_, NoBody>(client);
            let url = server.url("/keys").replace("127.0.0.1", "localhost");
            RemoteJwks::url(url).allow_http_on_loopback().client(client)
        }
    };
    let hangs = Arc::new(AtomicBool::new(false));
    let time = HangClock {
        time: clock.clone(),
        connections: server.watch_connections(),
        hangs: Arc::clone(&hangs),
    };
    let mut fixture = Fixture::timed(server, clock, issuer, builder.timeout(LONG), time);
    fixture.layer = fixture.layer.max_wait(2 * LONG).unwrap();
    let age = match state {
        "cold" => Duration::ZERO,
        "warm" => COOLDOWN + SECOND,
        "expired" => 6 * LIFETIME,
        _ => LIFETIME + STALE_BOUND + 50 * 60 * SECOND,
    };
    if state != "cold" {
        fixture.keys.refresh().await.unwrap();
        fixture.clock.advance(age);
    }

    let (fetches, connections) = (fixture.events.fetches(), fixture.server.connections());
    hangs.store(row.failure == "timeout", Ordering::SeqCst);
    match broken {
        Break::Answer(act) => fixture.server.behave(act),
        Break::ClosePort => fixture.server.close().await,
        Break::LoseName => names.0.store(true, Ordering::SeqCst),
        Break::Greet(greeting) => fixture.server.greet(greeting),
    }
    let mut outcome = String::new();
    for (index, token) in [fixture.known(), fixture.unknown(), fixture.forged()].iter().enumerate()
    {
        write!(outcome, "{} ", word(fixture.verdict(token).await)).unwrap();
        // The fetch that an expired set starts behind the first request must end before the next one.
        if index == 0 && state == "expired" {
            fixture.events.wait_for_fetches(fetches + 1).await;
        }
    }
    let expected_fetches = expected.rsplit_once(' ').unwrap().1.split_once('/').unwrap().0;
    fixture.events.wait_for_fetches(fetches + expected_fetches.parse::<usize>().unwrap()).await;
    // The first call would join a fetch in flight. Without one, both are suppressed.
    let _ = fixture.keys.refresh().await;
    let _ = fixture.keys.refresh().await;
    assert_eq!(fixture.events.all().last().unwrap(), "manual suppressed", "{}", row.fault);
    let fetches = fixture.events.fetches() - fetches;
    let connections = fixture.server.connections() - connections;
    write!(outcome, "{fetches}/{connections}").unwrap();
    assert_eq!(other_host.connections(), 0, "{}: followed to another host", row.fault);
    let failure = failure_label(&fixture.keys.health());
    let reported = fixture.events.all();
    let reported = reported.iter().rfind(|event| Events::is_fetch(event)).unwrap();
    let reported = reported.split_once(' ').unwrap().1;
    let agrees = failure.map_or(matches!(reported, "replaced" | "unchanged"), |it| it == reported);
    assert!(agrees, "{}, {state}: the observer received `{reported}`, not {failure:?}", row.fault);

    // The keys recover when the fault ends.
    hangs.store(false, Ordering::SeqCst);
    if names.0.swap(false, Ordering::SeqCst) || location != Location::Https {
        fixture.server.open();
        fixture.server.serve(&documents.usual());
    } else {
        fixture.server.greet(super::tls::greeting("good"));
    }
    fixture.clock.advance(MAX_BACKOFF + SECOND);
    fixture.keys.refresh().await.unwrap();
    for (token, expected) in
        [(fixture.known(), "ok"), (fixture.unknown(), "none"), (fixture.forged(), "bad")]
    {
        assert_eq!(
            word(fixture.verdict(&token).await),
            expected,
            "{}, {state}: after recovery",
            row.fault
        );
    }
    (outcome, failure)
}

fn word(verdict: (u16, Option<ErrorKind>)) -> String {
    match verdict {
        super::fixture::GOOD => "ok".to_owned(),
        super::fixture::UNKNOWN => "none".to_owned(),
        super::fixture::WRONG => "bad".to_owned(),
        super::fixture::DOWN => "down".to_owned(),
        (status, kind) => format!("{status}:{kind:?}"),
    }
}

/// Runs every cell; returns their number and those that differ from the table.
async fn wrong_cells() -> (usize, Vec<String>) {
    let rows = rows();
    let cells = rows.iter().flat_map(|row| STATES.iter().zip(row.cells).map(move |it| (row, it)));
    // The cells that wait for a timeout run together, after the others.
    let (waiting, others): (Vec<_>, Vec<_>) = cells.partition(|cell| cell.0.failure == "timeout");
    let mut wrong = Vec::new();
    let count = waiting.len() + others.len();
    for cells in [others, waiting] {
        let run = stream::iter(&cells)
            .map(|(row, (state, expected))| tokio::spawn(cell(**row, state, expected)))
            .buffered(AT_ONCE);
        let outcomes: Vec<_> = run.collect().await;
        for ((row, (state, expected)), outcome) in cells.iter().zip(outcomes) {
            let failure = expected.contains("down").then_some(row.failure);
            match outcome {
                Ok(outcome) if outcome == (expected.to_string(), failure) => {}
                Ok(outcome) => wrong.push(format!(
                    "{}, {state}: expected `{expected}` and {failure:?}, found {outcome:?}",
                    row.fault
                )),
                Err(panic) => wrong.push(format!("{}, {state}: {panic}", row.fault)),
            }
        }
    }
    (count, wrong)
}

/// Runs in a separate process that trusts only the certificate authority of the tests.
#[test]
fn every_fault_in_every_state_matches_the_table() {
    let name = "jwks::matrix::every_fault_in_every_state_matches_the_table";
    if std::env::var_os("SSL_CERT_FILE").is_none_or(|file| !file.to_string_lossy().ends_with(CA)) {
        let child = Command::new(std::env::current_exe().unwrap())
            .args([name, "--exact", "--nocapture"])
            .env("SSL_CERT_FILE", format!("{}/{CA}", env!("CARGO_MANIFEST_DIR")))
            .env_remove("SSL_CERT_DIR")
            .output()
            .unwrap();
        println!("{}", String::from_utf8_lossy(&child.stdout));
        assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stderr));
        return;
    }
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(2).enable_all().build().unwrap();
    let started = std::time::Instant::now();
    let (count, wrong) = runtime.block_on(wrong_cells());
    println!("{TABLE}\n{count} cells, {} wrong, {:?}", wrong.len(), started.elapsed());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

const CA: &str = "tests/it/data/tls/ca.pem";
