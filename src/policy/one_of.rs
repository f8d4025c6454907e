//! Lists of configured values, in words for operators.

use std::fmt::Write;

use crate::error::quoted;

/// The most values that one text lists.
const MAX_LISTED: usize = 8;

/// The text for one of these values; `None` if there are none.
pub(crate) fn one_of<'v>(noun: &str, values: impl IntoIterator<Item = &'v str>) -> Option<String> {
    let mut values = values.into_iter();
    let mut text = format!("the {noun} {}", quoted(values.next()?));
    for value in values.by_ref().take(MAX_LISTED - 1) {
        // Writing to a string cannot fail.
        let _ = write!(text, " or {}", quoted(value));
    }
    if values.next().is_some() {
        text.push_str(" or …");
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_cut_after_eight_values() {
        let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
        assert_eq!(one_of("key id", []), None);
        assert_eq!(one_of("key id", ["a"]).unwrap(), "the key id `a`");
        let eight = one_of("key id", names.into_iter().take(8)).unwrap();
        assert!(eight.ends_with("`g` or `h`"), "{eight}");
        let nine = one_of("key id", names).unwrap();
        assert!(nine.ends_with("`h` or …"), "{nine}");
    }
}
