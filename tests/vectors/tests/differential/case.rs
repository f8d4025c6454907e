//! A generated token, its description and its expected verdict.

use std::fmt;

use tower_jwt_auth::Algorithm;

/// The class of all tokens signed with ES512.
pub(crate) const ES512: &str = "ES512";

/// One token and its origin.
pub(crate) struct Case {
    /// The number of the token in the run. Seed, number and second reproduce the token.
    pub(crate) number: u64,
    pub(crate) now: u64,
    /// The index of the key in the list of keys.
    pub(crate) key: usize,
    pub(crate) algorithm: Algorithm,
    /// The name of the mutation.
    pub(crate) mutation: &'static str,
    /// The unusual members and their texts.
    pub(crate) unusual: Vec<(&'static str, &'static str)>,
    /// The classes that the token belongs to.
    pub(crate) classes: Vec<&'static str>,
    /// The expected verdict of this crate, from the tables of shapes and mutations. A token with random edits has none.
    pub(crate) expected: Option<bool>,
    pub(crate) token: String,
}

impl fmt::Display for Case {
    /// Describes the token without any secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { number, now, algorithm, mutation, unusual, classes, .. } = self;
        writeln!(
            f,
            "token {number}, verified at {now}, {algorithm}, {mutation}, unusual: {unusual:?}, classes: {classes:?}"
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
