//! The error for issuers whose keys could not be fetched.

use std::error::Error;
use std::fmt;

use super::source::RefreshError;

/// The keys of one or more issuers could not be fetched.
///
/// Returned by [`Verifier::warm`](crate::Verifier::warm) and [`Verifier::refresh`](crate::Verifier::refresh).
/// `Display` names the issuers as they are configured, each with its error. [`source`](Error::source) returns the error
/// of the first issuer, [`failures`](Self::failures) the errors of all.
///
/// ```
/// use tower_jwt_auth::{Verifier, key::KeysErrorKind};
///
/// async fn start(verifier: &Verifier) {
///     if let Err(error) = verifier.warm().await {
///         for (issuer, cause) in error.failures() {
///             eprintln!("{}: {cause}", issuer.unwrap_or("unnamed"));
///         }
///         if error.kind() == KeysErrorKind::NoKeys {
///             eprintln!("requests get 503 until the keys can be fetched");
///         }
///     }
/// }
/// ```
pub struct KeysError(Vec<Failure>);

/// One issuer's failure.
pub(crate) struct Failure {
    pub(crate) issuer: Option<String>,
    pub(crate) kind: KeysErrorKind,
    pub(crate) error: RefreshError,
}

/// Whether an issuer still has keys after a failed fetch.
///
/// ```
/// use tower_jwt_auth::key::KeysErrorKind;
///
/// assert_eq!(KeysErrorKind::NoKeys.as_str(), "no_keys");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeysErrorKind {
    /// The issuer has no keys: none of its tokens can be verified.
    NoKeys,
    /// The issuer's current keys are still used; newer ones could not be fetched.
    NotRefreshed,
}

impl KeysErrorKind {
    /// The stable, lower-case label, for logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoKeys => "no_keys",
            Self::NotRefreshed => "not_refreshed",
        }
    }
}

impl KeysError {
    /// An error if there are failures.
    pub(crate) fn unless_empty(failures: Vec<Failure>) -> Result<(), Self> {
        if failures.is_empty() { Ok(()) } else { Err(Self(failures)) }
    }

    /// [`KeysErrorKind::NoKeys`] if at least one of the issuers has no keys.
    pub fn kind(&self) -> KeysErrorKind {
        if self.0.iter().any(|failure| failure.kind == KeysErrorKind::NoKeys) {
            KeysErrorKind::NoKeys
        } else {
            KeysErrorKind::NotRefreshed
        }
    }

    /// The issuers whose keys could not be fetched, each with its error.
    ///
    /// They are in the order of the configuration. The name is `None` for the unnamed issuer.
    pub fn failures(&self) -> impl Iterator<Item = (Option<&str>, &RefreshError)> {
        self.0.iter().map(|failure| (failure.issuer.as_deref(), &failure.error))
    }
}

impl fmt::Display for KeysError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, failure) in self.0.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { "; " })?;
            match &failure.issuer {
                Some(name) => write!(f, "the issuer `{name}`")?,
                None => f.write_str("the unnamed issuer")?,
            }
            f.write_str(match failure.kind {
                KeysErrorKind::NoKeys => " has no keys, and they could not be fetched: ",
                KeysErrorKind::NotRefreshed => " has keys, and newer ones could not be fetched: ",
            })?;
            failure.error.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Debug for KeysError {
    /// The same as `Display`, because a `main` that returns the error prints its `Debug` output.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for KeysError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.first().map(|failure| &failure.error as _)
    }
}
