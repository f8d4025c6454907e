//! The server under test, the auth server that it trusts, and a client.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use tower_jwt_auth::Algorithm;
use tower_jwt_auth::testing::TestIssuer;

/// Serves its keys at the path of Better Auth, and signs tokens like Better Auth.
pub(crate) struct AuthServer {
    pub(crate) url: String,
    pub(crate) issuer: TestIssuer,
}

impl AuthServer {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let issuer = TestIssuer::new(Algorithm::EdDSA).issuer(&*url).audience(&*url);
        let keys = issuer.jwks();
        thread::spawn(move || {
            for connection in listener.incoming() {
                let mut connection = connection.unwrap();
                let mut request = String::new();
                let mut reader = BufReader::new(&connection);
                // Reads up to the empty line after the headers.
                while reader.read_line(&mut request).unwrap() > 2 {}
                assert!(request.starts_with("GET /api/auth/jwks HTTP/1.1\r\n"), "{request}");
                let length = keys.len();
                write!(
                    connection,
                    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\
                     Content-Length: {length}\r\nConnection: close\r\n\r\n{keys}"
                )
                .unwrap();
            }
        });
        Self { url, issuer }
    }

    pub(crate) fn token(&self, subject: &str) -> String {
        self.issuer.token().subject(subject).mint()
    }
}

/// The binary with only these settings.
fn command(settings: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_todo"));
    let of_api = ["TODO_DB", "TODO_CLIENT_ID", "TODO_RESOURCE", "TODO_MAX_STALE", "REDIS_URL"];
    for name in ["BETTER_AUTH_URL", "BETTER_AUTH_SECRET", "BETTER_AUTH_SECRETS"] {
        command.env_remove(name);
    }
    for name in of_api {
        command.env_remove(name);
    }
    command.env("PORT", "0").envs(settings.iter().copied());
    command
}

/// The first line of output and the exit status, for settings with which the server must not start.
pub(crate) fn first_line_and_status(settings: &[(&str, &str)]) -> (String, Option<i32>) {
    let mut process = command(settings).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
    if !line.is_empty() {
        process.kill().unwrap();
    }
    (line, process.wait().unwrap().code())
}

pub(crate) struct Server {
    process: Child,
    output: BufReader<ChildStdout>,
    url: String,
}

impl Server {
    pub(crate) fn start(settings: &[(&str, &str)]) -> Self {
        let mut process = command(settings).stdout(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("listening on ").expect(&line).to_owned();
        Self { process, output, url }
    }

    /// The output after the first line, up to the line that contains this text.
    pub(crate) fn printed_to(&mut self, last: &str) -> String {
        let mut printed = String::new();
        while !printed.contains(last) {
            let length = self.output.read_line(&mut printed).unwrap();
            assert_ne!(length, 0, "{last:?} was not printed: {printed}");
        }
        printed
    }

    pub(crate) fn get(&self, path: &str, credentials: &[String]) -> Answer {
        self.send("GET", path, credentials, None)
    }

    pub(crate) fn user(&self, token: &str) -> User<'_> {
        User { server: self, credentials: [format!("Bearer {token}")] }
    }

    /// Sends SIGINT, as Ctrl-C does, and returns the exit status.
    pub(crate) fn interrupt(&mut self) -> Option<i32> {
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args(["-s", "INT", &pid]).status().unwrap().success());
        self.process.wait().unwrap().code()
    }

    /// Sends a form with one field whose value needs no encoding, without credentials.
    pub(crate) fn post_form(&self, path: &str, field: &str, value: &str) -> Answer {
        let content_type = "application/x-www-form-urlencoded";
        self.write("POST", path, &[], Some((content_type, &format!("{field}={value}"))))
    }

    fn send(&self, method: &str, path: &str, credentials: &[String], body: Option<&str>) -> Answer {
        self.write(method, path, credentials, body.map(|body| ("application/json", body)))
    }

    /// Writes the request as text: an HTTP client would normalize the path and not repeat a header.
    fn write(
        &self,
        method: &str,
        path: &str,
        credentials: &[String],
        body: Option<(&str, &str)>,
    ) -> Answer {
        let address = self.url.strip_prefix("http://").unwrap();
        let mut request = Vec::new();
        write!(request, "{method} {path} HTTP/1.1\r\nHost: {address}\r\n").unwrap();
        for credentials in credentials {
            write!(request, "Authorization: {credentials}\r\n").unwrap();
        }
        if let Some((content_type, body)) = body {
            write!(request, "Content-Type: {content_type}\r\n").unwrap();
            write!(request, "Content-Length: {}\r\n", body.len()).unwrap();
        }
        write!(request, "Connection: close\r\n\r\n{}", body.map_or("", |(_, body)| body)).unwrap();

        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream.write_all(&request).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        Answer { head: head.to_owned(), body: body.to_owned() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// A client with a token.
pub(crate) struct User<'s> {
    server: &'s Server,
    credentials: [String; 1],
}

impl User<'_> {
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, None)
    }

    pub(crate) fn send(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let body = body.map(|body| body.to_string());
        self.server.send(method, path, &self.credentials, body.as_deref())
    }

    pub(crate) fn send_text(&self, method: &str, path: &str, body: &str) -> Answer {
        self.server.send(method, path, &self.credentials, Some(body))
    }
}

pub(crate) struct Answer {
    head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn status(&self) -> u16 {
        self.head["HTTP/1.1 ".len()..][..3].parse().unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.head.lines().filter_map(|line| line.split_once(": "));
        headers.find(|(it, _)| *it == name).map(|(_, value)| value)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.body))
    }
}
