//! Explains the verdict on a token.

use std::any::{TypeId, type_name};

use serde::de::DeserializeOwned;

use super::builder::VerifierBuilder;
use super::explained::Rows;
use super::issuers::Selected;
use super::rejections::Rejections;
use super::signature::Stop;
use super::trust::{Bound, Trust};
use super::trusted::Trusted;
use super::verifier::Verifier;
use crate::claims::{Claims, NumericDate};
use crate::error::{Error, ErrorKind};
use crate::explain::{Case, Draft, Explanation, Step, UnverifiedToken, hints};

impl<C> VerifierBuilder<C> {
    /// Passes explanations of rejected tokens to this function, for a log; at most ten per second.
    ///
    /// It is off by default: an [`Explanation`] contains the token's issuer, audience and dates, and to create it, the
    /// token is verified a second time, with the checks of the application. A client that sends many invalid tokens can
    /// use up the ten. The function must not block. It is called for rejections by the verifier, but
    /// not for a missing or malformed `Authorization` header or a failed proof of possession.
    ///
    /// ```
    /// use tower_jwt_auth::{Verifier, testing::TestIssuer};
    ///
    /// let issuer = TestIssuer::hs256();
    /// let verifier = Verifier::shared_secret(issuer.secret())
    ///     .any_audience()
    ///     .explain_rejections(|explanation| eprintln!("{explanation}"))
    ///     .build()?;
    /// assert!(verifier.verify_now(&issuer.token().expired().mint()).is_err()); // prints a report
    /// # Ok::<(), tower_jwt_auth::BuildError>(())
    /// ```
    pub fn explain_rejections(
        mut self,
        sink: impl Fn(&Explanation) + Send + Sync + 'static,
    ) -> Self {
        self.explain = Some(Rejections::new(sink));
        self
    }
}

impl<C: DeserializeOwned + Send + Sync + 'static> Verifier<C> {
    /// Explains how [`verify`](Self::verify) judges a token with the keys in memory, step by step.
    ///
    /// It is for operators and developers; see the rules of [`explain`](crate::explain). No keys are fetched, and the
    /// revocation check is not called. It costs more than verifying, so do not call it for each request:
    /// [`explain_rejections`](crate::VerifierBuilder::explain_rejections) limits the rate.
    ///
    /// ```
    /// use tower_jwt_auth::{Verifier, testing::TestIssuer};
    ///
    /// let issuer = TestIssuer::hs256().audience("orders");
    /// let verifier = Verifier::shared_secret(issuer.secret()).audience("orders").build()?;
    /// assert!(verifier.explain(&issuer.token().mint()).error().is_none());
    ///
    /// let report = verifier.explain("Bearer undefined").to_string();
    /// assert!(report.starts_with("rejected with malformed_token"));
    /// assert!(report.contains("the client adds the scheme twice"));
    /// # Ok::<(), tower_jwt_auth::BuildError>(())
    /// ```
    pub fn explain(&self, token: &str) -> Explanation {
        self.current().explained(token, Bound::Refuse, None)
    }
}

impl<C: DeserializeOwned + Send + Sync + 'static> Trust<C> {
    /// Explains the rejection of a token with this error.
    pub(crate) fn explain_rejection(
        &self,
        token: &str,
        bound: Bound,
        error: &Error,
    ) -> Explanation {
        self.explained(token, bound, Some(error))
    }

    fn explained(&self, token: &str, bound: Bound, known: Option<&Error>) -> Explanation {
        let (error, mut reached, would_refresh) = self.walk(token, bound);
        // A rejected request has already waited for newer keys.
        let would_refresh = would_refresh && known.is_none();
        let error = match known {
            Some(known) => {
                // A check after those of `walk` rejected the token, or the keys have changed since.
                reached = if error.is_none() { last_step(known.kind()) } else { reached };
                Some(known.clone())
            }
            None => error,
        };
        let unverified = self.unverified(token);
        let selected = match reached {
            Step::Length | Step::Format | Step::Header => None,
            _ => self.issuer_of(token),
        };
        let issuer = selected.as_ref().map(Selected::trusted);
        let now = NumericDate::from(self.clock.now());
        let hints = match &error {
            Some(error) => self.hints(&unverified, issuer, error, reached, would_refresh),
            None => Vec::new(),
        };
        let rows = self.rows(&unverified, issuer, now, reached, error.as_ref());
        let is_hidden = match issuer {
            Some(issuer) => issuer.hides_claims(),
            None => self.issuers.all().any(Trusted::hides_claims),
        };
        let payload = unverified.payload_object().filter(|_| !is_hidden).cloned();
        Explanation::new(Draft { error, reached, rows, hints, payload })
    }

    /// The verdict, the last step that was reached, and whether newer keys could change the verdict.
    fn walk(&self, token: &str, bound: Bound) -> (Option<Error>, Step, bool) {
        let mut reached = Step::Length;
        if let Err(error) = self.check_length(token) {
            return (Some(error), reached, false);
        }
        match self.trace(token, bound, &mut |step| reached = step) {
            Ok(_) => (None, Step::Revocation, false),
            Err(Stop::Rejected(error)) => (Some(error), reached, false),
            Err(Stop::Refresh(request)) => {
                // By default, a bad signature of a known key causes no fetch.
                let would_refresh = request.fault().is_none();
                (Some(request.rejection), reached, would_refresh)
            }
        }
    }

    fn hints(
        &self,
        token: &UnverifiedToken<'_>,
        issuer: Option<&Trusted>,
        error: &Error,
        reached: Step,
        would_refresh: bool,
    ) -> Vec<&'static str> {
        let names = self.issuers.names_for(|claim| token.claim(claim));
        let iss = token.claim::<String>("iss");
        let template = issuer.and_then(Trusted::template);
        let case = Case {
            token,
            kind: error.kind(),
            reached,
            issuers: names.iter().map(String::as_str).collect(),
            other_tenant: iss
                .as_deref()
                .zip(template)
                .and_then(|(iss, template)| template.other_tenant_in(iss)),
            audiences: issuer
                .map(|issuer| issuer.policy.audience_names().collect())
                .unwrap_or_default(),
            algorithms: issuer.and_then(Trusted::allowed_algorithms).unwrap_or_default(),
            now: NumericDate::from(self.clock.now()),
            leeway: issuer.map(|issuer| issuer.policy.times.leeway).unwrap_or_default(),
            has_keys: issuer.is_some_and(|issuer| issuer.keys.generation().is_some()),
            requires_type: issuer.is_some_and(|issuer| issuer.policy.typ.is_some()),
            would_refresh,
        };
        let configured = self.hint.as_ref().and_then(|hint| hint(token, error.kind()));
        configured.into_iter().chain(hints(&case)).collect()
    }

    fn rows(
        &self,
        token: &UnverifiedToken<'_>,
        issuer: Option<&Trusted>,
        now: NumericDate,
        reached: Step,
        error: Option<&Error>,
    ) -> Vec<(Step, Option<String>, Option<String>)> {
        let mut rows = Rows::new(token, now);
        rows.of_form(self.max_token_len);
        if self.issuers.are_several() {
            rows.of_trust(self.issuers.names());
        }
        let Some(issuer) = issuer else { return rows.into() };
        rows.of_signature(issuer);
        rows.of_policy(&issuer.policy, self.issuers.expected(issuer));
        if TypeId::of::<C>() != TypeId::of::<Claims>() {
            let unfit = error.filter(|_| reached == Step::ClaimsType).and_then(Error::expected);
            let with = unfit.map(|expected| format!(", with {expected}")).unwrap_or_default();
            let expected = format!("`{}`{with}", type_name::<C>());
            rows.add(Step::ClaimsType, Some(expected), None);
        }
        let names: Vec<_> = self.checks.iter().map(|(name, _)| format!("`{name}`")).collect();
        if !names.is_empty() {
            rows.add(Step::Checks, Some(names.join(", ")), None);
        }
        rows.of_proof(reached == Step::Proof);
        if self.revocation.is_some() {
            let expected = "an answer of the revocation check, which is not asked here";
            rows.add(Step::Revocation, Some(expected.to_owned()), None);
        }
        rows.into()
    }
}

/// The step of an error that is found after all steps of the verifier.
const fn last_step(kind: ErrorKind) -> Step {
    match kind {
        ErrorKind::ProofRequired
        | ErrorKind::CertificateMismatch
        | ErrorKind::ConfirmUnavailable => Step::Proof,
        ErrorKind::KeysUnavailable | ErrorKind::UnknownKey => Step::Key,
        _ => Step::Revocation,
    }
}
