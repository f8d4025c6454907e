//! What becomes of valid requests while others are sent with invented key ids, and while keys are fetched.
//!
//! `cargo bench --features jwks-client --bench flood` sends a million requests with invented ids through the
//! layer and prints how often the keys were asked for, and how long valid requests took meanwhile.

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
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use base64_simd::URL_SAFE_NO_PAD;
use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response};
use http_body_util::{Empty, Full};
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_jwt_auth::jwks::{NoBody, RemoteJwks};
use tower_jwt_auth::respond::ResponseBody;
use tower_jwt_auth::testing::{FixedClock, TestIssuer};
use tower_jwt_auth::{JwtAuthLayer, Verifier};

/// The default.
const COOL_DOWN: Duration = Duration::from_secs(30);
/// How long the key server thinks about it: longer than a turn.
const SLOW: Duration = Duration::from_millis(100);
/// Valid requests in a row, before the next condition has its turn.
const TURN: usize = 500;

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
    Flood,
    Refresh,
}

const CONDITIONS: [Condition; 3] = [Condition::Quiet, Condition::Flood, Condition::Refresh];

fn main() {
    // In test mode it is enough that it runs.
    let is_test = std::env::args().any(|argument| argument == "--test");
    let invented_in_all: u64 = if is_test { 2_000 } else { 1_000_000 };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let _guard = runtime.enter();

    let issuer = TestIssuer::es256().key_id("known");
    let server = KeyServer::default();
    let clock = FixedClock::new();
    let issuer = issuer.clock(clock.clone());
    let keys = server.keys(issuer.jwks(), clock.clone());
    runtime.block_on(keys.warm()).unwrap();
    let verifier = Verifier::key_source(keys).any_issuer().any_audience();
    let verifier = verifier.clock(clock.clone()).build().unwrap();
    let layer = JwtAuthLayer::new(verifier);
    let valid = issuer.token().subject("user-1").mint();

    let sent = Arc::new(AtomicU64::new(0));
    let flooding = Arc::new(AtomicBool::new(false));
    let done = Arc::new(AtomicBool::new(false));
    let flood = {
        let (sent, flooding, done) = (Arc::clone(&sent), Arc::clone(&flooding), Arc::clone(&done));
        let (service, valid, runtime) = (serve(&layer), valid.clone(), runtime.handle().clone());
        thread::spawn(move || {
            while !done.load(Ordering::Relaxed) {
                if !flooding.load(Ordering::Acquire) {
                    thread::park_timeout(Duration::from_millis(1));
                    continue;
                }
                let number = sent.fetch_add(1, Ordering::Relaxed);
                let token = invented(&valid, number);
                let refused = runtime.block_on(service.clone().oneshot(request(&token))).unwrap();
                assert_eq!(refused.status(), 401);
            }
        })
    };

    let mut taken: [Vec<Duration>; 3] = Default::default();
    let mut cool_downs = 0;
    let mut service = serve(&layer);
    while sent.load(Ordering::Relaxed) < invented_in_all {
        for (condition, taken) in CONDITIONS.into_iter().zip(&mut taken) {
            flooding.store(condition == Condition::Flood, Ordering::Release);
            let before = sent.load(Ordering::Relaxed);
            // The cool-down is over: one invented id has the keys fetched, and waits for them.
            let waiting = (condition == Condition::Refresh).then(|| {
                clock.advance(COOL_DOWN);
                cool_downs += 1;
                runtime.spawn(
                    service.clone().oneshot(request(&invented(&valid, u64::MAX - cool_downs))),
                )
            });
            for _ in 0..TURN {
                let request = request(&valid);
                let start = Instant::now();
                let answered = service.call(request).now_or_never();
                taken.push(start.elapsed());
                assert_eq!(answered.expect("a known key waits").unwrap().status(), 200);
            }
            // The flood has its share of the time, however quickly the valid ones are through.
            while condition == Condition::Flood && sent.load(Ordering::Relaxed) < before + 1_000 {
                thread::yield_now();
            }
            if let Some(waiting) = waiting {
                assert_eq!(runtime.block_on(waiting).unwrap().unwrap().status(), 401);
            }
        }
    }
    flooding.store(false, Ordering::Release);
    done.store(true, Ordering::Relaxed);
    flood.join().unwrap();

    let (sent, fetches) = (sent.load(Ordering::Relaxed), server.fetches.load(Ordering::Relaxed));
    println!(
        "{sent} requests with invented ids in {cool_downs} cool-downs: {} fetches",
        fetches - 1
    );
    assert_eq!(fetches, cool_downs + 1, "one in a cool-down, and the first");
    println!();
    println!("Valid requests, in nanoseconds:");
    println!();
    println!("| condition | requests |    p50 |    p99 | p50 / quiet | p99 / quiet |");
    println!("|-----------|---------:|-------:|-------:|------------:|------------:|");
    let quantile = |of: &[Duration], q: f64| of[((of.len() - 1) as f64 * q) as usize].as_nanos();
    for taken in &mut taken {
        taken.sort_unstable();
    }
    let quiet = taken[0].clone();
    for (condition, taken) in CONDITIONS.into_iter().zip(&taken) {
        let (half, most) = (quantile(taken, 0.5), quantile(taken, 0.99));
        let ratio = |one: u128, q| one as f64 / quantile(&quiet, q) as f64;
        println!(
            "| {:<9} | {:>8} | {half:>6} | {most:>6} | {:>11.2} | {:>11.2} |",
            format!("{condition:?}").to_lowercase(),
            taken.len(),
            ratio(half, 0.5),
            ratio(most, 0.99),
        );
    }
}
