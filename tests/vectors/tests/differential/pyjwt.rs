//! The third verifier: PyJWT, in a child process.

use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;

use serde_json::{Value, json};
use tower_jwt_auth::Algorithm;

use super::case::Case;
use super::keys::{AUDIENCE, ISSUER, Key, Kind, LEEWAY};

/// The process. Its verdicts are received while further tokens are sent.
pub(crate) struct PyJwt {
    process: Child,
    tokens: BufWriter<ChildStdin>,
    verdicts: Receiver<String>,
    pub(crate) versions: String,
}

impl PyJwt {
    /// Installs PyJWT into Cargo's folder for test files, if it is missing, and passes the keys to it.
    pub(crate) fn start(keys: &[Key]) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("differential/run.sh");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("differential-pyjwt");
        let mut command = Command::new("bash");
        command.arg(script).arg(folder).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().expect("DIFFERENTIAL_PYJWT needs bash and Python");

        let mut tokens = BufWriter::new(process.stdin.take().unwrap());
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let (send, verdicts) = mpsc::channel();
        // A separate thread reads the verdicts, to avoid a deadlock.
        thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| send.send(line)));

        let keys: Vec<_> = keys.iter().map(described).collect();
        let task =
            json!({ "issuer": ISSUER, "audience": AUDIENCE, "leeway": LEEWAY, "keys": keys });
        writeln!(tokens, "{task}").unwrap();
        tokens.flush().unwrap();
        let versions = verdicts.recv().expect("PyJWT did not start, see above");
        Self { process, tokens, verdicts, versions }
    }

    /// Sends a token. The verdicts arrive later, in the order of the tokens.
    pub(crate) fn ask(&mut self, case: &Case) {
        let question = json!([case.key, case.now, case.token]);
        writeln!(self.tokens, "{question}").expect("PyJWT stopped, see above");
    }

    /// The next verdict, if it has arrived: `accepted`, or the name of the exception.
    pub(crate) fn verdict(&mut self) -> Option<String> {
        self.verdicts.try_recv().ok()
    }

    /// Waits for the next verdict.
    pub(crate) fn awaited_verdict(&mut self) -> String {
        self.tokens.flush().unwrap();
        self.verdicts.recv().expect("PyJWT stopped, see above")
    }

    /// Ends the process.
    pub(crate) fn stop(self) {
        let Self { mut process, tokens, verdicts, .. } = self;
        drop(tokens);
        assert!(process.wait().unwrap().success());
        assert!(verdicts.recv().is_err(), "PyJWT returned too many verdicts");
    }
}

fn described(key: &Key) -> Value {
    let key_text = if key.is(Kind::Secret) { key.issuer.secret() } else { key.issuer.public_pem() };
    // PyJWT does not know the name of EdDSA in RFC 9864. This crate accepts it, as the documentation of `Algorithm`
    // states. PyJWT is configured with the name, so that it checks the rest of such tokens.
    let names = match key.algorithm {
        Algorithm::EdDSA => vec!["EdDSA", "Ed25519"],
        other => vec![other.name()],
    };
    json!({ "algorithms": names, "key": key_text })
}
