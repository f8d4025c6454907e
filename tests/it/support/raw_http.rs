//! Raw HTTP/1.1: bytes that no client would send, and the responses.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A test that waits longer than this fails instead of hanging.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A connection that is kept alive.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    unread: Vec<u8>,
}

/// A response as received.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    /// The value of a header that appears at most once.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|header| header.0 == name);
        let value = values.next().map(|header| header.1.as_str());
        assert!(values.next().is_none(), "`{name}` appears more than once");
        value
    }
}

/// A request without a body: `GET /`, these raw `Authorization` values, and the empty line.
pub(crate) fn get(fields: &[&[u8]]) -> Vec<u8> {
    let mut request = b"GET / HTTP/1.1\r\nHost: localhost\r\n".to_vec();
    for field in fields {
        request.extend_from_slice(b"Authorization: ");
        request.extend_from_slice(field);
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"\r\n");
    request
}

impl Connection {
    pub(crate) async fn to(server: SocketAddr) -> Self {
        Self { stream: TcpStream::connect(server).await.unwrap(), unread: Vec::new() }
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// Sends a request and waits for the response.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> Answer {
        self.send(request).await;
        self.answer().await
    }

    /// The next response, unless it is to `HEAD`.
    pub(crate) async fn answer(&mut self) -> Answer {
        self.read(true).await
    }

    /// The next response, to a `HEAD` request.
    pub(crate) async fn answer_to_head(&mut self) -> Answer {
        self.read(false).await
    }

    /// Whether bytes after the last response were received.
    pub(crate) fn has_unread(&self) -> bool {
        !self.unread.is_empty()
    }

    async fn read(&mut self, with_body: bool) -> Answer {
        let answer = tokio::time::timeout(TIMEOUT, self.read_response(with_body)).await;
        answer.expect("the server does not answer")
    }

    async fn read_response(&mut self, with_body: bool) -> Answer {
        let end = loop {
            if let Some(at) = self.unread.windows(4).position(|four| four == b"\r\n\r\n") {
                break at;
            }
            self.read_more().await;
        };
        let head: Vec<u8> = self.unread.drain(..end + 4).collect();
        let head = String::from_utf8(head).unwrap();
        let mut lines = head.trim_end().split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers: Vec<_> = lines
            .map(|line| line.split_once(": ").unwrap())
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let length = headers.iter().find(|header| header.0 == "content-length");
        let length = length.map_or(0, |header| header.1.parse().unwrap());
        let length = if with_body { length } else { 0 };
        while self.unread.len() < length {
            self.read_more().await;
        }
        let body: Vec<u8> = self.unread.drain(..length).collect();
        Answer { status, headers, body: String::from_utf8(body).unwrap() }
    }

    async fn read_more(&mut self) {
        let read = self.stream.read_buf(&mut self.unread).await.unwrap();
        assert_ne!(read, 0, "closed after {:?}", self.unread.escape_ascii().to_string());
    }
}
