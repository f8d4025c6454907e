//! The faults of the matrix: what the key server does under each name.

use std::sync::Arc;

use tower_jwt_auth::testing::TestIssuer;

use super::fixture::set_of;
use crate::support::answers::{answer, chunked, document, gzip_bomb, head, status, with_headers};
use crate::support::key_server::{Act, Behaviour, Greeting};

/// A P-256 key that is nobody's (RFC 7517 appendix A.1).
const ANOTHER: &str = r#"{"kty":"EC","crv":"P-256","kid":"spare",
    "x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
    "y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}"#;
/// Of a type that nobody knows, and on a curve that is not for signatures.
const ODD: [&str; 2] = [
    r#"{"kty":"AKP","alg":"ML-DSA-44","kid":"known","pub":"AAAA"}"#,
    r#"{"kty":"OKP","crv":"X25519","kid":"known",
    "x":"3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08"}"#,
];
const KIB: usize = 1024;

/// Where the keys are before the fault and during it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Http,
    Https,
    /// Under a name that is looked up.
    Named,
}

/// How the key server breaks.
pub(super) enum Break {
    Answer(Behaviour),
    ClosePort,
    LoseName,
    Greet(Greeting),
}

/// The documents of an issuer.
pub(super) struct Documents(pub(super) TestIssuer);

impl Documents {
    /// Before any fault: the known key and another one.
    pub(super) fn usual(&self) -> String {
        set_of([&*self.known(), ANOTHER])
    }

    fn known(&self) -> String {
        self.0.jwk()
    }

    /// The known key with a member set, or taken out.
    fn with(&self, member: &str, value: Option<&str>) -> String {
        let mut jwk: serde_json::Value = serde_json::from_str(&self.known()).unwrap();
        let members = jwk.as_object_mut().unwrap();
        match value {
            Some(value) => members.insert(member.to_owned(), value.into()),
            None => members.remove(member),
        };
        jwk.to_string()
    }

    /// The usual document, filled up with spaces to this length.
    fn long(&self, bytes: usize) -> String {
        let usual = self.usual();
        let spaces = " ".repeat(bytes - usual.len());
        usual + &spaces
    }

    /// That many keys, the known one at this place.
    fn many(&self, count: usize, place: usize) -> String {
        let another = |index| ANOTHER.replace("spare", &format!("spare {index}"));
        let keys: Vec<_> =
            (0..count).map(|at| if at == place { self.known() } else { another(at) }).collect();
        set_of(keys.iter().map(String::as_str))
    }

    /// An RSA key of 1024 bits.
    fn weak() -> String {
        let modulus = crate::support::tokens::encode([0xc5; 128]);
        format!(r#"{{"kty":"RSA","kid":"known","n":"{modulus}","e":"AQAB"}}"#)
    }

    /// What the server sends all the time, if it sends one thing.
    fn bytes(&self, fault: &str, elsewhere: &str) -> Option<Vec<u8>> {
        let usual = self.usual();
        let redirect = |line| answer(line, &[("Location", elsewhere)], "");
        Some(match fault {
            "the connection is closed" => Vec::new(),
            "garbage" => b"\x16\x03\x01 no HTTP at all\r\n\r\n".to_vec(),
            "a body that breaks off" => {
                let whole = document(&usual);
                whole[..whole.len() - 1].to_vec()
            }
            "chunks that break off" => {
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
            "the document, said to be in br" => with_headers(&[("Content-Encoding", "br")], &usual),
            "an empty body" => document(""),
            "a log-in page" => with_headers(
                &[("Content-Type", "text/html")],
                "<!DOCTYPE html><title>Log in</title><form></form>",
            ),
            "a truncated document" => document(&usual[..usual.len() / 2]),
            "the document and more" => document(&format!("{usual}{usual}")),
            "not UTF-8" => with_headers(&[], [usual.as_bytes(), b"\xff"].concat()),
            "an array of keys" => document(&format!("[{}]", self.known())),
            "an object without keys" => document(&self.known()),
            "keys that are no array" => document(&format!("{{\"keys\":{}}}", self.known())),
            "an empty set" => document(r#"{"keys":[]}"#),
            "only keys of unknown types" => document(&set_of(ODD)),
            "only a weak key" => document(&set_of([&*Self::weak()])),
            "only a private key" => document(&set_of([&*self.with("d", Some(&"A".repeat(43)))])),
            "only a secret" => document(&set_of([&*TestIssuer::hs256().key_id("known").jwk()])),
            "only a key for encryption" => document(&set_of([&*self.with("use", Some("enc"))])),
            "all keys replaced" => {
                document(&set_of([&*self.0.clone().with_other_key().key_id("next").jwk()]))
            }
            "the known key removed" => document(&set_of([ANOTHER])),
            "the other key removed" => document(&set_of([&*self.known()])),
            "the known id on another key" => {
                document(&set_of([&*ANOTHER.replace("spare", "known")]))
            }
            "the known id on two keys" => {
                document(&set_of([&*ANOTHER.replace("spare", "known"), &self.known()]))
            }
            "1100 keys, the known one first" => document(&self.many(1_100, 0)),
            "1100 keys, the known one last" => document(&self.many(1_100, 1_099)),
            "1024 keys, the known one last" => document(&self.many(1_024, 1_023)),
            "a key without an id beside" => {
                let nameless = self.0.clone().with_other_key().without_key_id();
                document(&set_of([&*self.known(), &nameless.jwk()]))
            }
            "unusable keys beside" => {
                let secret = TestIssuer::hs256().key_id("known").jwk();
                document(&set_of([ODD[0], ODD[1], &Self::weak(), &secret, &self.known()]))
            }
            "entries that are no keys beside" => {
                document(&set_of(["null", "7", r#""key""#, "[]", "{}", &self.known()]))
            }
            "a bottomless entry beside" => {
                let bottomless = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
                document(&set_of([&*bottomless, &self.known()]))
            }
            "a key without alg" => document(&set_of([&*self.with("alg", None)])),
            "said to be plain text" => with_headers(&[("Content-Type", "text/plain")], &usual),
            "said to be nothing" => with_headers(&[], &usual),
            "said to be in identity" => with_headers(&[("Content-Encoding", "identity")], &usual),
            "a document of 256 KiB" => document(&self.long(256 * KIB)),
            "in chunks" => chunked(&usual, 7),
            "HTTP/1.0 up to the end" => format!("HTTP/1.0 200 OK\r\n\r\n{usual}").into_bytes(),
            "early hints first" => {
                let hints = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n";
                [&hints[..], &document(&usual)].concat()
            }
            _ => return None,
        })
    }

    /// What the server does.
    fn act(&self, fault: &str, elsewhere: &str) -> Option<Act> {
        if let Some(bytes) = self.bytes(fault, elsewhere) {
            return Some(Act::Send(bytes));
        }
        let whole = document(&self.usual());
        Some(match fault {
            "the connection is reset" => Act::Reset,
            "accepts and never answers" => Act::Hang(Vec::new()),
            "a head, then silence" => {
                Act::Hang(head("200 OK", &[("Content-Length", &self.usual().len().to_string())]))
            }
            "half a document, then silence" => Act::Hang(whole[..whole.len() / 2].to_vec()),
            "one byte a second" => Act::Drip(whole),
            "headers without end" => {
                Act::Endless(b"HTTP/1.1 200 OK\r\n".to_vec(), b"X-Flood: drops\r\n".repeat(500))
            }
            "one header without end" => {
                Act::Endless(b"HTTP/1.1 200 OK\r\nX-Flood: ".to_vec(), b"drops".repeat(2000))
            }
            "a body without end" => Act::Endless(head("200 OK", &[]), vec![b' '; 16 * KIB]),
            _ => return None,
        })
    }

    /// Where the fault of this name happens, and how.
    pub(super) fn fault(&self, name: &str, elsewhere: &str) -> (Place, Break) {
        if let Some(act) = self.act(name, elsewhere) {
            return (Place::Http, Break::Answer(Arc::new(move |_, _| act.clone())));
        }
        let good = document(&self.usual());
        let every_other = move |bad: usize| -> Break {
            let good = good.clone();
            Break::Answer(Arc::new(move |_, number| {
                if number % 2 == bad { Act::Reset } else { Act::Send(good.clone()) }
            }))
        };
        let certificate = |name| (Place::Https, Break::Greet(super::tls::greeting(name)));
        match name {
            "the port is closed" => (Place::Http, Break::ClosePort),
            "the name is not known" => (Place::Named, Break::LoseName),
            "every other answer fails, from now" => (Place::Http, every_other(0)),
            "every other answer fails, from the next" => (Place::Http, every_other(1)),
            "a certificate of another name" => certificate("elsewhere"),
            "an expired certificate" => certificate("expired"),
            "a certificate that nobody trusts" => certificate("untrusted"),
            "a good certificate" => certificate("good"),
            "plain HTTP where TLS was" => (Place::Https, Break::Greet(Greeting::Plain)),
            "a handshake that is never answered" => (Place::Https, Break::Greet(Greeting::Silence)),
            other => panic!("nobody knows how `{other}` is done"),
        }
    }
}
