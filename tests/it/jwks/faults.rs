//! The faults of the matrix, by name.

use std::sync::Arc;

use tower_jwt_auth::testing::TestIssuer;

use super::fixture::set_of;
use crate::support::answers::{answer, chunked, document, gzip_bomb, head, status, with_headers};
use crate::support::key_server::{Act, Behaviour, Greeting};

/// An unrelated P-256 key (RFC 7517 appendix A.1).
const UNRELATED: &str = r#"{"kty":"EC","crv":"P-256","kid":"spare",
    "x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
    "y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}"#;
/// A key of an unknown type, and one on a curve that is not for signatures.
const UNUSABLE: [&str; 2] = [
    r#"{"kty":"AKP","alg":"ML-DSA-44","kid":"known","pub":"AAAA"}"#,
    r#"{"kty":"OKP","crv":"X25519","kid":"known",
    "x":"3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08"}"#,
];
const KIB: usize = 1024;

/// The location of the keys before and during the fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Location {
    Http,
    Https,
    /// A host name that needs a lookup.
    Named,
}

/// How the key server fails.
pub(super) enum Break {
    Answer(Behaviour),
    ClosePort,
    LoseName,
    Greet(Greeting),
}

/// The documents of an issuer.
pub(super) struct Documents(pub(super) TestIssuer);

impl Documents {
    /// The document without a fault: the known key and another one.
    pub(super) fn usual(&self) -> String {
        set_of([&*self.known(), UNRELATED])
    }

    fn known(&self) -> String {
        self.0.jwk()
    }

    /// The known key with a member set or removed.
    fn with(&self, member: &str, value: Option<&str>) -> String {
        let mut jwk: serde_json::Value = serde_json::from_str(&self.known()).unwrap();
        let members = jwk.as_object_mut().unwrap();
        match value {
            Some(value) => members.insert(member.to_owned(), value.into()),
            None => members.remove(member),
        };
        jwk.to_string()
    }

    /// The valid document, padded with spaces to this length.
    fn long(&self, bytes: usize) -> String {
        let usual = self.usual();
        let spaces = " ".repeat(bytes - usual.len());
        usual + &spaces
    }

    /// A set of `count` keys with the known one at this index.
    fn many(&self, count: usize, index: usize) -> String {
        let another = |index| UNRELATED.replace("spare", &format!("spare {index}"));
        let keys: Vec<_> =
            (0..count).map(|at| if at == index { self.known() } else { another(at) }).collect();
        set_of(keys.iter().map(String::as_str))
    }

    /// An RSA key of 1024 bits.
    fn weak() -> String {
        let modulus = crate::support::tokens::encode([0xc5; 128]);
        format!(r#"{{"kty":"RSA","kid":"known","n":"{modulus}","e":"AQAB"}}"#)
    }

    /// The bytes of every response, if the fault is a fixed response.
    fn bytes(&self, fault: &str, redirect_url: &str) -> Option<Vec<u8>> {
        let usual = self.usual();
        let redirect = |line| answer(line, &[("Location", redirect_url)], "");
        Some(match fault {
            "the connection is closed" => Vec::new(),
            "garbage" => b"\x16\x03\x01 no HTTP at all\r\n\r\n".to_vec(),
            "an aborted body" => {
                let whole = document(&usual);
                whole[..whole.len() - 1].to_vec()
            }
            "aborted chunks" => {
                let whole = chunked(&usual, 7);
                whole[..whole.len() - 5].to_vec() // without the last, empty chunk
            }
            "301 to another host" => redirect("301 Moved Permanently"),
            "302 to another host" => redirect("302 Found"),
            "303 to another host" => redirect("303 See Other"),
            "307 to another host" => redirect("307 Temporary Redirect"),
            "308 to another host" => redirect("308 Permanent Redirect"),
            "304, with a validator" | "304, without a validator" => status("304 Not Modified"),
            "204" => answer("204 No Content", &[], ""),
            "206 with the document" => answer("206 Partial Content", &[], &usual),
            "401" => status("401 Unauthorized"),
            "403" => status("403 Forbidden"),
            "404" => status("404 Not Found"),
            "410" => status("410 Gone"),
            "429" => answer("429 Too Many Requests", &[("Retry-After", "3600")], ""),
            "500" => status("500 Internal Server Error"),
            "503" => status("503 Service Unavailable"),
            "503 with the document" => answer("503 Service Unavailable", &[], &usual),
            "503, with Retry-After" => {
                answer("503 Service Unavailable", &[("Retry-After", "1")], "")
            }
            "a document of 256 KiB and a byte" => document(&self.long(256 * KIB + 1)),
            "300 KiB in chunks" => chunked(&self.long(300 * KIB), KIB),
            "a gzip bomb" => with_headers(&[("Content-Encoding", "gzip")], gzip_bomb()),
            "the document, labelled as br" => with_headers(&[("Content-Encoding", "br")], &usual),
            "an empty body" => document(""),
            "a login page" => with_headers(
                &[("Content-Type", "text/html")],
                "<!DOCTYPE html><title>Log in</title><form></form>",
            ),
            "a truncated document" => document(&usual[..usual.len() / 2]),
            "the document twice" => document(&format!("{usual}{usual}")),
            "not UTF-8" => with_headers(&[], [usual.as_bytes(), b"\xff"].concat()),
            "an array of keys" => document(&format!("[{}]", self.known())),
            "an object without keys" => document(&self.known()),
            "keys that are not an array" => document(&format!("{{\"keys\":{}}}", self.known())),
            "an empty set" => document(r#"{"keys":[]}"#),
            "only keys of unknown types" => document(&set_of(UNUSABLE)),
            "only a weak key" => document(&set_of([&*Self::weak()])),
            "only a private key" => document(&set_of([&*self.with("d", Some(&"A".repeat(43)))])),
            "only a secret" => document(&set_of([&*TestIssuer::hs256().key_id("known").jwk()])),
            "only a key for encryption" => document(&set_of([&*self.with("use", Some("enc"))])),
            "all keys replaced" => {
                document(&set_of([&*self.0.clone().with_other_key().key_id("next").jwk()]))
            }
            "the known key removed" => document(&set_of([UNRELATED])),
            "the other key removed" => document(&set_of([&*self.known()])),
            "the known id on another key" => {
                document(&set_of([&*UNRELATED.replace("spare", "known")]))
            }
            "the known id on two keys" => {
                document(&set_of([&*UNRELATED.replace("spare", "known"), &self.known()]))
            }
            "1100 keys, the known one first" => document(&self.many(1_100, 0)),
            "1100 keys, the known one last" => document(&self.many(1_100, 1_099)),
            "1024 keys, the known one last" => document(&self.many(1_024, 1_023)),
            "also a key without an id" => {
                let nameless = self.0.clone().with_other_key().without_key_id();
                document(&set_of([&*self.known(), &nameless.jwk()]))
            }
            "also unusable keys" => {
                let secret = TestIssuer::hs256().key_id("known").jwk();
                document(&set_of([UNUSABLE[0], UNUSABLE[1], &Self::weak(), &secret, &self.known()]))
            }
            "also entries that are not keys" => {
                document(&set_of(["null", "7", r#""key""#, "[]", "{}", &self.known()]))
            }
            "also a deeply nested entry" => {
                let nested = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
                document(&set_of([&*nested, &self.known()]))
            }
            "a key without alg" => document(&set_of([&*self.with("alg", None)])),
            "labelled as plain text" => with_headers(&[("Content-Type", "text/plain")], &usual),
            "without a content type" => with_headers(&[], &usual),
            "labelled as identity" => with_headers(&[("Content-Encoding", "identity")], &usual),
            "a document of 256 KiB" => document(&self.long(256 * KIB)),
            "in chunks" => chunked(&usual, 7),
            "HTTP/1.0 without a length" => format!("HTTP/1.0 200 OK\r\n\r\n{usual}").into_bytes(),
            "early hints first" => {
                let hints = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n";
                [&hints[..], &document(&usual)].concat()
            }
            _ => return None,
        })
    }

    /// The action of the server, if the fault is a single action.
    fn act(&self, fault: &str, redirect_url: &str) -> Option<Act> {
        if let Some(bytes) = self.bytes(fault, redirect_url) {
            return Some(Act::Send(bytes));
        }
        let whole = document(&self.usual());
        Some(match fault {
            "the connection is reset" => Act::Reset,
            "accepts and never responds" => Act::Hang(Vec::new()),
            "headers, then silence" => {
                Act::Hang(head("200 OK", &[("Content-Length", &self.usual().len().to_string())]))
            }
            "half a document, then silence" => Act::Hang(whole[..whole.len() / 2].to_vec()),
            "one byte a second" => Act::Drip(whole),
            "endless headers" => {
                Act::Endless(b"HTTP/1.1 200 OK\r\n".to_vec(), b"X-Flood: drops\r\n".repeat(500))
            }
            "one endless header" => {
                Act::Endless(b"HTTP/1.1 200 OK\r\nX-Flood: ".to_vec(), b"drops".repeat(2000))
            }
            "an endless body" => Act::Endless(head("200 OK", &[]), vec![b' '; 16 * KIB]),
            _ => return None,
        })
    }

    /// The location and the kind of the fault with this name.
    pub(super) fn fault(&self, name: &str, redirect_url: &str) -> (Location, Break) {
        if let Some(act) = self.act(name, redirect_url) {
            return (Location::Http, Break::Answer(Arc::new(move |_, _| act.clone())));
        }
        let good = document(&self.usual());
        let every_other = move |bad: usize| -> Break {
            let good = good.clone();
            Break::Answer(Arc::new(move |_, number| {
                if number % 2 == bad { Act::Reset } else { Act::Send(good.clone()) }
            }))
        };
        let certificate = |name| (Location::Https, Break::Greet(super::tls::greeting(name)));
        match name {
            "the port is closed" => (Location::Http, Break::ClosePort),
            "the name does not resolve" => (Location::Named, Break::LoseName),
            "every other response fails, from now" => (Location::Http, every_other(0)),
            "every other response fails, later" => (Location::Http, every_other(1)),
            "a certificate for another name" => certificate("elsewhere"),
            "an expired certificate" => certificate("expired"),
            "an untrusted certificate" => certificate("untrusted"),
            "a valid certificate" => certificate("good"),
            "plain HTTP instead of TLS" => (Location::Https, Break::Greet(Greeting::Plain)),
            "an unanswered handshake" => (Location::Https, Break::Greet(Greeting::Silence)),
            other => panic!("unknown fault `{other}`"),
        }
    }
}
