//! What can stand in the place of a member, with the verdict that it has to have.

use fastrand::Rng;

use super::keys::{Key, Kind};

/// A member of the header or of the claims, and what can stand in its place.
pub(crate) struct Member {
    pub(crate) name: &'static str,
    usual: Usual,
    shapes: &'static [Shape],
}

/// How often a member is there without anything odd about it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Usual {
    Always,
    Sometimes,
    Never,
}

/// One form of a member: its text, to be filled in by `template`.
pub(crate) struct Shape {
    pub(crate) text: &'static str,
    keys: Kind,
    /// What this crate has to say of a token with it.
    pub(crate) accepted: bool,
    /// The class of tokens, if another verifier is known to say something else.
    pub(crate) class: Option<&'static str>,
}

/// All three take it.
pub(crate) const fn takes(text: &'static str) -> Shape {
    Shape { text, keys: Kind::Any, accepted: true, class: None }
}

/// All three refuse it.
pub(crate) const fn refuses(text: &'static str) -> Shape {
    Shape { text, keys: Kind::Any, accepted: false, class: None }
}

/// It is taken here and refused elsewhere.
pub(crate) const fn takes_alone(class: &'static str, text: &'static str) -> Shape {
    Shape { text, keys: Kind::Any, accepted: true, class: Some(class) }
}

/// It is refused here and taken elsewhere.
pub(crate) const fn refuses_alone(class: &'static str, text: &'static str) -> Shape {
    Shape { text, keys: Kind::Any, accepted: false, class: Some(class) }
}

impl Shape {
    /// For these keys only.
    pub(crate) const fn with(mut self, keys: Kind) -> Self {
        self.keys = keys;
        self
    }

    /// Whether a token with it is taken here and by one other verifier only. Two such shapes in one
    /// token could have it refused by both others, each for its own reason, which would say nothing.
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

    /// Something that every verifier takes; `None` to leave the member out.
    pub(crate) fn ordinary(&self, key: &Key, rng: &mut Rng) -> Option<&'static Shape> {
        let there = match self.usual {
            Usual::Always => true,
            Usual::Sometimes => rng.u8(..) < 90,
            Usual::Never => false,
        };
        if there { self.draw(key, rng, |shape| !shape.is_odd()) } else { None }
    }

    /// Something that some verifier refuses.
    pub(crate) fn odd(&self, key: &Key, rng: &mut Rng) -> Option<&'static Shape> {
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

    /// The classes that are named here.
    pub(crate) fn classes(&self) -> impl Iterator<Item = &'static str> {
        self.shapes.iter().filter_map(|shape| shape.class)
    }
}
