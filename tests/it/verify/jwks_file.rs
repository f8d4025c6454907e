//! Keys in a file that is replaced while the verifier is in use.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use tower_jwt_auth::error::{Problem, ProblemKind};
use tower_jwt_auth::key::KeySetState;
use tower_jwt_auth::observe::Event;
use tower_jwt_auth::testing::{FixedClock, TestIssuer};
use tower_jwt_auth::{ErrorKind, Verifier};

/// A test that waits longer than this fails instead of hanging.
const TIMEOUT: Duration = Duration::from_secs(30);
const INTERVAL: Duration = Duration::from_secs(1);

/// A file that is removed at the end of the test.
struct KeyFile(PathBuf);

impl KeyFile {
    fn with(name: &str, text: &str) -> Self {
        let file = Self(std::env::temp_dir().join(format!("{}-{name}.json", std::process::id())));
        file.replace(text);
        file
    }

    /// Renames another file, as a deployment should.
    fn replace(&self, text: &str) {
        let new = self.0.with_extension("new");
        fs::write(&new, text).unwrap();
        fs::rename(&new, &self.0).unwrap();
    }
}

impl Drop for KeyFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// A verifier for the keys in this file, and the outcomes of its checks that changed something.
fn verifier(path: &Path, clock: &FixedClock) -> (Verifier, Receiver<(String, String)>) {
    let (send, outcomes) = channel();
    let send = Mutex::new(send);
    let observer = move |event: &Event<'_>| {
        let Event::KeysRefreshed { trigger, outcome, detail, host, .. } = event else { return };
        assert_eq!(*host, "");
        let outcome = format!("{} {}", trigger.as_str(), outcome.as_str());
        let _ = send.lock().unwrap().send((outcome, detail.unwrap_or_default().to_owned()));
    };
    let verifier = Verifier::jwks_file(path).any_issuer().any_audience();
    (verifier.clock(clock.clone()).observer(observer).build().unwrap(), outcomes)
}

fn signer(id: &str, clock: &FixedClock) -> TestIssuer {
    TestIssuer::es256().with_other_key().key_id(id).clock(clock.clone())
}

#[test]
fn a_new_file_is_used_after_at_most_a_second() {
    let clock = FixedClock::new();
    let (old, new) = (signer("old", &clock), signer("new", &clock));
    let file = KeyFile::with("new-file", &old.jwks());
    let (verifier, outcomes) = verifier(&file.0, &clock);
    let kind =
        |issuer: &TestIssuer| verifier.verify_now(&issuer.token().mint()).err().map(|it| it.kind());
    assert_eq!((kind(&old), kind(&new)), (None, Some(ErrorKind::UnknownKey)));
    file.replace(&new.jwks());
    // Within the interval the file is not checked.
    clock.advance(INTERVAL.saturating_sub(Duration::from_nanos(1)));
    assert_eq!((kind(&old), kind(&new)), (None, Some(ErrorKind::UnknownKey)));
    assert!(outcomes.try_recv().is_err());
    clock.advance(Duration::from_nanos(1));
    let _ = kind(&old); // starts the check
    assert_eq!(outcomes.recv_timeout(TIMEOUT).unwrap().0, "schedule replaced");
    assert_eq!((kind(&old), kind(&new)), (Some(ErrorKind::UnknownKey), None));
}

#[tokio::test]
async fn a_bad_file_keeps_the_keys_and_is_reported() {
    let clock = FixedClock::new();
    let (old, new) = (signer("old", &clock), signer("new", &clock));
    let file = KeyFile::with("bad-file", &old.jwks());
    let (verifier, outcomes) = verifier(&file.0, &clock);
    for (text, failure) in [
        ("", "manual not_a_key_set"),
        ("<html>log in first</html>", "manual not_a_key_set"),
        (r#"{"keys":[]}"#, "manual no_usable_key"),
        (r#"{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}"#, "manual no_usable_key"),
        ("a text of another length", "manual not_a_key_set"),
    ] {
        file.replace(text);
        assert!(verifier.refresh().await.is_err(), "{text}");
        let (outcome, detail) = outcomes.recv_timeout(TIMEOUT).unwrap();
        assert_eq!(outcome, failure, "{text}");
        assert!(detail.contains(file.0.to_str().unwrap()), "{detail}");
        // The same file is not read or reported again.
        assert!(verifier.refresh().await.is_err() && outcomes.try_recv().is_err());
        let health = verifier.health().next().unwrap();
        assert_eq!((health.state, health.keys), (KeySetState::Stale, 1), "{text}");
        assert!(health.last_error.unwrap().to_string().ends_with(&detail), "{text}");
        assert!(verifier.verify_now(&old.token().mint()).is_ok(), "{text}");
    }
    fs::remove_file(&file.0).unwrap();
    assert!(verifier.refresh().await.is_err());
    assert_eq!(outcomes.recv_timeout(TIMEOUT).unwrap().0, "manual unreadable");
    assert!(verifier.verify_now(&old.token().mint()).is_ok());
    file.replace(&new.jwks());
    assert!(verifier.refresh().await.is_ok());
    let health = verifier.health().next().unwrap();
    assert!(health.state == KeySetState::Fresh && health.last_error.is_none());
    assert!(verifier.verify_now(&new.token().mint()).is_ok());
}

#[cfg(feature = "tokio-timer")]
#[tokio::test]
async fn keep_fresh_checks_the_file() {
    let clock = FixedClock::new();
    let (old, new) = (signer("old", &clock), signer("new", &clock));
    let file = KeyFile::with("keep-fresh", &old.jwks());
    let (verifier, outcomes) = verifier(&file.0, &clock);
    file.replace(&new.jwks());
    clock.advance(INTERVAL);
    let task = tokio::spawn(verifier.keep_fresh());
    let received = tokio::task::spawn_blocking(move || outcomes.recv_timeout(TIMEOUT));
    assert_eq!(received.await.unwrap().unwrap().0, "schedule replaced");
    task.abort();
    assert!(verifier.verify_now(&new.token().mint()).is_ok());
}

#[test]
fn a_file_without_keys_does_not_build() {
    let good = TestIssuer::es256().jwks();
    for (name, text, kind) in [
        ("good", &*good, None),
        ("padded", &format!("\n{good}\r\n"), None),
        ("empty", "", Some(ProblemKind::InvalidKey)),
        ("html", "<html>", Some(ProblemKind::InvalidKey)),
        ("no-keys", r#"{"keys":[]}"#, Some(ProblemKind::MissingKeys)),
        ("large", &" ".repeat(1024 * 1024 + 1), Some(ProblemKind::InvalidValue)),
    ] {
        let file = KeyFile::with(name, text);
        assert_eq!(problem(&file.0), kind, "{name}");
    }
    assert_eq!(problem(Path::new("/nowhere/keys.json")), Some(ProblemKind::InvalidValue));
    assert_eq!(problem(&std::env::temp_dir()), Some(ProblemKind::InvalidValue));
}

/// The only problem with the keys in this file.
fn problem(path: &Path) -> Option<ProblemKind> {
    let error = Verifier::jwks_file(path).any_issuer().any_audience().build().err()?;
    assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
    let [problem] = error.problems() else { panic!("{error}") };
    Some(Problem::kind(problem))
}
