//! Published keys, with which an attacker can sign tokens: the demo keys of the feature `test-util`, samples
//! from this documentation, from RFCs and from jwt.io, and the default secret of Better Auth.
//!
//! Keys are compared when they are made, not for each request.

use zeroize::Zeroizing;

use crate::jws::base64url;

/// Documents with public keys. Each contains the coordinate or the modulus of a key as a JSON string.
const PUBLIC_KEYS: [&str; 11] = [
    include_str!("published/keys.json"),
    include_str!("../testing/keys/ed25519-a.public.jwk"),
    include_str!("../testing/keys/ed25519-b.public.jwk"),
    include_str!("../testing/keys/p256-a.public.jwk"),
    include_str!("../testing/keys/p256-b.public.jwk"),
    include_str!("../testing/keys/p384-a.public.jwk"),
    include_str!("../testing/keys/p384-b.public.jwk"),
    include_str!("../testing/keys/p521-a.public.jwk"),
    include_str!("../testing/keys/p521-b.public.jwk"),
    include_str!("../testing/keys/rsa-a.public.jwk"),
    include_str!("../testing/keys/rsa-b.public.jwk"),
];

/// The demo secrets of `test-util`, which are not in [`SECRETS`].
const DEMO_SECRETS: [&str; 2] =
    [include_str!("../testing/keys/hmac-a.secret"), include_str!("../testing/keys/hmac-b.secret")];

const SECRETS: &str = include_str!("published/secrets.txt");

/// Whether the key with this modulus or `x` is published. Comparing `x` is enough: of the two points with
/// the same `x`, each private key follows from the other.
pub(super) fn is_public_key(modulus_or_x: &[u8]) -> bool {
    let member = format!("\"{}\"", base64url::encode(modulus_or_x));
    PUBLIC_KEYS.iter().any(|document| document.contains(&member))
}

/// Like [`is_public_key`], for an encoded Ed25519 point: `y`, and the sign of `x` in the last bit.
pub(super) fn is_ed25519_key(point: &[u8; 32]) -> bool {
    let mut other_sign = *point;
    other_sign[31] ^= 0x80;
    is_public_key(point) || is_public_key(&other_sign)
}

/// Whether this secret is published. White space and zeros around it are ignored: HMAC ignores zeros at
/// the end, and a secret that was read from a file may end with a line break.
pub(super) fn is_secret(secret: &[u8]) -> bool {
    let is_padding = |byte: &u8| *byte == 0 || byte.is_ascii_whitespace();
    let start = secret.iter().position(|byte| !is_padding(byte)).unwrap_or(secret.len());
    let end = secret.iter().rposition(|byte| !is_padding(byte)).map_or(start, |last| last + 1);
    let trimmed = secret.get(start..end).unwrap_or_default();
    let published = || DEMO_SECRETS.into_iter().chain(lines());
    [secret, trimmed].into_iter().any(|secret| {
        let encoded = Zeroizing::new(base64url::encode(secret));
        published().any(|one| one.as_bytes() == secret || *one == **encoded)
    })
}

fn lines() -> impl Iterator<Item = &'static str> {
    SECRETS.lines().filter(|line| !line.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(text: &str) -> Vec<u8> {
        base64url::decode(text.as_bytes()).unwrap()
    }

    #[test]
    fn published_secrets_are_found_in_every_encoding() {
        for line in lines().chain(DEMO_SECRETS) {
            for text in [line.to_owned(), format!("{line}\n"), format!(" {line}\r\n\0\0")] {
                assert!(is_secret(text.as_bytes()), "{text:?}");
            }
            assert!(!is_secret(&line.as_bytes()[1..]), "{line}");
            assert!(!is_secret(format!("{line}.").as_bytes()), "{line}");
        }
        // RFC 7515 A.1: its octets, and the text of its `k`.
        let k = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
        assert!(is_secret(&decode(k)) && is_secret(k.as_bytes()));
        for other in ["", " ", "#", "# RFC 4231 4.3", "a secret that is not in the table, 40 b."] {
            assert!(!is_secret(other.as_bytes()), "{other:?}");
        }
    }

    #[test]
    fn published_keys_are_found_by_modulus_or_coordinate() {
        let numbers = ["x\":\"", "n\":\""];
        let mut found = 0;
        for document in PUBLIC_KEYS {
            for number in numbers.iter().flat_map(|name| document.split(name).skip(1)) {
                let bytes = decode(number.split('"').next().unwrap());
                assert!(is_public_key(&bytes), "{number}");
                assert!(!is_public_key(&bytes[1..]), "{number}");
                found += 1;
            }
        }
        assert_eq!(found, 20);
        assert!(!is_public_key(b"") && !is_public_key(&[1; 32]));
    }

    #[test]
    fn published_ed25519_keys_are_found_with_either_sign() {
        let mut point: [u8; 32] =
            decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo").try_into().unwrap();
        assert!(is_ed25519_key(&point));
        point[31] ^= 0x80;
        assert!(is_ed25519_key(&point));
        point[0] ^= 1;
        assert!(!is_ed25519_key(&point));
    }
}
