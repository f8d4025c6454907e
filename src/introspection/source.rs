//! The revocation check.

use std::fmt;
use std::sync::Arc;

use super::calls::Calls;
use crate::answer::Answer;
use crate::error::Error;
use crate::revocation::{Presented, Revocation, Standing};

/// A revocation check that asks the issuer's introspection endpoint about each JWT (RFC 7662, RFC 9701).
///
/// It is an `Arc`: clones share the cached answers and the limits. [This module](super) has the rules.
///
/// ```
/// use bytes::Bytes;
/// use http::{Request, Response, header::CONTENT_TYPE};
/// use http_body_util::Full;
/// use tower_jwt_auth::introspection::{FormBody, Introspection};
/// use tower_jwt_auth::{ErrorKind, Verifier, testing::TestIssuer};
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
/// # runtime.block_on(async {
/// let issuer = TestIssuer::es256().issuer("https://auth.example.com");
/// let [active, revoked] = ["t1", "t2"].map(|id| issuer.token().claim("jti", id).mint());
/// // The endpoint of this example.
/// let known = active.clone();
/// let endpoint = tower::service_fn(move |request: Request<FormBody>| {
///     let answer = format!(r#"{{"active":{}}}"#, request.body().text().contains(&known));
///     let response = Response::builder().header(CONTENT_TYPE, "application/json");
///     async { response.body(Full::new(Bytes::from(answer))) }
/// });
///
/// let introspection =
///     Introspection::endpoint("https://auth.example.com/introspect", "https://auth.example.com")
///         .client_secret_basic("orders", "the secret of this server")
///         .allow_unsigned_answers()
///         .client(endpoint)
///         .build()?;
/// let verifier = Verifier::jwks(issuer.jwks())
///     .issuer("https://auth.example.com")
///     .any_audience()
///     .revocation(introspection)
///     .build()?;
/// assert!(verifier.verify(&active).await.is_ok());
/// assert_eq!(verifier.verify(&revoked).await.unwrap_err().kind(), ErrorKind::TokenRevoked);
/// # Ok::<(), tower_jwt_auth::BuildError>(()) }).unwrap();
/// ```
#[derive(Clone)]
pub struct Introspection(pub(super) Arc<Calls>);

impl Revocation for Introspection {
    fn check(&self, presented: &Presented<'_>) -> Answer<Result<Standing, Error>> {
        self.0.check(presented)
    }
}

impl fmt::Debug for Introspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
