//! The third verifier: PyJWT, in a process of its own.

use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;

use serde_json::{Value, json};
use tower_jwt_auth::Algorithm;

use super::case::Case;
use super::keys::{AUDIENCE, ISSUER, Key, Kind, LEEWAY};

/// The process, with its verdicts coming in while tokens go out.
pub(crate) struct PyJwt {
    process: Child,
    tokens: BufWriter<ChildStdin>,
    verdicts: Receiver<String>,
    pub(crate) versions: String,
}

impl PyJwt {
    /// Installs it where Cargo keeps what tests make, if it is not there yet, and hands the keys over.
    pub(crate) fn start(keys: &[Key]) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("differential/run.sh");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("differential-pyjwt");
        let mut command = Command::new("bash");
        command.arg(script).arg(folder).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().expect("DIFFERENTIAL_PYJWT needs bash and Python");

        let mut tokens = BufWriter::new(process.stdin.take().unwrap());
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let (send, verdicts) = mpsc::channel();
        // Its verdicts are taken in at once, so that the two never wait for each other.
        thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| send.send(line)));

        let keys: Vec<_> = keys.iter().map(described).collect();
        let task =
            json!({ "issuer": ISSUER, "audience": AUDIENCE, "leeway": LEEWAY, "keys": keys });
        writeln!(tokens, "{task}").unwrap();
        tokens.flush().unwrap();
        let versions = verdicts.recv().expect("PyJWT did not start, see above");
        Self { process, tokens, verdicts, versions }
    }

    /// Hands a token over. Its verdict comes later, in the order of the tokens.
    pub(crate) fn ask(&mut self, case: &Case) {
        let question = json!([case.key, case.now, case.token]);
        writeln!(self.tokens, "{question}").expect("PyJWT stopped, see above");
    }

    /// The next verdict, if it is there: `accepted`, or the name of what was raised.
    pub(crate) fn verdict(&mut self) -> Option<String> {
        self.verdicts.try_recv().ok()
    }

    /// The next verdict, waited for.
    pub(crate) fn awaited_verdict(&mut self) -> String {
        self.tokens.flush().unwrap();
        self.verdicts.recv().expect("PyJWT stopped, see above")
    }

    /// Ends the process.
    pub(crate) fn stop(self) {
        let Self { mut process, tokens, verdicts, .. } = self;
        drop(tokens);
        assert!(process.wait().unwrap().success());
        assert!(verdicts.recv().is_err(), "a verdict too many");
    }
}

fn described(key: &Key) -> Value {
    let key_text = if key.is(Kind::Secret) { key.issuer.secret() } else { key.issuer.public_pem() };
    // PyJWT does not know RFC 9864's name of EdDSA. That this crate does is a decision, written down in the
    // documentation of `Algorithm`; PyJWT is told, so that it judges the rest of such tokens.
    let names = match key.algorithm {
        Algorithm::EdDSA => vec!["EdDSA", "Ed25519"],
        other => vec![other.name()],
    };
    json!({ "algorithms": names, "key": key_text })
}
