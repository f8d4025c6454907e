//! Real servers for the interoperability tests.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

/// Whether the tests with real servers are enabled. Prints a note if they are not.
pub(crate) fn is_wanted() -> bool {
    let wanted = env::var_os("BETTER_AUTH_INTEROP").is_some();
    if !wanted {
        println!("skipped: set BETTER_AUTH_INTEROP=1 to run it (needs Node 20, npm and Python)");
    }
    wanted
}

/// Whether the tests with servers that are large or slow to start are enabled. Prints a note if they are not.
#[cfg(feature = "jwks-client")]
pub(crate) fn is_long_wanted() -> bool {
    let wanted = env::var_os("INTEROP_LONG").is_some();
    if !wanted {
        println!("skipped: set INTEROP_LONG=1 to run it (needs Node 20, npm, Python and apt-get)");
    }
    wanted
}

/// A script or a folder of `tests/interop`.
pub(crate) fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop").join(name)
}

/// The folder of the packages. The first caller installs them; the others wait for it.
pub(crate) fn packages() -> PathBuf {
    packages_of(NEWEST)
}

/// The release that `tests/interop/package.json` pins.
const NEWEST: &str = "";

/// The folder of the packages of a release in `tests/interop/releases`.
fn packages_of(release: &'static str) -> PathBuf {
    static INSTALLED: Mutex<Vec<&str>> = Mutex::new(Vec::new());
    let name = ["interop", release].join("-");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name.trim_end_matches('-'));
    let mut installed = INSTALLED.lock().unwrap();
    if !installed.contains(&release) {
        let install = script("install.sh");
        let mut command = Command::new(&install);
        let status = command.arg(&folder).arg(release).status().expect("bash runs the script");
        assert!(status.success(), "{} failed with {status}", install.display());
        installed.push(release);
    }
    folder
}

#[cfg(feature = "jwks-client")]
pub(crate) use server::{Server, with_a_changed_byte};

#[cfg(feature = "jwks-client")]
mod server {
    use std::io::{BufRead, BufReader};
    use std::net::SocketAddr;
    use std::process::{Child, Command, Stdio};

    use serde_json::{Value, json};

    use super::{NEWEST, packages_of, script};
    use crate::support::raw_http::Connection;

    /// A server of `tests/interop`, which is stopped on drop.
    #[derive(Debug)]
    pub(crate) struct Server {
        child: Child,
        control: SocketAddr,
        /// The values that the server printed at its start.
        pub(crate) hello: Value,
    }

    impl Server {
        /// Starts the server and waits until it is ready.
        pub(crate) fn start(name: &str) -> Self {
            Self::start_release(name, NEWEST)
        }

        /// Starts the server with the packages of a release in `tests/interop/releases`, or with its own.
        pub(crate) fn start_release(name: &str, release: &'static str) -> Self {
            let mut serve = Command::new(script("serve.sh"));
            serve.arg(name).arg(release).env("INTEROP_PACKAGES", packages_of(release));
            let mut child = serve.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
            let lines = BufReader::new(child.stdout.take().unwrap()).lines();
            // Servers may log to standard output as well.
            let mut lines =
                lines.map(Result::unwrap).filter(|line| line.starts_with("{\"control\""));
            let hello = lines.next().unwrap_or_else(|| panic!("{name} did not start, see above"));
            let hello: Value = serde_json::from_str(&hello).unwrap();
            // Further output must not fill the pipe.
            std::thread::spawn(move || lines.for_each(drop));
            let control = hello["control"].as_str().unwrap().parse().unwrap();
            Self { child, control, hello }
        }

        /// A text of [`hello`](Self::hello).
        pub(crate) fn said(&self, name: &str) -> &str {
            self.hello[name].as_str().unwrap()
        }

        /// Sends a request to a control route.
        pub(crate) async fn ask(&self, route: &str, arguments: Value) -> Value {
            let body = arguments.to_string();
            let head = format!("POST /{route} HTTP/1.1\r\nHost: localhost\r\n");
            let request = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
            let answer = Connection::to(self.control).await.ask(request.as_bytes()).await;
            assert_eq!(answer.status, 200, "{route}: {}", answer.body);
            serde_json::from_str(&answer.body).unwrap()
        }

        /// Sends a request without arguments to a control route.
        pub(crate) async fn tell(&self, route: &str) -> Value {
            self.ask(route, json!({})).await
        }
    }

    impl Drop for Server {
        fn drop(&mut self) {
            // The script cleans up and exits when its standard input closes.
            drop(self.child.stdin.take());
            let status = self.child.wait().unwrap();
            if !std::thread::panicking() {
                assert!(status.success(), "the server ended with {status}");
            }
        }
    }
    /// Three copies of the token, each with one changed letter in another part.
    pub(crate) fn with_a_changed_byte(token: &str) -> Vec<String> {
        let ends = token.match_indices('.').map(|(at, _)| at).chain([token.len()]);
        ends.map(|end| {
            let mut changed = token.as_bytes().to_vec();
            // Inside the part, every bit of a letter is significant.
            let at = end - 8;
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            String::from_utf8(changed).unwrap()
        })
        .collect()
    }
}
