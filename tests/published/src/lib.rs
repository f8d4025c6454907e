//! The locations of the published keys.

use std::fs;
use std::path::{Path, PathBuf};

/// The names of the demo key pairs, without the file extension.
pub const PAIRS: [&str; 10] = [
    "ed25519-a",
    "ed25519-b",
    "p256-a",
    "p256-b",
    "p384-a",
    "p384-b",
    "p521-a",
    "p521-b",
    "rsa-a",
    "rsa-b",
];

/// The root of the repository.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A file of the repository.
///
/// # Panics
///
/// The file cannot be read.
#[must_use]
pub fn file(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A demo key file.
#[must_use]
pub fn demo(name: &str) -> String {
    file(format!("src/testing/keys/{name}"))
}

/// The secrets of the table.
#[must_use]
pub fn secrets() -> Vec<String> {
    let table = file("src/key/published/secrets.txt");
    table.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
}

/// All files below a folder with this extension.
///
/// # Panics
///
/// The folder cannot be read.
#[must_use]
pub fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let (mut folders, mut files) = (vec![root().join(folder)], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the repository") {
            let path = entry.expect("an entry of it").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == ending) {
                files.push(path);
            }
        }
    }
    files
}
