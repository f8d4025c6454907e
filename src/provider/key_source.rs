//! Keys that change while the server runs.

use crate::claims::Claims;
use crate::key::KeySource;
use crate::verify::{Verifier, VerifierBuilder};

impl Verifier<Claims> {
    /// Verifies tokens with the keys of this source, which is asked again when a key is not there.
    ///
    /// The issuer has to be decided on: [`issuer`](VerifierBuilder::issuer) or
    /// [`any_issuer`](VerifierBuilder::any_issuer).
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
    /// // Any Tower HTTP client will do; this one answers itself.
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
    /// assert!(verifier.verify(&issuer.token().mint()).await.is_ok()); // has fetched the keys
    /// assert!(verifier.verify_now(&issuer.token().mint()).is_ok()); // has them in memory
    ///
    /// let stranger = issuer.token().header("kid", "another").mint();
    /// assert_eq!(verifier.verify(&stranger).await.unwrap_err().kind(), ErrorKind::UnknownKey);
    /// # Ok::<(), tower_jwt_auth::BuildError>(()) }).unwrap();
    /// # }
    /// ```
    pub fn key_source(source: impl KeySource) -> VerifierBuilder<Claims> {
        VerifierBuilder::with_public_keys(Ok(source))
    }
}
