//! One changed bit anywhere in a token refuses it (RFC 7515 §5.2).

use tower_jwt_auth::Algorithm;

use crate::support::tokens::{PAYLOAD, algorithms, decode, encode, header, pair, parts, verdict};

/// The length of the token in bytes, which the number of flips follows from.
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
fn every_flipped_bit_of_a_token_of_every_algorithm_is_refused() {
    assert_eq!(LENGTHS.map(|(algorithm, _)| algorithm), Algorithm::ALL);
    for algorithm in algorithms() {
        let (_, length) = LENGTHS[algorithm as usize];
        let (issuer, verifier) = pair(algorithm);
        let token = issuer.sign(header(algorithm), PAYLOAD);
        assert_eq!(token.len(), length, "{algorithm}");
        assert_eq!(verdict(&verifier, &token), Ok(()), "{algorithm}");

        let (mut refused, mut no_text) = (0, 0);
        for at in 0..token.len() {
            for bit in 0..8 {
                let mut bytes = token.clone().into_bytes();
                bytes[at] ^= 1 << bit;
                // A lone byte above 127 is no UTF-8: such a token never becomes a `&str`.
                let Ok(flipped) = String::from_utf8(bytes) else {
                    no_text += 1;
                    continue;
                };
                let outcome = verdict(&verifier, &flipped);
                assert!(outcome.is_err(), "{algorithm}: bit {bit} of byte {at}");
                refused += 1;
            }
        }
        assert_eq!((refused, no_text), (length * 7, length), "{algorithm}");
        assert_eq!(verdict(&verifier, &token), Ok(()), "{algorithm}");
    }
}

#[test]
fn every_flipped_bit_of_the_decoded_parts_is_refused() {
    for algorithm in algorithms() {
        let (issuer, verifier) = pair(algorithm);
        let token = issuer.sign(header(algorithm), PAYLOAD);
        let mut refused = 0;
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
                    refused += 1;
                }
            }
        }
        // {"alg":"HS256"} is 15 bytes, the payload 33; what is left is the signature.
        let signature = match algorithm {
            Algorithm::HS256 => 32,
            Algorithm::HS384 => 48,
            Algorithm::HS512 | Algorithm::ES256 | Algorithm::EdDSA => 64,
            Algorithm::ES384 => 96,
            Algorithm::ES512 => 132,
            _ => 256,
        };
        assert_eq!(refused, (15 + 33 + signature) * 8, "{algorithm}");
    }
}
