//! A token with one changed bit is rejected (RFC 7515 §5.2).

use tower_jwt_auth::Algorithm;

use crate::support::tokens::{PAYLOAD, algorithms, decode, encode, header, pair, parts, verdict};

/// The length of the token in bytes, which determines the number of flips.
const LENGTHS: [(Algorithm, usize); 13] = [
    (Algorithm::HS256, 109),
    (Algorithm::HS384, 130),
    (Algorithm::HS512, 152),
    (Algorithm::RS256, 408),
    (Algorithm::RS384, 408),
    (Algorithm::RS512, 408),
    (Algorithm::PS256, 408),
    (Algorithm::PS384, 408),
    (Algorithm::PS512, 408),
    (Algorithm::ES256, 152),
    (Algorithm::ES384, 194),
    (Algorithm::ES512, 242),
    (Algorithm::EdDSA, 152),
];

#[test]
fn every_flipped_bit_of_a_token_is_rejected() {
    assert_eq!(LENGTHS.map(|(algorithm, _)| algorithm), Algorithm::ALL);
    for algorithm in algorithms() {
        let (_, length) = LENGTHS[algorithm as usize];
        let (issuer, verifier) = pair(algorithm);
        let token = issuer.sign(header(algorithm), PAYLOAD);
        assert_eq!(token.len(), length, "{algorithm}");
        assert_eq!(verdict(&verifier, &token), Ok(()), "{algorithm}");

        let (mut rejected, mut no_text) = (0, 0);
        for at in 0..token.len() {
            for bit in 0..8 {
                let mut bytes = token.clone().into_bytes();
                bytes[at] ^= 1 << bit;
                // A single byte above 127 is not UTF-8, so such a token cannot be a `&str`.
                let Ok(flipped) = String::from_utf8(bytes) else {
                    no_text += 1;
                    continue;
                };
                let outcome = verdict(&verifier, &flipped);
                assert!(outcome.is_err(), "{algorithm}: bit {bit} of byte {at}");
                rejected += 1;
            }
        }
        assert_eq!((rejected, no_text), (length * 7, length), "{algorithm}");
        assert_eq!(verdict(&verifier, &token), Ok(()), "{algorithm}");
    }
}

#[test]
fn every_flipped_bit_of_the_decoded_parts_is_rejected() {
    for algorithm in algorithms() {
        let (issuer, verifier) = pair(algorithm);
        let token = issuer.sign(header(algorithm), PAYLOAD);
        let mut rejected = 0;
        for part in 0..3 {
            let decoded = decode(parts(&token)[part]);
            for at in 0..decoded.len() {
                for bit in 0..8 {
                    let mut bytes = decoded.clone();
                    bytes[at] ^= 1 << bit;
                    let changed = encode(bytes);
                    let mut parts = parts(&token);
                    parts[part] = &changed;
                    let outcome = verdict(&verifier, &parts.join("."));
                    assert!(outcome.is_err(), "{algorithm}: bit {bit} of byte {at} of part {part}");
                    rejected += 1;
                }
            }
        }
        // {"alg":"HS256"} has 15 bytes, the payload 33; the rest is the signature.
        let signature = match algorithm {
            Algorithm::HS256 => 32,
            Algorithm::HS384 => 48,
            Algorithm::HS512 | Algorithm::ES256 | Algorithm::EdDSA => 64,
            Algorithm::ES384 => 96,
            Algorithm::ES512 => 132,
            _ => 256,
        };
        assert_eq!(rejected, (15 + 33 + signature) * 8, "{algorithm}");
    }
}
