//! Putting a remote key set together. Nothing is fetched here.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::client::{self, MakeClient};
use super::fetch::{Fetch, Get};
use super::location::{Allowed, PlainHttp};
use super::origin::{METADATA_LIFETIME, Origin};
use super::remote::{RemoteJwks, Settings};
use super::schedule::Times;
use super::sync::Mutex;
use crate::clock::{Clock, SystemClock};
use crate::error::{BuildError, Problem, ProblemKind};
use crate::key::{BuildKeys, KeySource, Keys};
use crate::observe::Observer;

const TIMEOUT: Duration = Duration::from_secs(5);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// A request waits no longer than this, whatever is set.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(30);
const MOST_BYTES: usize = 256 * 1024;
const LARGEST_MOST_BYTES: usize = 8 * 1024 * 1024;
const MOST_WAITING: usize = 1024;
const LEAST_LIFETIME: Duration = Duration::from_secs(10);
const LONGEST_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);
const LEAST_COOLDOWN: Duration = Duration::from_secs(1);

/// Collects the settings of a [`RemoteJwks`]. Each default has its reason in the guide's page on
/// rotation and outages.
#[must_use = "a builder does nothing until `build` is called"]
pub struct RemoteJwksBuilder {
    pub(super) url: String,
    pub(super) is_issuer: bool,
    pub(super) keys_url: Option<String>,
    pub(super) metadata_url: Option<String>,
    /// In a lock, so that the builder can be shared between threads.
    client: Option<Mutex<Box<dyn Get>>>,
    pub(super) allowed: Allowed,
    times: Times,
    timeout: Duration,
    connect_timeout: Duration,
    make_client: MakeClient,
    most_bytes: usize,
    most_waiting: usize,
    refresh_on_bad_signature: bool,
    clock: Option<Arc<dyn Clock>>,
    observer: Option<Arc<dyn Observer>>,
}

impl RemoteJwks {
    /// Keys that are served at this URL, an issuer's `jwks_uri`.
    pub fn url(url: impl Into<String>) -> RemoteJwksBuilder {
        RemoteJwksBuilder::new(url.into(), false)
    }

    /// Keys of the issuer with this URL, found by its metadata (OpenID Connect Discovery 1.0 §4,
    /// RFC 8414 §3).
    ///
    /// The metadata must name the issuer by exactly this text. It is read again after twelve hours, and when
    /// the keys are gone from where it said.
    ///
    /// Metadata that then says something else (another issuer, a URL that is not allowed, status 404 or 410)
    /// is a failed refresh: the keys in memory serve to the end of [`max_stale`](RemoteJwksBuilder::max_stale),
    /// and nothing is fetched from the old place any more. While the metadata only cannot be read, keys are
    /// fetched from the old place until twelve hours and `max_stale` have passed since it was last read. Both
    /// cases emit an event and are in [`last_error`](crate::key::KeyHealth::last_error).
    pub fn issuer(url: impl Into<String>) -> RemoteJwksBuilder {
        RemoteJwksBuilder::new(url.into(), true)
    }
}

impl RemoteJwksBuilder {
    fn new(url: String, is_issuer: bool) -> Self {
        Self {
            url,
            is_issuer,
            keys_url: None,
            metadata_url: None,
            client: None,
            allowed: Allowed::default(),
            times: Times::default(),
            timeout: TIMEOUT,
            connect_timeout: CONNECT_TIMEOUT,
            make_client: client::with_platform_roots,
            most_bytes: MOST_BYTES,
            most_waiting: MOST_WAITING,
            refresh_on_bad_signature: false,
            clock: None,
            observer: None,
        }
    }

    /// Fetches from this URL instead of the one that was passed to the constructor, for presets whose users may change
    /// it after other settings.
    pub fn at(mut self, url: String) -> Self {
        self.url = url;
        self
    }

    /// Fetches with this client: any Tower service from `Request<NoBody>` to a response.
    ///
    /// A redirect that the client hands on is refused. Have it follow none: one that follows redirects on
    /// its own cannot be noticed.
    pub fn client(mut self, client: impl Fetch) -> Self {
        self.client = Some(Mutex::new(Box::new(client)));
        self
    }

    /// Fetches the issuer's keys from this URL and reads no metadata: for issuers without metadata, or whose
    /// metadata cannot be reached from here.
    ///
    /// The issuer's name may then be any text, such as `accounts.google.com`. Only for
    /// [`RemoteJwks::issuer`].
    pub fn keys_url(mut self, url: impl Into<String>) -> Self {
        self.keys_url = Some(url.into());
        self
    }

    /// Reads the issuer's metadata from this URL, and from nowhere else.
    ///
    /// The metadata must still name the issuer by exactly the text given to [`RemoteJwks::issuer`] (RFC 8414
    /// §3.3). What [`require_same_origin`](Self::require_same_origin) and
    /// [`allow_private_jwks_uri`](Self::allow_private_jwks_uri) compare the `jwks_uri` with is then this URL.
    pub fn metadata_url(mut self, url: impl Into<String>) -> Self {
        self.metadata_url = Some(url.into());
        self
    }

    /// Allows `http` to this machine (`localhost`, 127.0.0.0/8, `::1`), for development and tests.
    pub fn allow_http_on_loopback(mut self) -> Self {
        self.allowed.plain_http = PlainHttp::OnLoopback;
        self
    }

    /// Allows `http` to any host, as between the containers of one machine. An attacker on the network path
    /// can then substitute the keys, and sign in as any user.
    ///
    /// Metadata that was read over `https` leads to `https` only, whatever is allowed.
    pub fn allow_insecure_http(mut self) -> Self {
        self.allowed.plain_http = PlainHttp::Anywhere;
        self
    }

    /// Lets metadata name a `jwks_uri` at a private address of another host than its own. An attacker who can
    /// change the metadata can then make this server send requests inside its network.
    pub fn allow_private_jwks_uri(mut self) -> Self {
        self.allowed.private_jwks_uri = true;
        self
    }

    /// Requires the `jwks_uri` of metadata to have the metadata's scheme, host and port.
    pub fn require_same_origin(mut self) -> Self {
        self.allowed.same_origin_only = true;
        self
    }

    /// How long keys live whose answer has no `Cache-Control: max-age`: ten minutes unless set.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.times.lifetime = ttl;
        self
    }

    /// The bounds of what `Cache-Control: max-age` may ask for: one minute and one hour unless set.
    ///
    /// The upper one bounds how long a withdrawn key is good on a server that has requests, or
    /// [`keep_fresh`](RemoteJwks::keep_fresh). After a quiet time longer than the lifetime, the first
    /// request is verified with what is held, and starts the refresh.
    pub fn ttl_between(mut self, shortest: Duration, longest: Duration) -> Self {
        (self.times.shortest_lifetime, self.times.longest_lifetime) = (shortest, longest);
        self
    }

    /// How long keys serve after their lifetime, because the key server is out of reach or has no usable
    /// key, or because no request came to notice: four hours unless set. Zero makes every outage that lasts
    /// longer than a lifetime an outage of this server.
    pub fn max_stale(mut self, bound: Duration) -> Self {
        self.times.stale = bound;
        self
    }

    /// Serves keys until there are newer ones: a key that was withdrawn while the key server was out of
    /// reach, or this server had no requests, is good until then.
    pub fn allow_unbounded_stale(self) -> Self {
        self.max_stale(Duration::MAX)
    }

    /// The least time between two fetches that tokens with unknown key ids can cause: 30 s unless set.
    pub fn cooldown(mut self, least: Duration) -> Self {
        self.times.cooldown = least;
        self
    }

    /// The longest wait after failures; it begins at one second and doubles. One minute unless set.
    pub fn max_backoff(mut self, longest: Duration) -> Self {
        self.times.max_backoff = longest;
        self.times.first_back_off = self.times.first_back_off.min(longest);
        self
    }

    /// The longest that one fetch may take, from connecting to the last byte, discovery and a retry
    /// included, and so the longest that a request waits: 5 s unless set.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The longest that the client of the feature `jwks-client` takes to connect: 2 s unless set.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Has the client of the feature `jwks-client` trust what Mozilla trusted when this was built, and not
    /// what the platform trusts: for images without root certificates.
    #[cfg(feature = "webpki-roots")]
    pub fn webpki_roots(mut self) -> Self {
        self.make_client = client::with_mozilla_roots;
        self
    }

    /// The most bytes of a document that are read: 256 KiB unless set.
    pub fn max_bytes(mut self, bytes: usize) -> Self {
        self.most_bytes = bytes;
        self
    }

    /// The most requests that may wait for keys at once; the others have 503 at once. 1024 unless set.
    pub fn max_waiting(mut self, requests: usize) -> Self {
        self.most_waiting = requests;
        self
    }

    /// Fetches, within the same budget as for unknown key ids, when a signature is wrong under the key that
    /// the token names: for issuers that use an id again for another key.
    pub fn refresh_on_bad_signature(mut self) -> Self {
        self.refresh_on_bad_signature = true;
        self
    }

    /// Measures ages by this clock.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// Reports every refresh to this observer, in place of the verifier's
    /// ([`VerifierBuilder::observer`](crate::verify::VerifierBuilder::observer)).
    pub fn observer(mut self, observer: impl Observer) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// Checks the settings. No I/O happens here, and nothing has to be reachable.
    ///
    /// # Errors
    ///
    /// Everything that is unsafe or cannot work, at once.
    pub fn build(self) -> Result<RemoteJwks, BuildError> {
        self.build_with_clock(None)
    }

    /// As [`build`](Self::build), with this clock if none is set.
    fn build_with_clock(self, clock: Option<Arc<dyn Clock>>) -> Result<RemoteJwks, BuildError> {
        let mut problems = self.problems();
        let place = self.place(&mut problems);
        let client = match self.client {
            Some(client) => Some(client),
            None => (self.make_client)(self.connect_timeout)
                .map_err(|why| problems.push(why))
                .ok()
                .map(Mutex::new),
        };
        let (Some(place), Some(client)) = (place, client) else {
            return Err(BuildError::of(problems));
        };
        if !problems.is_empty() {
            return Err(BuildError::of(problems));
        }
        Ok(RemoteJwks::new(Settings {
            origin: Origin {
                place,
                client,
                timeout: self.timeout,
                most_bytes: self.most_bytes,
                metadata_kept_for: METADATA_LIFETIME.saturating_add(self.times.stale),
            },
            issuer: self.is_issuer.then_some(self.url),
            times: self.times,
            most_waiting: self.most_waiting,
            refresh_on_bad_signature: self.refresh_on_bad_signature,
            clock: self.clock.or(clock).unwrap_or_else(|| Arc::new(SystemClock::new())),
            observer: self.observer.into(),
        }))
    }
}

impl BuildKeys for RemoteJwksBuilder {
    fn build(
        self: Box<Self>,
        clock: Option<Arc<dyn Clock>>,
    ) -> Result<Arc<dyn KeySource>, BuildError> {
        (*self).build_with_clock(clock).map(|keys| Arc::new(keys) as _)
    }
}

impl From<RemoteJwksBuilder> for Keys {
    fn from(builder: RemoteJwksBuilder) -> Self {
        Self::unbuilt(builder)
    }
}

impl RemoteJwksBuilder {
    /// What is wrong with the numbers.
    fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut check = |good: bool, kind, what: &str, why, fix| {
            if !good {
                problems.push(Problem::new(kind, what, why, fix));
            }
        };
        let times = &self.times;
        check(
            times.shortest_lifetime >= LEAST_LIFETIME && times.lifetime >= LEAST_LIFETIME,
            ProblemKind::OutOfRange,
            "a `ttl` of less than 10 seconds",
            "almost every request would fetch the keys",
            "Leave the default of 10 minutes: new keys are found by their id, whatever the `ttl` of the others",
        );
        check(
            times.shortest_lifetime <= times.longest_lifetime,
            ProblemKind::Conflict,
            "`ttl_between` with the shortest above the longest",
            "no `ttl` is between them",
            "Swap the two",
        );
        check(
            times.lifetime <= LONGEST_LIFETIME && times.longest_lifetime <= LONGEST_LIFETIME,
            ProblemKind::OutOfRange,
            "a `ttl` of more than one day",
            "a withdrawn key would be accepted for as long",
            "Leave the default of 1 hour at most; fetching is cheap where the key server answers 304",
        );
        check(
            times.cooldown >= LEAST_COOLDOWN,
            ProblemKind::OutOfRange,
            "a `cooldown` of less than 1 second",
            "tokens with invented key ids would make this server flood the key server",
            "Leave the default of 30 seconds",
        );
        check(
            times.max_backoff >= LEAST_COOLDOWN,
            ProblemKind::OutOfRange,
            "a `max_backoff` of less than 1 second",
            "this server would overload a key server that is recovering",
            "Leave the default of 1 minute",
        );
        check(
            [self.timeout, self.connect_timeout]
                .iter()
                .all(|timeout| !timeout.is_zero() && *timeout <= LONGEST_TIMEOUT),
            ProblemKind::OutOfRange,
            "a timeout of 0, or of more than 30 seconds",
            "no fetch could succeed, or requests would pile up behind a key server that hangs",
            "Leave the default of 5 seconds",
        );
        check(
            (1..=LARGEST_MOST_BYTES).contains(&self.most_bytes),
            ProblemKind::OutOfRange,
            "`max_bytes` of 0, or of more than 8 MiB",
            "no key set could be read, or a faulty key server would fill this server's memory",
            "Leave the default of 256 KiB",
        );
        check(
            (1..=Semaphore::MAX_PERMITS).contains(&self.most_waiting),
            ProblemKind::OutOfRange,
            "`max_waiting` of 0, or above the number of permits of a semaphore",
            "no request could wait for the first keys",
            "Leave the default of 1024",
        );
        problems
    }
}

impl fmt::Debug for RemoteJwksBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the URL: it was not looked at yet, and may hold a password.
        f.debug_struct("RemoteJwksBuilder").field("times", &self.times).finish_non_exhaustive()
    }
}
