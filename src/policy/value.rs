//! Configured values that no token can have.

use super::problem;
use crate::error::Problem;

/// The problem of a value that must equal one in the token, if any.
pub(super) fn value_problem(setting: &'static str, value: &str, of: &str) -> Option<Problem> {
    if value.is_empty() {
        Some(problem::empty_value(setting, of))
    } else if is_padded(value) {
        Some(problem::padded_value(setting, value, of))
    } else if setting == AUDIENCE && is_list(value) {
        Some(problem::list_of_audiences(value, of))
    } else {
        None
    }
}

/// The description of an audience in problems.
pub(super) const AUDIENCE: &str = "audience";

/// Whether a value has white space or invisible characters at its ends, usually from a file or a copied text.
pub(super) fn is_padded(value: &str) -> bool {
    let is_padding = |c: char| {
        c.is_whitespace() || c.is_control() || matches!(c, '\u{200b}' | '\u{2060}' | '\u{feff}')
    };
    value.starts_with(is_padding) || value.ends_with(is_padding)
}

/// Whether this is a list of audiences: separated by commas, a JSON array, or several URIs with white space between
/// them. White space between words is part of one name.
fn is_list(value: &str) -> bool {
    let mut words = value.split_whitespace();
    value.contains(',')
        || value.starts_with('[')
        || value.contains(char::is_whitespace) && words.all(|word| word.contains(':'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ProblemKind;

    #[test]
    fn values_that_no_token_has_are_reported() {
        use ProblemKind::{EmptyValue, InvalidValue};
        for (value, as_audience, as_other) in [
            ("orders", None, None),
            ("My Orders", None, None),
            ("https://orders.example/a?b=c d", None, None),
            ("api://72f988bf/orders", None, None),
            ("urn:example:orders", None, None),
            ("", Some(EmptyValue), Some(EmptyValue)),
            (" ", Some(InvalidValue), Some(InvalidValue)),
            ("orders\n", Some(InvalidValue), Some(InvalidValue)),
            ("orders\r\n", Some(InvalidValue), Some(InvalidValue)),
            ("\torders", Some(InvalidValue), Some(InvalidValue)),
            ("orders\u{a0}", Some(InvalidValue), Some(InvalidValue)),
            ("\u{feff}orders", Some(InvalidValue), Some(InvalidValue)),
            ("orders\u{200b}", Some(InvalidValue), Some(InvalidValue)),
            ("orders\0", Some(InvalidValue), Some(InvalidValue)),
            ("orders, billing", Some(InvalidValue), None),
            ("orders,billing", Some(InvalidValue), None),
            ("[\"orders\"]", Some(InvalidValue), None),
            ("https://a.example https://b.example", Some(InvalidValue), None),
            ("api://a\napi://b", Some(InvalidValue), None),
        ] {
            let kind = |setting| value_problem(setting, value, "it").map(|it| it.kind());
            assert_eq!(kind(AUDIENCE), as_audience, "{value:?}");
            assert_eq!(kind("subject"), as_other, "{value:?}");
        }
    }
}
