//! The forms of a member, with the expected verdicts.

use fastrand::Rng;

use super::keys::{Key, Kind};

/// A member of the header or the claims, and its possible forms.
pub(crate) struct Member {
    pub(crate) name: &'static str,
    usual: Usual,
    shapes: &'static [Shape],
}

/// How often a member is present in a common form.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Usual {
    Always,
    Sometimes,
    Never,
}

/// One form of a member: its text, with placeholders for `template`.
pub(crate) struct Shape {
    pub(crate) text: &'static str,
    keys: Kind,
    /// The expected verdict of this crate on a token with it.
    pub(crate) accepted: bool,
    /// The class of tokens, if another verifier has a different verdict.
    pub(crate) class: Option<&'static str>,
}

/// All three verifiers accept it.
pub(crate) const fn accepts(text: &'static str) -> Shape {
    Shape { text, keys: Kind::Any, accepted: true, class: None }
}

/// All three verifiers reject it.
pub(crate) const fn rejects(text: &'static str) -> Shape {
    Shape { text, keys: Kind::Any, accepted: false, class: None }
}

/// This crate accepts it, and another verifier rejects it.
pub(crate) const fn accepts_alone(class: &'static str, text: &'static str) -> Shape {
    Shape { text, keys: Kind::Any, accepted: true, class: Some(class) }
}

/// This crate rejects it, and another verifier accepts it.
pub(crate) const fn rejects_alone(class: &'static str, text: &'static str) -> Shape {
    Shape { text, keys: Kind::Any, accepted: false, class: Some(class) }
}

impl Shape {
    /// Restricts the shape to these keys.
    pub(crate) const fn with(mut self, keys: Kind) -> Self {
        self.keys = keys;
        self
    }

    /// Whether a token with it is accepted here and by only one other verifier. With two such shapes in a token, both
    /// others could reject it for different reasons, which would prove nothing.
    pub(crate) fn is_lenient(&self) -> bool {
        self.accepted && self.class.is_some()
    }

    fn is_odd(&self) -> bool {
        !self.accepted || self.class.is_some()
    }
}

impl Member {
    pub(crate) const fn new(name: &'static str, usual: Usual, shapes: &'static [Shape]) -> Self {
        Self { name, usual, shapes }
    }

    /// A form that every verifier accepts; `None` to omit the member.
    pub(crate) fn ordinary(&self, key: &Key, rng: &mut Rng) -> Option<&'static Shape> {
        let there = match self.usual {
            Usual::Always => true,
            Usual::Sometimes => rng.u8(..) < 90,
            Usual::Never => false,
        };
        if there { self.draw(key, rng, |shape| !shape.is_odd()) } else { None }
    }

    /// A form that some verifier rejects.
    pub(crate) fn unusual(&self, key: &Key, rng: &mut Rng) -> Option<&'static Shape> {
        self.draw(key, rng, Shape::is_odd)
    }

    fn draw(
        &self,
        key: &Key,
        rng: &mut Rng,
        wanted: impl Fn(&Shape) -> bool,
    ) -> Option<&'static Shape> {
        let fitting = self.shapes.iter().filter(|shape| key.is(shape.keys) && wanted(shape));
        rng.choice(fitting.collect::<Vec<_>>())
    }

    /// The classes of this member's shapes.
    pub(crate) fn classes(&self) -> impl Iterator<Item = &'static str> {
        self.shapes.iter().filter_map(|shape| shape.class)
    }
}
