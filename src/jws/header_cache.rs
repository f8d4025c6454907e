//! A cache of headers, one per thread.
//!
//! An issuer uses the same few headers again and again. A cached header needs neither decoding nor parsing, which
//! saves a tenth of the time of an HS256 verification. Its members are checked for every token: no verdict is cached,
//! and nothing depends on the verifier or its keys.
//!
//! Each thread has its own cache, so threads share no lock. New headers replace older ones, so the cache keeps
//! working when issuers change their keys.

use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;

use super::header::{HeaderMembers, UnverifiedHeader};

/// The number of slots. An 8-bit hash selects the slot of a header.
const SLOTS: usize = 256;

/// The length of the longest cached header, in encoded bytes.
const MAX_LEN: usize = 512;

/// One header is replaced per this number of misses. With more headers in use than slots, most tokens then do not pay
/// for an insertion.
const MISSES: u8 = 8;

thread_local! {
    static CACHE: RefCell<Cache> =
        const { RefCell::new(Cache { slots: [const { None }; SLOTS], misses: 0 }) };
}

struct Cache {
    slots: [Option<Rc<CachedHeader>>; SLOTS],
    misses: u8,
}

/// A cached header.
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
            let header = cache.slots.get(slot(encoded))?.as_ref()?;
            (*header.encoded == *encoded).then(|| Rc::clone(header))
        };
        CACHE.try_with(find).ok().flatten()
    }

    /// Caches the header of an accepted token. Headers of rejected tokens must not occupy slots.
    #[cold]
    pub(crate) fn insert(encoded: &[u8], header: &UnverifiedHeader<'_>) {
        if encoded.len() > MAX_LEN {
            return;
        }
        // The cache may already be dropped when the thread ends.
        let _ = CACHE.try_with(|cache| {
            let Ok(mut cache) = cache.try_borrow_mut() else { return };
            cache.misses = (cache.misses + 1) % MISSES;
            let replaces = cache.misses == 0;
            if let Some(slot) = cache.slots.get_mut(slot(encoded))
                && (replaces || slot.is_none())
            {
                let text = header.text.into();
                let members = header.members.as_ref().clone();
                *slot = Some(Rc::new(Self { encoded: encoded.into(), text, members }));
            }
        });
    }

    pub(crate) fn header(&self) -> UnverifiedHeader<'_> {
        UnverifiedHeader { text: &self.text, members: Cow::Borrowed(&self.members) }
    }
}

/// The slot of a header. The whole header is hashed, because headers of one issuer differ in the middle, where the
/// key id is.
fn slot(encoded: &[u8]) -> usize {
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
    fn a_cached_header_equals_the_one_that_was_read() {
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
    fn new_headers_replace_old_ones() {
        in_a_new_thread(|| {
            let header = UnverifiedHeader::read(r#"{"alg":"HS256"}"#).unwrap();
            let texts: Vec<String> = (0..8000).map(|number| format!("header-{number}")).collect();
            for text in &texts {
                CachedHeader::insert(text.as_bytes(), &header);
            }
            let cached = |texts: &[String]| {
                texts.iter().filter(|text| CachedHeader::get(text.as_bytes()).is_some()).count()
            };
            let all = cached(&texts);
            assert!(all <= SLOTS && all > SLOTS / 2, "{all}");
            assert!(cached(&texts[500..]) > all / 2);
            let last = texts.last().unwrap().as_bytes();
            (0..MISSES).for_each(|_| CachedHeader::insert(last, &header));
            assert!(CachedHeader::get(last).is_some());
        });
    }

    #[test]
    fn long_headers_are_not_cached() {
        in_a_new_thread(|| {
            let header = UnverifiedHeader::read(r#"{"alg":"HS256"}"#).unwrap();
            for (len, is_cached) in [(MAX_LEN, true), (MAX_LEN + 1, false)] {
                let encoded = vec![b'x'; len];
                CachedHeader::insert(&encoded, &header);
                assert_eq!(CachedHeader::get(&encoded).is_some(), is_cached);
            }
        });
    }
}
