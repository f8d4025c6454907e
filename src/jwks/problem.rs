//! The problems with the times and limits of a remote key set.

use std::time::Duration;

use tokio::sync::Semaphore;

use super::builder::RemoteJwksBuilder;
use crate::error::{Problem, ProblemKind};
use crate::key::unsafe_use;

/// The upper bound of the timeouts.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(30);
const LARGEST_MOST_BYTES: usize = 8 * 1024 * 1024;
const LEAST_LIFETIME: Duration = Duration::from_secs(10);
const LONGEST_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);
const LEAST_COOLDOWN: Duration = Duration::from_secs(1);

impl RemoteJwksBuilder {
    /// The problems with the times and limits.
    pub(super) fn limit_problems(&self) -> Vec<Problem> {
        let key_use = self.key_use.as_deref().and_then(unsafe_use);
        let mut problems: Vec<_> = key_use.into_iter().collect();
        let mut check = |good: bool, kind, what: String, why, fix| {
            if !good {
                problems.push(Problem::new(kind, what, why, fix));
            }
        };
        let times = &self.times;
        let shortest_ttl = times.shortest_lifetime.min(times.lifetime);
        let longest_ttl = times.longest_lifetime.max(times.lifetime);
        check(
            shortest_ttl >= LEAST_LIFETIME,
            ProblemKind::OutOfRange,
            format!("a `ttl` of {shortest_ttl:?}"),
            "below 10 seconds, almost every request would fetch the keys",
            "Keep the default of 10 minutes; an unknown key id causes a fetch whatever the `ttl`",
        );
        check(
            times.shortest_lifetime <= times.longest_lifetime,
            ProblemKind::Conflict,
            format!(
                "`ttl_between` with {:?} and {:?}",
                times.shortest_lifetime, times.longest_lifetime
            ),
            "the minimum is above the maximum",
            "Swap the two arguments",
        );
        check(
            longest_ttl <= LONGEST_LIFETIME,
            ProblemKind::OutOfRange,
            format!("a `ttl` of {longest_ttl:?}"),
            "above one day, a withdrawn key would be accepted for too long",
            "Keep the default of at most 1 hour; a fetch is cheap if the key server answers 304",
        );
        check(
            times.cooldown >= LEAST_COOLDOWN,
            ProblemKind::OutOfRange,
            format!("a `cooldown` of {:?}", times.cooldown),
            "below 1 second, tokens with invented key ids would make this server flood the key server",
            "Keep the default of 30 seconds",
        );
        check(
            times.max_backoff >= LEAST_COOLDOWN,
            ProblemKind::OutOfRange,
            format!("a `max_backoff` of {:?}", times.max_backoff),
            "below 1 second, this server would overload a key server that is recovering",
            "Keep the default of 1 minute",
        );
        check(
            [self.timeout, self.connect_timeout]
                .iter()
                .all(|timeout| !timeout.is_zero() && *timeout <= LONGEST_TIMEOUT),
            ProblemKind::OutOfRange,
            format!(
                "a `timeout` of {:?} and a `connect_timeout` of {:?}",
                self.timeout, self.connect_timeout
            ),
            "with 0 no fetch could succeed; above 30 seconds, requests would pile up if the key server hangs",
            "Keep the defaults of 5 and 2 seconds",
        );
        check(
            (1..=LARGEST_MOST_BYTES).contains(&self.most_bytes),
            ProblemKind::OutOfRange,
            format!("`max_bytes` of {}", self.most_bytes),
            "with 0 no key set could be read; above 8 MiB, a faulty key server could exhaust the memory",
            "Keep the default of 256 KiB",
        );
        check(
            (1..=Semaphore::MAX_PERMITS).contains(&self.most_waiting),
            ProblemKind::OutOfRange,
            format!("`max_waiting` of {}", self.most_waiting),
            "with 0 no request could wait for the first keys; the maximum is `Semaphore::MAX_PERMITS` of Tokio",
            "Keep the default of 1024",
        );
        problems
    }
    #[cfg(not(feature = "jwks-client"))]
    pub(super) fn no_client() -> Problem {
        Problem::new(
            ProblemKind::MissingFeature,
            "a remote key set without an HTTP client",
            "the keys cannot be fetched, because the feature `jwks-client` is disabled",
            "Enable the feature `jwks-client`, or call `client` with a Tower HTTP client",
        )
    }
}
