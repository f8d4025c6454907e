//! The kinds of mutation, each with the expected verdict of this crate.

// The functions of one table share one type, so some do not use all parameters.
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

/// One kind of mutation.
pub(crate) struct Mutation {
    pub(crate) name: &'static str,
    /// The keys to which it applies.
    pub(crate) keys: Kind,
    pub(crate) verdict: Verdict,
    /// The class of tokens, if another verifier has a different verdict.
    pub(crate) class: Option<&'static str>,
    pub(crate) act: Act,
}

/// The expected verdict of this crate on a mutated valid token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Accept,
    Reject,
    /// The verdict is unknown; `observed` determines the classes.
    Unknown,
}

/// The stage at which a token is mutated; later stages see the change. A function returns `None` if the mutation does
/// not apply to the token.
#[derive(Clone, Copy)]
pub(crate) enum Act {
    /// The members, and the signer.
    Members(fn(&mut Draft, Context<'_>, &mut Rng) -> Option<Signer>),
    /// The text of a part, before encoding.
    Text(Part, fn(Vec<u8>, Context<'_>, &mut Rng) -> Vec<u8>),
    /// An encoded part, before signing.
    Encoded(Part, fn(&str, &mut Rng) -> Option<String>),
    /// The signature, before encoding.
    Signature(fn(&Key, Vec<u8>, &mut Rng) -> Option<Vec<u8>>),
    /// The whole token: header, payload and signature.
    Token(fn(&Key, [&str; 3], &mut Rng) -> Option<String>),
}

/// A signed part of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Header,
    Payload,
    /// One of the two, chosen at random.
    Either,
}

impl Part {
    /// The index of the part.
    pub(crate) fn place(self, rng: &mut Rng) -> usize {
        match self {
            Self::Header => 0,
            Self::Payload => 1,
            Self::Either => rng.usize(0..2),
        }
    }
}

/// The signer, if it is not the owner of the key.
pub(crate) enum Signer {
    Owner,
    Other(Box<TestIssuer>),
    /// No signer; this text replaces the signature.
    Unsigned(&'static str),
}

impl Mutation {
    /// Draws a mutation that applies to the key. Edits, which find unforeseen cases, and mutations for few keys have
    /// separate shares; otherwise the latter would be rare.
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

    /// Every kind of mutation.
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

    /// All three verifiers reject the token.
    const fn rejects(name: &'static str, act: Act) -> Self {
        Self { name, keys: Kind::Any, verdict: Verdict::Reject, class: None, act }
    }

    /// This crate rejects the token, and another verifier accepts it.
    const fn rejects_alone(class: &'static str, name: &'static str, act: Act) -> Self {
        Self { class: Some(class), ..Self::rejects(name, act) }
    }

    /// All three verifiers accept the token.
    const fn accepts(name: &'static str, act: Act) -> Self {
        Self { verdict: Verdict::Accept, ..Self::rejects(name, act) }
    }

    /// The verdict is unknown.
    const fn edits(name: &'static str, act: Act) -> Self {
        Self { verdict: Verdict::Unknown, keys: Kind::Common, ..Self::rejects(name, act) }
    }

    /// Restricts the mutation to these keys.
    const fn with(mut self, keys: Kind) -> Self {
        self.keys = keys;
        self
    }
}
