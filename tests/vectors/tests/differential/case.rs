//! A token, what it is, and what has to be said of it.

use std::fmt;

use tower_jwt_auth::Algorithm;

/// The class of every token that is signed with ES512.
pub(crate) const ES512: &str = "ES512";

/// One token and where it comes from.
pub(crate) struct Case {
    /// Which of the run's tokens it is: seed, number and second make the same one again.
    pub(crate) number: u64,
    pub(crate) now: u64,
    /// The place of the key in the list of keys.
    pub(crate) key: usize,
    pub(crate) algorithm: Algorithm,
    /// What was done to it, by name.
    pub(crate) mutation: &'static str,
    /// The members with something odd about them, and their texts.
    pub(crate) odd: Vec<(&'static str, &'static str)>,
    /// The classes that it belongs to because of what it is.
    pub(crate) classes: Vec<&'static str>,
    /// What this crate has to say of it: written by hand beside each shape and mutation. Of a token that
    /// was edited at random nobody has written it.
    pub(crate) expected: Option<bool>,
    pub(crate) token: String,
}

impl fmt::Display for Case {
    /// All there is to know about the token, without any secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { number, now, algorithm, mutation, odd, classes, .. } = self;
        writeln!(
            f,
            "token {number}, judged at {now}, {algorithm}, {mutation}, odd: {odd:?}, classes: {classes:?}"
        )?;
        for part in self.token.split('.').take(2) {
            let shown: String = match base64_simd::URL_SAFE_NO_PAD.decode_to_vec(part) {
                Ok(bytes) => String::from_utf8_lossy(&bytes).chars().take(1000).collect(),
                Err(_) => "(is not base64url)".to_owned(),
            };
            writeln!(f, "    {shown}")?;
        }
        write!(f, "    {}", self.token.chars().take(3000).collect::<String>())
    }
}
