//! Text from a token or a fetched document, for operators' messages.

use std::fmt;

/// The number of bytes after which the text is cut.
const MOST_BYTES: usize = 128;

/// Prints the text in backquotes, on one line and cut after 128 bytes.
///
/// The text may be an attacker's. Backquotes, backslashes and characters without a visible form are escaped: control
/// characters, line separators, zero-width characters and those that change the direction of the text.
pub(crate) fn quoted(text: &str) -> impl fmt::Display {
    let longest = MOST_BYTES.min(text.len());
    let end = (0..=longest).rev().find(|&end| text.is_char_boundary(end)).unwrap_or_default();
    Quoted { text: text.get(..end).unwrap_or_default(), is_cut: end < text.len() }
}

struct Quoted<'a> {
    text: &'a str,
    is_cut: bool,
}

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`")?;
        for character in self.text.chars() {
            match character {
                '`' => f.write_str("\\u{60}")?,
                '\'' | '"' => fmt::Write::write_char(f, character)?,
                _ => write!(f, "{}", character.escape_debug())?,
            }
        }
        f.write_str(if self.is_cut { "…`" } else { "`" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_visible_characters_are_printed_as_they_are() {
        for (text, printed) in [
            ("", "``"),
            ("https://auth.example.com/a?b=c#d", "`https://auth.example.com/a?b=c#d`"),
            ("it's \"good\"", "`it's \"good\"`"),
            ("Müller 東京 Ж é 🦀", "`Müller 東京 Ж é 🦀`"),
            ("a`b", r"`a\u{60}b`"),
            (r"a\nb", r"`a\\nb`"),
            ("a\nb\r\t\0", r"`a\nb\r\t\0`"),
            ("\u{1b}[31mred\u{7f}\u{9b}", r"`\u{1b}[31mred\u{7f}\u{9b}`"),
            ("a\u{2028}b\u{2029}c\u{85}", r"`a\u{2028}b\u{2029}c\u{85}`"),
            ("\u{202e}moc\u{202c}\u{2066}\u{2069}", r"`\u{202e}moc\u{202c}\u{2066}\u{2069}`"),
            ("\u{61c}\u{200e}\u{200f}", r"`\u{61c}\u{200e}\u{200f}`"),
            ("a\u{200b}\u{200c}\u{200d}\u{2060}", r"`a\u{200b}\u{200c}\u{200d}\u{2060}`"),
            ("\u{feff}\u{ad}\u{180e}\u{e0041}", r"`\u{feff}\u{ad}\u{180e}\u{e0041}`"),
            ("a\u{a0}\u{3000}b\u{301}", r"`a\u{a0}\u{3000}b\u{301}`"),
            ("\u{e000}\u{fff9}", r"`\u{e000}\u{fff9}`"),
        ] {
            assert_eq!(quoted(text).to_string(), printed);
        }
    }

    #[test]
    fn text_is_cut_between_characters_after_128_bytes() {
        for (text, printed) in [
            ("a".repeat(128), format!("`{}`", "a".repeat(128))),
            ("a".repeat(129), format!("`{}…`", "a".repeat(128))),
            ("é".repeat(64), format!("`{}`", "é".repeat(64))),
            ("é".repeat(65), format!("`{}…`", "é".repeat(64))),
            (format!("a{}", "é".repeat(64)), format!("`a{}…`", "é".repeat(63))),
            (format!("{}🦀b", "a".repeat(125)), format!("`{}…`", "a".repeat(125))),
        ] {
            assert_eq!(quoted(&text).to_string(), printed);
        }
    }
}
