//! HTTP responses as bytes, valid and invalid.

use std::fmt::Write as _;

/// Status 200 with a JSON document.
pub(crate) fn document(body: &str) -> Vec<u8> {
    with_headers(&[("Content-Type", "application/json")], body)
}

/// Status 200 with these headers.
pub(crate) fn with_headers(headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Vec<u8> {
    answer("200 OK", headers, body)
}

/// Any status without a body.
pub(crate) fn status(line: &str) -> Vec<u8> {
    answer(line, &[], "")
}

/// A response with its length, after which the connection closes.
pub(crate) fn answer(line: &str, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let mut all = head(line, headers);
    // A 304 response has no body (RFC 9110 §15.4.5).
    if !line.starts_with("304") {
        all.truncate(all.len() - 2);
        all.extend_from_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
        all.extend_from_slice(body);
    }
    all
}

/// The status line, the headers and the empty line.
pub(crate) fn head(line: &str, headers: &[(&str, &str)]) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {line}\r\nConnection: close\r\n");
    for (name, value) in headers {
        write!(head, "{name}: {value}\r\n").unwrap();
    }
    head.push_str("\r\n");
    head.into_bytes()
}

/// Status 200 with a document in chunks of this size.
pub(crate) fn chunked(body: &str, size: usize) -> Vec<u8> {
    let mut all = head("200 OK", &[("Transfer-Encoding", "chunked")]);
    for chunk in body.as_bytes().chunks(size) {
        all.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        all.extend_from_slice(chunk);
        all.extend_from_slice(b"\r\n");
    }
    all.extend_from_slice(b"0\r\n\r\n");
    all
}

/// 94 KiB of gzip that decompress to 64 MiB of zeros: a thousand members (RFC 1952 §2.2) of 64 KiB each.
pub(crate) fn gzip_bomb() -> Vec<u8> {
    let header = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 0xff];
    let deflated = [0xed, 0xc1, 1, 1, 0, 0, 0, 0x80, 0x90, 0xfe, 0xaf, 0xee, 8, 0x0a];
    let checksum = [0xeb, 0x8e, 0x97, 0xd7];
    let length = [0, 0, 1, 0];
    let member = [&header[..], &deflated, &[0; 63], &[0x6a], &checksum, &length].concat();
    member.repeat(1000)
}
