//! Secrets shared with the issuer, current and previous.

use std::env::{self, VarError};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use zeroize::Zeroizing;

use super::problem;
use crate::claims::Claims;
use crate::error::BuildError;
use crate::key::VerificationKey;
use crate::verify::{ReadSecret, Verifier, VerifierBuilder};

impl Verifier<Claims> {
    /// Verifies HS256 tokens with this secret.
    ///
    /// The bytes are used as they are and not decoded. Calling [`issuer`](VerifierBuilder::issuer) is optional. A
    /// secret of less than 32 bytes (RFC 7518 §3.2), or with white space at its start or end, is a [`BuildError`].
    ///
    /// ```
    /// use tower_jwt_auth::{ErrorKind, Verifier, testing::TestIssuer};
    ///
    /// let issuer = TestIssuer::hs256();
    /// let verifier = Verifier::shared_secret(issuer.secret()).any_audience().build()?;
    /// assert!(verifier.verify_now(&issuer.token().mint()).is_ok());
    ///
    /// let other = issuer.clone().with_other_key();
    /// let rejected = verifier.verify_now(&other.token().mint()).unwrap_err();
    /// assert_eq!(rejected.kind(), ErrorKind::InvalidSignature);
    /// # Ok::<(), tower_jwt_auth::BuildError>(())
    /// ```
    pub fn shared_secret(secret: impl AsRef<[u8]>) -> VerifierBuilder<Claims> {
        VerifierBuilder::with_secret(VerificationKey::shared_secret(secret), TEXT)
    }

    /// Like [`shared_secret`](Self::shared_secret), for a secret in base64, which is decoded.
    ///
    /// Both alphabets are accepted, with or without padding; see [`VerificationKey::shared_secret_base64`].
    pub fn shared_secret_base64(text: impl AsRef<str>) -> VerifierBuilder<Claims> {
        VerifierBuilder::with_secret(VerificationKey::shared_secret_base64(text), BASE64)
    }

    /// Like [`shared_secret`](Self::shared_secret), for a secret of 16 bytes or more.
    ///
    /// Use it only for systems that cannot change their secret yet: a secret of less than 32 bytes can be brute-forced;
    /// see [`VerificationKey::guessable_legacy_secret`]. [`previous_secret`](VerifierBuilder::previous_secret) then
    /// also accepts short secrets.
    ///
    /// ```
    /// use tower_jwt_auth::{Verifier, testing::TestIssuer};
    ///
    /// let issuer = TestIssuer::hs256().with_secret("16 bytes or more");
    /// let verifier = Verifier::guessable_legacy_secret(issuer.secret()).any_audience().build()?;
    /// assert!(verifier.verify_now(&issuer.token().mint()).is_ok());
    ///
    /// assert!(verifier.verify_now(&issuer.token().mint_tampered()).is_err());
    /// assert!(Verifier::guessable_legacy_secret("15 bytes or so.").any_audience().build().is_err());
    /// # Ok::<(), tower_jwt_auth::BuildError>(())
    /// ```
    pub fn guessable_legacy_secret(secret: impl AsRef<[u8]>) -> VerifierBuilder<Claims> {
        VerifierBuilder::with_secret(VerificationKey::guessable_legacy_secret(secret), LEGACY_TEXT)
    }

    /// Like [`shared_secret`](Self::shared_secret), with the value of an environment variable.
    ///
    /// The value is neither trimmed nor decoded. A variable that is not set, or whose value has white space at its start
    /// or end, is a [`BuildError`].
    ///
    /// ```
    /// use tower_jwt_auth::Verifier;
    ///
    /// let error = Verifier::shared_secret_from_env("NO_SUCH_VARIABLE").any_audience().build().unwrap_err();
    /// assert!(error.to_string().contains("NO_SUCH_VARIABLE"));
    /// ```
    pub fn shared_secret_from_env(variable: &str) -> VerifierBuilder<Claims> {
        VerifierBuilder::with_secret(from_env(variable), TEXT)
    }

    /// Like [`shared_secret`](Self::shared_secret), with the content of a text file.
    ///
    /// One line break at the end of the file is ignored. The file is read once, by this call. A file that cannot be
    /// read is a [`BuildError`].
    ///
    /// ```
    /// use tower_jwt_auth::{Verifier, testing::TestIssuer};
    ///
    /// let issuer = TestIssuer::hs256();
    /// let path = std::env::temp_dir().join(format!("secret-{}", std::process::id()));
    /// std::fs::write(&path, format!("{}\n", issuer.secret()))?;
    /// let verifier = Verifier::shared_secret_from_file(&path).any_audience().build()?;
    /// std::fs::remove_file(&path)?;
    /// assert!(verifier.verify_now(&issuer.token().mint()).is_ok());
    ///
    /// let error = Verifier::shared_secret_from_file("/no/such/file").any_audience().build().unwrap_err();
    /// assert!(error.to_string().contains("`/no/such/file`"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn shared_secret_from_file(path: impl AsRef<Path>) -> VerifierBuilder<Claims> {
        VerifierBuilder::with_secret(from_file(path.as_ref()), TEXT)
    }
}

impl<C> VerifierBuilder<C> {
    /// Also accepts tokens signed with this secret, the one before the last rotation.
    ///
    /// It must have the same encoding and minimum length as the current secret.
    pub fn previous_secret(self, secret: impl AsRef<[u8]>) -> Self {
        self.previous_key(|read| (read.like_the_first)(secret.as_ref()))
    }

    /// Like [`previous_secret`](Self::previous_secret), for a previous secret of 16 bytes or more.
    ///
    /// Use it while you replace a secret of less than 32 bytes, which can be brute-forced; see
    /// [`VerificationKey::guessable_legacy_secret`](crate::VerificationKey::guessable_legacy_secret). Remove this call
    /// when the last token that was signed with the old secret has expired.
    ///
    /// ```
    /// use tower_jwt_auth::{Verifier, testing::TestIssuer};
    ///
    /// let old = TestIssuer::hs256().with_secret("16 bytes or more");
    /// let new = TestIssuer::hs256();
    /// let builder = || Verifier::shared_secret(new.secret()).any_audience();
    /// assert!(builder().previous_secret(old.secret()).build().is_err());
    ///
    /// let verifier = builder().previous_guessable_legacy_secret(old.secret()).build()?;
    /// assert!(verifier.verify_now(&new.token().mint()).is_ok());
    /// assert!(verifier.verify_now(&old.token().mint()).is_ok());
    /// assert!(verifier.verify_now(&old.token().mint_tampered()).is_err());
    /// # Ok::<(), tower_jwt_auth::BuildError>(())
    /// ```
    pub fn previous_guessable_legacy_secret(self, secret: impl AsRef<[u8]>) -> Self {
        self.previous_key(|read| (read.guessable_legacy)(secret.as_ref()))
    }
}

pub(super) const TEXT: ReadSecret = ReadSecret {
    like_the_first: |secret| VerificationKey::shared_secret(secret),
    guessable_legacy: legacy_text,
};

// Text that is not UTF-8 is not base64 either, and is rejected as invalid base64.
const BASE64: ReadSecret = ReadSecret {
    like_the_first: |text| VerificationKey::shared_secret_base64(String::from_utf8_lossy(text)),
    guessable_legacy: |text| {
        VerificationKey::guessable_legacy_secret_base64(&String::from_utf8_lossy(text))
    },
};

const LEGACY_TEXT: ReadSecret =
    ReadSecret { like_the_first: legacy_text, guessable_legacy: legacy_text };

fn legacy_text(secret: &[u8]) -> Result<VerificationKey, BuildError> {
    VerificationKey::guessable_legacy_secret(secret)
}

fn from_env(variable: &str) -> Result<VerificationKey, BuildError> {
    match env::var(variable).map(Zeroizing::new) {
        Ok(secret) => VerificationKey::shared_secret(secret.as_bytes())
            .map_err(|error| error.within(&format!("`{variable}`"))),
        Err(VarError::NotPresent) => Err(problem::no_secret(variable).into()),
        Err(VarError::NotUnicode(_)) => Err(problem::secret_not_utf8(variable).into()),
    }
}

fn from_file(path: &Path) -> Result<VerificationKey, BuildError> {
    let file = format!("`{}`", path.display());
    match read_file(path) {
        Ok(secret) => VerificationKey::shared_secret(secret.as_bytes())
            .map_err(|error| error.within(&format!("the file {file}"))),
        Err(error) => Err(problem::unreadable_file(&file, &error).into()),
    }
}

/// The longest secret that is read from a file, in bytes.
const MOST_BYTES: u64 = 1024 * 1024;

/// The secret in a text file, without one line break at the end.
pub(super) fn read_file(path: &Path) -> io::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    // A secret is short. The limit is for a path such as `/dev/zero`.
    File::open(path)?.take(MOST_BYTES).read_to_string(&mut text)?;
    let secret = text.strip_suffix('\n').map_or(&**text, |it| it.strip_suffix('\r').unwrap_or(it));
    Ok(Zeroizing::new(secret.to_owned()))
}
