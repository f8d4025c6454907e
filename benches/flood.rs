//! What becomes of valid requests while others are sent with invented key ids, and while keys are fetched.
//!
//! `cargo bench --features jwks --bench flood` sends a million requests with invented ids through the layer
//! and prints how often the keys were asked for, and how long valid requests took meanwhile.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]

use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use base64_simd::URL_SAFE_NO_PAD;
use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response};
use http_body_util::{Empty, Full};
use tokio::runtime::Handle;
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_jwt_auth::jwks::{NoBody, RemoteJwks};
use tower_jwt_auth::middleware::ResponseBody;
use tower_jwt_auth::testing::{FixedClock, TestIssuer};
use tower_jwt_auth::{JwtAuthLayer, Verifier};

/// The default.
const COOL_DOWN: Duration = Duration::from_secs(30);
/// How long the key server thinks about it: longer than a turn.
const SLOW: Duration = Duration::from_millis(100);
/// Valid requests in a row, before the next condition has its turn.
const TURN: usize = 500;
/// Requests of the flood in one turn, at the least.
const WAVE: u64 = 10_000;

const METHOD: &str = "\
One thread makes valid requests and times each; another one floods the same layer with requests whose key
ids are invented; a third fetches the keys. In every round each condition has a turn of 500 valid requests:
quiet; busy, where the other thread takes as much of the processor and asks for nothing; flood; and refresh,
where a fetch of 100 ms is in the air all the while. The order changes from round to round. A ratio is the
median, over all rounds, of a turn's figure by that of the turn beside it. What flood has over quiet and not
over busy is the price of a busy machine, and not of the layer.
Every valid request is answered 200 at the first poll.";

/// A key server in the same process: answers slowly, and counts.
#[derive(Clone, Default)]
struct KeyServer {
    fetches: Arc<AtomicU64>,
}

impl KeyServer {
    fn keys(&self, document: String, clock: FixedClock) -> RemoteJwks {
        let (fetches, document) = (Arc::clone(&self.fetches), Bytes::from(document));
        let client = service_fn(move |_: Request<NoBody>| {
            fetches.fetch_add(1, Ordering::Relaxed);
            let document = Full::new(document.clone());
            async {
                tokio::time::sleep(SLOW).await;
                Ok::<_, Infallible>(Response::new(document))
            }
        });
        RemoteJwks::url("https://auth.example.com/keys")
            .client(client)
            .clock(clock)
            .build()
            .unwrap()
    }
}

fn request(token: &str) -> Request<()> {
    Request::builder().header("authorization", format!("Bearer {token}")).body(()).unwrap()
}

/// The valid token, by its own words of another key. Nobody gets as far as its signature.
fn invented(valid: &str, number: u64) -> String {
    let (_, rest) = valid.split_once('.').unwrap();
    let header = format!(r#"{{"alg":"ES256","kid":"invented {number}"}}"#);
    format!("{}.{rest}", URL_SAFE_NO_PAD.encode_to_string(header))
}

type Answer = Response<ResponseBody<Empty<Bytes>>>;

/// Answers everybody who gets here.
fn serve(
    layer: &JwtAuthLayer,
) -> impl Service<Request<()>, Response = Answer, Error = Infallible, Future: Send> + Clone + Send + use<>
{
    layer.layer(service_fn(async |_: Request<()>| {
        Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
    }))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Condition {
    Quiet,
    Busy,
    Flood,
    Refresh,
}

const CONDITIONS: [Condition; 4] =
    [Condition::Quiet, Condition::Busy, Condition::Flood, Condition::Refresh];

type Round = [Vec<Duration>; CONDITIONS.len()];

/// A thread of its own that sends invented ids, or only takes the processor's time, as it is told.
struct Flood {
    sent: Arc<AtomicU64>,
    is_busy: Arc<AtomicBool>,
    is_on: Arc<AtomicBool>,
    /// Held for as long as a request takes.
    sending: Arc<Mutex<()>>,
    is_over: Arc<AtomicBool>,
    thread: thread::JoinHandle<()>,
}

impl Flood {
    fn of(layer: &JwtAuthLayer, valid: &str) -> Self {
        let sent = Arc::new(AtomicU64::new(0));
        let flag = Arc::<AtomicBool>::default;
        let (is_busy, is_on, is_over) = (flag(), flag(), flag());
        let sending = Arc::<Mutex<()>>::default();
        let (service, valid, runtime) = (serve(layer), valid.to_owned(), Handle::current());
        let (number, held) = (Arc::clone(&sent), Arc::clone(&sending));
        let (busy, on, over) = (Arc::clone(&is_busy), Arc::clone(&is_on), Arc::clone(&is_over));
        let thread = thread::spawn(move || {
            let _guard = runtime.enter();
            while !over.load(Ordering::Relaxed) {
                let sending = held.lock().unwrap();
                if on.load(Ordering::Acquire) {
                    let token = invented(&valid, number.fetch_add(1, Ordering::Relaxed));
                    let refused = service.clone().oneshot(request(&token)).now_or_never();
                    assert_eq!(refused.expect("no cool-down is over").unwrap().status(), 401);
                } else if busy.load(Ordering::Acquire) {
                    std::hint::spin_loop();
                } else {
                    drop(sending);
                    thread::park_timeout(Duration::from_millis(1));
                }
            }
        });
        Self { sent, is_busy, is_on, sending, is_over, thread }
    }

    fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    fn burn(&self, on: bool) {
        self.is_busy.store(on, Ordering::Release);
        self.thread.thread().unpark();
    }

    fn begin(&self) {
        self.is_on.store(true, Ordering::Release);
        self.thread.thread().unpark();
    }

    /// Comes back when the last of them has its answer.
    fn pause(&self) {
        self.is_on.store(false, Ordering::Release);
        drop(self.sending.lock().unwrap());
    }

    fn end(self) {
        self.is_over.store(true, Ordering::Relaxed);
        self.thread.join().unwrap();
    }
}

/// The times of a turn, the shortest first.
fn turn(
    service: &mut impl Service<Request<()>, Response = Answer, Error = Infallible>,
    valid: &str,
) -> Vec<Duration> {
    let mut taken: Vec<_> = (0..TURN)
        .map(|_| {
            let request = request(valid);
            let start = Instant::now();
            let answered = service.call(request).now_or_never();
            let taken = start.elapsed();
            assert_eq!(answered.expect("a known key waits").unwrap().status(), 200);
            taken
        })
        .collect();
    taken.sort_unstable();
    taken
}

fn main() {
    // In test mode it is enough that it runs.
    let is_test = std::env::args().any(|argument| argument == "--test");
    let least_sent = if is_test { 2 * WAVE } else { 1_000_000 };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let _guard = runtime.enter();

    let server = KeyServer::default();
    let clock = FixedClock::new();
    let issuer = TestIssuer::es256().key_id("known").clock(clock.clone());
    let keys = server.keys(issuer.jwks(), clock.clone());
    runtime.block_on(keys.warm()).unwrap();
    let verifier = Verifier::key_source(keys).any_issuer().any_audience();
    let layer = JwtAuthLayer::new(verifier.clock(clock.clone()).build().unwrap());
    let valid = issuer.token().subject("user-1").expires_in(Duration::from_secs(86_400)).mint();
    let mut service = serve(&layer);

    let flood = Flood::of(&layer, &valid);
    let (mut rounds, mut cool_downs) = (Vec::new(), 0);
    while flood.sent() < least_sent {
        let mut round = Round::default();
        for place in 0..CONDITIONS.len() {
            let condition = (place + rounds.len()) % CONDITIONS.len();
            round[condition] = match CONDITIONS[condition] {
                Condition::Quiet => turn(&mut service, &valid),
                Condition::Busy => {
                    flood.burn(true);
                    let taken = turn(&mut service, &valid);
                    flood.burn(false);
                    taken
                }
                Condition::Flood => {
                    let before = flood.sent();
                    flood.begin();
                    let taken = turn(&mut service, &valid);
                    // It has its share, however quickly the valid ones are through.
                    while flood.sent() < before + WAVE {
                        thread::yield_now();
                    }
                    flood.pause();
                    taken
                }
                Condition::Refresh => {
                    // One invented id has the keys fetched, and waits for them.
                    clock.advance(COOL_DOWN);
                    cool_downs += 1;
                    let unknown = request(&invented(&valid, u64::MAX - cool_downs));
                    let waiting = runtime.spawn(service.clone().oneshot(unknown));
                    while server.fetches.load(Ordering::Relaxed) <= cool_downs {
                        thread::yield_now();
                    }
                    let taken = turn(&mut service, &valid);
                    assert_eq!(runtime.block_on(waiting).unwrap().unwrap().status(), 401);
                    taken
                }
            };
        }
        rounds.push(round);
    }
    let (sent, fetches) = (flood.sent(), server.fetches.load(Ordering::Relaxed));
    flood.end();

    println!("{METHOD}");
    println!();
    println!(
        "{sent} requests with invented ids in {cool_downs} cool-downs: {} fetches",
        fetches - 1
    );
    assert_eq!(fetches, cool_downs + 1, "one in a cool-down, and the first");
    println!();
    print_table(&rounds);
}

/// That part of the way through what is sorted.
fn quantile<T: Copy>(sorted: &[T], at: f64) -> T {
    sorted[((sorted.len() - 1) as f64 * at).round() as usize]
}

/// The median, over all rounds, of what a round comes to.
fn median<'r>(rounds: &'r [Round], figure: impl Fn(&'r Round) -> f64) -> f64 {
    let mut figures: Vec<_> = rounds.iter().map(figure).collect();
    figures.sort_unstable_by(f64::total_cmp);
    quantile(&figures, 0.5)
}

fn print_table(rounds: &[Round]) {
    println!("Microseconds, the median of {} rounds:", rounds.len());
    println!();
    println!("| condition |    p50 |    p99 | p50 / quiet | p99 / quiet | p99 / busy |");
    println!("|-----------|-------:|-------:|------------:|------------:|-----------:|");
    let micros = |turn: &[Duration], at| quantile(turn, at).as_secs_f64() * 1e6;
    for (index, condition) in CONDITIONS.into_iter().enumerate() {
        let figure = |at| median(rounds, |round| micros(&round[index], at));
        let ratio = |to: usize, at| {
            median(rounds, |round| micros(&round[index], at) / micros(&round[to], at))
        };
        println!(
            "| {:<9} | {:>6.1} | {:>6.1} | {:>11.2} | {:>11.2} | {:>10.2} |",
            format!("{condition:?}").to_lowercase(),
            figure(0.5),
            figure(0.99),
            ratio(0, 0.5),
            ratio(0, 0.99),
            ratio(1, 0.99),
        );
    }
}
