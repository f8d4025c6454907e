//! The state that clones share: cached verdicts, the calls under way, and one call.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use super::answer::{Answered, Asked, Form};
use super::breaker::Breaker;
use super::exchange::Post;
use super::failed::{Failed, Outcome};
use super::request::Authentication;
use super::verdicts::{Digest, Verdicts};
use crate::answer::Answer;
use crate::claims::NumericDate;
use crate::clock::Clock;
use crate::error::Error;
use crate::jwks::single_flight::{SingleFlight, Ticket, Waiting};
use crate::jwks::sync::{Mutex, MutexGuard, Runtime, timer, within};
use crate::observe::{Event, IntrospectionFailure, IntrospectionOutcome, Observing};
use crate::revocation::{Presented, Standing};
use crate::url::Url;

/// How long a verdict other than `Active` is cached.
const OTHERS_CACHED_FOR: Duration = Duration::from_secs(5);
/// How long a failing status is cached for its token.
const STATUS_CACHED_FOR: Duration = Duration::from_secs(1);

/// The settings and the state.
pub(super) struct Calls {
    pub(super) endpoint: Url,
    pub(super) issuer: String,
    pub(super) allows_other_issuers: bool,
    pub(super) authentication: Authentication,
    pub(super) form: Form,
    pub(super) client: Mutex<Box<dyn Post>>,
    pub(super) timeout: Duration,
    /// The largest number of calls under way.
    pub(super) most_under_way: usize,
    /// How long the verdict `Active` is cached.
    pub(super) cached_for: Duration,
    pub(super) waiting: Arc<Semaphore>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) observer: Observing,
    pub(super) state: Mutex<State>,
}

#[derive(Default)]
pub(super) struct State {
    verdicts: Verdicts,
    /// At most one call for each token.
    under_way: HashMap<Digest, SingleFlight<Outcome>>,
    breaker: Breaker,
    /// The token of the last call with a failing status.
    last_failing: Option<Digest>,
}

/// What to do for a request.
enum Step {
    Known(Outcome),
    Wait(Waiting<Outcome>, Option<Box<PendingCall>>),
    /// No call is started, and a client may retry after this time.
    Reject(IntrospectionFailure, Duration),
}

impl Calls {
    /// Ignores poisoning: no panic can leave the state inconsistent.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn check(
        self: &Arc<Self>,
        presented: &Presented<'_>,
    ) -> Answer<Result<Standing, Error>> {
        if presented.token().issuer() != Some(&self.issuer) {
            return Answer::now(if self.allows_other_issuers {
                Ok(Standing::Active)
            } else {
                Err(self.reject(IntrospectionFailure::OtherIssuer, Duration::ZERO))
            });
        }
        let runtime = Runtime::current();
        let (waiting, call) = match self.step(presented, runtime.is_some()) {
            Step::Known(outcome) => {
                return Answer::now(outcome.map_err(|failed| failed.into_error(Duration::ZERO)));
            }
            Step::Reject(failure, wait) => return Answer::now(Err(self.reject(failure, wait))),
            Step::Wait(waiting, call) => (waiting, call),
        };
        if let (Some(call), Some(runtime)) = (call, runtime) {
            call.spawn(&runtime);
        }
        self.wait(waiting)
    }

    /// Decides with the state locked. A call is spawned after that: a runtime that is shutting down drops the task
    /// immediately, and dropping it locks the state.
    fn step(self: &Arc<Self>, presented: &Presented<'_>, has_runtime: bool) -> Step {
        let (digest, now) = (presented.digest(), self.clock.monotonic());
        let mut state = self.state();
        if let Some(outcome) = state.verdicts.get(&digest, now) {
            return Step::Known(outcome.clone());
        }
        if let Some(waiting) = state.under_way.get(&digest).and_then(|call| call.join(now)) {
            return Step::Wait(waiting, None);
        }
        if let Some(wait) = state.breaker.wait(now) {
            return Step::Reject(IntrospectionFailure::Paused, wait);
        }
        if state.under_way.len() >= self.most_under_way {
            // Those that are lost, with their runtime, do not count.
            state.under_way.retain(|_, call| call.join(now).is_some());
            if state.under_way.len() >= self.most_under_way {
                return Step::Reject(IntrospectionFailure::TooManyCalls, self.timeout);
            }
        }
        if !has_runtime {
            return Step::Reject(IntrospectionFailure::NoRuntime, Duration::ZERO);
        }
        // A call that has not completed after twice its timeout never will.
        let lost_at = now.saturating_add(self.timeout * 2);
        let mut call = SingleFlight::new();
        let (waiting, ticket) = call.start(lost_at);
        state.under_way.insert(digest, call);
        state.breaker.started(lost_at);
        let call = Box::new(PendingCall {
            calls: Arc::clone(self),
            digest,
            token: Zeroizing::new(presented.token_for_introspection().to_owned()),
            asked: Asked::about(presented.token()),
            ticket,
            started: now,
            is_complete: false,
        });
        Step::Wait(waiting, Some(call))
    }

    /// Waits slightly longer than the timeout of the call, so that the call reports its own failure. Dropping the
    /// answer does not cancel the call.
    fn wait(self: &Arc<Self>, waiting: Waiting<Outcome>) -> Answer<Result<Standing, Error>> {
        let Ok(permit) = Arc::clone(&self.waiting).try_acquire_owned() else {
            let failure = IntrospectionFailure::TooManyWaiting;
            return Answer::now(Err(self.reject(failure, self.timeout)));
        };
        let limit = match timer(&*self.clock, self.timeout * 17 / 16) {
            Ok(limit) => limit,
            Err(failure) => {
                return Answer::now(Err(Failed::from(failure).into_error(Duration::ZERO)));
            }
        };
        let this = Arc::clone(self);
        Answer::later(async move {
            let outcome = within(limit, waiting.outcome()).await;
            drop(permit);
            let aborted = || Err(IntrospectionFailure::Aborted.into());
            let outcome = match outcome {
                Ok(outcome) => outcome.unwrap_or_else(aborted),
                Err(failure) => Err(Failed::from(failure).at(&this.endpoint)),
            };
            outcome.map_err(|failed| {
                let wait = this.state().breaker.wait(this.clock.monotonic());
                failed.into_error(wait.unwrap_or_default())
            })
        })
    }

    /// The error of a request for which no call is started.
    fn reject(&self, failure: IntrospectionFailure, retry_after: Duration) -> Error {
        self.report(IntrospectionOutcome::Failed(failure), None, Duration::ZERO);
        Failed::from(failure).into_error(retry_after)
    }

    fn report(&self, outcome: IntrospectionOutcome, detail: Option<&str>, took: Duration) {
        let host = self.endpoint.host();
        self.observer.report(&Event::TokenIntrospected { host, outcome, detail, took });
    }

    /// Asks the endpoint within the timeout.
    async fn ask(&self, token: &str, asked: &Asked) -> Result<Answered, Failed> {
        let exchange = async {
            let accept = self.form.accept();
            let request = self.authentication.request(&self.endpoint, token, accept)?;
            // The lock is held only while the client is cloned, not during the request.
            let response = self.client.lock().unwrap_or_else(PoisonError::into_inner).post(request);
            self.form.read(response.await?, asked).await
        };
        let asked = async {
            let limit = timer(&*self.clock, self.timeout)?;
            within(limit, exchange).await?
        };
        asked.await.map_err(|failed: Failed| match failed.failure {
            IntrospectionFailure::Timeout => {
                let predicate = format!("did not answer within {:?}", self.timeout);
                failed.with_detail(&predicate).at(&self.endpoint)
            }
            _ => failed.at(&self.endpoint),
        })
    }

    /// How long a verdict is cached: never past the expiry of the token, by its own `exp` and that of the answer.
    fn cached_for(&self, answer: &Result<Answered, Failed>, asked: &Asked) -> Duration {
        match answer {
            Ok(Answered { standing: Standing::Active, expires_at }) => {
                let now = self.clock.now();
                let ends = [asked.expires_at, *expires_at].into_iter().flatten();
                let left = ends.map(|end| until(end, now)).min().unwrap_or(Duration::MAX);
                self.cached_for.min(left)
            }
            Ok(_) => OTHERS_CACHED_FOR,
            Err(failed) if failed.is_about_the_token() => OTHERS_CACHED_FOR,
            Err(failed) if failed.failure == IntrospectionFailure::Status => STATUS_CACHED_FOR,
            Err(_) => Duration::ZERO,
        }
    }
}

impl State {
    /// Records whether the endpoint works.
    fn judge_endpoint(&mut self, digest: &Digest, outcome: &Outcome, now: Duration) {
        let is_status =
            matches!(outcome, Err(failed) if failed.failure == IntrospectionFailure::Status);
        let before = std::mem::replace(&mut self.last_failing, is_status.then_some(*digest));
        match outcome {
            // The server may fail for this token alone, and a client could send it again and again.
            Err(_) if is_status && before == Some(*digest) && !self.breaker.is_tripped() => (),
            Err(failed) if !failed.is_about_the_token() => self.breaker.failed(now),
            _ => self.breaker.succeeded(),
        }
    }
}

/// The time until a date; zero if it has passed.
fn until(date: NumericDate, now: SystemTime) -> Duration {
    match date.to_system_time() {
        Some(date) => date.duration_since(now).unwrap_or_default(),
        // A date that is out of range.
        None if date.seconds() > 0 => Duration::MAX,
        None => Duration::ZERO,
    }
}

/// A call. It completes when it is dropped, even if the runtime shuts down or the client panics.
struct PendingCall {
    calls: Arc<Calls>,
    digest: Digest,
    token: Zeroizing<String>,
    asked: Asked,
    ticket: Ticket<Outcome>,
    started: Duration,
    is_complete: bool,
}

impl PendingCall {
    fn spawn(mut self, runtime: &Runtime) {
        runtime.spawn(async move {
            let answer = self.calls.ask(&self.token, &self.asked).await;
            self.complete(answer);
        });
    }

    fn complete(&mut self, answer: Result<Answered, Failed>) {
        self.is_complete = true;
        let (calls, now) = (&*self.calls, self.calls.clock.monotonic());
        // The answer is as old as the request, so its age counts from there.
        let until = self.started.saturating_add(calls.cached_for(&answer, &self.asked));
        let outcome = answer.map(|answered| answered.standing);
        let mut state = calls.state();
        if !state.under_way.get_mut(&self.digest).is_some_and(|call| call.complete(&self.ticket)) {
            return;
        }
        state.under_way.remove(&self.digest);
        state.judge_endpoint(&self.digest, &outcome, now);
        state.verdicts.insert(self.digest, outcome.clone(), now, until);
        drop(state);
        self.ticket.publish(outcome.clone());
        if !std::thread::panicking() {
            let took = now.saturating_sub(self.started);
            let detail = outcome.as_ref().err().and_then(Failed::detail);
            let outcome = match &outcome {
                Ok(Standing::Active) => IntrospectionOutcome::Active,
                Ok(Standing::Revoked) => IntrospectionOutcome::Revoked,
                Err(failed) => IntrospectionOutcome::Failed(failed.failure),
            };
            calls.report(outcome, detail, took);
        }
    }
}

impl Drop for PendingCall {
    fn drop(&mut self) {
        if !self.is_complete {
            self.complete(Err(IntrospectionFailure::Aborted.into()));
        }
    }
}

impl fmt::Debug for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the query of the URL, which may contain a credential.
        f.debug_struct("Introspection")
            .field("endpoint", &self.endpoint.place())
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}
