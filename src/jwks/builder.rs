//! The builder of a remote key set.

use std::fmt;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

#[cfg(feature = "jwks-client")]
use super::client::DefaultClient;
use super::fetch::{Fetch, Get, KeyClient};
use super::location::{Allowed, PlainHttp};
use super::origin::{METADATA_LIFETIME, Origin, Place};
use super::remote::{RemoteJwks, Settings};
use super::request::RequestHeaders;
use super::schedule::Times;
use super::sync::Mutex;
use crate::clock::{Clock, SystemClock};
use crate::error::{BuildError, Problem};
use crate::key::{BuildKeys, KeySet, KeySource, Keys};
use crate::observe::Observer;

const TIMEOUT: Duration = Duration::from_secs(5);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const MOST_BYTES: usize = 256 * 1024;
const MOST_WAITING: usize = 1024;

/// Collects the settings of a [`RemoteJwks`].
///
/// The guide page [Rotation and outages](crate::guide::rotation_and_outages) gives the reason for each default.
///
/// ```
/// use std::time::Duration;
/// use tower_jwt_auth::jwks::RemoteJwks;
///
/// # #[cfg(feature = "jwks-client")] {
/// let keys = RemoteJwks::url("https://auth.example.com/jwks.json").ttl(Duration::from_secs(300));
/// assert!(keys.build().is_ok());
///
/// assert!(RemoteJwks::url("http://auth.example.com/jwks.json").build().is_err()); // not https
/// # }
/// ```
#[must_use = "a builder does nothing until `build` is called"]
pub struct RemoteJwksBuilder {
    pub(super) url: String,
    pub(super) is_issuer: bool,
    pub(super) keys_url: Option<String>,
    pub(super) metadata_url: Option<String>,
    /// In a lock, so that the builder is `Sync`.
    client: Option<Mutex<Box<dyn Get>>>,
    pub(super) allowed: Allowed,
    pub(super) times: Times,
    pub(super) timeout: Duration,
    pub(super) connect_timeout: Duration,
    #[cfg(feature = "jwks-client")]
    pub(super) default_client: DefaultClient,
    pub(super) headers: RequestHeaders,
    pub(super) most_bytes: usize,
    pub(super) key_use: Option<String>,
    pub(super) most_waiting: usize,
    pub(super) seed: Option<String>,
    pub(super) refresh_on_bad_signature: bool,
    pub(super) clock: Option<Arc<dyn Clock>>,
    pub(super) observer: Option<Arc<dyn Observer>>,
}

impl RemoteJwks {
    /// Starts a builder for the keys at this URL, an issuer's `jwks_uri`.
    pub fn url(url: impl Into<String>) -> RemoteJwksBuilder {
        RemoteJwksBuilder::new(url.into(), false)
    }

    /// Starts a builder for the keys of an issuer, found through its metadata.
    ///
    /// The metadata follows OpenID Connect Discovery 1.0 §4 or RFC 8414 §3. Its `issuer` must be exactly this text. The
    /// metadata is read again after twelve hours, and when the URL of the keys answers 404 or 410.
    ///
    /// If the metadata then names another issuer or a forbidden URL, or answers 404 or 410, the refresh fails. The keys
    /// in memory are used until [`max_stale`](RemoteJwksBuilder::max_stale) ends, and nothing is fetched from the old
    /// URL.
    ///
    /// If the metadata cannot be read for another reason, keys are still fetched from the old URL, until twelve hours
    /// and `max_stale` have passed since it was last read.
    ///
    /// Both cases emit an event and appear in [`last_error`](crate::key::KeyHealth::last_error).
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
            #[cfg(feature = "jwks-client")]
            default_client: DefaultClient::default(),
            headers: RequestHeaders::default(),
            most_bytes: MOST_BYTES,
            key_use: None,
            most_waiting: MOST_WAITING,
            seed: None,
            refresh_on_bad_signature: false,
            clock: None,
            observer: None,
        }
    }

    /// Replaces the URL that was passed to the constructor.
    ///
    /// Presets call it when their user sets the URL after other settings.
    pub fn at(mut self, url: String) -> Self {
        self.url = url;
        self
    }

    /// Fetches with this HTTP client: a Tower service from `Request<NoBody>` to a response.
    ///
    /// Configure the client not to follow redirects. A redirect response is rejected, but redirects that the client
    /// follows itself cannot be detected.
    pub fn client(mut self, client: impl Fetch) -> Self {
        self.client = Some(Mutex::new(Box::new(client)));
        self
    }

    /// Fetches the issuer's keys from this URL and reads no metadata.
    ///
    /// Use it after [`RemoteJwks::issuer`] if the issuer has no metadata, or if this server cannot reach it. The
    /// issuer's name can then be any text, such as `accounts.google.com`.
    pub fn keys_url(mut self, url: impl Into<String>) -> Self {
        self.keys_url = Some(url.into());
        self
    }

    /// Reads the issuer's metadata only from this URL.
    ///
    /// The `issuer` in the metadata must still be exactly the text passed to [`RemoteJwks::issuer`] (RFC 8414 §3.3).
    /// [`require_same_origin`](Self::require_same_origin) and
    /// [`allow_private_jwks_uri`](Self::allow_private_jwks_uri) compare the `jwks_uri` with this URL.
    pub fn metadata_url(mut self, url: impl Into<String>) -> Self {
        self.metadata_url = Some(url.into());
        self
    }

    /// Allows `http` to this machine, for development and tests.
    ///
    /// The permitted hosts are `localhost`, 127.0.0.0/8 and `::1`.
    pub fn allow_http_on_loopback(mut self) -> Self {
        self.allowed.plain_http = PlainHttp::OnLoopback;
        self
    }

    /// Allows `http` to any host, for example between containers on one machine.
    ///
    /// An attacker on the network path can then substitute the keys and sign in as any user. Metadata that was read
    /// over `https` must still name an `https` URL.
    pub fn allow_insecure_http(mut self) -> Self {
        self.allowed.plain_http = PlainHttp::Anywhere;
        self
    }

    /// Allows metadata to name a `jwks_uri` at a private address of another host.
    ///
    /// An attacker who can change the metadata can then make this server send requests inside its network.
    pub fn allow_private_jwks_uri(mut self) -> Self {
        self.allowed.private_jwks_uri = true;
        self
    }

    /// Requires the `jwks_uri` to have the scheme, host and port of the metadata's URL.
    pub fn require_same_origin(mut self) -> Self {
        self.allowed.same_origin_only = true;
        self
    }

    /// Starts with the keys of this JWKS document, for example one from the deployment package.
    ///
    /// A server without a network, or a function that must answer at once, can then verify its first token. The first
    /// request starts a refresh in the background; a token with another key id waits for it. If no fetch succeeds, the
    /// keys are used for [`ttl`](Self::ttl) plus [`max_stale`](Self::max_stale) from the start of this server. A key
    /// that has been withdrawn since the document was packaged is accepted until a fetch succeeds or this time ends.
    ///
    /// As in a fetched document, secrets are skipped. A document without a usable key is a problem at `build`.
    pub fn seed(mut self, jwks: impl Into<String>) -> Self {
        self.seed = Some(jwks.into());
        self
    }

    /// Sets the lifetime of keys whose response has no `Cache-Control: max-age`.
    ///
    /// The default is ten minutes.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.times.lifetime = ttl;
        self
    }

    /// Sets the bounds for the lifetime in `Cache-Control: max-age`.
    ///
    /// The defaults are one minute and one hour. The upper bound limits how long a withdrawn key is accepted, if the
    /// server receives requests or runs [`keep_fresh`](RemoteJwks::keep_fresh). After a period without requests that is
    /// longer than the lifetime, the next request is verified with the old keys and starts a refresh.
    pub fn ttl_between(mut self, shortest: Duration, longest: Duration) -> Self {
        (self.times.shortest_lifetime, self.times.longest_lifetime) = (shortest, longest);
        self
    }

    /// Sets how long keys are used after their lifetime.
    ///
    /// The default is four hours. Keys become stale if the key server is unreachable or has no usable key, or if no
    /// request started a refresh. With zero, an outage of the key server that lasts longer than the lifetime becomes an
    /// outage of this server.
    pub fn max_stale(mut self, bound: Duration) -> Self {
        self.times.stale = bound;
        self
    }

    /// Uses stale keys without a time limit, until newer ones are fetched.
    ///
    /// A key that was withdrawn during an outage of the key server, or while this server received no requests, is
    /// accepted until then.
    pub fn allow_unbounded_stale(self) -> Self {
        self.max_stale(Duration::MAX)
    }

    /// Sets the minimum time between fetches caused by tokens with unknown key ids.
    ///
    /// The default is 30 seconds.
    pub fn cooldown(mut self, least: Duration) -> Self {
        self.times.cooldown = least;
        self
    }

    /// Sets the maximum backoff after failures, which starts at one second and doubles.
    ///
    /// The default is one minute.
    pub fn max_backoff(mut self, longest: Duration) -> Self {
        self.times.max_backoff = longest;
        self.times.first_backoff = self.times.first_backoff.min(longest);
        self
    }

    /// Sets the timeout of a whole fetch, including discovery and a retry.
    ///
    /// It is also the limit for a request that waits for keys. The default is 5 seconds.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets the maximum size of a document in bytes.
    ///
    /// The default is 256 KiB. A larger document is a failed fetch.
    pub fn max_bytes(mut self, bytes: usize) -> Self {
        self.most_bytes = bytes;
        self
    }

    /// Uses only keys with exactly this `use`, instead of those with `sig` or none (RFC 7517 §4.2).
    ///
    /// The signing keys in a SPIFFE bundle have the `use` `jwt-svid`. The values `enc` and `x509-svid` are rejected. See
    /// [`KeySet::jwks_for_use`](crate::key::KeySet::jwks_for_use) for a document that is not fetched.
    ///
    /// ```
    /// # #[cfg(feature = "jwks-client")] {
    /// use tower_jwt_auth::jwks::RemoteJwks;
    ///
    /// let keys = || RemoteJwks::url("https://spire.example.com/keys");
    /// assert!(keys().key_use("jwt-svid").build().is_ok());
    /// assert!(keys().key_use("enc").build().is_err());
    /// # }
    /// ```
    pub fn key_use(mut self, key_use: impl Into<String>) -> Self {
        self.key_use = Some(key_use.into());
        self
    }

    /// Sets how many requests may wait for an in-flight fetch at the same time.
    ///
    /// The default is 1024. Further requests get 503 immediately.
    pub fn max_waiting(mut self, requests: usize) -> Self {
        self.most_waiting = requests;
        self
    }

    /// Also fetches keys if a signature is invalid for the key that the token names.
    ///
    /// Use it for issuers that reuse a key id for another key. The [`cooldown`](Self::cooldown) applies.
    pub fn refresh_on_bad_signature(mut self) -> Self {
        self.refresh_on_bad_signature = true;
        self
    }

    /// Measures the age of keys with this clock.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// Reports every refresh to this observer instead of the verifier's.
    ///
    /// See [`VerifierBuilder::observer`](crate::verify::VerifierBuilder::observer).
    pub fn observer(mut self, observer: impl Observer) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// Checks the settings and creates the key set. No I/O happens here.
    ///
    /// # Errors
    ///
    /// Lists every setting that is unsafe or cannot work.
    pub fn build(self) -> Result<RemoteJwks, BuildError> {
        self.build_with_clock(None)
    }

    /// Like [`build`](Self::build), with this clock if none is set.
    fn build_with_clock(mut self, clock: Option<Arc<dyn Clock>>) -> Result<RemoteJwks, BuildError> {
        let clock = self.clock.take().or(clock).unwrap_or_else(|| Arc::new(SystemClock::new()));
        let mut problems = self.limit_problems();
        problems.extend(self.headers.problems());
        let place = self.place(&mut problems);
        let client = self.key_client(place.as_ref(), &clock, &mut problems);
        let seed = self.seed.map(|jwks| KeySet::read_fetched(&jwks, self.key_use.as_deref()));
        let seed = seed.transpose().map_err(|error| {
            problems.extend(error.within("`seed`").into_problems());
        });
        let (Some(place), Some(client), Ok(seed), true) =
            (place, client, seed, problems.is_empty())
        else {
            return Err(BuildError::of(problems));
        };
        Ok(RemoteJwks::new(Settings {
            origin: Origin {
                client,
                place,
                timeout: self.timeout,
                key_use: self.key_use,
                metadata_kept_for: METADATA_LIFETIME.saturating_add(self.times.stale),
            },
            seed,
            issuer: self.is_issuer.then_some(self.url),
            times: self.times,
            most_waiting: self.most_waiting,
            refresh_on_bad_signature: self.refresh_on_bad_signature,
            clock,
            observer: self.observer.into(),
        }))
    }

    /// The client for requests to this place.
    pub(super) fn key_client(
        &mut self,
        place: Option<&Place>,
        clock: &Arc<dyn Clock>,
        problems: &mut Vec<Problem>,
    ) -> Option<KeyClient> {
        let service = Mutex::new(self.service(place, clock, problems)?);
        let headers = std::mem::take(&mut self.headers);
        let origin = place?.first_url().origin();
        Some(KeyClient { service, headers, origin, most_bytes: self.most_bytes })
    }

    /// The configured client, or the default one.
    #[cfg(feature = "jwks-client")]
    fn service(
        &mut self,
        place: Option<&Place>,
        clock: &Arc<dyn Clock>,
        problems: &mut Vec<Problem>,
    ) -> Option<Box<dyn Get>> {
        let default = std::mem::take(&mut self.default_client);
        if let Some(client) = self.client.take() {
            problems.extend(default.unused());
            return Some(client.into_inner().unwrap_or_else(PoisonError::into_inner));
        }
        let client = default.build(place.map(Place::first_url), self.connect_timeout, clock);
        client.map_err(|why| problems.extend(why)).ok()
    }

    /// The configured client.
    #[cfg(not(feature = "jwks-client"))]
    fn service(
        &mut self,
        _: Option<&Place>,
        _: &Arc<dyn Clock>,
        problems: &mut Vec<Problem>,
    ) -> Option<Box<dyn Get>> {
        let client = self.client.take();
        problems.extend(client.is_none().then(Self::no_client));
        Some(client?.into_inner().unwrap_or_else(PoisonError::into_inner))
    }
}

impl BuildKeys for RemoteJwksBuilder {
    fn build(
        self: Box<Self>,
        clock: Option<Arc<dyn Clock>>,
    ) -> Result<Arc<dyn KeySource>, BuildError> {
        (*self).build_with_clock(clock).map(|keys| Arc::new(keys) as _)
    }

    fn place(&self) -> String {
        let Self { url, is_issuer, keys_url, metadata_url, key_use, allowed, .. } = self;
        format!("{is_issuer} {url} {keys_url:?} {metadata_url:?} {key_use:?} {allowed:?}")
    }
}

impl From<RemoteJwksBuilder> for Keys {
    fn from(builder: RemoteJwksBuilder) -> Self {
        Self::unbuilt(builder)
    }
}

impl fmt::Debug for RemoteJwksBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the URL: it is not checked yet and may contain a password.
        f.debug_struct("RemoteJwksBuilder").field("times", &self.times).finish_non_exhaustive()
    }
}
