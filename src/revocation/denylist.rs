//! A list of what is revoked, in memory.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::check::{Revocation, Standing};
use super::entry::{Entry, Revoke};
use super::presented::Presented;
use crate::answer::Answer;
use crate::claims::NumericDate;
use crate::clock::{Clock, SystemClock};
use crate::error::{Error, ErrorKind};
use crate::expiring_set::{ExpiringSet, FOREVER, Group, Kept};
use crate::jwt::Token;
use crate::observe::{EntryKind, Event};

/// How much longer an entry is kept than it is needed: the longest leeway of a policy, as much for the difference
/// between the clocks of issuer and server, and what rounding loses.
const LEEWAY: Duration = Duration::from_secs(10 * 60 + 1);

/// A list of revoked tokens, sessions and subjects, in memory.
///
/// Pass a clone to [`VerifierBuilder::revocation`](crate::VerifierBuilder::revocation), and keep one to add entries.
/// Clones share the list. A check takes no lock and does not allocate. The list is empty after a restart; use
/// `store::RedisDenylist` (feature `redis`) if that matters, or if there is more than one replica.
///
/// 1. A token whose `jti` is listed is rejected.
/// 2. A token whose `sid` is listed is rejected.
/// 3. A token whose `sub` is listed is rejected if it was issued before the listed time or in the same second, because
///    `iat` usually has no fraction, or if it has no `iat`. If the policy reads the subject from another claim
///    ([`Policy::subject_claim`](crate::Policy::subject_claim)), that is looked up as well.
/// 4. An entry matches only tokens with the same `iss`: two issuers may use the same ids.
/// 5. An entry is kept ten minutes longer than it is needed, because of the leeway of a policy and differences between
///    clocks.
///
/// An entry for a session or a subject cannot know when the last token of it expires. Set [`lifetime`](Self::lifetime),
/// otherwise entries without a time of their own are kept until the process ends.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use tower_jwt_auth::revocation::Denylist;
/// use tower_jwt_auth::{ErrorKind, Verifier, testing::TestIssuer};
///
/// let denied = Denylist::new().lifetime(Duration::from_secs(3600)); // the longest life of a token
/// let issuer = TestIssuer::hs256().issuer("https://auth.example.com");
/// let verifier = Verifier::shared_secret(issuer.secret())
///     .issuer("https://auth.example.com")
///     .any_audience()
///     .revocation(denied.clone())
///     .build()?;
///
/// let phone = issuer.token().subject("alice").claim("sid", "phone").mint();
/// let laptop = issuer.token().subject("alice").claim("sid", "laptop").mint();
/// assert!(verifier.verify_now(&phone).is_ok());
///
/// // Alice loses her phone.
/// denied.revoke_session("https://auth.example.com", "phone", None);
/// assert_eq!(verifier.verify_now(&phone).unwrap_err().kind(), ErrorKind::TokenRevoked);
/// assert!(verifier.verify_now(&laptop).is_ok());
///
/// // She signs out everywhere.
/// denied.revoke_subject("https://auth.example.com", "alice", SystemTime::now(), None);
/// assert!(verifier.verify_now(&laptop).is_err());
/// # Ok::<(), tower_jwt_auth::BuildError>(())
/// ```
#[derive(Clone)]
pub struct Denylist {
    entries: Arc<ExpiringSet>,
    clock: Arc<dyn Clock>,
    lifetime: Option<Duration>,
}

impl Denylist {
    /// Creates an empty list.
    pub fn new() -> Self {
        let clock = Arc::new(SystemClock::new());
        Self { entries: Arc::new(ExpiringSet::new()), clock, lifetime: None }
    }

    /// Sets the longest time for which a token is valid.
    ///
    /// An entry without a time of its own is kept for this time. The default is to keep it until the process ends. **If a
    /// token is valid for longer, it is accepted again after this time.** Do not set it if there are tokens without `exp`
    /// ([`Policy::allow_missing_expiry`](crate::Policy::allow_missing_expiry)). It applies to this handle and to clones
    /// that are made from it.
    #[must_use]
    pub const fn lifetime(mut self, longest: Duration) -> Self {
        self.lifetime = Some(longest);
        self
    }

    /// Sets the clock that decides when an entry expires; the default is [`SystemClock`].
    ///
    /// It applies to this handle and to clones that are made from it.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Revokes one token, by its `iss` and `jti`.
    ///
    /// `until` is when the token expires, such as [`Token::expires_at`]; `None` means the [`lifetime`](Self::lifetime).
    pub fn revoke_token(
        &self,
        issuer: &str,
        token_id: &str,
        until: impl Into<Option<NumericDate>>,
    ) {
        self.add(&Entry::token(issuer, token_id).until(until));
    }

    /// Revokes all tokens of a login session, by their `iss` and `sid`.
    ///
    /// `until` is when the last of them expires; `None` means the [`lifetime`](Self::lifetime).
    pub fn revoke_session(
        &self,
        issuer: &str,
        session_id: &str,
        until: impl Into<Option<NumericDate>>,
    ) {
        self.add(&Entry::session(issuer, session_id).until(until));
    }

    /// Revokes all tokens of a subject that were issued before this time, or in the same second.
    ///
    /// `until` is when the last of them expires; `None` means the [`lifetime`](Self::lifetime).
    pub fn revoke_subject(
        &self,
        issuer: &str,
        subject: &str,
        issued_before: impl Into<NumericDate>,
        until: impl Into<Option<NumericDate>>,
    ) {
        self.add(&Entry::subject(issuer, subject, issued_before).until(until));
    }

    /// The number of entries that have not expired. It reads the whole list.
    pub fn len(&self) -> usize {
        self.entries.len(self.now())
    }

    /// Whether nothing is revoked. It reads the whole list.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn now(&self) -> u32 {
        NumericDate::from(self.clock.now()).seconds_u32()
    }

    fn add(&self, entry: &Entry) {
        let now: NumericDate = self.clock.now().into();
        let until = entry.needed_until().or_else(|| Some(now.saturating_add(self.lifetime?)));
        let until = until.map_or(FOREVER, |until| until.saturating_add(LEEWAY).seconds_u32());
        let number = entry.issued_before().map_or(0, NumericDate::seconds_u32);
        let name = self.entries.group(entry.issuer()).name(entry.kind() as u8, entry.id());
        self.entries.insert(&name, Kept { until, number }, now.seconds_u32());
    }

    /// The kind of the entry that matches the token.
    fn find(&self, token: &Token) -> Option<EntryKind> {
        if self.entries.is_unused() {
            return None;
        }
        let issuer = self.entries.group(token.issuer().unwrap_or_default());
        let is_listed = |kind, id| self.get(&issuer, kind, id).is_some();
        if token.token_id().is_some_and(|id| is_listed(EntryKind::Token, id)) {
            return Some(EntryKind::Token);
        }
        if token.session_id().is_some_and(|id| is_listed(EntryKind::Session, id)) {
            return Some(EntryKind::Session);
        }
        let is_revoked = |subject| {
            let listed = self.get(&issuer, EntryKind::Subject, subject);
            listed.is_some_and(|listed| {
                token.issued_at().is_none_or(|issued| issued.seconds_u32() <= listed.number)
            })
        };
        token.subjects().any(is_revoked).then_some(EntryKind::Subject)
    }

    fn get(&self, issuer: &Group, kind: EntryKind, id: &str) -> Option<Kept> {
        let name = issuer.name(kind as u8, id);
        // The clock is read only for an entry that is there.
        self.entries.get(&name).filter(|found| found.is_live(self.now()))
    }
}

impl Default for Denylist {
    fn default() -> Self {
        Self::new()
    }
}

impl Revocation for Denylist {
    fn check(&self, presented: &Presented<'_>) -> Answer<Result<Standing, Error>> {
        let Some(kind) = self.find(presented.token()) else {
            return Answer::now(Ok(Standing::Active));
        };
        presented.report(&Event::TokenDenied { kind });
        let detail = match kind {
            EntryKind::Token => "its `jti` is on the denylist",
            EntryKind::Session => "its `sid` is on the denylist",
            EntryKind::Subject => "its `sub` is on the denylist, for tokens issued at this time",
        };
        Answer::now(Err(Error::new(ErrorKind::TokenRevoked).with_detail(detail)))
    }

    fn revokes(&self, token: &Token) -> bool {
        self.find(token).is_some()
    }
}

impl Revoke for Denylist {
    fn revoke(&self, entry: &Entry) -> Answer<Result<(), Error>> {
        self.add(entry);
        Answer::now(Ok(()))
    }
}

impl fmt::Debug for Denylist {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Denylist").field("lifetime", &self.lifetime).finish_non_exhaustive()
    }
}
