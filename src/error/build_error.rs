//! Errors of a configuration.

use std::fmt;

/// The configuration is unsafe or cannot work; lists every problem and its fix.
///
/// Match on [`Problem::kind`]. The texts are for operators and may change in any release.
///
/// ```
/// use tower_jwt_auth::{Verifier, error::ProblemKind, testing::TestIssuer};
///
/// let error = Verifier::shared_secret("too short").build().unwrap_err();
/// let kinds: Vec<_> = error.problems().iter().map(|problem| problem.kind()).collect();
/// assert_eq!(kinds, [ProblemKind::WeakSecret, ProblemKind::MissingAudience]);
/// println!("{error}");
///
/// assert!(Verifier::shared_secret(TestIssuer::hs256().secret()).any_audience().build().is_ok());
/// ```
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", describe(.problems))]
pub struct BuildError {
    problems: Vec<Problem>,
}

impl BuildError {
    /// All problems, in the order in which the settings are checked. Never empty.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    pub(crate) fn new(problem: Problem) -> Self {
        Self { problems: vec![problem] }
    }

    /// `Ok` with the value if there are no problems, otherwise an error with all of them.
    pub(crate) fn unless_none<T>(problems: Vec<Problem>, value: T) -> Result<T, Self> {
        if problems.is_empty() { Ok(value) } else { Err(Self { problems }) }
    }

    /// An error with these problems; there must be at least one.
    pub(crate) const fn of(problems: Vec<Problem>) -> Self {
        Self { problems }
    }

    /// Prefixes each problem with `place`, the name of the setting that contains the bad value.
    ///
    /// ```
    /// use tower_jwt_auth::VerificationKey;
    ///
    /// let error = VerificationKey::shared_secret("too short").unwrap_err().within("`ACME_SECRET`");
    /// assert!(error.to_string().starts_with("`ACME_SECRET` holds a shared secret of 9 bytes"));
    /// ```
    #[must_use]
    pub fn within(mut self, place: &str) -> Self {
        for problem in &mut self.problems {
            problem.what = format!("{place} holds {}", problem.what);
        }
        self
    }

    /// Returns the problems by value.
    ///
    /// A preset can pass them on to [`VerifierBuilder::problem`](crate::VerifierBuilder::problem).
    pub fn into_problems(self) -> Vec<Problem> {
        self.problems
    }
}

impl fmt::Debug for BuildError {
    /// Same as `Display`, because `fn main() -> Result<(), BuildError>` prints the `Debug` output.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<Problem> for BuildError {
    fn from(problem: Problem) -> Self {
        Self::new(problem)
    }
}

fn describe(problems: &[Problem]) -> String {
    match problems {
        [only] => only.to_string(),
        many => {
            let heading = format!("{} problems with the configuration:", many.len());
            many.iter().fold(heading, |text, problem| format!("{text}\n- {problem}"))
        }
    }
}

/// One problem of a configuration: the bad setting, the reason, and the fix.
///
/// ```
/// use tower_jwt_auth::{Verifier, error::ProblemKind};
///
/// let error = Verifier::shared_secret("hunter2").build().unwrap_err();
/// let kinds: Vec<_> = error.problems().iter().map(|problem| problem.kind()).collect();
/// assert_eq!(kinds, [ProblemKind::WeakSecret, ProblemKind::MissingAudience]);
/// assert!(error.problems().iter().all(|problem| !problem.to_string().contains("hunter2")));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    kind: ProblemKind,
    what: String,
    why: &'static str,
    fix: &'static str,
}

impl Problem {
    /// Creates a problem of this kind, for presets outside this crate.
    ///
    /// `Display` joins the three texts as `{what}: {why}. {fix}.`. Begin `what` and `why` in lower case, write `fix` as
    /// an instruction, and end none of them with a full stop. Put the configured value into `what`, so that the
    /// operator can find it. **`what` must not contain a secret**, because it is printed and logged. It may contain the
    /// length of a secret and the name of its environment variable.
    ///
    /// Report it with [`VerifierBuilder::problem`](crate::VerifierBuilder::problem), or return it as a [`BuildError`].
    ///
    /// ```
    /// use tower_jwt_auth::error::{Problem, ProblemKind};
    /// use tower_jwt_auth::BuildError;
    ///
    /// fn issuer_of(tenant: &str) -> Result<String, BuildError> {
    ///     if tenant.is_empty() {
    ///         return Err(BuildError::from(Problem::new(
    ///             ProblemKind::EmptyValue,
    ///             "an empty tenant id",
    ///             "no token has the issuer `https://login.example.com/`",
    ///             "Pass the id from the tenant's settings page",
    ///         )));
    ///     }
    ///     Ok(format!("https://login.example.com/{tenant}"))
    /// }
    ///
    /// assert!(issuer_of("acme").is_ok());
    /// let error = issuer_of("").unwrap_err();
    /// assert_eq!(error.problems()[0].kind(), ProblemKind::EmptyValue);
    /// ```
    #[must_use]
    pub fn new(
        kind: ProblemKind,
        what: impl Into<String>,
        why: &'static str,
        fix: &'static str,
    ) -> Self {
        Self { kind, what: what.into(), why, fix }
    }

    /// The kind of problem, as a value to match on.
    ///
    /// ```
    /// use tower_jwt_auth::{Verifier, error::ProblemKind, testing::TestIssuer};
    ///
    /// let builder = || Verifier::shared_secret(TestIssuer::hs256().secret());
    /// let error = builder().audience("").build().unwrap_err();
    /// assert_eq!(error.problems()[0].kind(), ProblemKind::EmptyValue);
    ///
    /// assert!(builder().audience("orders").build().is_ok());
    /// ```
    pub const fn kind(&self) -> ProblemKind {
        self.kind
    }

    /// The setting that is wrong or missing.
    pub fn what(&self) -> &str {
        &self.what
    }

    /// Why the setting is unsafe or cannot work.
    pub fn why(&self) -> &str {
        self.why
    }

    /// The call or setting that fixes the problem.
    pub fn fix(&self) -> &str {
        self.fix
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}. {}.", self.what, self.why, self.fix)
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])+ $name:ident = $label:literal;)+) => {
        /// The kind of a [`Problem`], as a value to match on.
        ///
        /// ```
        /// use tower_jwt_auth::{Verifier, error::ProblemKind, testing::TestIssuer};
        ///
        /// let build = |secret: &str| Verifier::shared_secret(secret).any_audience().build();
        /// let error = build("too short").unwrap_err();
        /// assert_eq!(error.problems()[0].kind(), ProblemKind::WeakSecret);
        /// assert_eq!(ProblemKind::WeakSecret.as_str(), "weak_secret");
        ///
        /// assert!(build(TestIssuer::hs256().secret()).is_ok());
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum ProblemKind {
            $($(#[$doc])+ $name,)+
        }

        impl ProblemKind {
            /// Every kind, in declaration order.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The stable, lower-case label of this kind.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $label,)+ }
            }
        }
    };
}

kinds! {
    /// Neither an audience nor `any_audience` is set.
    MissingAudience = "missing_audience";
    /// No issuer is trusted, or public keys are used without the issuer's name, or a template without tenants, or a
    /// resource has no authorization server.
    MissingIssuer = "missing_issuer";
    /// There are no keys, or a document has no key that can be used.
    MissingKeys = "missing_keys";
    /// This server has no credential for another server.
    MissingCredential = "missing_credential";
    /// An environment variable is not set.
    MissingVariable = "missing_variable";
    /// A value is empty, for example a name, an audience or a list.
    EmptyValue = "empty_value";
    /// A value cannot be parsed (UTF-8, base64url, number) or can match nothing, or a file cannot be read.
    InvalidValue = "invalid_value";
    /// A number, a size or a duration is outside the allowed range.
    OutOfRange = "out_of_range";
    /// Two settings contradict each other, or the same issuer is trusted twice.
    Conflict = "conflict";
    /// A setting has no effect in this place.
    NoEffect = "no_effect";
    /// A shared secret is so short that it can be brute-forced (RFC 7518 §3.2).
    WeakSecret = "weak_secret";
    /// A shared secret, or the private half of a public key, is published.
    PublishedSecret = "published_secret";
    /// Two issuers have the same shared secret.
    SharedSecret = "shared_secret";
    /// A public key is not safe to use.
    ///
    /// For example an RSA modulus below 2048 bits, or a point of small order.
    WeakKey = "weak_key";
    /// A private key was given where a public key is needed.
    PrivateKey = "private_key";
    /// A key, a key set or a certificate is malformed, or of an unsupported type.
    InvalidKey = "invalid_key";
    /// An algorithm has no key, or does not fit the key or the crypto backend.
    UnsuitableAlgorithm = "unsuitable_algorithm";
    /// Shared secrets and public keys, or their algorithms, are mixed for one issuer.
    MixedKeys = "mixed_keys";
    /// An issuer has more keys than the verifier tries for one token.
    TooManyKeys = "too_many_keys";
    /// The keys belong to another issuer.
    ForeignKeys = "foreign_keys";
    /// A URL is malformed, or is the URL of another resource.
    InvalidUrl = "invalid_url";
    /// A URL is unsafe: it is not `https`, or contains a user name or password.
    InsecureUrl = "insecure_url";
    /// A scope has characters that scopes cannot have (RFC 6749 §3.3), or is not a scope of a resource.
    InvalidScope = "invalid_scope";
    /// No token can have this issuer name, for example the URL of a metadata document.
    InvalidIssuer = "invalid_issuer";
    /// A setting contradicts RFC 9068 or the preset.
    ProfileConflict = "profile_conflict";
    /// This build lacks a feature, a crypto backend, an HTTP client or a timer.
    MissingFeature = "missing_feature";
    /// A setting or a key of `jsonwebtoken` has no equivalent.
    UnsupportedConversion = "unsupported_conversion";
    /// The TLS client cannot be set up, for example without root certificates.
    TlsUnavailable = "tls_unavailable";
}

impl fmt::Display for ProblemKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_unique_label() {
        let mut labels: Vec<_> = ProblemKind::ALL.iter().map(|kind| kind.as_str()).collect();
        labels.sort_unstable();
        labels.dedup();
        assert_eq!(labels.len(), ProblemKind::ALL.len());
        assert!(labels.iter().all(|l| l.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')));
    }

    #[test]
    fn several_problems_are_displayed_as_a_list() {
        let kind = ProblemKind::MissingAudience;
        let first = Problem::new(kind, "no audience", "any token would pass", "Call `audience`");
        let kind = ProblemKind::MissingKeys;
        let second = Problem::new(kind, "no keys", "no token could be verified", "Add one");
        let one = BuildError::from(first.clone());
        assert_eq!(one.to_string(), "no audience: any token would pass. Call `audience`.");
        assert_eq!(one.problems()[0].kind(), ProblemKind::MissingAudience);
        let two = BuildError::unless_none(vec![first, second], ()).unwrap_err();
        assert_eq!(two.to_string().lines().count(), 3);
        assert_eq!(format!("{two:?}"), two.to_string());
    }
}
