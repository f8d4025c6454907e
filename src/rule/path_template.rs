//! Path templates in which one segment is the owner or the tenant.

use std::borrow::Cow;
use std::fmt;

use percent_encoding::percent_decode_str;

use crate::error::{Problem, ProblemKind};

/// A path template with one segment in braces.
#[derive(Clone)]
pub(super) struct PathTemplate {
    text: Box<str>,
    /// The index of the segment in braces, counted from 0.
    marked: Option<usize>,
}

impl PathTemplate {
    pub(super) fn new(text: &str) -> Self {
        let is_marked = |segment: &str| {
            let name = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
            // A router matches several segments with `{*rest}`, so it cannot be a name.
            name.is_some_and(|name| !name.is_empty() && !name.contains(['{', '}', '*']))
        };
        let mut indices = segments(text).enumerate().filter(|(_, segment)| is_marked(segment));
        let marked = indices.next().map(|(index, _)| index);
        Self { text: text.into(), marked: marked.filter(|_| indices.next().is_none()) }
    }

    /// The template's problem, if it has one. Such a template matches no path.
    pub(super) fn problem(&self, of: &str) -> Option<Problem> {
        let is_valid = self.marked.is_some() && self.text.starts_with('/');
        (!is_valid).then(|| unusable_template(of, &self.text))
    }

    /// Returns the segment of a path that is in braces in the template, percent-decoded once.
    ///
    /// All other segments of the template must be equal to those of the path. The path may be longer.
    pub(super) fn find<'a>(&self, path: &'a str) -> Option<Cow<'a, str>> {
        let marked = self.marked?;
        if segments(path).any(is_ambiguous) {
            return None;
        }
        let mut given = segments(path);
        for wanted in segments(&self.text).take(marked) {
            if given.next()? != wanted {
                return None;
            }
        }
        let segment = given.next().filter(|segment| !segment.is_empty())?;
        let mut rest = segments(&self.text).skip(marked + 1);
        rest.all(|wanted| given.next() == Some(wanted)).then_some(())?;
        percent_decode_str(segment).decode_utf8().ok()
    }
}

/// Whether another server may resolve the segment as `.` or `..`.
///
/// A server that resolves `/users/ada/../bob` returns another user's data. Clients resolve such segments before they
/// send a request (RFC 3986 §5.2.4), so this rejects no ordinary request.
fn is_ambiguous(segment: &str) -> bool {
    // Some servers decode separators and remove parameters (`..;x`) before they resolve a path.
    let decoded = Cow::<[u8]>::from(percent_decode_str(segment));
    decoded.split(|byte| matches!(byte, b'/' | b'\\')).any(|part| {
        let name = part.split(|byte| *byte == b';').next();
        matches!(name, Some(b"." | b".."))
    })
}

/// The segments of a path, without normalization. A path that only a router normalizes matches no template.
fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.strip_prefix('/').into_iter().flat_map(|path| path.split('/'))
}

impl fmt::Debug for PathTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

fn unusable_template(of: &str, text: &str) -> Problem {
    let kind = if text.is_empty() { ProblemKind::EmptyValue } else { ProblemKind::InvalidValue };
    Problem::new(
        kind,
        format!("the {of} template `{text}`"),
        "no request path can match it, so every request would be rejected",
        "Pass the whole path, starting with a slash, with one segment in braces: `/users/{user_id}`, `/orgs/{org}`",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(template: &str, path: &str) -> Option<String> {
        PathTemplate::new(template).find(path).map(Cow::into_owned)
    }

    #[test]
    fn the_owner_is_the_segment_in_braces() {
        for (template, path, owner) in [
            ("/users/{id}", "/users/ada", Some("ada")),
            ("/users/{id}", "/users/ada/todos/7", Some("ada")),
            ("/users/{id}/todos", "/users/ada/todos/7", Some("ada")),
            ("/users/{id}/todos", "/users/ada/notes", None),
            ("/users/{id}/todos", "/users/ada", None),
            ("/users/{id}", "/users/a%20b%2Fc", Some("a b/c")),
            ("/users/{id}", "/users/a+b", Some("a+b")),
            ("/users/{id}", "/users/%61da", Some("ada")),
            ("/users/{id}", "/users/%2561da", Some("%61da")),
            ("/users/{id}", "/users/%ff", None),
            ("/users/{id}", "/users/", None),
            ("/users/{id}", "/users", None),
            ("/users/{id}", "/users//ada", None),
            ("/users/{id}", "//users/ada", None),
            ("/users/{id}", "/Users/ada", None),
            ("/users/{id}", "/users/../ada", None),
            ("/users/{id}", "/users/ada/../bob", None),
            ("/users/{id}", "/users/ada/./x", None),
            ("/users/{id}", "/users/ada/...", Some("ada")),
            ("/users/{id}", "/users/ada/%2e%2E/bob", None),
            ("/users/{id}", "/users/ada/..%2fbob", None),
            ("/users/{id}", "/users/ada/..;x/bob", None),
            ("/users/{id}", "/users/ada/..\\bob", None),
            ("/users/{id}", "", None),
            ("/users/{id}", "*", None),
            ("/{id}", "/ada", Some("ada")),
        ] {
            assert_eq!(found(template, path).as_deref(), owner, "{template} {path}");
        }
    }

    #[test]
    fn a_template_needs_exactly_one_owner_segment() {
        for template in
            ["", "/", "/users", "/users/{a}/{b}", "users/{id}", "/users/x{id}", "/{}", "/{*id}"]
        {
            assert!(PathTemplate::new(template).problem("owner").is_some(), "{template}");
            for path in ["/users/ada", "/users", "/users/ada/bob"] {
                assert_eq!(found(template, path), None, "{template} {path}");
            }
        }
        assert!(PathTemplate::new("/users/{id}/todos").problem("owner").is_none());
    }
}
