//! Scopes that imply other scopes.

use std::collections::{BTreeMap, BTreeSet};

/// Scopes that imply other scopes, such as `orders:write` that implies `orders:read`.
///
/// Pass it to [`VerifierBuilder::implied_scopes`](crate::VerifierBuilder::implied_scopes), to
/// [`Policy::implied_scopes`](crate::Policy::implied_scopes) or to
/// [`ResourceBuilder::implied_scopes`](crate::resource::ResourceBuilder::implied_scopes).
///
/// Implied scopes imply further ones. Names are compared byte for byte: `orders:*` is a name like any other, and
/// `orders` does not imply `orders:read` unless you say so. A scope that implies itself, directly or through others, is a
/// configuration error.
///
/// ```
/// use tower_jwt_auth::claims::Scopes;
/// use tower_jwt_auth::{Verifier, testing::TestIssuer};
///
/// let issuer = TestIssuer::hs256();
/// let scopes = Scopes::new().implies("orders:write", ["orders:read"]);
/// let verifier = Verifier::shared_secret(issuer.secret()).any_audience().implied_scopes(scopes).build()?;
///
/// let writer = verifier.verify_now(&issuer.token().claim("scope", "orders:write").mint())?;
/// assert!(writer.has_scope("orders:write") && writer.has_scope("orders:read"));
/// let reader = verifier.verify_now(&issuer.token().claim("scope", "orders:read").mint())?;
/// assert!(!reader.has_scope("orders:write"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use = "it has an effect only as part of a policy"]
pub struct Scopes {
    /// For each implied scope, all scopes that imply it, also through others.
    implying: BTreeMap<Box<str>, BTreeSet<Box<str>>>,
}

impl Scopes {
    /// No scope implies another one.
    pub const fn new() -> Self {
        Self { implying: BTreeMap::new() }
    }

    /// Declares that a token with `scope` also has the `implied` scopes.
    pub fn implies(
        mut self,
        scope: impl Into<String>,
        implied: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        let scope = scope.into();
        for implied in implied {
            self.add(&scope, &implied.into());
        }
        self
    }

    /// Adds what the other scopes imply.
    pub(crate) fn extend(&mut self, other: Self) {
        for (implied, implying) in other.implying {
            for scope in implying {
                self.add(&scope, &implied);
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.implying.is_empty()
    }

    fn add(&mut self, scope: &str, implied: &str) {
        let mut implying = self.implying.get(scope).cloned().unwrap_or_default();
        implying.insert(scope.into());
        // What the implied scope implies is now implied as well.
        for (_, others) in self.implying.iter_mut().filter(|(_, others)| others.contains(implied)) {
            others.extend(implying.iter().cloned());
        }
        self.implying.entry(implied.into()).or_default().extend(implying);
    }

    /// The scopes that imply this one.
    pub(crate) fn implying(&self, scope: &str) -> Option<&BTreeSet<Box<str>>> {
        self.implying.get(scope)
    }

    /// Every scope, without duplicates.
    pub(crate) fn names(&self) -> BTreeSet<&str> {
        let implying = self.implying.values().flatten();
        self.implying.keys().chain(implying).map(|scope| &**scope).collect()
    }

    /// The scopes that imply themselves.
    pub(crate) fn cyclic(&self) -> impl Iterator<Item = &str> {
        let cyclic = self.implying.iter().filter(|(scope, implying)| implying.contains(*scope));
        cyclic.map(|(scope, _)| &**scope)
    }
}

/// Whether the text is one scope (RFC 6749 §3.3).
pub(crate) fn is_scope(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| matches!(byte, b'!' | b'#'..=b'[' | b']'..=b'~'))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The scopes that imply each scope, as text.
    fn closure(scopes: &Scopes) -> Vec<String> {
        let rows = scopes.implying.iter();
        rows.map(|(scope, all)| {
            let all: Vec<&str> = all.iter().map(|it| &**it).collect();
            format!("{scope}: {}", all.join(" "))
        })
        .collect()
    }

    #[test]
    fn implications_are_transitive_in_any_order() {
        let expected = ["b: a", "c: a b", "d: a b c", "e: a"];
        let edges = [("a", "b"), ("b", "c"), ("c", "d"), ("a", "e")];
        for turn in 0..edges.len() {
            for is_reversed in [false, true] {
                let mut edges = edges;
                edges.rotate_left(turn);
                if is_reversed {
                    edges.reverse();
                }
                let one =
                    |all: Scopes, (scope, implied): (&str, &str)| all.implies(scope, [implied]);
                let scopes = edges.into_iter().fold(Scopes::new(), one);
                assert_eq!(closure(&scopes), expected, "{edges:?}");
                assert_eq!(scopes.cyclic().next(), None);
                let (first, last) = edges.split_at(2);
                let mut halves = first.iter().copied().fold(Scopes::new(), one);
                halves.extend(last.iter().copied().fold(Scopes::new(), one));
                assert_eq!(halves, scopes);
            }
        }
    }

    #[test]
    fn every_scope_of_a_cycle_is_found() {
        for (scopes, expected) in [
            (Scopes::new().implies("a", ["a"]), &["a"][..]),
            (Scopes::new().implies("a", ["b"]).implies("b", ["a"]), &["a", "b"]),
            (
                Scopes::new()
                    .implies("x", ["a"])
                    .implies("a", ["b"])
                    .implies("b", ["c"])
                    .implies("c", ["a", "y"]),
                &["a", "b", "c"],
            ),
            (Scopes::new().implies("a", ["b", "c"]).implies("b", ["d"]).implies("c", ["d"]), &[]),
        ] {
            assert_eq!(scopes.cyclic().collect::<Vec<_>>(), expected, "{scopes:?}");
        }
    }
}
