//! Headers that were read before.
//!
//! An issuer writes the same few headers over and over. Equal bytes read equally, so that a header which
//! is known by its encoded text need not be decoded and parsed again. What it says is judged every time:
//! nothing of a verdict is kept, and nothing depends on which keys there are.

use std::borrow::Cow;
use std::sync::OnceLock;

use super::Algorithm;
use super::header::UnverifiedHeader;
use crate::claims::Text;

/// How many headers are remembered. An issuer has one for each of its keys in use.
const PLACES: usize = 4;

/// The longest header that is remembered, in encoded bytes.
const MAX_LEN: usize = 512;

/// A few headers of tokens that verified; the first ones, for good. Reading takes no lock.
#[derive(Default)]
pub(crate) struct KnownHeaders([OnceLock<KnownHeader>; PLACES]);

struct KnownHeader {
    encoded: Box<[u8]>,
    text: Box<str>,
    algorithm: Algorithm,
    kid: Option<Text>,
    typ: Option<Text>,
}

impl KnownHeaders {
    /// The header that this is the encoded text of, if it is known.
    pub(crate) fn get(&self, encoded: &[u8]) -> Option<UnverifiedHeader<'_>> {
        let known =
            self.0.iter().map_while(OnceLock::get).find(|known| *known.encoded == *encoded)?;
        Some(UnverifiedHeader {
            text: &known.text,
            algorithm: known.algorithm,
            kid: known.kid.as_ref().map(|kid| Cow::Borrowed(kid.read(&known.text))),
            typ: known.typ.as_ref().map(|typ| Cow::Borrowed(typ.read(&known.text))),
        })
    }

    /// Remembers the header of a token that verified, if there is a place left.
    ///
    /// Never that of another token: whoever can have tokens signed is the issuer's to choose.
    pub(crate) fn remember(&self, encoded: &[u8], header: &UnverifiedHeader<'_>) {
        if encoded.len() > MAX_LEN || self.get(encoded).is_some() {
            return;
        }
        let locate = |part: &Cow<'_, str>| Text::locate(header.text, part.clone());
        let mut known = KnownHeader {
            encoded: encoded.into(),
            text: header.text.into(),
            algorithm: header.algorithm,
            kid: header.kid.as_ref().map(locate),
            typ: header.typ.as_ref().map(locate),
        };
        for place in &self.0 {
            match place.set(known) {
                Ok(()) => return,
                Err(back) => known = back,
            }
        }
    }

    /// Whether there is a place left.
    pub(crate) fn has_place(&self) -> bool {
        self.0.last().is_some_and(|last| last.get().is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remembered_header_is_the_same_as_one_that_is_read() {
        let text = r#"{"alg":"ES256","kid":"a\u0062c","typ":"at+jwt"}"#;
        let header = UnverifiedHeader::read(text).unwrap();
        let known = KnownHeaders::default();
        assert!(known.get(b"encoded").is_none());
        known.remember(b"encoded", &header);
        let again = known.get(b"encoded").unwrap();
        assert_eq!(again.text, header.text);
        assert_eq!(again.algorithm, header.algorithm);
        assert_eq!((again.kid, again.typ), (header.kid, header.typ));
        for other in [&b"encode"[..], b"encoded ", b"Encoded", b""] {
            assert!(known.get(other).is_none());
        }
    }

    #[test]
    fn only_a_few_are_remembered_and_each_once() {
        let header = UnverifiedHeader::read(r#"{"alg":"HS256"}"#).unwrap();
        let known = KnownHeaders::default();
        let texts: Vec<String> = (0..PLACES + 2).map(|n| format!("header-{n}")).collect();
        for text in texts.iter().chain(&texts) {
            known.remember(text.as_bytes(), &header);
        }
        let held = texts.iter().filter(|text| known.get(text.as_bytes()).is_some()).count();
        assert_eq!(held, PLACES);
        assert!(!known.has_place());
        let roomy = KnownHeaders::default();
        roomy.remember(&[b'x'; MAX_LEN + 1], &header);
        assert!(roomy.get(&[b'x'; MAX_LEN + 1]).is_none());
    }
}
