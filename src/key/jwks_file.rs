//! Keys in a file, which is read again when it changes.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread;
use std::time::{Duration, SystemTime};

use super::keys::{BuildKeys, Keys};
use super::problem::{no_usable_key, not_a_document, unreadable_file};
use super::set::{KeySet, NoSet};
use super::source::{KeyHealth, KeySetState, KeySource, RefreshError, Refreshed};
use crate::answer::Answer;
use crate::clock::{Clock, SystemClock};
use crate::error::{BuildError, quoted};
use crate::observe::fetch_failure::FetchFailure;
use crate::observe::refresh_reason::RefreshReason;
use crate::observe::{Event, Observer, Observers, Observing, RefreshOutcome};

/// The shortest time between two checks of the file.
const INTERVAL: Duration = Duration::from_secs(1);
const MOST_BYTES: u64 = 1024 * 1024;

/// The public keys in a JWKS file, which is read again when it changes.
///
/// The file is first read when the verifier is built; a file that is missing or has no usable key is a problem. Later,
/// tokens and [`keep_fresh`](crate::Verifier::keep_fresh) start a check of its time and size, at most once a second and
/// on another thread, so that no request waits for the file system. The first token with a new key may therefore still
/// be rejected. [`Verifier::refresh`](crate::Verifier::refresh) checks at once.
///
/// If the new file cannot be read or has no usable key, the keys in memory are kept, and the error is reported in
/// [`Event::KeysRefreshed`] and [`last_error`](KeyHealth::last_error). Secrets in the file are skipped. Replace the
/// file atomically, by renaming another one.
///
/// ```
/// use tower_jwt_auth::key::JwksFile;
/// use tower_jwt_auth::{Issuer, Policy, Verifier, testing::TestIssuer};
///
/// let path = std::env::temp_dir().join(format!("{}.jwks.json", std::process::id()));
/// let issuer = TestIssuer::es256().issuer("https://auth.example.com");
/// std::fs::write(&path, issuer.jwks())?;
/// let trusted = |path| {
///     let policy = Policy::new().any_audience();
///     Verifier::builder().trust(Issuer::new("https://auth.example.com", JwksFile::new(path), policy))
/// };
/// let verifier = trusted(path.clone()).build()?;
/// assert!(verifier.verify_now(&issuer.token().mint()).is_ok());
///
/// std::fs::remove_file(&path)?;
/// assert!(trusted(path).build().is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct JwksFile(PathBuf);

impl JwksFile {
    /// The keys in this file. It is read when the verifier is built.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }
}

impl From<JwksFile> for Keys {
    fn from(file: JwksFile) -> Self {
        Self::unbuilt(file)
    }
}

impl BuildKeys for JwksFile {
    fn build(
        self: Box<Self>,
        clock: Option<Arc<dyn Clock>>,
    ) -> Result<Arc<dyn KeySource>, BuildError> {
        let clock = clock.unwrap_or_else(|| Arc::new(SystemClock::new()));
        let stamp = Stamp::of(&self.0);
        let set = read(&self.0).map_err(|why| why.problem(&self.0))?;
        let now = clock.monotonic();
        Ok(Arc::new(FileKeys(Arc::new(Inner {
            path: self.0,
            set: RwLock::new(Arc::new(set)),
            check_at: AtomicU64::new(nanos(now.saturating_add(INTERVAL))),
            is_checking: AtomicBool::new(false),
            state: Mutex::new(State { stamp, confirmed: now, last_error: None }),
            observers: Observers::new(Observing::from(None)),
            clock,
        }))))
    }

    fn place(&self) -> String {
        format!("{}", self.0.display())
    }
}

/// Shows that a file has changed: its time, its length and, on Unix, its inode. `None` if it cannot be found.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp(Option<(Option<SystemTime>, u64, u64)>);

impl Stamp {
    fn of(path: &Path) -> Self {
        let metadata = fs::metadata(path).ok();
        #[cfg(unix)]
        let number = |metadata: &fs::Metadata| std::os::unix::fs::MetadataExt::ino(metadata);
        #[cfg(not(unix))]
        let number = |_: &fs::Metadata| 0;
        Self(metadata.map(|it| (it.modified().ok(), it.len(), number(&it))))
    }
}

struct FileKeys(Arc<Inner>);

struct Inner {
    path: PathBuf,
    set: RwLock<Arc<KeySet>>,
    /// In nanoseconds: the earliest time of the next check.
    check_at: AtomicU64,
    /// Whether a thread is checking the file.
    is_checking: AtomicBool,
    state: Mutex<State>,
    observers: Observers,
    clock: Arc<dyn Clock>,
}

struct State {
    /// Of the last file that was read, good or bad.
    stamp: Stamp,
    /// When the keys in memory were last the ones in the file.
    confirmed: Duration,
    last_error: Option<RefreshError>,
}

impl Inner {
    fn set(&self) -> Arc<KeySet> {
        Arc::clone(&self.set.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Checks the file on another thread, at most once in the interval.
    fn check_if_due(self: &Arc<Self>) {
        let now = self.clock.monotonic();
        let due = self.check_at.load(Ordering::Relaxed);
        let next = nanos(now.saturating_add(INTERVAL));
        let won = nanos(now) >= due
            && !self.is_checking.load(Ordering::Relaxed)
            && self
                .check_at
                .compare_exchange(due, next, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok();
        if won {
            // A file system that does not answer blocks one thread, not one in each interval.
            self.is_checking.store(true, Ordering::Relaxed);
            let this = Arc::clone(self);
            let check = move || {
                drop(this.check(RefreshReason::Schedule));
                this.is_checking.store(false, Ordering::Relaxed);
            };
            // If no thread can be started, the next check is one interval later.
            if thread::Builder::new().name("jwks-file".to_owned()).spawn(check).is_err() {
                self.is_checking.store(false, Ordering::Relaxed);
            }
        }
    }

    /// Reads the file if it has changed.
    fn check(&self, trigger: RefreshReason) -> Result<Refreshed, RefreshError> {
        let stamp = Stamp::of(&self.path);
        let now = self.clock.monotonic();
        if let Some(outcome) = self.known_outcome(stamp, now) {
            return outcome;
        }
        // Without the lock, which `health` takes: reading may block.
        let read = read(&self.path);
        let mut state = self.lock();
        state.stamp = stamp;
        let outcome = match read {
            Ok(set) => {
                *self.set.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(set);
                state.confirmed = now;
                state.last_error = None;
                Ok(Refreshed::Replaced)
            }
            Err(why) => {
                let error = why.error(&self.path);
                state.last_error = Some(error.clone());
                Err(error)
            }
        };
        drop(state);
        self.report(trigger, &outcome, self.clock.monotonic().saturating_sub(now));
        outcome
    }

    /// The outcome for a file that has not changed since it was read.
    fn known_outcome(
        &self,
        stamp: Stamp,
        now: Duration,
    ) -> Option<Result<Refreshed, RefreshError>> {
        let mut state = self.lock();
        if state.stamp != stamp {
            return None;
        }
        if let Some(error) = &state.last_error {
            return Some(Err(error.clone()));
        }
        state.confirmed = now;
        Some(Ok(Refreshed::Unchanged))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn report(
        &self,
        trigger: RefreshReason,
        outcome: &Result<Refreshed, RefreshError>,
        took: Duration,
    ) {
        let set = self.set();
        let failure = outcome.as_ref().err().and_then(RefreshError::failure);
        self.observers.report(None, |issuer| Event::KeysRefreshed {
            issuer,
            host: "",
            trigger,
            outcome: failure.map_or(RefreshOutcome::Replaced, RefreshOutcome::Failed),
            detail: outcome.as_ref().err().and_then(RefreshError::detail),
            keys: set.len(),
            skipped: set.skipped().len(),
            took,
        });
    }
}

impl KeySource for FileKeys {
    fn current(&self) -> Option<Arc<KeySet>> {
        self.0.check_if_due();
        Some(self.0.set())
    }

    fn refresh(&self, reason: RefreshReason) -> Answer<Result<Refreshed, RefreshError>> {
        if reason == RefreshReason::Manual {
            return Answer::now(self.0.check(reason));
        }
        // `current` has started a check if one was due. No token waits for it.
        Answer::now(Ok(Refreshed::Suppressed))
    }

    fn health(&self) -> KeyHealth {
        let now = self.0.clock.monotonic();
        let state = self.0.lock();
        let freshness = match state.last_error {
            Some(_) => KeySetState::Stale,
            None => KeySetState::Fresh,
        };
        let mut health = KeyHealth::new(freshness, self.0.set().len());
        health.age = Some(now.saturating_sub(state.confirmed));
        let check_at = Duration::from_nanos(self.0.check_at.load(Ordering::Relaxed));
        health.next_attempt = Some(check_at.saturating_sub(now));
        health.last_error.clone_from(&state.last_error);
        health
    }

    fn refresh_if_due(&self) -> Option<Duration> {
        self.0.check_if_due();
        Some(INTERVAL)
    }

    fn observe_with(&self, issuer: Option<&str>, observer: &Arc<dyn Observer>) {
        self.0.observers.attach(issuer, observer);
    }
}

impl fmt::Debug for FileKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwksFile").field("path", &self.0.path).finish_non_exhaustive()
    }
}

/// Why a file has no keys.
enum NoKeys {
    Unreadable(io::Error),
    Unusable(NoSet, usize),
}

impl NoKeys {
    fn problem(self, path: &Path) -> BuildError {
        let place = path.display().to_string();
        let problem = match self {
            Self::Unreadable(error) => return unreadable_file(&place, &error).into(),
            Self::Unusable(NoSet::NotADocument, len) => not_a_document(len),
            Self::Unusable(NoSet::NoUsableKey(skipped), _) => no_usable_key(&skipped),
        };
        BuildError::from(problem).within(&format!("`{place}`"))
    }

    fn error(self, path: &Path) -> RefreshError {
        let place = path.display().to_string();
        let place = quoted(&place);
        let (failure, detail) = match self {
            Self::Unreadable(error) => (FetchFailure::Unreadable, format!("{place} ({error})")),
            Self::Unusable(NoSet::NotADocument, len) => {
                (FetchFailure::NotAKeySet, format!("{place} has {len} bytes"))
            }
            Self::Unusable(NoSet::NoUsableKey(skipped), _) => {
                let keys = skipped.len();
                (FetchFailure::NoUsableKey, format!("{place} has {keys} keys, all unusable"))
            }
        };
        RefreshError::of_fetch(failure, Some(detail.into()), None, INTERVAL)
    }
}

fn read(path: &Path) -> Result<KeySet, NoKeys> {
    let text = read_text(path).map_err(NoKeys::Unreadable)?;
    KeySet::try_from_fetched_jwks(&text, None).map_err(|why| NoKeys::Unusable(why, text.len()))
}

fn read_text(path: &Path) -> io::Result<String> {
    // Opening a pipe would wait for a writer.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let mut text = String::new();
    let read = File::open(path)?.take(MOST_BYTES + 1).read_to_string(&mut text)?;
    if u64::try_from(read).is_ok_and(|read| read <= MOST_BYTES) {
        Ok(text)
    } else {
        Err(io::Error::other("larger than 1 MiB"))
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
