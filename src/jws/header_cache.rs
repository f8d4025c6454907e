//! Headers that this thread has read before.
//!
//! An issuer uses the same few headers again and again. Equal bytes read equally, so that a header that was read
//! before needs neither decoding nor parsing: a tenth of the time of an HS256 verification. What it says is checked
//! every time: no verdict is kept, and nothing depends on the verifier or its keys.
//!
//! Each thread has its own, so that threads share no lock. A new header takes the place of an older one, so that the
//! cache follows the issuers as they change their keys.

use std::cell::RefCell;
use std::rc::Rc;

use super::header::{HeaderMembers, UnverifiedHeader};

/// The number of headers. A hash of 8 bits finds the place of each.
const PLACES: usize = 256;

/// The longest header that is kept, in encoded bytes.
const MAX_LEN: usize = 512;

/// The number of misses for each header that takes the place of another: with more headers in use than places, most
/// tokens do not pay for an insertion.
const MISSES: u8 = 8;

thread_local! {
    static CACHE: RefCell<Cache> =
        const { RefCell::new(Cache { places: [const { None }; PLACES], misses: 0 }) };
}

struct Cache {
    places: [Option<Rc<CachedHeader>>; PLACES],
    misses: u8,
}

/// A header that was read before.
pub(crate) struct CachedHeader {
    encoded: Box<[u8]>,
    text: Box<str>,
    members: HeaderMembers,
}

impl CachedHeader {
    /// Finds a header by its encoded bytes.
    #[inline]
    pub(crate) fn get(encoded: &[u8]) -> Option<Rc<Self>> {
        let find = |cache: &RefCell<Cache>| {
            let cache = cache.try_borrow().ok()?;
            let header = cache.places.get(place(encoded))?.as_ref()?;
            (*header.encoded == *encoded).then(|| Rc::clone(header))
        };
        CACHE.try_with(find).ok().flatten()
    }

    /// Keeps the header of a token that was accepted, and of no other: what others send takes no place.
    #[cold]
    pub(crate) fn insert(encoded: &[u8], header: &UnverifiedHeader<'_>) {
        if encoded.len() > MAX_LEN {
            return;
        }
        // When the thread ends, there is no cache any more.
        let _ = CACHE.try_with(|cache| {
            let Ok(mut cache) = cache.try_borrow_mut() else { return };
            cache.misses = (cache.misses + 1) % MISSES;
            let replaces = cache.misses == 0;
            if let Some(place) = cache.places.get_mut(place(encoded))
                && (replaces || place.is_none())
            {
                let text = header.text.into();
                let members = header.members.clone();
                *place = Some(Rc::new(Self { encoded: encoded.into(), text, members }));
            }
        });
    }

    pub(crate) fn header(&self) -> UnverifiedHeader<'_> {
        UnverifiedHeader { text: &self.text, members: self.members.clone() }
    }
}

/// Headers of one issuer differ in the middle, where the key id is.
fn place(encoded: &[u8]) -> usize {
    const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;
    let add = |sum: u64, word: u64| (sum ^ word).wrapping_mul(FACTOR).rotate_left(15);
    let (words, rest) = encoded.as_chunks();
    let rest = rest.iter().fold(0, |sum, byte| add(sum, u64::from(*byte)));
    let sum = words.iter().fold(rest, |sum, word| add(sum, u64::from_le_bytes(*word)));
    usize::try_from(sum >> 56).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_a_new_thread(test: impl FnOnce() + Send + 'static) {
        std::thread::spawn(test).join().unwrap();
    }

    #[test]
    fn a_cached_header_is_the_same_as_one_that_is_read() {
        in_a_new_thread(|| {
            let text = r#"{"alg":"ES256","kid":"a\u0062c","typ":"at+jwt"}"#;
            let header = UnverifiedHeader::read(text).unwrap();
            assert!(CachedHeader::get(b"encoded").is_none());
            CachedHeader::insert(b"encoded", &header);
            let cached = CachedHeader::get(b"encoded").unwrap();
            let again = cached.header();
            assert_eq!((again.text, again.algorithm()), (text, header.algorithm()));
            assert_eq!((again.key_id(), again.key_id()), (header.key_id(), Some("abc")));
            assert_eq!(again.members.read(text).typ, Some("at+jwt"));
            for other in [&b"encode"[..], b"encoded ", b"Encoded", b""] {
                assert!(CachedHeader::get(other).is_none());
            }
        });
    }

    #[test]
    fn new_headers_take_the_places_of_old_ones() {
        in_a_new_thread(|| {
            let header = UnverifiedHeader::read(r#"{"alg":"HS256"}"#).unwrap();
            let texts: Vec<String> = (0..8000).map(|number| format!("header-{number}")).collect();
            for text in &texts {
                CachedHeader::insert(text.as_bytes(), &header);
            }
            let held = |texts: &[String]| {
                texts.iter().filter(|text| CachedHeader::get(text.as_bytes()).is_some()).count()
            };
            let all = held(&texts);
            assert!(all <= PLACES && all > PLACES / 2, "{all}");
            assert!(held(&texts[500..]) > all / 2);
            let last = texts.last().unwrap().as_bytes();
            (0..MISSES).for_each(|_| CachedHeader::insert(last, &header));
            assert!(CachedHeader::get(last).is_some());
        });
    }

    #[test]
    fn long_headers_are_not_kept() {
        in_a_new_thread(|| {
            let header = UnverifiedHeader::read(r#"{"alg":"HS256"}"#).unwrap();
            for (len, is_kept) in [(MAX_LEN, true), (MAX_LEN + 1, false)] {
                let encoded = vec![b'x'; len];
                CachedHeader::insert(&encoded, &header);
                assert_eq!(CachedHeader::get(&encoded).is_some(), is_kept);
            }
        });
    }
}
