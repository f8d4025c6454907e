//! The keys of one issuer, and the selection of candidates for a token.

use std::collections::HashMap;
use std::fmt;
use std::iter;
use std::sync::atomic::{AtomicU64, Ordering};

use super::jwk::{Trust, read_set};
use super::problem::{no_usable_key, not_a_document, unsafe_use};
use super::verification_key::VerificationKey;
use crate::error::BuildError;
use crate::jws::{Algorithm, AlgorithmSet};
use crate::observe::skip_reason::SkipReason;

/// The most keys that are tried for one token.
const MAX_TRIES: usize = 4;

/// The most RSA keys of more than 4096 bits that are tried for a token without an id.
const MAX_LARGE_TRIES: usize = 1;

/// The most keys that are searched one by one. With more, the index by id is faster.
const MAX_SEARCHED: usize = 4;

/// The keys of one issuer (RFC 7517 §5). Immutable: a refresh replaces the whole set.
///
/// ```
/// use tower_jwt_auth::key::{KeySet, SkipReason};
///
/// let set = KeySet::jwks(r#"{"keys":[
///     {"kty":"OKP","crv":"Ed25519","kid":"2026","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
///     {"kty":"EC","crv":"secp256k1","kid":"odd","x":"AA","y":"AA"}
/// ]}"#)?;
/// assert_eq!(set.len(), 1);
/// assert_eq!(set.skipped(), [SkipReason::UnknownType]);
///
/// assert!(KeySet::jwks("<html>log in first</html>").is_err());
/// # Ok::<(), tower_jwt_auth::BuildError>(())
/// ```
pub struct KeySet {
    keys: Vec<VerificationKey>,
    by_id: HashMap<Box<str>, Vec<usize>>,
    /// Whether a token's `kid` is used. It is not if the configured keys have no ids: a secret or a PEM
    /// has none, but the issuer's tokens may still contain a `kid`.
    ids_matter: bool,
    /// Whether a token without a `kid` matches no key.
    ids_required: bool,
    skipped: Vec<SkipReason>,
    /// The ids of the skipped keys that were read, in the same order.
    skipped_ids: Vec<Option<Box<str>>>,
    generation: u64,
}

impl KeySet {
    /// Reads a configured JWKS document and skips the keys that cannot be used.
    ///
    /// # Errors
    ///
    /// The document is not a JWKS, or it has no usable key.
    pub fn jwks(json: impl AsRef<str>) -> Result<Self, BuildError> {
        Self::read(json.as_ref(), Trust::Configured, None)
    }

    /// Like [`jwks`](Self::jwks), for a document whose signing keys have a `use` other than `sig`.
    ///
    /// Only keys with exactly this `use` are read. The bundles of SPIFFE contain keys with the `use` `jwt-svid` beside
    /// others. For a document that is fetched, see `RemoteJwksBuilder::key_use`.
    ///
    /// ```
    /// use tower_jwt_auth::key::KeySet;
    ///
    /// let bundle = r#"{"spiffe_sequence":1,"keys":[
    ///     {"use":"jwt-svid","kid":"1","kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
    ///     {"use":"x509-svid","kty":"EC","crv":"P-256","x":"AA","y":"AA","x5c":["AA"]}
    /// ]}"#;
    /// assert_eq!(KeySet::jwks_for_use(bundle, "jwt-svid")?.len(), 1);
    ///
    /// assert!(KeySet::jwks(bundle).is_err()); // no key has the `use` `sig`, or none
    /// assert!(KeySet::jwks_for_use(bundle, "enc").is_err()); // not for signatures
    /// # Ok::<(), tower_jwt_auth::BuildError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The same as for [`jwks`](Self::jwks). In addition, a `use` that is empty, or whose keys do not sign tokens: `enc`
    /// (RFC 7517 §4.2) and `x509-svid`.
    pub fn jwks_for_use(json: impl AsRef<str>, key_use: &str) -> Result<Self, BuildError> {
        if let Some(problem) = unsafe_use(key_use) {
            return Err(problem.into());
        }
        Self::read(json.as_ref(), Trust::Configured, Some(key_use))
    }

    /// Like [`jwks`](Self::jwks), for a document from the network: secrets are skipped as well.
    ///
    /// # Errors
    ///
    /// The same as for [`jwks`](Self::jwks).
    pub fn fetched_jwks(json: impl AsRef<str>) -> Result<Self, BuildError> {
        Self::read_fetched(json.as_ref(), None)
    }

    /// Like [`fetched_jwks`](Self::fetched_jwks), for keys with this `use`.
    pub(crate) fn read_fetched(json: &str, key_use: Option<&str>) -> Result<Self, BuildError> {
        Self::read(json, Trust::Fetched, key_use)
    }

    fn read(json: &str, trust: Trust, key_use: Option<&str>) -> Result<Self, BuildError> {
        Self::try_read(json, trust, key_use).map_err(|why| {
            BuildError::new(match why {
                NoSet::NotADocument => not_a_document(json.len()),
                NoSet::NoUsableKey(skipped) => no_usable_key(&skipped),
            })
        })
    }

    fn try_read(json: &str, trust: Trust, key_use: Option<&str>) -> Result<Self, NoSet> {
        let (mut keys, mut skipped, mut skipped_ids) = (Vec::new(), Vec::new(), Vec::new());
        let (read, more) = read_set(json, trust, key_use).ok_or(NoSet::NotADocument)?;
        for key in read {
            match key {
                Ok(key) => keys.push(key),
                Err((id, reason)) => {
                    skipped.push(reason);
                    skipped_ids.push(id);
                }
            }
        }
        skipped.resize(skipped.len() + more, SkipReason::TooMany);
        if keys.is_empty() {
            return Err(NoSet::NoUsableKey(skipped));
        }
        let set = Self::with_skipped(keys, skipped);
        Ok(Self { ids_matter: true, skipped_ids, ..set })
    }

    /// Like [`fetched_jwks`](Self::fetched_jwks), with an error that can be matched, and for keys with this `use`.
    pub(crate) fn try_from_fetched_jwks(json: &str, key_use: Option<&str>) -> Result<Self, NoSet> {
        Self::try_read(json, Trust::Fetched, key_use)
    }

    /// Creates a set of these keys.
    pub fn new(keys: impl IntoIterator<Item = VerificationKey>) -> Self {
        Self::with_skipped(keys.into_iter().collect(), Vec::new())
    }

    fn with_skipped(keys: Vec<VerificationKey>, skipped: Vec<SkipReason>) -> Self {
        // Generations are only compared for equality, so relaxed ordering is enough.
        static GENERATIONS: AtomicU64 = AtomicU64::new(1);
        let mut by_id: HashMap<Box<str>, Vec<usize>> = HashMap::new();
        for (index, key) in keys.iter().enumerate() {
            if let Some(id) = key.key_id() {
                by_id.entry(id.into()).or_default().push(index);
            }
        }
        let generation = GENERATIONS.fetch_add(1, Ordering::Relaxed);
        let ids_matter = !by_id.is_empty();
        let (ids_required, skipped_ids) = (false, Vec::new());
        Self { keys, by_id, ids_matter, ids_required, skipped, skipped_ids, generation }
    }

    /// A set, possibly empty, of keys that only tokens with their ids match.
    #[cfg(all(feature = "jwks", feature = "pem"))]
    pub(crate) fn only_by_id(keys: impl IntoIterator<Item = VerificationKey>) -> Self {
        Self { ids_matter: true, ids_required: true, ..Self::new(keys) }
    }

    /// The number of keys.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there are no keys.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The reasons why keys of the document were skipped, one for each key.
    pub fn skipped(&self) -> &[SkipReason] {
        &self.skipped
    }

    /// The skipped keys in the order of the document: the id, if there is one, and the reason.
    ///
    /// ```
    /// use tower_jwt_auth::key::{KeySet, SkipReason};
    ///
    /// let set = KeySet::jwks(r#"{"keys":[
    ///     {"kty":"OKP","crv":"Ed25519","kid":"2026","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
    ///     {"kty":"RSA","use":"enc","kid":"encryption","n":"AQAB","e":"AQAB"}
    /// ]}"#)?;
    /// let ids: Vec<_> = set.keys().iter().map(|key| key.key_id()).collect();
    /// assert_eq!(ids, [Some("2026")]);
    /// let skipped: Vec<_> = set.skipped_keys().collect();
    /// assert_eq!(skipped, [(Some("encryption"), SkipReason::NotForSignatures)]);
    /// # Ok::<(), tower_jwt_auth::BuildError>(())
    /// ```
    pub fn skipped_keys(&self) -> impl Iterator<Item = (Option<&str>, SkipReason)> {
        let ids = self.skipped_ids.iter().map(Option::as_deref).chain(iter::repeat(None));
        ids.zip(self.skipped.iter().copied())
    }

    /// A number that is unique to this set within the process.
    ///
    /// A token in the cache is valid only while the set that verified it is in use.
    pub const fn generation(&self) -> u64 {
        self.generation
    }

    /// An algorithm with more configured keys than are tried for one token. Without ids, some of them
    /// would never be used.
    pub(crate) fn crowded(&self, listed: Option<AlgorithmSet>) -> Option<Crowded> {
        if self.ids_matter {
            return None;
        }
        Algorithm::ALL.iter().find_map(|algorithm| self.crowded_for(*algorithm, listed))
    }

    /// Whether more keys may be used with the algorithm than are tried for a token without a `kid`.
    pub(crate) fn is_crowded(&self, algorithm: Algorithm, listed: Option<AlgorithmSet>) -> bool {
        self.crowded_for(algorithm, listed).is_some()
    }

    fn crowded_for(&self, algorithm: Algorithm, listed: Option<AlgorithmSet>) -> Option<Crowded> {
        let usable = || self.keys.iter().filter(|key| key.usable(listed).contains(algorithm));
        if usable().count() > MAX_TRIES {
            return Some(Crowded::Keys(algorithm));
        }
        let large = usable().filter(|key| key.is_large()).count();
        (large > MAX_LARGE_TRIES).then_some(Crowded::LargeKeys(algorithm))
    }

    /// Whether a key can be used with the algorithm.
    pub(crate) fn serves(&self, algorithm: Algorithm, listed: AlgorithmSet) -> bool {
        self.keys.iter().any(|key| key.usable(Some(listed)).contains(algorithm))
    }

    /// The keys, in the order of the document.
    pub fn keys(&self) -> &[VerificationKey] {
        &self.keys
    }

    /// Selects the keys to try: by `kid`, compared as a string, then by the algorithms that each may be used
    /// with.
    ///
    /// At most four keys are tried for one token. Without a `kid`, at most one of them is an RSA key of more
    /// than 4096 bits.
    pub(crate) fn candidates(
        &self,
        key_id: Option<&str>,
        algorithm: Algorithm,
        listed: Option<AlgorithmSet>,
    ) -> Candidates<'_> {
        let fits = |key: &&VerificationKey| key.usable(listed).contains(algorithm);
        let mut chosen = [None; MAX_TRIES];
        let fill = |chosen: &mut [Option<_>; MAX_TRIES], keys: &mut dyn Iterator<Item = _>| {
            chosen.iter_mut().zip(keys).for_each(|(slot, key)| *slot = Some(key));
        };
        match key_id {
            Some(id) if self.ids_matter => {
                if self.keys.len() <= MAX_SEARCHED {
                    let mut is_known = false;
                    let keys = self.keys.iter().filter(|key| key.key_id() == Some(id));
                    fill(&mut chosen, &mut keys.inspect(|_| is_known = true).filter(fits));
                    if !is_known {
                        return self.without_id(algorithm, listed);
                    }
                } else {
                    let Some(indices) = self.by_id.get(id) else {
                        return self.without_id(algorithm, listed);
                    };
                    let keys = indices.iter().filter_map(|index| self.keys.get(*index));
                    fill(&mut chosen, &mut keys.filter(fits));
                }
            }
            None if self.ids_required => return Candidates::UnknownId,
            _ => {
                let mut large = 0;
                let few_large = |key: &&VerificationKey| {
                    large += usize::from(key.is_large());
                    !key.is_large() || large <= MAX_LARGE_TRIES
                };
                fill(&mut chosen, &mut self.keys.iter().filter(fits).filter(few_large));
            }
        }
        if chosen[0].is_none() { Candidates::NoneFits } else { Candidates::Keys(chosen) }
    }

    /// For a `kid` that no key has: the usable key without an id, if there is exactly one and it is not a
    /// secret.
    fn without_id(&self, algorithm: Algorithm, listed: Option<AlgorithmSet>) -> Candidates<'_> {
        let mut unnamed = self.keys.iter().filter(|key| {
            key.key_id().is_none() && !key.is_secret() && key.usable(listed).contains(algorithm)
        });
        match (unnamed.next(), unnamed.next()) {
            (Some(key), None) => Candidates::Unnamed(key),
            _ => Candidates::UnknownId,
        }
    }
}

impl From<VerificationKey> for KeySet {
    fn from(key: VerificationKey) -> Self {
        Self::new([key])
    }
}

/// An algorithm has more configured keys than are tried.
pub(crate) enum Crowded {
    Keys(Algorithm),
    /// RSA keys of more than 4096 bits.
    LargeKeys(Algorithm),
}

/// Why a document is not a usable key set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NoSet {
    NotADocument,
    NoUsableKey(Vec<SkipReason>),
}

/// The candidate keys for a token.
pub(crate) enum Candidates<'s> {
    /// At least one key; the first slot is filled.
    Keys([Option<&'s VerificationKey>; MAX_TRIES]),
    /// No key has the `kid`, and this is the only usable key without an id. `kid` is a hint (RFC 7515
    /// §4.1.4).
    Unnamed(&'s VerificationKey),
    /// No key has the `kid`.
    UnknownId,
    /// No key, or no key with the `kid`, may be used with the token's algorithm.
    NoneFits,
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeySet")
            .field("keys", &self.keys)
            .field("skipped", &self.skipped)
            .field("generation", &self.generation)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ED: &str =
        r#""kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo""#;
    const EC: &str = r#""kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0""#;

    fn set(keys: &[(&str, &str)]) -> KeySet {
        let json = |(key, id): &(&str, &str)| match *id {
            "" => format!("{{{key}}}"),
            id => format!("{{{key},\"kid\":\"{id}\"}}"),
        };
        let keys: Vec<_> = keys.iter().map(json).collect();
        KeySet::jwks(format!("{{\"keys\":[{}]}}", keys.join(","))).unwrap()
    }

    fn tried(set: &KeySet, id: Option<&str>, algorithm: Algorithm) -> Option<usize> {
        match set.candidates(id, algorithm, None) {
            Candidates::Keys(keys) => Some(keys.iter().flatten().count()),
            Candidates::Unnamed(_) => Some(1),
            Candidates::NoneFits => Some(0),
            Candidates::UnknownId => None,
        }
    }

    #[test]
    fn a_key_id_must_match_exactly() {
        let mut keys = vec![(ED, "a"), (EC, "b")];
        // Small sets are searched one by one, larger ones by the index.
        for more in ["c", "d", "e", "f"] {
            let set = set(&keys);
            assert_eq!(tried(&set, Some("a"), Algorithm::EdDSA), Some(1));
            assert_eq!(tried(&set, Some("a"), Algorithm::ES256), Some(0));
            for other in ["", "A", "a ", "ab", "../a"] {
                assert_eq!(tried(&set, Some(other), Algorithm::EdDSA), None, "{other:?}");
            }
            keys.push((ED, more));
        }
        assert!(keys.len() > MAX_SEARCHED + 1);
    }

    #[test]
    fn without_an_id_at_most_four_fitting_keys_are_tried() {
        let few = set(&[(ED, "a"), (EC, "b"), (ED, "")]);
        assert_eq!(tried(&few, None, Algorithm::EdDSA), Some(2));
        assert_eq!(tried(&few, None, Algorithm::RS256), Some(0));
        let many = set(&[(ED, "a"); 9]);
        assert_eq!(tried(&many, None, Algorithm::EdDSA), Some(4));
        assert_eq!(tried(&many, Some("a"), Algorithm::EdDSA), Some(4));
    }

    #[test]
    fn an_unknown_id_selects_the_only_key_without_one() {
        let mut keys = vec![(ED, ""), (EC, ""), (ED, "a")];
        // Small sets are searched one by one, larger ones by the index.
        for more in ["b", "c", "d"] {
            let set = set(&keys);
            for algorithm in [Algorithm::EdDSA, Algorithm::ES256] {
                let candidates = set.candidates(Some("z"), algorithm, None);
                assert!(matches!(candidates, Candidates::Unnamed(key) if key.key_id().is_none()));
            }
            assert_eq!(tried(&set, Some("z"), Algorithm::RS256), None);
            // For a known id, no other key is tried.
            assert_eq!(tried(&set, Some("a"), Algorithm::ES256), Some(0));
            keys.push((ED, more));
        }
        keys.push((ED, ""));
        assert_eq!(tried(&set(&keys), Some("z"), Algorithm::EdDSA), None);
        assert_eq!(tried(&set(&keys), Some("z"), Algorithm::ES256), Some(1));
        let secret = r#""kty":"oct","k":"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY""#;
        assert_eq!(tried(&set(&[(secret, "")]), Some("z"), Algorithm::HS256), None);
        assert_eq!(tried(&set(&[(secret, "")]), None, Algorithm::HS256), Some(1));
    }

    /// An RSA key of this many bits, for which no signature is valid.
    fn rsa(bits: usize, id: &str) -> String {
        let n = crate::jws::base64url::encode(&vec![0xff; bits / 8]);
        format!(r#"{{"kty":"RSA","n":"{n}","e":"AQAB","kid":"{id}"}}"#)
    }

    #[test]
    fn without_an_id_one_large_rsa_key_is_tried() {
        let set = |keys: &[(usize, &str)]| {
            let keys: Vec<_> = keys.iter().map(|(bits, id)| rsa(*bits, id)).collect();
            KeySet::jwks(format!("{{\"keys\":[{}]}}", keys.join(","))).unwrap()
        };
        let (normal, large) = (4096, 8192);
        for (keys, tries) in [
            (&[(normal, "a"), (normal, "b"), (normal, "c")][..], 3),
            (&[(large, "a")], 1),
            (&[(large, "a"), (large, "b"), (large, "c")], 1),
            (&[(large, "a"), (normal, "b"), (large, "c"), (normal, "d")], 3),
            (&[(normal, "a"), (normal, "b"), (large, "c"), (large, "d"), (normal, "e")], 4),
        ] {
            assert_eq!(tried(&set(keys), None, Algorithm::RS256), Some(tries), "{keys:?}");
        }
        // An id selects each of them.
        let both = set(&[(large, "a"), (large, "b")]);
        assert_eq!(tried(&both, Some("b"), Algorithm::RS256), Some(1));
    }

    #[test]
    fn more_configured_keys_than_are_tried_are_reported() {
        let keys = |bits: usize, count: usize| {
            let key = || VerificationKey::jwk(rsa(bits, "")).unwrap();
            KeySet::new((0..count).map(|_| key()))
        };
        assert!(keys(4096, 4).crowded(None).is_none());
        assert!(matches!(keys(4096, 5).crowded(None), Some(Crowded::Keys(_))));
        assert!(keys(8192, 1).crowded(None).is_none());
        assert!(matches!(keys(8192, 2).crowded(None), Some(Crowded::LargeKeys(_))));
    }

    #[test]
    fn a_key_configured_without_an_id_ignores_the_kid() {
        let key = VerificationKey::jwk(format!("{{{ED}}}")).unwrap();
        assert_eq!(tried(&KeySet::new([key]), Some("a"), Algorithm::EdDSA), Some(1));
        let named = VerificationKey::jwk(format!("{{{ED}}}")).unwrap().with_key_id("b");
        assert_eq!(tried(&KeySet::new([named]), Some("a"), Algorithm::EdDSA), None);
    }

    #[test]
    fn the_algorithm_selects_among_keys_with_equal_ids() {
        let set = set(&[(ED, "a"), (EC, "a")]);
        assert_eq!(tried(&set, Some("a"), Algorithm::ES256), Some(1));
        assert_eq!(tried(&set, Some("a"), Algorithm::EdDSA), Some(1));
    }

    #[test]
    fn no_two_sets_share_a_generation() {
        assert_ne!(set(&[(ED, "a")]).generation(), set(&[(ED, "a")]).generation());
    }
}
