//! The compact serialization and its base64url (RFC 7515 §2, §7.1; RFC 4648 §3.5).

#[cfg(feature = "cache")]
use std::{
    sync::Arc,
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, SystemTime},
};

use tower_jwt_auth::testing::TestIssuer;
use tower_jwt_auth::{Algorithm, ErrorKind};
#[cfg(feature = "cache")]
use tower_jwt_auth::{TokenCache, clock::Clock, testing::FixedClock};

use crate::support::tokens::{
    PAYLOAD, Verdict, algorithms, header, issuer, pair, parts, signature, trusting, verdict,
};

const MALFORMED: Verdict = Err(ErrorKind::MalformedToken);
const TOO_LARGE: Verdict = Err(ErrorKind::TokenTooLarge);

/// A header and a payload whose base64url contains `-` and `_`.
fn with_both_extra_letters(algorithm: Algorithm) -> (String, String) {
    let header = format!("{{\"alg\":\"{algorithm}\",\"x\":\"???>>>\"}}");
    (header, PAYLOAD.replace("user-1", "???>>>"))
}

#[test]
fn a_token_has_three_nonempty_parts() {
    for algorithm in algorithms() {
        let (issuer, verifier) = pair(algorithm);
        let token = issuer.sign(header(algorithm), PAYLOAD);
        let [h, p, s] = parts(&token);
        for (shape, expected) in [
            (format!("{h}.{p}.{s}"), Ok(())),
            (String::new(), MALFORMED),
            (h.into(), MALFORMED),
            (format!("{h}.{p}"), MALFORMED),
            (format!("{h}.{p}."), MALFORMED),
            (format!("{h}..{s}"), MALFORMED),
            (format!(".{p}.{s}"), MALFORMED),
            (".".into(), MALFORMED),
            ("..".into(), MALFORMED),
            ("...".into(), MALFORMED),
            (format!(".{h}.{p}.{s}"), MALFORMED),
            (format!("{h}.{p}.{s}."), MALFORMED),
            (format!("{h}.{p}..{s}"), MALFORMED),
            (format!("{h}.{p}.{s}.{s}"), MALFORMED),
            (format!("{h}.{p}.{s}.{s}.{s}"), MALFORMED),
            (format!("{h}.{p}.{s}.{s}.{s}.{s}"), MALFORMED),
            (format!("{h},{p},{s}"), MALFORMED),
            (format!("{h}\u{2024}{p}\u{2024}{s}"), MALFORMED),
            (format!("Bearer {h}.{p}.{s}"), MALFORMED),
            (format!("\"{h}.{p}.{s}\""), MALFORMED),
        ] {
            assert_eq!(verdict(&verifier, &shape), expected, "{algorithm}: {shape}");
        }
    }
}

#[test]
fn a_token_of_dots_is_malformed() {
    let (_, verifier) = pair(Algorithm::HS256);
    assert_eq!(verdict(&verifier, &".".repeat(16 * 1024)), MALFORMED);
    assert_eq!(verdict(&verifier, &"a.".repeat(8 * 1024)), MALFORMED);
}

/// A valid token of exactly this length.
fn of_length(issuer: &TestIssuer, length: usize) -> String {
    let empty = of_padding(issuer, 0, 0).len();
    let nearly = (length - empty) * 3 / 4 - 4;
    let paddings = (0..4).flat_map(|header| (0..8).map(move |payload| (header, nearly + payload)));
    paddings
        .map(|(header, payload)| of_padding(issuer, header, payload))
        .find(|token| token.len() == length)
        .unwrap()
}

fn of_padding(issuer: &TestIssuer, header: usize, payload: usize) -> String {
    let (header, payload) = ("x".repeat(header), "x".repeat(payload));
    let algorithm = issuer.algorithm();
    let header = format!("{{\"alg\":\"{algorithm}\",\"x\":\"{header}\"}}");
    issuer.sign(header, format!("{{\"exp\":1767226500,\"x\":\"{payload}\"}}"))
}

#[test]
fn the_default_token_limit_is_16_kib() {
    for algorithm in algorithms() {
        let (issuer, verifier) = pair(algorithm);
        assert_eq!(verdict(&verifier, &of_length(&issuer, 16_384)), Ok(()));
        assert_eq!(verdict(&verifier, &of_length(&issuer, 16_385)), TOO_LARGE);
        for limit in [1_000, 16_385, 100_000] {
            let verifier = trusting(&issuer).max_token_len(limit).build().unwrap();
            let (fits, too_large) = (of_length(&issuer, limit), of_length(&issuer, limit + 1));
            assert_eq!(verdict(&verifier, &fits), Ok(()), "{algorithm} {limit}");
            assert_eq!(verdict(&verifier, &too_large), TOO_LARGE, "{algorithm} {limit}");
        }
    }
}

#[test]
fn the_length_is_checked_first() {
    let (_, verifier) = pair(Algorithm::ES256);
    for piece in ["x", ".", " ", "=", "{", "\0"] {
        assert_eq!(verdict(&verifier, &piece.repeat(16_385)), TOO_LARGE);
        assert_eq!(verdict(&verifier, &piece.repeat(16_384)), MALFORMED);
    }
    // Bytes count, not characters.
    assert_eq!(verdict(&verifier, &"\u{e9}".repeat(8_193)), TOO_LARGE);
    assert_eq!(verdict(&verifier, &"\u{e9}".repeat(8_192)), MALFORMED);
    // A too long token of another algorithm: its header is never read.
    let other = issuer(Algorithm::HS256);
    let rejected = Err(ErrorKind::AlgorithmNotAllowed);
    assert_eq!(verdict(&verifier, &of_length(&other, 16_385)), TOO_LARGE);
    assert_eq!(verdict(&verifier, &of_length(&other, 16_384)), rejected);
}

/// Counts how often the time is read. Every cache lookup reads it.
#[cfg(feature = "cache")]
#[derive(Clone, Debug, Default)]
struct CountingClock(Arc<AtomicUsize>);

#[cfg(feature = "cache")]
impl Clock for CountingClock {
    fn now(&self) -> SystemTime {
        self.0.fetch_add(1, Ordering::Relaxed);
        FixedClock::new().now()
    }

    fn monotonic(&self) -> Duration {
        self.0.fetch_add(1, Ordering::Relaxed);
        Duration::from_secs(1)
    }
}

#[cfg(feature = "cache")]
#[test]
fn a_too_long_token_never_reaches_the_cache() {
    for cache in [TokenCache::new(8), TokenCache::new(8).digest_keys()] {
        for algorithm in algorithms() {
            let (issuer, clock) = (issuer(algorithm), CountingClock::default());
            let builder = trusting(&issuer).clock(clock.clone()).max_token_len(1_000);
            let verifier = builder.cache(cache.clone()).build().unwrap();
            let reads = |token: &str, expected: Verdict| {
                let before = clock.0.load(Ordering::Relaxed);
                assert_eq!(verdict(&verifier, token), expected, "{algorithm}: {}", token.len());
                clock.0.load(Ordering::Relaxed) - before
            };
            assert_eq!(reads(&of_length(&issuer, 1_001), TOO_LARGE), 0);
            assert_eq!(reads(&"x".repeat(1 << 20), TOO_LARGE), 0);
            // The valid neighbour is looked up, and found the second time.
            let fits = of_length(&issuer, 1_000);
            assert_ne!(reads(&fits, Ok(())), 0);
            assert_ne!(reads(&fits, Ok(())), 0);
        }
    }
}

#[test]
fn encrypted_tokens_are_rejected_without_decompression() {
    // RFC 7516 §3.3, the example.
    const JWE: &str = "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.\
        OKOawDo13gRp2ojaHV7LFpZcgV7T6DVZKTyKOMTYUmKoTCVJRgckCL9kiMT03JGe.48V1_ALb6US04U3b.\
        5eym8TW_c8SuK0ltJ3rpYIzOeDQz7TALvtu6UG9oMo4vpzs9tX_EFShS8iB7j6ji.XFBoMYUZodetZdvTiFvSkQ";
    for algorithm in algorithms() {
        let (issuer, verifier) = pair(algorithm);
        assert_eq!(verdict(&verifier, JWE), MALFORMED);
        let not_allowed = Err(ErrorKind::AlgorithmNotAllowed);
        for (members, expected) in [
            (format!("\"alg\":\"{algorithm}\""), Ok(())),
            (format!("\"alg\":\"{algorithm}\",\"zip\":\"DEF\""), Ok(())),
            (format!("\"alg\":\"{algorithm}\",\"p2c\":2147483647"), Ok(())),
            (format!("\"alg\":\"{algorithm}\",\"enc\":\"A256GCM\""), MALFORMED),
            (format!("\"alg\":\"{algorithm}\",\"enc\":null"), MALFORMED),
            ("\"alg\":\"dir\",\"enc\":\"A256GCM\"".into(), MALFORMED),
            ("\"alg\":\"dir\"".into(), not_allowed),
            ("\"alg\":\"RSA-OAEP\"".into(), not_allowed),
            ("\"alg\":\"PBES2-HS256+A128KW\",\"p2c\":2147483647".into(), not_allowed),
        ] {
            let token = issuer.sign(format!("{{{members}}}"), PAYLOAD);
            assert_eq!(verdict(&verifier, &token), expected, "{members}");
        }
    }
}

#[test]
fn other_serializations_and_nested_tokens_are_rejected() {
    for algorithm in algorithms() {
        let (issuer, verifier) = pair(algorithm);
        let token = issuer.sign(header(algorithm), PAYLOAD);
        let [h, p, s] = parts(&token);
        let flattened = format!(r#"{{"protected":"{h}","payload":"{p}","signature":"{s}"}}"#);
        let general = format!(
            r#"{{"payload":"{p}","signatures":[{{"protected":"{h}","signature":"{s}"}}]}}"#
        );
        // Two libraries parsed this text as two different tokens.
        let both = format!(r#"{{"{h}.{p}.{s}":"","protected":"{h}"}}"#);
        let typed = format!("{{\"alg\":\"{algorithm}\",\"cty\":\"JWT\"}}");
        let nested = issuer.sign(&typed, &token);
        let quoted = issuer.sign(&typed, format!("\"{token}\""));
        let list = issuer.sign(&typed, format!("[{PAYLOAD}]"));
        for rejected in [flattened, general, both, nested, quoted, list] {
            assert_eq!(verdict(&verifier, &rejected), MALFORMED, "{rejected}");
        }
        assert_eq!(verdict(&verifier, &issuer.sign(typed, PAYLOAD)), Ok(()));
        assert_eq!(verdict(&verifier, &token), Ok(()));
    }
}

/// Texts that a lenient decoder decodes to the same bytes.
fn other_spellings(part: &str) -> Vec<String> {
    let (start, end) = part.split_at(part.len() / 2);
    let first = part.as_bytes()[0];
    let mut spellings = vec![
        part.replace('-', "+"),
        part.replace('_', "/"),
        format!("%{first:02X}{}", &part[1..]),
        format!("%{first:02x}{}", &part[1..]),
    ];
    for white in [" ", "\t", "\n", "\r\n", "\0", "\u{a0}", "\u{feff}", "=", "==", "===", "~"] {
        spellings.push(format!("{part}{white}"));
        spellings.push(format!("{white}{part}"));
        spellings.push(format!("{start}{white}{end}"));
    }
    spellings
}

/// A token in which each part contains both characters that differ between base64 and base64url.
fn spelled_with_both_extra_letters(issuer: &TestIssuer) -> String {
    let (header, payload) = with_both_extra_letters(issuer.algorithm());
    let both = |part: &str| part.contains('-') && part.contains('_');
    let token = (0..100_000)
        .map(|n| payload.replace("exp", &format!("n\":{n},\"exp")))
        .map(|payload| issuer.sign(&header, payload))
        .find(|token| both(parts(token)[2]))
        .unwrap();
    assert!(parts(&token).iter().all(|part| both(part)), "{token}");
    token
}

#[test]
fn every_part_has_one_base64url_spelling() {
    for algorithm in algorithms() {
        let (issuer, verifier) = pair(algorithm);
        let token = spelled_with_both_extra_letters(&issuer);
        assert_eq!(verdict(&verifier, &token), Ok(()), "{algorithm}");
        let [h, p, s] = parts(&token);
        let mut rejected = 0;
        // The signature covers each changed text, so that only the spelling is wrong.
        for (h, p) in (other_spellings(h).iter().map(|h| (h.as_str(), p)))
            .chain(other_spellings(p).iter().map(|p| (h, p.as_str())))
        {
            let token = issuer.sign_encoded(&format!("{h}.{p}"));
            assert_eq!(verdict(&verifier, &token), MALFORMED, "{token:?}");
            rejected += 1;
        }
        for s in other_spellings(s) {
            let token = format!("{h}.{p}.{s}");
            assert_eq!(verdict(&verifier, &token), MALFORMED, "{token:?}");
            rejected += 1;
        }
        assert_eq!(rejected, 3 * 37, "{algorithm}");
    }
}

/// The texts that differ only in the trailing bits (RFC 4648 §3.5).
fn with_bits_behind_the_data(part: &str) -> Vec<String> {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let spare = match part.len() % 4 {
        2 => 16,
        3 => 4,
        _ => 1,
    };
    let (rest, last) = part.split_at(part.len() - 1);
    let value = LETTERS.iter().position(|letter| *letter == last.as_bytes()[0]).unwrap();
    let changed = (1..spare).map(|bits| char::from(LETTERS[value | bits]));
    changed.map(|last| format!("{rest}{last}")).collect()
}

#[test]
fn nonzero_trailing_bits_are_rejected_in_every_part() {
    for (algorithm, in_signature) in [
        (Algorithm::HS256, 3),
        (Algorithm::HS384, 0),
        (Algorithm::HS512, 15),
        (Algorithm::RS256, 15),
        (Algorithm::PS512, 15),
        (Algorithm::ES256, 15),
        (Algorithm::ES384, 0),
        (Algorithm::EdDSA, 15),
    ] {
        let (issuer, verifier) = pair(algorithm);
        let mut rejected = [0; 3];
        // Every length of header and payload modulo three.
        for padding in 0..3 {
            let token = of_padding(&issuer, padding, padding);
            assert_eq!(verdict(&verifier, &token), Ok(()));
            let [h, p, s] = parts(&token);
            for h in with_bits_behind_the_data(h) {
                let token = issuer.sign_encoded(&format!("{h}.{p}"));
                assert_eq!(verdict(&verifier, &token), MALFORMED, "{token}");
                rejected[0] += 1;
            }
            for p in with_bits_behind_the_data(p) {
                let token = issuer.sign_encoded(&format!("{h}.{p}"));
                assert_eq!(verdict(&verifier, &token), MALFORMED, "{token}");
                rejected[1] += 1;
            }
            for s in with_bits_behind_the_data(s) {
                let token = format!("{h}.{p}.{s}");
                assert_eq!(verdict(&verifier, &token), MALFORMED, "{token}");
                rejected[2] += 1;
            }
        }
        assert_eq!(rejected, [18, 18, 3 * in_signature], "{algorithm}");
    }
}

#[test]
fn the_signature_covers_the_bytes_as_received() {
    for algorithm in algorithms() {
        let (issuer, verifier) = pair(algorithm);
        // Any JSON library would serialize these to different bytes.
        let odd_header = format!("{{ \"x\" :\t[1.0, 1e2 ],\r\n \"\\u0061lg\":\"{algorithm}\" }}");
        let odd_payload = "{ \"exp\"\n:\t1767226500.0 , \"\\u0073ub\" : \"\\/\\u0031\" }";
        let odd = issuer.sign(&odd_header, odd_payload);
        assert_eq!(verdict(&verifier, &odd), Ok(()), "{algorithm}");

        let tidy = issuer.sign(header(algorithm), PAYLOAD);
        let [h, p, _] = parts(&tidy);
        let (odd_signature, wrong) = (parts(&odd)[2], Err(ErrorKind::InvalidSignature));
        assert_eq!(verdict(&verifier, &format!("{h}.{p}.{odd_signature}")), wrong);
        assert_eq!(verdict(&verifier, &tidy), Ok(()));
        assert!(!signature(&tidy).is_empty());
    }
}
