//! What is done to a token, kind by kind, with the verdict that this crate has to have on it.

// The functions of one table have one type, whether they need all of it or not.
#![allow(clippy::unnecessary_wraps, clippy::needless_pass_by_value)]

mod edit;
mod encoding;
mod forgery;
mod payload;
mod shape;
mod signature;
mod text;

use fastrand::Rng;
use tower_jwt_auth::testing::TestIssuer;

use super::grammar::Draft;
use super::keys::{Key, Kind};
use super::template::Context;

/// One kind of change.
pub(crate) struct Mutation {
    pub(crate) name: &'static str,
    /// The keys under which it means something.
    pub(crate) keys: Kind,
    pub(crate) verdict: Verdict,
    /// The class of tokens, if another verifier is known to say something else.
    pub(crate) class: Option<&'static str>,
    pub(crate) act: Act,
}

/// What this crate has to say of a token that was good before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Accept,
    Refuse,
    /// It may have become anything: `observed` says what it is.
    Unknown,
}

/// The point on a token's way at which it is changed; what comes later on the way sees the change. A
/// function that returns nothing has met a token that the change cannot be made to.
#[derive(Clone, Copy)]
pub(crate) enum Act {
    /// The members, and who signs.
    Members(fn(&mut Draft, Context<'_>, &mut Rng) -> Option<Signer>),
    /// The text of a part, before it is encoded.
    Text(Part, fn(Vec<u8>, Context<'_>, &mut Rng) -> Vec<u8>),
    /// A part as it is encoded, before it is signed.
    Encoded(Part, fn(&str, &mut Rng) -> Option<String>),
    /// The signature, before it is encoded.
    Signature(fn(&Key, Vec<u8>, &mut Rng) -> Option<Vec<u8>>),
    /// The whole token: header, payload and signature.
    Token(fn(&Key, [&str; 3], &mut Rng) -> Option<String>),
}

/// A part of a token that is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Header,
    Payload,
    /// One of the two, at random.
    Either,
}

impl Part {
    /// The part's place among the two.
    pub(crate) fn place(self, rng: &mut Rng) -> usize {
        match self {
            Self::Header => 0,
            Self::Payload => 1,
            Self::Either => rng.usize(0..2),
        }
    }
}

/// Who signs, if it is not the key's owner.
pub(crate) enum Signer {
    Owner,
    Other(Box<TestIssuer>),
    /// Nobody: this stands in the place of the signature.
    Nobody(&'static str),
}

impl Mutation {
    /// Draws one that means something under the key. Edits are where the unforeseen comes from, and what
    /// is for few keys would hardly ever come up: both have a share of their own.
    pub(crate) fn draw(key: &Key, rng: &mut Rng) -> Option<&'static Self> {
        let is_edit = |mutation: &Self| mutation.verdict == Verdict::Unknown;
        let is_special = |mutation: &Self| mutation.keys != Kind::Any;
        let share = rng.u8(0..100);
        let wanted = Self::all().filter(|mutation| match share {
            0..20 => is_edit(mutation),
            20..40 => is_special(mutation) && !is_edit(mutation),
            _ => !is_special(mutation) && !is_edit(mutation),
        });
        rng.choice(wanted.filter(|mutation| key.is(mutation.keys)).collect::<Vec<_>>())
    }

    /// Every kind.
    pub(crate) fn all() -> impl Iterator<Item = &'static Self> {
        let files: [&[Self]; 7] = [
            shape::MUTATIONS,
            encoding::MUTATIONS,
            forgery::MUTATIONS,
            signature::MUTATIONS,
            text::MUTATIONS,
            payload::MUTATIONS,
            edit::MUTATIONS,
        ];
        files.into_iter().flatten()
    }

    /// All three refuse the token.
    const fn refuses(name: &'static str, act: Act) -> Self {
        Self { name, keys: Kind::Any, verdict: Verdict::Refuse, class: None, act }
    }

    /// It is refused here and taken elsewhere.
    const fn refuses_alone(class: &'static str, name: &'static str, act: Act) -> Self {
        Self { class: Some(class), ..Self::refuses(name, act) }
    }

    /// All three take it.
    const fn takes(name: &'static str, act: Act) -> Self {
        Self { verdict: Verdict::Accept, ..Self::refuses(name, act) }
    }

    /// It may have become anything.
    const fn edits(name: &'static str, act: Act) -> Self {
        Self { verdict: Verdict::Unknown, keys: Kind::Common, ..Self::refuses(name, act) }
    }

    /// For these keys only.
    const fn with(mut self, keys: Kind) -> Self {
        self.keys = keys;
        self
    }
}
