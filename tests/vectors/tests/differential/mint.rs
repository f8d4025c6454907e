//! Generates a token from its number.

use base64_simd::URL_SAFE_NO_PAD;
use fastrand::Rng;

use super::case::Case;
use super::grammar::Draft;
use super::keys::Key;
use super::mutation::{Act, Mutation, Signer, Verdict};
use super::observed::observed;
use super::template::{Context, object};

/// The name of the mutation of an unchanged token.
pub(crate) const UNCHANGED: &str = "unchanged";

/// The number of tokens on which a mutation is tried. A signature may be too large for it, or lack the characters that
/// it changes.
const ATTEMPTS: u32 = 1000;

/// Generates tokens. The same seed, number and second give the same token, except for randomized signatures (ECDSA and
/// RSA-PSS) and mutations that are retried until a signature fits.
pub(crate) struct Mint {
    seed: u64,
    keys: Vec<Key>,
}

impl Mint {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, keys: Key::all() }
    }

    pub(crate) fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// The token with this number, to be verified at this second.
    pub(crate) fn make(&self, number: u64, now: u64) -> Case {
        // Without the factor, neighbouring seeds would generate the same tokens.
        let seed = self.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(number);
        let mut rng = Rng::with_seed(seed);
        let key = Key::draw(&self.keys, &mut rng);
        let context = Context { key: &self.keys[key], now };
        let mutation =
            if rng.u8(0..100) < 48 { Mutation::draw(context.key, &mut rng) } else { None };
        let unusual = match rng.u8(0..100) {
            0..62 => 0,
            62..92 => 1,
            92..98 => 2,
            _ => 3,
        };
        let made = (0..ATTEMPTS).find_map(|_| attempt(context, mutation, unusual, &mut rng));
        let name = mutation.map(|mutation| mutation.name);
        Case {
            number,
            key,
            ..made.unwrap_or_else(|| panic!("{name:?} does not apply to any token"))
        }
    }
}

/// One token, unless the mutation does not apply to it.
fn attempt(
    context: Context<'_>,
    mutation: Option<&'static Mutation>,
    unusual: usize,
    rng: &mut Rng,
) -> Option<Case> {
    let Context { key, now } = context;
    let verdict = mutation.map_or(Verdict::Accept, |mutation| mutation.verdict);
    // Edits only apply to tokens without unusual members, because the result would be unpredictable otherwise.
    let edited = verdict == Verdict::Unknown;
    let mut draft = Draft::draw(context, if edited { 0 } else { unusual }, rng);
    let act = mutation.map(|mutation| mutation.act);

    let signer = match act {
        Some(Act::Members(change)) => change(&mut draft, context, rng)?,
        _ => Signer::Owner,
    };
    let mut texts = [object(&draft.header, rng), object(&draft.claims, rng)];
    if let Some(Act::Text(part, change)) = act {
        let text = &mut texts[part.place(rng)];
        *text = change(std::mem::take(text), context, rng);
    }
    if edited {
        draft.classes.extend(observed(context, &texts));
    }
    let mut encoded = texts.map(|text| URL_SAFE_NO_PAD.encode_to_string(text));
    if let Some(Act::Encoded(part, change)) = act {
        let part = &mut encoded[part.place(rng)];
        *part = change(part, rng)?;
    }
    let input = encoded.join(".");
    let token = match signer {
        Signer::Owner => key.issuer.sign_encoded(&input),
        Signer::Other(issuer) => issuer.sign_encoded(&input),
        Signer::Unsigned(signature) => format!("{input}.{signature}"),
    };
    let mut signature = token[input.len() + 1..].to_owned();
    if let Some(Act::Signature(change)) = act {
        let bytes = URL_SAFE_NO_PAD.decode_to_vec(&signature).unwrap();
        signature = URL_SAFE_NO_PAD.encode_to_string(change(key, bytes, rng)?);
    }
    let token = match act {
        Some(Act::Token(change)) => {
            let [header, payload] = &encoded;
            change(key, [header, payload, &signature], rng)?
        }
        _ => format!("{input}.{signature}"),
    };

    let Draft { unusual, mut classes, accepted, .. } = draft;
    classes.extend(mutation.and_then(|mutation| mutation.class));
    classes.sort_unstable();
    classes.dedup();
    Some(Case {
        number: 0,
        now,
        key: 0,
        algorithm: key.algorithm,
        mutation: mutation.map_or(UNCHANGED, |mutation| mutation.name),
        unusual,
        classes,
        expected: (!edited).then_some(accepted && verdict == Verdict::Accept),
        token,
    })
}
