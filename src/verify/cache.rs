//! Tokens that verified, remembered. What is kept is the signature's verdict and what was read; whether the
//! token is good now is judged each time.

use std::fmt;
use std::hash::{Hash, Hasher, RandomState};
use std::time::Duration;

use quick_cache::sync::{Cache as Map, DefaultLifecycle};
use quick_cache::{Equivalent, OptionsBuilder, UnitWeighter};
use zeroize::Zeroizing;

use super::verified::ErasedVerified;
use crate::error::{Problem, ProblemKind};
use crate::key::CryptoBackend;

const DEFAULT_TTL: Duration = Duration::from_secs(5 * 60);
const MAX_TTL: Duration = Duration::from_secs(60 * 60);
const MAX_CAPACITY: usize = 1_000_000;

/// How many bytes of a token choose its place. They are the end of the signature: nobody but the issuer
/// makes one that verifies, and they differ in every byte.
const HASHED: usize = 32;

/// Settings of a memory of verified tokens; off unless given to
/// [`VerifierBuilder::cache`](super::VerifierBuilder::cache).
///
/// A token that is presented again, byte for byte, is found instead of verified: its signature and its
/// JSON are not looked at again. Everything that may have changed meanwhile is: `exp`, `nbf` and the
/// maximum age, the rules and checks of your own, the revocation list, the proof of possession. An entry is
/// of no use any more once the keys of its issuer have changed in any way, or at the end of its
/// [`ttl`](Self::ttl). Refusals are not remembered, and only tokens that were accepted take a
/// place, so that nobody can push others out with invented ones.
///
/// Entries hold the claims, and the token unless [`digest_keys`](Self::digest_keys) is called: a capacity of
/// 10,000 is some 20 MB with tokens of 1 KB. Requests with the same token share one claims value.
///
/// It is worth it where clients use a token many times and its algorithm is slow, as all but HMAC are.
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
/// // From memory, and then too late.
/// assert!(verifier.verify_now(&token).is_ok());
/// clock.advance(Duration::from_secs(600));
/// assert_eq!(verifier.verify_now(&token).unwrap_err().kind(), ErrorKind::TokenExpired);
/// # Ok::<(), tower_jwt_auth::BuildError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "it is without effect until it is given to `VerifierBuilder::cache`"]
pub struct TokenCache {
    capacity: usize,
    ttl: Duration,
    digest_keys: bool,
}

impl TokenCache {
    /// A memory of that many tokens; 1,000,000 are the most.
    pub const fn new(capacity: usize) -> Self {
        Self { capacity, ttl: DEFAULT_TTL, digest_keys: false }
    }

    /// How long a token is remembered at most: 5 minutes unless set, one hour at most. `exp` ends it
    /// sooner.
    pub const fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = ttl;
        self
    }

    /// Remembers the SHA-256 digest in place of the token, so that no token can be found in a dump of
    /// the memory. A hit then costs about what an HMAC would.
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
            format!("a cache of {} tokens", self.capacity),
            "an empty cache has no effect, and more than 1,000,000 tokens take gigabytes",
            "Pass the number of tokens that are in use at a time, or remove the call of `cache`",
        )
    }

    fn ttl_problem(&self) -> Problem {
        Problem::new(
            ProblemKind::OutOfRange,
            format!("a cache `ttl` of {:?}", self.ttl),
            "zero has no effect, and entries that are older than one hour are rarely used",
            "Use between a second and one hour",
        )
    }
}

/// A token that verified. Without the claims type, so that a verifier crosses threads whatever the claims
/// are, with this feature or without.
#[derive(Clone)]
pub(super) struct Remembered {
    pub(super) verified: ErasedVerified,
    /// The place of its issuer among those that are trusted.
    pub(super) issuer: usize,
    /// The key set that it was verified with.
    pub(super) generation: u64,
}

/// The memory of one verifier. Nothing in it is of use to another one.
///
/// It never waits: a lock that somebody else holds is a miss.
pub(super) struct Cache {
    map: Map<Key, Entry, UnitWeighter, RandomState, DefaultLifecycle<Key, Entry>>,
    ttl: Duration,
    /// What makes the digests, where keys are digests.
    digests: Option<CryptoBackend>,
}

#[derive(Clone)]
struct Entry {
    remembered: Remembered,
    /// Monotonic time.
    since: Duration,
}

impl Cache {
    /// `None` with settings that have problems.
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

    /// What is remembered of the token. `now` is monotonic time.
    pub(super) fn get(&self, token: &str, now: Duration) -> Option<Remembered> {
        let Entry { remembered, since } = self.map.try_get(&self.lookup(token)?).ok()??;
        // A clock that ran backwards says nothing of the age.
        let age = now.checked_sub(since)?;
        (age < self.ttl).then_some(remembered)
    }

    pub(super) fn insert(&self, token: &str, remembered: Remembered, now: Duration) {
        let key = match self.digests {
            None => Key::Token(Zeroizing::new(token.into())),
            Some(backend) => match backend.sha256(token.as_bytes()) {
                Some(digest) => Key::Digest(digest),
                None => return,
            },
        };
        // Somebody holds the lock: another request with the token will be remembered.
        let _ = self.map.try_insert(key, Entry { remembered, since: now });
    }

    pub(super) fn forget(&self, token: &str) {
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

/// What an entry is found by: all bytes of a token, or their digest.
enum Key {
    Token(Zeroizing<Box<str>>),
    Digest([u8; 32]),
}

/// What is looked for.
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

// One memory holds keys of one kind: a token cannot be taken for a digest. Not in constant time: what is
// compared with an entry has met its hash, under a secret key, by the signature's end.
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
