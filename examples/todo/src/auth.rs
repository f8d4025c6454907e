//! Authentication, authorization and the responses to rejected requests.

use std::env;
use std::error::Error;
use std::fmt::Write;
use std::time::Duration;

use axum::Router;
use axum::extract::FromRequestParts;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Response, StatusCode};
use bytes::Bytes;
use tower_jwt_auth::extract::IdentityRejection;
use tower_jwt_auth::provider::better_auth::{BetterAuth, User};
use tower_jwt_auth::respond::{self, ProblemJson, Rejection, Respond};
use tower_jwt_auth::testing::TestIssuer;
use tower_jwt_auth::{BuildError, JwtAuthLayer, RequireLayer, Verified, Verifier};

use crate::auth_server::AuthServer;
use crate::problem::Problem;
use crate::revoked::Revoked;
use crate::store::{Store, Todos};

const SETTINGS: [&str; 3] = ["BETTER_AUTH_URL", "BETTER_AUTH_SECRET", "BETTER_AUTH_SECRETS"];

/// The lifetime of the development issuer's tokens.
const LIFETIME: Duration = Duration::from_secs(60 * 60);

/// The verifier, and the development issuer if no auth server is set.
pub(crate) struct Auth {
    verifier: Verifier<User>,
    development: Option<TestIssuer>,
}

impl Auth {
    pub(crate) fn from_env(
        server: Option<&AuthServer>,
        revoked: &Revoked,
    ) -> Result<Self, Box<dyn Error>> {
        let is_unset = |name| env::var_os(name).is_none_or(|value| value.is_empty());
        if !SETTINGS.into_iter().all(is_unset) {
            let preset = BetterAuth::from_env();
            let verifier = match server.and_then(|server| server.client.as_ref()) {
                Some(client) => preset
                    .oauth_access_token(&client.resource)
                    .keys(client.keys.clone())
                    .into_builder()
                    // After a sign-out, a refresh token still gives access tokens, whose `sid` is null.
                    .check("a session", |user| user.text("sid").is_some()),
                None => preset.into_builder(),
            };
            let verifier = verifier.revocation(revoked.clone());
            return Ok(Self { verifier: verifier.build()?, development: None });
        }
        // Random for each run: even on a public server, an attacker can sign tokens only after reading its output.
        let secret = random_secret()?;
        let preset = BetterAuth::bridge_token(&secret).into_builder();
        let verifier = preset.revocation(revoked.clone()).build()?;
        let issuer = TestIssuer::hs256().with_secret(secret);
        Ok(Self { verifier, development: Some(issuer) })
    }

    /// Admits only users with a token to these routes, and to `tasks` only the user in the path.
    pub(crate) fn protect(
        &self,
        tasks: Router<Store>,
        account: Router<Store>,
    ) -> Result<Router<Store>, BuildError> {
        let tokens = JwtAuthLayer::new(self.verifier.clone())
            .realm("todo")
            .responder(respond::from_fn(reject))
            .remove_token();
        let owner = RequireLayer::owner_in_path("/api/{user_id}")?;
        // The layer that is added last runs first: authentication before authorization.
        Ok(tasks.route_layer(owner).merge(account).route_layer(tokens))
    }

    pub(crate) fn print_what_to_try(&self, url: &str) {
        let Some(issuer) = &self.development else {
            println!("tokens: issued by the auth server");
            return;
        };
        println!();
        println!("!!! DEVELOPMENT ISSUER: NOT FOR PRODUCTION !!!");
        println!("!!! Anyone who has the tokens below can act as ada or bob for an hour.");
        println!("!!! Set BETTER_AUTH_URL to the URL of an auth server to disable this issuer.");
        println!();
        for (user, variable) in [("ada", "ADA"), ("bob", "BOB")] {
            let email = format!("{user}@example.com");
            let token = issuer.token().subject(user).claim("email", email).expires_in(LIFETIME);
            println!("{variable}={}", token.mint());
        }
        for line in [
            "-H \"Authorization: Bearer $ADA\" -H 'Content-Type: application/json' \
             -d '{\"title\": \"Buy milk\"}'",
            "-H \"Authorization: Bearer $ADA\"",
            "-H \"Authorization: Bearer $BOB\" # 403: the path names another user",
            "# 401: no token",
        ] {
            println!("curl -i {url}/api/ada/tasks {line}");
        }
    }
}

/// The todos of the authenticated user. Handlers have no other access to the database.
impl FromRequestParts<Store> for Todos {
    type Rejection = IdentityRejection;

    async fn from_request_parts(parts: &mut Parts, store: &Store) -> Result<Self, Self::Rejection> {
        let user = Verified::<User>::from_request_parts(parts, store).await?;
        Ok(store.of(user.id()))
    }
}

/// Answers every authentication failure with the same 401 body. The challenge contains the error code for clients.
/// Other rejections get the library's problem documents.
fn reject(rejection: &Rejection<'_>, request: &Parts) -> Response<Bytes> {
    // 400: the header is malformed, or there is more than one.
    if !matches!(rejection.status(), StatusCode::UNAUTHORIZED | StatusCode::BAD_REQUEST) {
        return ProblemJson::new().respond(rejection, request);
    }
    let mut response = rejection.response(Problem::unauthorized().to_json().into());
    *response.status_mut() = StatusCode::UNAUTHORIZED;
    let content_type = HeaderValue::from_static("application/problem+json");
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

fn random_secret() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.iter().fold(String::new(), |mut secret, byte| {
        // Writing to a `String` never fails.
        let _ = write!(secret, "{byte:02x}");
        secret
    }))
}
