//! The settings of a shared denylist.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use redis::{Client, ErrorKind as Kind, RedisError};

use super::connection::Connector;
use super::denylist::RedisDenylist;
use super::freshness::Freshness;
use super::shared::Shared;
use crate::clock::{Clock, SystemClock};
use crate::error::{BuildError, Problem, ProblemKind};
use crate::observe::Observer;
use crate::revocation::Denylist;

const KEY: &str = "jwt-denylist";
const MAX_STALE: Duration = Duration::from_secs(5 * 60);
const LEAST_MAX_STALE: Duration = Duration::from_secs(1);

/// Collects the settings of a [`RedisDenylist`].
///
/// ```
/// use std::time::Duration;
/// use tower_jwt_auth::store::RedisDenylist;
///
/// let denied = RedisDenylist::url("redis://127.0.0.1").lifetime(Duration::from_secs(3600));
/// assert!(denied.build().is_ok());
///
/// assert!(RedisDenylist::url("http://127.0.0.1").build().is_err()); // not the URL of a Redis server
/// ```
#[must_use = "a builder does nothing until `build` is called"]
pub struct RedisDenylistBuilder {
    client: Result<Client, RedisError>,
    key: String,
    max_stale: Duration,
    allow_when_stale: bool,
    lifetime: Option<Duration>,
    clock: Option<Arc<dyn Clock>>,
    observer: Option<Arc<dyn Observer>>,
}

impl RedisDenylist {
    /// Starts a builder for the Redis or Valkey server at this URL.
    ///
    /// The form is `redis://user:password@host:port/database`. `rediss://` needs one of the TLS features of the crate
    /// `redis`: add that crate to your dependencies with `features = ["tokio-rustls-comp"]` or
    /// `["tokio-native-tls-comp"]`.
    pub fn url(url: impl AsRef<str>) -> RedisDenylistBuilder {
        RedisDenylistBuilder::new(Client::open(url.as_ref()))
    }

    /// Starts a builder with this client, for example one with a client certificate.
    ///
    /// It opens up to three connections to one server, and two more while [`warm`](RedisDenylist::warm) runs. Redis
    /// Cluster is not supported.
    pub fn client(client: Client) -> RedisDenylistBuilder {
        RedisDenylistBuilder::new(Ok(client))
    }
}

impl RedisDenylistBuilder {
    fn new(client: Result<Client, RedisError>) -> Self {
        Self {
            client,
            key: KEY.to_owned(),
            max_stale: MAX_STALE,
            allow_when_stale: false,
            lifetime: None,
            clock: None,
            observer: None,
        }
    }

    /// Sets the name of the sorted set and of the channel.
    ///
    /// The default is `jwt-denylist`. All servers and all writers must use the same name. Channels of Redis do not
    /// depend on the database: two lists in different databases of one server need different names.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = key.into();
        self
    }

    /// Sets how long the list is used after the connection was lost.
    ///
    /// The default is five minutes. Within this time, a token is accepted that was revoked after the connection was
    /// lost. After it, every token that is not on the list gets 503, unless
    /// [`allow_when_stale`](Self::allow_when_stale) is set. The minimum is one second.
    pub fn max_stale(mut self, bound: Duration) -> Self {
        self.max_stale = bound;
        self
    }

    /// Uses the list without a time limit after the connection was lost.
    ///
    /// A token that is revoked during an outage of Redis is then accepted until it expires or Redis is back. Until the
    /// list was read for the first time, tokens are still rejected.
    pub fn allow_when_stale(mut self) -> Self {
        self.allow_when_stale = true;
        self
    }

    /// Sets the longest time for which a token is valid.
    ///
    /// An entry without a time of its own is kept for this time. The default is to keep it for ever. **If a token is
    /// valid for longer, it is accepted again after this time.**
    pub fn lifetime(mut self, longest: Duration) -> Self {
        self.lifetime = Some(longest);
        self
    }

    /// Sets the clock; the default is [`SystemClock`].
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// Reports the events of the connection to this observer.
    pub fn observer(mut self, observer: impl Observer) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// Checks the settings and creates the list. Nothing is read yet.
    ///
    /// # Errors
    ///
    /// The URL is not one of a Redis server, the key is empty, or `max_stale` is below one second.
    pub fn build(self) -> Result<RedisDenylist, BuildError> {
        let mut problems = Vec::new();
        if self.key.is_empty() {
            problems.push(Problem::new(
                ProblemKind::EmptyValue,
                "an empty `key`",
                "the list would share its name with every other program that makes this mistake",
                "Keep the default, `jwt-denylist`",
            ));
        }
        if self.max_stale < LEAST_MAX_STALE {
            problems.push(Problem::new(
                ProblemKind::OutOfRange,
                format!("a `max_stale` of {:?}", self.max_stale),
                "below 1 second, a short delay in the network would reject every request",
                "Keep the default of 5 minutes",
            ));
        }
        let client = self.client.map_err(|error| problems.push(url_problem(&error)));
        let (Ok(client), true) = (client, problems.is_empty()) else {
            return Err(BuildError::of(problems));
        };
        let clock = self.clock.unwrap_or_else(|| Arc::new(SystemClock::new()));
        Ok(RedisDenylist(Arc::new(Shared {
            list: Denylist::new().clock(Arc::clone(&clock)),
            connector: Connector::new(client, self.key),
            writer: Mutex::new(None),
            unwritten: Mutex::default(),
            freshness: Freshness::default(),
            clock,
            observing: self.observer.into(),
            max_stale: self.max_stale,
            allow_when_stale: self.allow_when_stale,
            lifetime: self.lifetime,
        })))
    }
}

/// The URL may contain a password, so the text does not quote it.
fn url_problem(error: &RedisError) -> Problem {
    // The crate has no other sign of a missing feature.
    if error.kind() == Kind::InvalidClientConfig && error.to_string().contains("with TLS") {
        return Problem::new(
            ProblemKind::MissingFeature,
            "a URL with TLS in a build without TLS for Redis",
            "the crate `redis` connects with TLS only if one of its own features is enabled",
            "Add `redis` to your dependencies, with `features = [\"tokio-rustls-comp\"]`",
        );
    }
    Problem::new(
        ProblemKind::InvalidUrl,
        "a URL of the shared denylist that is not the URL of a Redis server",
        "the list could never be read",
        "Pass a URL such as `redis://user:password@host:6379/0`",
    )
}

impl fmt::Debug for RedisDenylistBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisDenylistBuilder")
            .field("key", &self.key)
            .field("max_stale", &self.max_stale)
            .field("allow_when_stale", &self.allow_when_stale)
            .field("lifetime", &self.lifetime)
            .finish_non_exhaustive()
    }
}
