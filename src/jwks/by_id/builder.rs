//! The builder, and the problems of its settings.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::inner::{Inner, State};
use super::key_id::Template;
use super::keys::{Keys, Limits};
use super::source::PemByKeyId;
use crate::clock::{Clock, SystemClock};
use crate::error::{BuildError, Problem, ProblemKind};
use crate::jwks::builder::RemoteJwksBuilder;
use crate::jwks::origin::Place;
use crate::jwks::schedule::Times;
use crate::jwks::sync::Mutex;
use crate::jws::{Algorithm, AlgorithmFamily};
use crate::key::{self, BuildKeys, KeySource};
use crate::observe::Observers;
use crate::swap::Swap;

const MAX_KEYS: usize = 16;
const LARGEST_MAX_KEYS: usize = 256;
const MAX_AGE: Duration = Duration::from_secs(4 * 60 * 60);
const LEAST_MAX_AGE: Duration = Duration::from_secs(60);
const LONGEST_MAX_AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// Collects the settings of a [`PemByKeyId`].
///
/// ```
/// use std::time::Duration;
/// use tower_jwt_auth::{Algorithm, jwks::PemByKeyId};
///
/// # #[cfg(feature = "jwks-client")] {
/// let keys = PemByKeyId::url("https://keys.example.com/{kid}", Algorithm::ES256);
/// let keys = keys.max_keys(4).remote_keys(|keys| keys.cooldown(Duration::from_secs(60)));
/// assert!(keys.build().is_ok());
///
/// let keys = PemByKeyId::url("https://keys.example.com/", Algorithm::ES256); // no `{kid}`
/// assert!(keys.build().is_err());
/// # }
/// ```
#[must_use = "a builder does nothing until `build` is called"]
pub struct PemByKeyIdBuilder {
    url: String,
    algorithm: Algorithm,
    max_keys: usize,
    max_age: Duration,
    remote: RemoteJwksBuilder,
}

impl PemByKeyId {
    /// Starts a builder for keys of this algorithm at this URL.
    ///
    /// The URL contains `{kid}` once, in the path, in place of the id.
    pub fn url(template: impl Into<String>, algorithm: Algorithm) -> PemByKeyIdBuilder {
        let remote = crate::jwks::RemoteJwks::url("").header("accept", "*/*");
        let (max_keys, max_age) = (MAX_KEYS, MAX_AGE);
        PemByKeyIdBuilder { url: template.into(), algorithm, max_keys, max_age, remote }
    }
}

impl PemByKeyIdBuilder {
    /// Changes how the keys are fetched.
    ///
    /// The settings are those of [`RemoteJwksBuilder`] for requests and limits, such as `client`, `cooldown`, `timeout`,
    /// `clock` and `allow_http_on_loopback`. Those for key sets and metadata, such as `ttl` and `seed`, are a problem at
    /// `build`.
    pub fn remote_keys(
        mut self,
        settings: impl FnOnce(RemoteJwksBuilder) -> RemoteJwksBuilder,
    ) -> Self {
        self.remote = settings(self.remote);
        self
    }

    /// Sets the maximum number of keys in memory, which is also that of fetches in one `cooldown`.
    ///
    /// The default is 16, the maximum 256.
    pub const fn max_keys(mut self, keys: usize) -> Self {
        self.max_keys = keys;
        self
    }

    /// Sets how long a key is used before it is fetched again.
    ///
    /// The default is 4 hours, the maximum one day. A key that is withdrawn is accepted until then. If the server is down
    /// at that time, tokens with the key are rejected with [`KeysUnavailable`](crate::ErrorKind::KeysUnavailable).
    pub const fn max_age(mut self, age: Duration) -> Self {
        self.max_age = age;
        self
    }

    /// Checks the settings and creates the source. No I/O happens here.
    ///
    /// # Errors
    ///
    /// Lists every setting that is unsafe or cannot work.
    pub fn build(self) -> Result<PemByKeyId, BuildError> {
        self.build_with_clock(None)
    }

    fn build_with_clock(mut self, clock: Option<Arc<dyn Clock>>) -> Result<PemByKeyId, BuildError> {
        let clock = self.remote.clock.take().or(clock);
        let clock = clock.unwrap_or_else(|| Arc::new(SystemClock::new()));
        let mut problems = self.problems();
        let template = Template::read(&self.url, self.remote.allowed);
        let template = template.map_err(|bad| {
            let fix = "Pass a URL such as `https://keys.example.com/{kid}`";
            problems.push(Problem::new(bad.kind(), "the URL of the keys", bad.why(), fix));
        });
        let place = template.as_ref().ok().map(|template| Place::Url(template.url().clone()));
        let client = self.remote.key_client(place.as_ref(), &clock, &mut problems);
        let (Ok(template), Some(client), true) = (template, client, problems.is_empty()) else {
            return Err(BuildError::of(problems));
        };
        let Self { algorithm, max_keys, max_age, remote, .. } = self;
        let limits = Limits { max_keys, max_age, cooldown: remote.times.cooldown };
        let keys = Keys::new(algorithm, limits, remote.times);
        Ok(PemByKeyId(Arc::new(Inner {
            template,
            algorithm,
            client,
            timeout: remote.timeout,
            held: Swap::new(None),
            state: Mutex::new(State { keys, in_flight: Vec::new() }),
            waiting: Arc::new(Semaphore::new(remote.most_waiting)),
            clock,
            observers: Observers::new(remote.observer.into()),
        })))
    }

    fn problems(&mut self) -> Vec<Problem> {
        let mut problems = self.remote.limit_problems();
        problems.extend(self.remote.headers.problems());
        problems.extend(self.unused().map(unused_setting));
        if self.algorithm.family() == AlgorithmFamily::Hmac {
            problems.push(secrets(self.algorithm));
        }
        if !(1..=LARGEST_MAX_KEYS).contains(&self.max_keys) {
            problems.push(Problem::new(
                ProblemKind::OutOfRange,
                format!("`max_keys` of {}", self.max_keys),
                "with 0 no key could be fetched; above 256, tokens with invented key ids would make this server flood \
                 the key server",
                "Keep the default of 16",
            ));
        }
        if !(LEAST_MAX_AGE..=LONGEST_MAX_AGE).contains(&self.max_age) {
            problems.push(Problem::new(
                ProblemKind::OutOfRange,
                format!("a `max_age` of {:?}", self.max_age),
                "below 1 minute, keys would be fetched again and again; above one day, a withdrawn key would be accepted \
                 for too long",
                "Keep the default of 4 hours",
            ));
        }
        problems
    }

    /// The settings of key sets and metadata that were changed.
    fn unused(&self) -> impl Iterator<Item = &'static str> + use<> {
        let (remote, times) = (&self.remote, Times::default());
        let bounds = |times: &Times| (times.shortest_lifetime, times.longest_lifetime);
        [
            ("at", !remote.url.is_empty()),
            ("keys_url", remote.keys_url.is_some()),
            ("metadata_url", remote.metadata_url.is_some()),
            ("seed", remote.seed.is_some()),
            ("key_use", remote.key_use.is_some()),
            ("ttl", remote.times.lifetime != times.lifetime),
            ("ttl_between", bounds(&remote.times) != bounds(&times)),
            ("max_stale", remote.times.stale != times.stale),
            ("refresh_on_bad_signature", remote.refresh_on_bad_signature),
            ("allow_private_jwks_uri", remote.allowed.private_jwks_uri),
            ("require_same_origin", remote.allowed.same_origin_only),
        ]
        .into_iter()
        .filter_map(|(name, is_set)| is_set.then_some(name))
    }
}

fn unused_setting(name: &str) -> Problem {
    Problem::new(
        ProblemKind::NoEffect,
        format!("`{name}` for keys that are fetched by their ids"),
        "there is no key set and no metadata",
        "Remove the call; `max_age` sets how long a key is used",
    )
}

fn secrets(algorithm: Algorithm) -> Problem {
    Problem::new(
        ProblemKind::MixedKeys,
        format!("{algorithm} for keys that are fetched by their ids"),
        "a secret that is fetched over the network is not secret",
        "Pass the algorithm of the public keys, such as `Algorithm::ES256`",
    )
}

impl BuildKeys for PemByKeyIdBuilder {
    fn build(
        self: Box<Self>,
        clock: Option<Arc<dyn Clock>>,
    ) -> Result<Arc<dyn KeySource>, BuildError> {
        (*self).build_with_clock(clock).map(|keys| Arc::new(keys) as _)
    }

    fn place(&self) -> String {
        format!("{} {} {:?}", self.url, self.algorithm, self.remote.allowed)
    }
}

impl From<PemByKeyIdBuilder> for key::Keys {
    fn from(builder: PemByKeyIdBuilder) -> Self {
        Self::unbuilt(builder)
    }
}

impl fmt::Debug for PemByKeyIdBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the URL: it is not checked yet and may contain a password.
        f.debug_struct("PemByKeyIdBuilder")
            .field("algorithm", &self.algorithm)
            .field("max_keys", &self.max_keys)
            .field("max_age", &self.max_age)
            .finish_non_exhaustive()
    }
}
