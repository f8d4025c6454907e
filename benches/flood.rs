//! The latency of valid requests during a flood of invented key ids, and while keys are fetched.
//!
//! `cargo bench --features jwks --bench flood` sends a million requests with invented ids through the layer. It
//! prints the number of key fetches and the latency of valid requests during the flood.

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

/// The default cooldown.
const COOLDOWN: Duration = Duration::from_secs(30);
/// The response time of the key server, longer than a turn.
const SLOW: Duration = Duration::from_millis(100);
/// The number of valid requests in a turn.
const TURN: usize = 500;
/// The minimum number of flood requests in a turn.
const WAVE: u64 = 10_000;

const METHOD: &str = "\
One thread sends valid requests and measures each. A second thread floods the same layer with requests whose
key ids are invented. A third thread fetches the keys. Each round has a turn of 500 valid requests for each
condition: quiet; busy, where the second thread uses the same CPU time but sends nothing; flood; and refresh,
where a fetch of 100 ms is in progress. The order changes from round to round. A ratio compares two turns of
the same round; the median over all rounds is printed. If flood is slower than quiet but not slower than busy,
the difference comes from the busy machine, not from the layer.
Every valid request is answered with 200 at the first poll.";

/// A slow key server in the same process that counts its requests.
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

/// The valid token with an invented `kid`. Its signature is never checked.
fn invented(valid: &str, number: u64) -> String {
    let (_, rest) = valid.split_once('.').unwrap();
    let header = format!(r#"{{"alg":"ES256","kid":"invented {number}"}}"#);
    format!("{}.{rest}", URL_SAFE_NO_PAD.encode_to_string(header))
}

type Answer = Response<ResponseBody<Empty<Bytes>>>;

/// The layer around a service that answers every request.
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

/// A separate thread that sends invented ids or only uses CPU time.
struct Flood {
    sent: Arc<AtomicU64>,
    is_busy: Arc<AtomicBool>,
    is_on: Arc<AtomicBool>,
    /// Locked while a request is being processed.
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
                    let rejected = service.clone().oneshot(request(&token)).now_or_never();
                    assert_eq!(rejected.expect("no cooldown has ended").unwrap().status(), 401);
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

    /// Returns when the last request is answered.
    fn pause(&self) {
        self.is_on.store(false, Ordering::Release);
        drop(self.sending.lock().unwrap());
    }

    fn end(self) {
        self.is_over.store(true, Ordering::Relaxed);
        self.thread.join().unwrap();
    }
}

/// The times of a turn, in ascending order.
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
            assert_eq!(
                answered.expect("a request with a known key must not wait").unwrap().status(),
                200
            );
            taken
        })
        .collect();
    taken.sort_unstable();
    taken
}

fn main() {
    // A test run only shows that the benchmark works.
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
    let (mut rounds, mut cooldowns) = (Vec::new(), 0);
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
                    // The flood reaches its minimum even if the valid requests finish first.
                    while flood.sent() < before + WAVE {
                        thread::yield_now();
                    }
                    flood.pause();
                    taken
                }
                Condition::Refresh => {
                    // One invented id starts a fetch and waits for it.
                    clock.advance(COOLDOWN);
                    cooldowns += 1;
                    let unknown = request(&invented(&valid, u64::MAX - cooldowns));
                    let waiting = runtime.spawn(service.clone().oneshot(unknown));
                    while server.fetches.load(Ordering::Relaxed) <= cooldowns {
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
    println!("{sent} requests with invented ids in {cooldowns} cooldowns: {} fetches", fetches - 1);
    assert_eq!(fetches, cooldowns + 1, "one fetch per cooldown, and the first one");
    println!();
    print_table(&rounds);
}

/// A quantile of sorted values.
fn quantile<T: Copy>(sorted: &[T], at: f64) -> T {
    sorted[((sorted.len() - 1) as f64 * at).round() as usize]
}

/// The median of a figure over all rounds.
fn median<'r>(rounds: &'r [Round], figure: impl Fn(&'r Round) -> f64) -> f64 {
    let mut figures: Vec<_> = rounds.iter().map(figure).collect();
    figures.sort_unstable_by(f64::total_cmp);
    quantile(&figures, 0.5)
}

fn print_table(rounds: &[Round]) {
    println!("Microseconds, median of {} rounds:", rounds.len());
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
