//! Settings for provider presets, inside and outside this crate.

use std::sync::Arc;

use super::builder::VerifierBuilder;
use crate::clock::Clock;
use crate::error::{ErrorKind, Problem};
use crate::explain::UnverifiedToken;

/// Settings for provider presets.
impl<C> VerifierBuilder<C> {
    /// Like [`check`](Self::check), but the check also receives the verifier's clock.
    ///
    /// Use it for claims that contain times.
    ///
    /// ```
    /// use tower_jwt_auth::claims::NumericDate;
    /// use tower_jwt_auth::{Claims, ErrorKind, Verifier, testing::TestIssuer};
    ///
    /// let session_ends = |claims: &Claims| claims.get("session_ends")?.as_i64();
    /// let issuer = TestIssuer::hs256();
    /// let verifier = Verifier::shared_secret(issuer.secret())
    ///     .any_audience()
    ///     .check_with_clock("the session's end", move |claims, clock| {
    ///         session_ends(claims).is_some_and(|end| NumericDate::from(clock.now()).seconds() < end)
    ///     })
    ///     .build()?;
    ///
    /// let token = |end: i64| issuer.token().claim("session_ends", end).mint();
    /// assert!(verifier.verify_now(&token(i64::MAX)).is_ok());
    /// assert_eq!(verifier.verify_now(&token(1)).unwrap_err().kind(), ErrorKind::CheckFailed);
    /// # Ok::<(), tower_jwt_auth::BuildError>(())
    /// ```
    pub fn check_with_clock(
        mut self,
        name: &'static str,
        check: impl Fn(&C, &dyn Clock) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.checks.push((name, Arc::new(check)));
        self
    }

    /// Sets a function that returns a hint for the operator about a rejected token.
    ///
    /// The hint should name the kind of token that was probably sent, and the setting that accepts it. It replaces
    /// [`Error::detail`](crate::Error::detail), which is logged and never sent to clients. The function is called
    /// with each rejected token, which is unverified, and the reason for the rejection, so it must be fast. A hint is a
    /// static text, so no part of the token is logged. It is also in the hints of an
    /// [`Explanation`](crate::explain::Explanation).
    ///
    /// ```
    /// use tower_jwt_auth::{ErrorKind, Verifier, testing::TestIssuer};
    ///
    /// let verifier = Verifier::shared_secret(TestIssuer::hs256().secret())
    ///     .any_audience()
    ///     .operator_hint(|token, kind| {
    ///         let is_opaque = kind == ErrorKind::MalformedToken && token.text().starts_with("sk_");
    ///         is_opaque.then_some("it is an API key; the gateway exchanges API keys for tokens")
    ///     })
    ///     .build()?;
    /// let rejected = verifier.verify_now("sk_live_51H").unwrap_err();
    /// assert!(rejected.detail().unwrap().contains("API key"));
    /// # Ok::<(), tower_jwt_auth::BuildError>(())
    /// ```
    pub fn operator_hint(
        mut self,
        hint: impl Fn(&UnverifiedToken<'_>, ErrorKind) -> Option<&'static str> + Send + Sync + 'static,
    ) -> Self {
        self.hint = Some(Box::new(hint));
        self
    }

    /// Adds a problem that [`build`](Self::build) reports together with all others.
    ///
    /// Use it in presets of your own: the function returns a builder, and the user sees all problems at once.
    ///
    /// ```
    /// use tower_jwt_auth::error::{Problem, ProblemKind};
    /// use tower_jwt_auth::{Verifier, VerifierBuilder, testing::TestIssuer};
    ///
    /// /// A preset for the tokens of one tenant. The issuer's URL contains the tenant's id.
    /// fn acme_cloud(tenant: &str, secret: &str) -> VerifierBuilder {
    ///     let builder = Verifier::shared_secret(secret).audience("orders");
    ///     if tenant.is_empty() {
    ///         return builder.problem(Problem::new(
    ///             ProblemKind::EmptyValue,
    ///             "an empty tenant id",
    ///             "no token has the issuer `https://acme.example/`",
    ///             "Pass the id from the tenant's settings page",
    ///         ));
    ///     }
    ///     builder.issuer(format!("https://acme.example/{tenant}"))
    /// }
    ///
    /// let secret = TestIssuer::hs256().secret().to_owned();
    /// assert!(acme_cloud("t-1", &secret).build().is_ok());
    ///
    /// let error = acme_cloud("", "too short").build().unwrap_err();
    /// let kinds: Vec<_> = error.problems().iter().map(|problem| problem.kind()).collect();
    /// assert_eq!(kinds, [ProblemKind::WeakSecret, ProblemKind::EmptyValue]);
    /// ```
    pub fn problem(mut self, problem: Problem) -> Self {
        self.problems.push(problem);
        self
    }
}
