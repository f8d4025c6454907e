//! Paths of claims.

use std::fmt;

use crate::json::{Found, Object, Value};

/// The path of a claim: its name, or a list of nested names.
///
/// A list begins with the outermost name. Dots, slashes, colons and stars are part of a name: many servers use
/// URLs as names.
///
/// ```
/// use tower_jwt_auth::claims::ClaimPath;
///
/// let top = ClaimPath::from("https://example.com/roles");
/// let nested = ClaimPath::from(["realm_access", "roles"]);
/// assert_eq!(top.to_string(), "https://example.com/roles");
/// assert_eq!(nested.to_string(), "realm_access › roles");
/// assert_ne!(nested, ClaimPath::from("realm_access.roles"));
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ClaimPath(Box<[Box<str>]>);

impl ClaimPath {
    /// The names, from the outermost one on.
    pub(crate) const fn names(&self) -> &[Box<str>] {
        &self.0
    }

    /// Finds the value in an object, if there is exactly one.
    pub(crate) fn find<'a>(&self, object: &'a Object) -> Option<Value<'a>> {
        match self.look_up(object) {
            Found::Value(value) => Some(value),
            Found::Absent | Found::Ambiguous => None,
        }
    }

    /// Like [`find`](Self::find), but distinguishes absent and ambiguous claims.
    pub(crate) fn look_up<'a>(&self, object: &'a Object) -> Found<'a> {
        let Some((name, inside)) = self.0.split_first() else { return Found::Absent };
        descend(object.get(name).map_or(Found::Absent, Found::Value), inside)
    }

    /// Finds the value inside of another one, if there is exactly one.
    pub(super) fn find_in<'a>(&self, value: Value<'a>) -> Option<Value<'a>> {
        match descend(Found::Value(value), &self.0) {
            Found::Value(value) if !self.0.is_empty() => Some(value),
            _ => None,
        }
    }
}

fn descend<'a>(found: Found<'a>, names: &[Box<str>]) -> Found<'a> {
    names.iter().fold(found, |found, name| match found {
        Found::Value(value) => value.member(name),
        missing => missing,
    })
}

impl From<&str> for ClaimPath {
    fn from(name: &str) -> Self {
        Self([name.into()].into())
    }
}

impl From<String> for ClaimPath {
    fn from(name: String) -> Self {
        Self([name.into()].into())
    }
}

impl From<&Self> for ClaimPath {
    fn from(path: &Self) -> Self {
        path.clone()
    }
}

impl<T: Into<String>, const N: usize> From<[T; N]> for ClaimPath {
    fn from(names: [T; N]) -> Self {
        Self(names.into_iter().map(|name| name.into().into()).collect())
    }
}

impl fmt::Display for ClaimPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" › "))
    }
}

impl fmt::Debug for ClaimPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{self}`")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_matches_whole_names_only() {
        let text = r#"{"a":{"b":[1],"b.c":2},"a.b":3,"x":7,"s\u0075b":4}"#;
        let object = Object::read(text.to_owned()).unwrap();
        let find = |path: ClaimPath| path.find(&object).map(Value::json);
        assert_eq!(find(["a", "b"].into()), Some("[1]"));
        assert_eq!(find(["a", "b.c"].into()), Some("2"));
        assert_eq!(find("a.b".into()), Some("3"));
        assert_eq!(find("sub".into()), Some("4"));
        for path in
            [ClaimPath::from(["a", "x"]), ["x", "b"].into(), ["a", "b", "c"].into(), "".into()]
        {
            assert_eq!(find(path.clone()), None, "{path}");
        }
        assert_eq!(find(ClaimPath::from([] as [&str; 0])), None);
    }

    #[test]
    fn a_duplicate_nested_name_is_not_found() {
        let text = r#"{"a":{"roles":["user"],"roles":["admin"]},"b":{"roles":[]}}"#;
        let object = Object::read(text.to_owned()).unwrap();
        assert!(ClaimPath::from(["a", "roles"]).find(&object).is_none());
        assert!(ClaimPath::from(["b", "roles"]).find(&object).is_some());
    }

    #[test]
    fn an_ambiguous_name_differs_from_a_missing_one() {
        let text = r#" {"a":{"x":1,"x":2},"b":{"x":1},"c":{"y":1},"d":null,"e":[{"x":1}]}"#;
        let object = Object::read(text.to_owned()).unwrap();
        let found = |path: [&str; 2]| match ClaimPath::from(path).look_up(&object) {
            Found::Value(value) => value.json(),
            Found::Absent => "absent",
            Found::Ambiguous => "ambiguous",
        };
        for (object, outcome) in [
            ("a", "ambiguous"),
            ("b", "1"),
            ("c", "absent"),
            ("d", "absent"),
            ("e", "absent"),
            ("f", "absent"),
        ] {
            assert_eq!(found([object, "x"]), outcome, "{object}");
        }
    }
}
