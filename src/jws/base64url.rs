//! Strict base64url: no padding, no white space, no non-zero trailing bits (RFC 7515 §2, RFC 4648 §3.5).

use std::mem::MaybeUninit;

use base64_simd::{AsOut, URL_SAFE_NO_PAD};

/// The text is not a canonical encoding.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Malformed;

/// Decodes to the start of a buffer, which may be uninitialized. `Ok(None)` if it is too small.
pub(crate) fn decode_into<'b>(
    text: &[u8],
    buffer: &'b mut [MaybeUninit<u8>],
) -> Result<Option<&'b [u8]>, Malformed> {
    let Some(space) = buffer.get_mut(..decoded_len(text)) else {
        return Ok(None);
    };
    match URL_SAFE_NO_PAD.decode(text, space.as_out()) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(_) => Err(Malformed),
    }
}

/// Decodes and appends.
pub(crate) fn decode_append(text: &[u8], to: &mut Vec<u8>) -> Result<(), Malformed> {
    URL_SAFE_NO_PAD.decode_append(text, to).map_err(|_| Malformed)
}

/// Decodes to a vector.
pub(crate) fn decode(text: &[u8]) -> Result<Vec<u8>, Malformed> {
    URL_SAFE_NO_PAD.decode_to_vec(text).map_err(|_| Malformed)
}

/// The number of bytes that a text of this length decodes to; an upper bound for invalid lengths.
pub(crate) const fn decoded_len(text: &[u8]) -> usize {
    text.len() / 4 * 3 + text.len() % 4 * 3 / 4
}

/// Removes the `=` of a text that is padded to a multiple of four characters. What remains is decoded strictly.
pub(crate) fn without_padding(text: &[u8]) -> Option<&[u8]> {
    let bare = text.strip_suffix(b"==").or_else(|| text.strip_suffix(b"=")).unwrap_or(text);
    text.len().is_multiple_of(4).then_some(bare)
}

/// Encodes.
pub(crate) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode_to_string(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_canonical_encoding_decodes() {
        assert_eq!(decode(b"-_8").unwrap(), [0xfb, 0xff]);
        for text in ["-_8=", "+/8", "-_9", "-_8 ", " -_8", "-\n_8", "-_8A=", "A", "%2d", "-_\u{e9}"]
        {
            assert!(decode(text.as_bytes()).is_err(), "{text:?}");
            let mut buffer = [MaybeUninit::uninit(); 16];
            assert!(decode_into(text.as_bytes(), &mut buffer).is_err(), "{text:?}");
            assert!(decode_append(text.as_bytes(), &mut Vec::new()).is_err(), "{text:?}");
        }
    }

    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    #[test]
    fn non_zero_trailing_bits_are_rejected_at_every_length() {
        // Covers the vectorized part and every remainder after it.
        for len in 1..200_u8 {
            let bytes: Vec<u8> = (0..len).map(|i| i.wrapping_mul(37)).collect();
            let text = URL_SAFE_NO_PAD.encode_to_string(&bytes);
            assert_eq!(decode(text.as_bytes()).unwrap(), bytes);
            assert_eq!(decoded_len(text.as_bytes()), usize::from(len));
            let spare = match len % 3 {
                1 => 16_usize,
                2 => 4,
                _ => 1,
            };
            let last = *text.as_bytes().last().unwrap();
            let value = ALPHABET.iter().position(|c| *c == last).unwrap();
            for bits in 1..spare {
                let mut other = text.clone().into_bytes();
                *other.last_mut().unwrap() = ALPHABET[value | bits];
                assert!(decode(&other).is_err(), "{len} {bits}");
                assert!(
                    decode_into(&other, &mut [MaybeUninit::uninit(); 256]).is_err(),
                    "{len} {bits}"
                );
            }
        }
    }

    #[test]
    fn padding_is_removed_only_where_it_completes_four_characters() {
        for (text, bare) in [
            ("-_8=", Some("-_8")),
            ("-w==", Some("-w")),
            ("AAAA", Some("AAAA")),
            ("-_8", None),
            ("-w=", None),
            ("AAAA=", None),
            ("AAAA==", None),
        ] {
            assert_eq!(without_padding(text.as_bytes()), bare.map(str::as_bytes), "{text}");
        }
        // What remains of other paddings does not decode.
        for text in ["A===", "====", "AAA==AAA", "=AAA", "A=A=", "AAAA====", "-w=A", "-x=="] {
            let bare = without_padding(text.as_bytes());
            assert!(bare.is_none_or(|bare| decode(bare).is_err()), "{text}");
        }
    }

    #[test]
    fn a_buffer_that_is_too_small_is_not_an_error() {
        assert!(matches!(decode_into(b"AAAA", &mut [MaybeUninit::uninit(); 2]), Ok(None)));
        assert!(matches!(
            decode_into(b"AAAA", &mut [MaybeUninit::uninit(); 3]),
            Ok(Some([0, 0, 0]))
        ));
    }
}
