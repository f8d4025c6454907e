//! A denylist that is kept equal to a list in Redis.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::feed;
use super::freshness::Moment;
use super::health::{DenylistHealth, DenylistState};
use super::shared::Shared;
use super::store_error::StoreError;
use super::write;
use crate::answer::Answer;
use crate::claims::NumericDate;
use crate::error::{Error, ErrorKind};
use crate::jwt::Token;
use crate::revocation::{Entry, Presented, Revocation, Revoke, Standing};

/// The waiting time of a client while the list is not complete: a new attempt to read it is then likely to be over.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// A list of revoked tokens, sessions and subjects that servers share through Redis or Valkey.
///
/// It rejects what a [`Denylist`](crate::revocation::Denylist) rejects. Pass a clone to
/// [`VerifierBuilder::revocation`](crate::VerifierBuilder::revocation), spawn [`keep_fresh`](Self::keep_fresh), and
/// revoke with another clone. Clones share the list and its connections.
///
/// 1. A request is checked against the list in memory. It never waits for Redis.
/// 2. Until the list was read for the first time, tokens are rejected with 503; those that this server revoked itself,
///    with 401.
/// 3. If the connection is lost, tokens are checked against what is known. Tokens that are on the list are rejected
///    with 401, however old the list is.
/// 4. If the connection is lost for longer than [`max_stale`](super::RedisDenylistBuilder::max_stale), every other
///    token is rejected with 503, because it may be revoked.
/// 5. An entry stays in memory until it expires, also if Redis loses it.
///
/// A Tokio runtime with `enable_all` is needed. The guide page [A shared
/// denylist](crate::guide::shared_denylist) has the layout in Redis and examples for other languages.
///
/// ```no_run
/// use std::time::Duration;
/// use tower_jwt_auth::store::RedisDenylist;
/// use tower_jwt_auth::{JwtAuthLayer, Verifier};
///
/// # async fn serve() -> Result<(), Box<dyn std::error::Error>> {
/// let denied = RedisDenylist::url("redis://:password@redis.internal")
///     .lifetime(Duration::from_secs(3600)) // the longest life of a token
///     .build()?;
/// tokio::spawn(denied.keep_fresh());
///
/// let verifier = Verifier::shared_secret_from_env("JWT_SECRET")
///     .issuer("https://auth.example.com")
///     .audience("orders")
///     .revocation(denied.clone())
///     .build()?;
/// let layer = JwtAuthLayer::new(verifier);
///
/// // Alice loses her phone: every server rejects its tokens.
/// denied.revoke_session("https://auth.example.com", "phone", None).await?;
/// # let _ = layer;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct RedisDenylist(pub(super) Arc<Shared>);

impl RedisDenylist {
    /// Reads the list, unless it is fresh, and waits for it.
    ///
    /// Call it when the server starts, so that the first requests are not rejected. [`keep_fresh`](Self::keep_fresh)
    /// must run as well: otherwise the list is not updated.
    ///
    /// # Errors
    ///
    /// The list could not be read. The server can start anyway: it answers 503 until `keep_fresh` has read the list.
    pub fn warm(&self) -> impl Future<Output = Result<(), StoreError>> + Send + 'static {
        let shared = Arc::clone(&self.0);
        async move {
            let now = Moment::now(&*shared.clock);
            match shared.freshness.state(now, shared.max_stale) {
                DenylistState::Fresh => Ok(()),
                _ => feed::read_once(&shared).await,
            }
        }
    }

    /// Reads the list, and keeps it equal to the one in Redis.
    ///
    /// Spawn it once: `tokio::spawn(denied.keep_fresh())`. It ends within seconds after the last clone of the list is
    /// dropped. It connects again whenever the connection is lost, after a pause of at most ten seconds.
    ///
    /// It waits with the clock of the list ([`Clock::sleep_until`](crate::clock::Clock::sleep_until)). If the clock has
    /// no timers, it ends immediately, and reports that as an event and in [`last_error`](DenylistHealth::last_error).
    pub fn keep_fresh(&self) -> impl Future<Output = ()> + Send + 'static {
        feed::keep_fresh(&self.0)
    }

    /// Returns the state of the list, for readiness probes and dashboards. It counts the entries in memory.
    pub fn health(&self) -> DenylistHealth {
        let Shared { list, freshness, clock, max_stale, .. } = &*self.0;
        let now = Moment::now(&**clock);
        DenylistHealth {
            state: freshness.state(now, *max_stale),
            age: freshness.age(now),
            entries: list.len(),
            last_error: freshness.last_error(),
        }
    }

    /// Revokes one token, by its `iss` and `jti`. See [`Revoke::revoke`] for this type.
    ///
    /// `until` is when the token expires; `None` means the [`lifetime`](super::RedisDenylistBuilder::lifetime).
    ///
    /// # Errors
    ///
    /// The entry could not be written.
    pub fn revoke_token(
        &self,
        issuer: &str,
        token_id: &str,
        until: impl Into<Option<NumericDate>>,
    ) -> Answer<Result<(), Error>> {
        self.revoke(&Entry::token(issuer, token_id).until(until))
    }

    /// Revokes all tokens of a login session, by their `iss` and `sid`. See [`Revoke::revoke`] for this type.
    ///
    /// `until` is when the last of them expires; `None` means the [`lifetime`](super::RedisDenylistBuilder::lifetime).
    ///
    /// # Errors
    ///
    /// The entry could not be written.
    pub fn revoke_session(
        &self,
        issuer: &str,
        session_id: &str,
        until: impl Into<Option<NumericDate>>,
    ) -> Answer<Result<(), Error>> {
        self.revoke(&Entry::session(issuer, session_id).until(until))
    }

    /// Revokes all tokens of a subject that were issued before this time, or in the same second. See
    /// [`Revoke::revoke`] for this type.
    ///
    /// `until` is when the last of them expires; `None` means the [`lifetime`](super::RedisDenylistBuilder::lifetime).
    ///
    /// # Errors
    ///
    /// The entry could not be written.
    pub fn revoke_subject(
        &self,
        issuer: &str,
        subject: &str,
        issued_before: impl Into<NumericDate>,
        until: impl Into<Option<NumericDate>>,
    ) -> Answer<Result<(), Error>> {
        self.revoke(&Entry::subject(issuer, subject, issued_before).until(until))
    }
}

impl Revocation for RedisDenylist {
    fn check(&self, presented: &Presented<'_>) -> Answer<Result<Standing, Error>> {
        // The list is in memory, so it answers now.
        let listed = match self.0.list.check(presented).try_now() {
            Ok(Ok(Standing::Active)) => None,
            Ok(other) => Some(other),
            Err(later) => return later,
        };
        Answer::now(listed.unwrap_or_else(|| self.unless_incomplete()))
    }

    fn revokes(&self, token: &Token) -> bool {
        self.0.list.revokes(token)
    }
}

impl RedisDenylist {
    /// The answer for a token that is not on the list.
    fn unless_incomplete(&self) -> Result<Standing, Error> {
        let Shared { freshness, clock, max_stale, allow_when_stale, .. } = &*self.0;
        let detail = match freshness.state(Moment::now(&**clock), *max_stale) {
            DenylistState::Unread => "the shared denylist was never read",
            DenylistState::Expired if !allow_when_stale => {
                "the connection to the shared denylist is lost for longer than its `max_stale`"
            }
            _ => return Ok(Standing::Active),
        };
        let error = Error::new(ErrorKind::RevocationUnavailable).with_detail(detail);
        Err(error.with_retry_after(RETRY_AFTER))
    }
}

impl Revoke for RedisDenylist {
    /// Adds the entry to the list of this server at once, and to Redis.
    ///
    /// The entry is written even if the answer is dropped. The answer comes after at most two seconds.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::RevocationUnavailable`] if Redis did not confirm the entry; its source is a [`StoreError`]. This
    /// server still applies the entry, and [`keep_fresh`](Self::keep_fresh) writes it as soon as Redis is back, unless
    /// the process ends before or 10,000 entries wait already. The same entry may be written any number of times.
    fn revoke(&self, entry: &Entry) -> Answer<Result<(), Error>> {
        write::revoke(&self.0, entry)
    }
}

impl fmt::Debug for RedisDenylist {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisDenylist")
            .field("key", &self.0.connector.key())
            .field("max_stale", &self.0.max_stale)
            .finish_non_exhaustive()
    }
}
