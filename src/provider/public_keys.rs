//! Public keys from a JWKS document, a PEM or a key source.

use std::path::PathBuf;

use crate::claims::Claims;
#[cfg(feature = "pem")]
use crate::jws::Algorithm;
#[cfg(feature = "pem")]
use crate::key::VerificationKey;
use crate::key::{JwksFile, KeySet, KeySource};
use crate::verify::{Verifier, VerifierBuilder};

impl Verifier<Claims> {
    /// Verifies tokens with the public key in this PEM, as [`VerificationKey::pem`] reads it.
    ///
    /// You must also call [`issuer`](VerifierBuilder::issuer) or [`any_issuer`](VerifierBuilder::any_issuer).
    ///
    /// ```
    /// use tower_jwt_auth::{Algorithm, ErrorKind, Verifier, testing::TestIssuer};
    ///
    /// let issuer = TestIssuer::new(Algorithm::RS256).issuer("https://auth.example.com");
    /// let verifier = Verifier::pem(Algorithm::RS256, issuer.public_pem())
    ///     .issuer("https://auth.example.com")
    ///     .any_audience()
    ///     .build()?;
    /// assert!(verifier.verify_now(&issuer.token().mint()).is_ok());
    ///
    /// let rejected = verifier.verify_now(&issuer.token().without("iss").mint()).unwrap_err();
    /// assert_eq!(rejected.kind(), ErrorKind::InvalidIssuer);
    /// # Ok::<(), tower_jwt_auth::BuildError>(())
    /// ```
    #[cfg(feature = "pem")]
    pub fn pem(algorithm: Algorithm, pem: impl AsRef<[u8]>) -> VerifierBuilder<Claims> {
        VerifierBuilder::with_public_key(VerificationKey::pem(algorithm, pem))
    }

    /// Verifies tokens with the keys of this JWKS document, as [`KeySet::jwks`] reads it.
    ///
    /// The keys never change; use it for keys that are deployed with the server. For keys in a file that may change,
    /// call [`jwks_file`](Self::jwks_file). You must also call [`issuer`](VerifierBuilder::issuer) or
    /// [`any_issuer`](VerifierBuilder::any_issuer).
    ///
    /// ```
    /// use tower_jwt_auth::{ErrorKind, Verifier, testing::TestIssuer};
    ///
    /// let issuer = TestIssuer::es256().issuer("https://auth.example.com").audience("orders");
    /// let verifier = Verifier::jwks(issuer.jwks())
    ///     .issuer("https://auth.example.com")
    ///     .audience("orders")
    ///     .build()?;
    /// assert!(verifier.verify_now(&issuer.token().mint()).is_ok());
    ///
    /// let rejected = verifier.verify_now(&issuer.token().header("kid", "another").mint()).unwrap_err();
    /// assert_eq!(rejected.kind(), ErrorKind::UnknownKey);
    /// # Ok::<(), tower_jwt_auth::BuildError>(())
    /// ```
    pub fn jwks(document: impl AsRef<str>) -> VerifierBuilder<Claims> {
        VerifierBuilder::with_public_keys(KeySet::jwks(document))
    }

    /// Verifies tokens with the public keys in this JWKS file, which is read again when it changes.
    ///
    /// [`JwksFile`] describes when the file is read. You must also call [`issuer`](VerifierBuilder::issuer) or
    /// [`any_issuer`](VerifierBuilder::any_issuer).
    ///
    /// ```
    /// use tower_jwt_auth::Verifier;
    ///
    /// let verifier = Verifier::jwks_file("/run/keys/missing.json").any_issuer().any_audience().build();
    /// assert!(verifier.unwrap_err().to_string().contains("/run/keys/missing.json"));
    /// ```
    pub fn jwks_file(path: impl Into<PathBuf>) -> VerifierBuilder<Claims> {
        VerifierBuilder::with_public_keys(Ok(JwksFile::new(path)))
    }

    /// Verifies tokens with the keys of this source.
    ///
    /// [`KeySource::refresh`] is called when none of the current keys verifies a token. You must also call
    /// [`issuer`](VerifierBuilder::issuer) or [`any_issuer`](VerifierBuilder::any_issuer).
    ///
    /// ```
    /// # #[cfg(feature = "jwks")] {
    /// use bytes::Bytes;
    /// use http::{Request, Response};
    /// use http_body_util::Full;
    /// use tower_jwt_auth::jwks::{NoBody, RemoteJwks};
    /// use tower_jwt_auth::{ErrorKind, Verifier, testing::TestIssuer};
    ///
    /// # tokio_test::block_on(async {
    /// let issuer = TestIssuer::es256().issuer("https://auth.example.com").audience("orders");
    /// // Any Tower HTTP client works; this one answers without a network.
    /// let document = Bytes::from(issuer.jwks());
    /// let client = tower::service_fn(move |_: Request<NoBody>| {
    ///     let document = Full::new(document.clone());
    ///     async { Ok::<_, std::convert::Infallible>(Response::new(document)) }
    /// });
    /// let keys = RemoteJwks::url("https://auth.example.com/jwks.json").client(client).build()?;
    /// let verifier = Verifier::key_source(keys.clone())
    ///     .issuer("https://auth.example.com")
    ///     .audience("orders")
    ///     .build()?;
    /// assert!(verifier.verify(&issuer.token().mint()).await.is_ok()); // fetches the keys
    /// assert!(verifier.verify_now(&issuer.token().mint()).is_ok()); // the keys are in memory
    ///
    /// let unknown = issuer.token().header("kid", "another").mint();
    /// assert_eq!(verifier.verify(&unknown).await.unwrap_err().kind(), ErrorKind::UnknownKey);
    /// # Ok::<(), tower_jwt_auth::BuildError>(()) }).unwrap();
    /// # }
    /// ```
    pub fn key_source(source: impl KeySource) -> VerifierBuilder<Claims> {
        VerifierBuilder::with_public_keys(Ok(source))
    }
}
