//! Generates the members of a token.

use fastrand::Rng;
use serde_json::{Map, Value};
use tower_jwt_auth::Algorithm;

use super::case::ES512;
use super::claims::CLAIMS;
use super::header::HEADER;
use super::shape::{Member, Shape};
use super::template::Context;

/// The members of a token as texts, and the resulting verdict and classes.
pub(crate) struct Draft {
    pub(crate) header: Vec<String>,
    pub(crate) claims: Vec<String>,
    pub(crate) unusual: Vec<(&'static str, &'static str)>,
    pub(crate) classes: Vec<&'static str>,
    pub(crate) accepted: bool,
}

impl Draft {
    /// Generates members of which this many are unusual.
    pub(crate) fn draw(context: Context<'_>, unusual: usize, rng: &mut Rng) -> Self {
        let mut places: Vec<usize> = (0..HEADER.len() + CLAIMS.len()).collect();
        rng.shuffle(&mut places);
        places.truncate(unusual);

        let es512 = context.key.algorithm == Algorithm::ES512;
        let mut draft = Self {
            header: Vec::new(),
            claims: Vec::new(),
            unusual: Vec::new(),
            classes: es512.then_some(ES512).into_iter().collect(),
            accepted: true,
        };
        // `jsonwebtoken` does not support ES512.
        let mut lenient = es512;
        for (place, member) in HEADER.iter().chain(CLAIMS).enumerate() {
            let shape = if places.contains(&place) {
                let shape = member
                    .unusual(context.key, rng)
                    .filter(|unusual| !(lenient && unusual.is_lenient()));
                if let Some(shape) = shape {
                    lenient |= shape.is_lenient();
                    draft.note(member, shape);
                }
                shape.or_else(|| member.ordinary(context.key, rng))
            } else {
                member.ordinary(context.key, rng)
            };
            let text = shape.map(|shape| context.fill(shape.text, rng));
            if place < HEADER.len() { &mut draft.header } else { &mut draft.claims }.extend(text);
        }
        draft
    }

    fn note(&mut self, member: &Member, shape: &Shape) {
        self.unusual.push((member.name, shape.text));
        self.classes.extend(shape.class);
        self.accepted &= shape.accepted;
    }

    /// Sets another algorithm name in the header.
    pub(crate) fn set_alg(&mut self, name: &str) {
        self.set_header("alg", &format!("\"{name}\""));
    }

    /// Replaces a value in the header.
    pub(crate) fn set_header(&mut self, name: &str, value: &str) {
        set(&mut self.header, name, value);
    }

    /// Replaces a value in the claims.
    pub(crate) fn set_claim(&mut self, name: &str, value: &str) {
        set(&mut self.claims, name, value);
    }
}

fn set(members: &mut Vec<String>, name: &str, value: &str) {
    // A form that is not JSON is an unusual member without a name.
    members.retain(|member| {
        let member = serde_json::from_str::<Map<String, Value>>(&format!("{{{member}}}"));
        !member.is_ok_and(|member| member.contains_key(name))
    });
    members.push(format!("\"{name}\":{value}"));
}
