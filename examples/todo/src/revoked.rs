//! What is revoked although it has not expired: a list in memory, or one that all replicas share through Redis.

use std::time::{Duration, SystemTime};

use axum::Router;
use tower_jwt_auth::logout::BackchannelLogout;
use tower_jwt_auth::provider::better_auth::User;
use tower_jwt_auth::revocation::{Denylist, Entry, Presented, Revocation, Revoke, Standing};
use tower_jwt_auth::store::RedisDenylist;
use tower_jwt_auth::{Answer, BuildError, Error, Token, Verified};

use crate::auth_server::{AuthServer, variable};
use crate::problem::Problem;
use crate::store::Store;

/// The longest lifetime of a token of the auth server. Entries are kept for this time.
const LIFETIME: Duration = Duration::from_secs(60 * 60);

/// For how long the list is used without contact to Redis.
const MAX_STALE: Duration = Duration::from_secs(60);

/// The list. Requests read it from memory.
#[derive(Clone, Debug)]
pub(crate) enum Revoked {
    /// Of this process alone, and empty after a restart.
    InMemory(Denylist),
    /// The same for all replicas.
    Shared(RedisDenylist),
}

impl Revoked {
    /// Reads `REDIS_URL` and `TODO_MAX_STALE`.
    pub(crate) fn from_env() -> Result<Self, Box<dyn std::error::Error>> {
        let Some(url) = variable("REDIS_URL") else {
            return Ok(Self::InMemory(Denylist::new().lifetime(LIFETIME)));
        };
        let max_stale = match variable("TODO_MAX_STALE") {
            Some(seconds) => Duration::from_secs(seconds.parse()?),
            None => MAX_STALE,
        };
        let list = RedisDenylist::url(url).lifetime(LIFETIME).max_stale(max_stale).build()?;
        Ok(Self::Shared(list))
    }

    /// Keeps the list current, as long as the process runs.
    pub(crate) fn start(&self) {
        if let Self::Shared(list) = self {
            tokio::spawn(list.keep_fresh());
        }
    }

    /// Rejects all tokens of this user that were issued until now.
    pub(crate) async fn sign_out_everywhere(&self, user: &Verified<User>) -> Result<(), Problem> {
        let issuer = user.issuer().unwrap_or_default();
        let entry = Entry::subject(issuer, user.id(), SystemTime::now());
        self.revoke(&entry).await.map_err(|error| Problem::not_shared(&error))
    }
}

impl Revocation for Revoked {
    fn check(&self, presented: &Presented<'_>) -> Answer<Result<Standing, Error>> {
        match self {
            Self::InMemory(list) => list.check(presented),
            Self::Shared(list) => list.check(presented),
        }
    }

    fn revokes(&self, token: &Token) -> bool {
        match self {
            Self::InMemory(list) => list.revokes(token),
            Self::Shared(list) => list.revokes(token),
        }
    }
}

impl Revoke for Revoked {
    fn revoke(&self, entry: &Entry) -> Answer<Result<(), Error>> {
        match self {
            Self::InMemory(list) => list.revoke(entry),
            Self::Shared(list) => list.revoke(entry),
        }
    }
}

/// The endpoint for logout tokens. It is public: the tokens are signed by the auth server.
pub(crate) fn endpoint(
    server: &AuthServer,
    revoked: &Revoked,
) -> Result<Router<Store>, BuildError> {
    let Some(client) = &server.client else { return Ok(Router::new()) };
    let logout = BackchannelLogout::new(&server.base, client.keys.clone())
        .client_id(&client.id)
        .feeds(revoked.clone())
        .build()?;
    Ok(Router::new().route_service("/backchannel-logout", logout))
}
