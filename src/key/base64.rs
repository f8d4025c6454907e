//! Base64 for keys in the configuration and in key sets: either alphabet, with or without padding (RFC 4648 §4, §5).
//!
//! Do not use it for the parts of a token, which have exactly one valid encoding.

use base64_simd::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// Decodes. The alphabets are not mixed, padding is complete or absent, and there is no white space.
pub(super) fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let data = text.strip_suffix(b"==").or_else(|| text.strip_suffix(b"=")).unwrap_or(text);
    if data.len() != text.len() && !text.len().is_multiple_of(4) {
        return None;
    }
    let is_standard = data.iter().any(|byte| matches!(byte, b'+' | b'/'));
    let alphabet = if is_standard { STANDARD_NO_PAD } else { URL_SAFE_NO_PAD };
    alphabet.decode_to_vec(data).ok()
}

/// Whether the text is probably the base64 of a secret. The base64 of random bytes is almost never hexadecimal.
pub(super) fn looks_encoded(text: &[u8]) -> bool {
    decode(text).map(zeroize::Zeroizing::new).is_some_and(|bytes| !bytes.is_empty())
        && !text.iter().all(u8::is_ascii_hexdigit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_alphabets_decode_with_and_without_padding() {
        for text in ["-_8", "-_8=", "+/8", "+/8="] {
            assert_eq!(decode(text.as_bytes()).unwrap(), [0xfb, 0xff], "{text}");
        }
        for text in ["AA", "AA=="] {
            assert_eq!(decode(text.as_bytes()).unwrap(), [0], "{text}");
        }
        assert_eq!(decode(b"AAAA").unwrap(), [0; 3]);
        assert_eq!(decode(b"").unwrap().len(), 0);
        for text in [
            "+_8", "-/8=", "+/9", "-_9", "A", "A=", "A===", "AA=", "AA===", "AAA==", "AAAA=",
            "AAAA====", "=", "==", "AA==AA==", "-_8 ", " -_8", "-_\n8", "%2B%2F8", "-_\u{e9}",
        ] {
            assert!(decode(text.as_bytes()).is_none(), "{text:?}");
        }
    }

    #[test]
    fn words_and_hexadecimal_numbers_do_not_look_encoded() {
        for (text, looks) in [
            ("Zm9vYmFyIGZvb2JhciBmb29iYXI=", true),
            ("Zm9vYmFyIGZvb2JhciBmb29iYXI", true),
            ("hunter2-hunter2/", false),
            ("two words", false),
            ("00112233445566778899aabbccddeeff", false),
            ("", false),
        ] {
            assert_eq!(looks_encoded(text.as_bytes()), looks, "{text}");
        }
    }
}
