//! A cache of verified tokens. An entry replaces the signature check and the parsing; the time-dependent checks run
//! again for each request.

use std::fmt;
use std::hash::{Hash, Hasher, RandomState};
use std::time::Duration;

use quick_cache::sync::{Cache as Map, DefaultLifecycle};
use quick_cache::{Equivalent, OptionsBuilder, UnitWeighter};
use zeroize::Zeroizing;

use super::issuers::Slot;
use super::verified::ErasedVerified;
use crate::error::{Problem, ProblemKind};
use crate::key::CryptoBackend;

const DEFAULT_TTL: Duration = Duration::from_secs(5 * 60);
const MAX_TTL: Duration = Duration::from_secs(60 * 60);
const MAX_CAPACITY: usize = 1_000_000;

/// The number of bytes of a token that are hashed. They are the end of the signature: only the issuer can create one
/// that verifies, and signatures differ in every byte.
const HASHED: usize = 32;

/// Settings of the cache of verified tokens.
///
/// There is no cache unless you pass the settings to
/// [`VerifierBuilder::cache`](super::VerifierBuilder::cache). Enable it if clients send the same token many times and
/// the algorithm is slow, as every algorithm except HMAC is.
///
/// A cache hit requires the same token, byte for byte. It skips the signature check and the JSON parsing. These
/// checks still run for each request: `exp`, `nbf` and the maximum age, your own rules and checks, revocation, and
/// the proof of possession.
///
/// An entry is valid until its [`ttl`](Self::ttl) ends or the keys of its issuer change in any way; a secret in
/// [`migrating_from`](crate::Issuer::migrating_from) does not change. Only accepted tokens are cached, so an attacker
/// cannot evict entries with invented tokens.
///
/// An entry contains the claims, and also the token unless you call [`digest_keys`](Self::digest_keys). With tokens
/// of 1 KB, a capacity of 10,000 takes about 20 MB. Requests with the same token share one claims value.
///
/// ```
/// use std::time::Duration;
/// use tower_jwt_auth::testing::{FixedClock, TestIssuer};
/// use tower_jwt_auth::TokenCache;
/// use tower_jwt_auth::{ErrorKind, Verifier};
///
/// let clock = FixedClock::new();
/// let issuer = TestIssuer::es256().clock(clock.clone());
/// let verifier = Verifier::jwks(issuer.jwks())
///     .any_issuer()
///     .any_audience()
///     .cache(TokenCache::new(10_000))
///     .clock(clock.clone())
///     .build()?;
///
/// let token = issuer.token().expires_in(Duration::from_secs(60)).mint();
/// assert!(verifier.verify_now(&token).is_ok());
/// // A cache hit; then the token expires.
/// assert!(verifier.verify_now(&token).is_ok());
/// clock.advance(Duration::from_secs(600));
/// assert_eq!(verifier.verify_now(&token).unwrap_err().kind(), ErrorKind::TokenExpired);
/// # Ok::<(), tower_jwt_auth::BuildError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a cache has no effect until it is passed to `VerifierBuilder::cache`"]
pub struct TokenCache {
    capacity: usize,
    ttl: Duration,
    digest_keys: bool,
}

impl TokenCache {
    /// A cache of at most `capacity` tokens; the maximum is 1,000,000.
    pub const fn new(capacity: usize) -> Self {
        Self { capacity, ttl: DEFAULT_TTL, digest_keys: false }
    }

    /// Sets how long a token stays in the cache.
    ///
    /// The default is 5 minutes, the maximum one hour. A token is never accepted after its `exp`.
    pub const fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = ttl;
        self
    }

    /// Stores the SHA-256 digest instead of the token.
    ///
    /// A memory dump then contains no cached tokens. A cache hit then costs about as much as an HMAC.
    pub const fn digest_keys(mut self) -> Self {
        self.digest_keys = true;
        self
    }

    pub(super) fn problems(&self) -> Vec<Problem> {
        let capacity =
            (!(1..=MAX_CAPACITY).contains(&self.capacity)).then(|| self.capacity_problem());
        let ttl = (self.ttl.is_zero() || self.ttl > MAX_TTL).then(|| self.ttl_problem());
        capacity.into_iter().chain(ttl).collect()
    }

    fn capacity_problem(&self) -> Problem {
        Problem::new(
            ProblemKind::OutOfRange,
            format!("a cache capacity of {}", self.capacity),
            "an empty cache has no effect, and more than 1,000,000 tokens take gigabytes",
            "Pass the number of tokens that are in use at the same time, or remove the call of `cache`",
        )
    }

    fn ttl_problem(&self) -> Problem {
        Problem::new(
            ProblemKind::OutOfRange,
            format!("a cache `ttl` of {:?}", self.ttl),
            "zero has no effect, and entries that are older than one hour are rarely used",
            "Use between one second and one hour",
        )
    }
}

/// A verified token in the cache. The claims type is erased, so that `Verifier<C>` is `Send` and `Sync` for every `C`,
/// as it is without the cache.
#[derive(Clone)]
pub(super) struct CachedToken {
    pub(super) verified: ErasedVerified,
    pub(super) issuer: Slot,
    /// The generation of the key set that verified it.
    pub(super) generation: u64,
}

/// The cache of one verifier; its entries are valid only for that verifier.
///
/// It never waits for a lock: a lock that is held counts as a miss.
pub(super) struct Cache {
    map: Map<Key, Entry, UnitWeighter, RandomState, DefaultLifecycle<Key, Entry>>,
    ttl: Duration,
    /// Computes the digests, if the cache is keyed by digests.
    digests: Option<CryptoBackend>,
}

#[derive(Clone)]
struct Entry {
    cached: CachedToken,
    /// The monotonic time of insertion.
    since: Duration,
}

impl Cache {
    /// `None` if the settings are invalid.
    pub(super) fn new(settings: &TokenCache, backend: CryptoBackend) -> Option<Self> {
        let options = OptionsBuilder::new()
            .estimated_items_capacity(settings.capacity)
            .weight_capacity(u64::try_from(settings.capacity).ok()?)
            .build()
            .ok()?;
        let (hasher, lifecycle) = (RandomState::new(), DefaultLifecycle::default());
        Some(Self {
            map: Map::with_options(options, UnitWeighter, hasher, lifecycle),
            ttl: settings.ttl,
            digests: settings.digest_keys.then_some(backend),
        })
    }

    /// The cached token. `now` is monotonic time.
    pub(super) fn get(&self, token: &str, now: Duration) -> Option<CachedToken> {
        let Entry { cached, since } = self.map.try_get(&self.lookup(token)?).ok()??;
        // If the clock ran backwards, the age is unknown.
        let age = now.checked_sub(since)?;
        (age < self.ttl).then_some(cached)
    }

    pub(super) fn insert(&self, token: &str, cached: CachedToken, now: Duration) {
        let key = match self.digests {
            None => Key::Token(Zeroizing::new(token.into())),
            Some(backend) => match backend.sha256(token.as_bytes()) {
                Some(digest) => Key::Digest(digest),
                None => return,
            },
        };
        // If the lock is held, the token is not cached; a later request can insert it.
        let _ = self.map.try_insert(key, Entry { cached, since: now });
    }

    pub(super) fn remove(&self, token: &str) {
        if let Some(lookup) = self.lookup(token) {
            let _ = self.map.try_remove(&lookup);
        }
    }

    fn lookup<'t>(&self, token: &'t str) -> Option<Lookup<'t>> {
        Some(match self.digests {
            None => Lookup::Token(token),
            Some(backend) => Lookup::Digest(backend.sha256(token.as_bytes())?),
        })
    }
}

/// The key of an entry: the token or its digest.
enum Key {
    Token(Zeroizing<Box<str>>),
    Digest([u8; 32]),
}

/// A borrowed [`Key`].
enum Lookup<'t> {
    Token(&'t str),
    Digest([u8; 32]),
}

impl Lookup<'_> {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Token(token) => token.as_bytes(),
            Self::Digest(digest) => digest,
        }
    }
}

impl Key {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Token(token) => token.as_bytes(),
            Self::Digest(digest) => digest,
        }
    }
}

// A cache contains keys of one kind only, so a token is never compared with a digest. The comparison need not be in
// constant time: it happens only if the hash of the signature's end, under a secret hash key, is the same.
impl Equivalent<Key> for Lookup<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        self.bytes() == key.bytes()
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.bytes() == other.bytes()
    }
}

impl Eq for Key {}

impl Hash for Lookup<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        hash_end(self.bytes(), state);
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        hash_end(self.bytes(), state);
    }
}

fn hash_end<H: Hasher>(bytes: &[u8], state: &mut H) {
    state.write(bytes.last_chunk::<HASHED>().map_or(bytes, |end| end));
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache").field("tokens", &self.map.len()).finish_non_exhaustive()
    }
}
