//! Settings that presets for a provider need, inside this crate and outside.

use std::sync::Arc;

use super::builder::VerifierBuilder;
use crate::clock::Clock;
use crate::error::{ErrorKind, Problem};
use crate::jws::Algorithm;

/// For presets of a provider.
impl<C> VerifierBuilder<C> {
    /// As [`check`](Self::check), with the clock of the verifier, for claims with times of their own.
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

    /// Asks for a hint to the operator about each rejected token.
    ///
    /// The hint replaces [`Error::detail`](crate::Error::detail), which goes to logs and never to clients: say which
    /// kind of token was probably sent, and which setting accepts it. It gets the token's text, the algorithm that
    /// the token's header names, if it can be read, and why the token was rejected. Nothing of this is verified; a
    /// hint is a fixed text, so that nothing of the token gets into a log.
    ///
    /// ```
    /// use tower_jwt_auth::{ErrorKind, Verifier, testing::TestIssuer};
    ///
    /// let verifier = Verifier::shared_secret(TestIssuer::hs256().secret())
    ///     .any_audience()
    ///     .operator_hint(|token, _, kind| {
    ///         let is_opaque = kind == ErrorKind::MalformedToken && token.starts_with("sk_");
    ///         is_opaque.then_some("it is an API key, which the gateway exchanges for a token")
    ///     })
    ///     .build()?;
    /// let rejected = verifier.verify_now("sk_live_51H").unwrap_err();
    /// assert!(rejected.detail().unwrap().contains("API key"));
    /// # Ok::<(), tower_jwt_auth::BuildError>(())
    /// ```
    pub fn operator_hint(
        mut self,
        hint: impl Fn(&str, Option<Algorithm>, ErrorKind) -> Option<&'static str>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        self.hint = Some(Box::new(hint));
        self
    }

    /// Reports a problem of a preset's own at [`build`](Self::build), with those of the other settings.
    ///
    /// For presets outside this crate: their functions return a builder, and the user reads all problems at once.
    ///
    /// ```
    /// use tower_jwt_auth::error::{Problem, ProblemKind};
    /// use tower_jwt_auth::{Verifier, VerifierBuilder, testing::TestIssuer};
    ///
    /// /// A preset: tokens of one tenant, whose issuer follows from the tenant's id.
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
