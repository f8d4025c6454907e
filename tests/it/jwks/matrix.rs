//! Every fault of the key server in every state of the keys, against the table in `matrix.txt`.
//!
//! `cargo test --features jwks-client --test it jwks::matrix -- --nocapture` prints it.

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

use super::faults::{Break, Documents, Place};
use super::fixture::{COOL_DOWN, Events, Fixture, LIFETIME, LONGEST_BACK_OFF, SECOND, STALE_BOUND};
use crate::support::answers::with_headers;
use crate::support::failure_label;
use crate::support::key_server::KeyServer;

const TABLE: &str = include_str!("matrix.txt");
const STATES: [&str; 4] = ["cold", "warm", "expired", "past"];
/// All cells at once would wait for each other, on a busy machine for longer than any timeout.
const AT_ONCE: usize = 16;
/// The timeout of a fetch, long enough for a busy machine.
const LONG: Duration = Duration::from_secs(30);
/// What is left of it after the connection to a server that hangs.
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

/// Finds this machine under any name, until the names are lost.
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

/// A clock whose timers are short while the server hangs, and are those of the runtime otherwise.
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

/// Puts the keys into a state, breaks the server, asks, and says what came of it.
async fn cell(row: Row, state: &'static str, expected: &str) -> (String, Option<&'static str>) {
    let clock = FixedClock::new();
    let issuer = TestIssuer::es256().key_id("known").clock(clock.clone());
    let documents = Documents(issuer.clone());
    let other_host = KeyServer::start(&documents.usual());
    let (place, broken) = documents.fault(row.fault, &other_host.url("/keys"));

    let server = KeyServer::start(&documents.usual());
    if !row.fault.ends_with("without a validator") {
        server.send(with_headers(&[("ETag", "\"1\"")], documents.usual()));
    }
    let lost = Names(Arc::new(AtomicBool::new(false)));
    let builder = match place {
        Place::Http => RemoteJwks::url(server.url("/keys")).allow_http_on_loopback(),
        Place::Https => {
            server.greet(super::tls::greeting("good"));
            RemoteJwks::url(server.https_url("/keys"))
        }
        Place::Named => {
            // The built-in client asks the system for names, which a test cannot make forget one.
            let client = HttpConnector::new_with_resolver(lost.clone());
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
        "warm" => COOL_DOWN + SECOND,
        "expired" => 6 * LIFETIME,
        _ => LIFETIME + STALE_BOUND + 50 * 60 * SECOND,
    };
    if state != "cold" {
        fixture.keys.refresh().await.unwrap();
        fixture.clock.advance(age);
    }

    let (flights, connections) = (fixture.events.flights(), fixture.server.connections());
    hangs.store(row.failure == "timeout", Ordering::SeqCst);
    match broken {
        Break::Answer(act) => fixture.server.behave(act),
        Break::ClosePort => fixture.server.close().await,
        Break::LoseName => lost.0.store(true, Ordering::SeqCst),
        Break::Greet(greeting) => fixture.server.greet(greeting),
    }
    let mut outcome = String::new();
    for (index, token) in [fixture.known(), fixture.unknown(), fixture.forged()].iter().enumerate()
    {
        write!(outcome, "{} ", word(fixture.verdict(token).await)).unwrap();
        // What an expired set starts behind the first request has to be over before the next.
        if index == 0 && state == "expired" {
            fixture.events.landed(flights + 1).await;
        }
    }
    let stated = expected.rsplit_once(' ').unwrap().1.split_once('/').unwrap().0;
    fixture.events.landed(flights + stated.parse::<usize>().unwrap()).await;
    // One more that is under way would be joined; when there is none, it is too early to ask.
    let _ = fixture.keys.refresh().await;
    let _ = fixture.keys.refresh().await;
    assert_eq!(fixture.events.all().last().unwrap(), "manual suppressed", "{}", row.fault);
    let flights = fixture.events.flights() - flights;
    let connections = fixture.server.connections() - connections;
    write!(outcome, "{flights}/{connections}").unwrap();
    assert_eq!(other_host.connections(), 0, "{}: followed to another host", row.fault);
    let failure = failure_label(&fixture.keys.health());
    let told = fixture.events.all();
    let told = told.iter().rfind(|event| Events::is_flight(event)).unwrap();
    let told = told.split_once(' ').unwrap().1;
    let agrees = failure.map_or(matches!(told, "replaced" | "unchanged"), |it| it == told);
    assert!(agrees, "{}, {state}: the observer was told `{told}`, not {failure:?}", row.fault);

    // Whatever it was, it passes by itself.
    hangs.store(false, Ordering::SeqCst);
    if lost.0.swap(false, Ordering::SeqCst) || place != Place::Https {
        fixture.server.open();
        fixture.server.serve(&documents.usual());
    } else {
        fixture.server.greet(super::tls::greeting("good"));
    }
    fixture.clock.advance(LONGEST_BACK_OFF + SECOND);
    fixture.keys.refresh().await.unwrap();
    for (token, expected) in
        [(fixture.known(), "ok"), (fixture.unknown(), "none"), (fixture.forged(), "bad")]
    {
        assert_eq!(word(fixture.verdict(&token).await), expected, "{}, {state}: healed", row.fault);
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

/// Runs every cell and says which are not as stated.
async fn wrong_cells() -> (usize, Vec<String>) {
    let rows = rows();
    let cells = rows.iter().flat_map(|row| STATES.iter().zip(row.cells).map(move |it| (row, it)));
    // Those that wait do so together and at a quiet time.
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
                    "{}, {state}: `{expected}` and {failure:?} stated, {outcome:?} found",
                    row.fault
                )),
                Err(panic) => wrong.push(format!("{}, {state}: {panic}", row.fault)),
            }
        }
    }
    (count, wrong)
}

/// In a process of its own, which trusts the authority of the tests and nobody else.
#[test]
fn every_fault_in_every_state_is_answered_as_the_table_says() {
    let name = "jwks::matrix::every_fault_in_every_state_is_answered_as_the_table_says";
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
    println!("{TABLE}\n{count} cells, {} not as stated, {:?}", wrong.len(), started.elapsed());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

const CA: &str = "tests/it/data/tls/ca.pem";
