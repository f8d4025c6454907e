//! Every kind of token of real identity servers, and verifiers as the guide configures them.
//!
//! Runs only if `BETTER_AUTH_INTEROP` is set, for large servers if `INTEROP_LONG` is set, and prints a note otherwise.

mod expected;

use std::time::{Duration, SystemTime};

use tower_jwt_auth::jwks::RemoteJwks;
use tower_jwt_auth::provider::Provider;
use tower_jwt_auth::testing::FixedClock;
use tower_jwt_auth::{Claims, ErrorKind, Verified, Verifier, VerifierBuilder};

use self::expected::{
    COGNITO_LOCAL, Expected, GLEWLWYD, MOTO, OAUTH2_MOCK_SERVER, OPENBAO, SUPABASE,
};
use crate::support::interop::{self, Server, with_a_changed_byte};

/// The documented cooldown for unknown keys.
const COOLDOWN: Duration = Duration::from_secs(30);

fn reason(letter: char) -> ErrorKind {
    match letter {
        'a' => ErrorKind::AlgorithmNotAllowed,
        'c' => ErrorKind::MissingClaim,
        'e' => ErrorKind::TokenExpired,
        'i' => ErrorKind::InvalidIssuer,
        'k' => ErrorKind::UnknownKey,
        'm' => ErrorKind::MalformedToken,
        't' => ErrorKind::InvalidType,
        'u' => ErrorKind::InvalidAudience,
        'x' => ErrorKind::CheckFailed,
        other => panic!("{other} is not a known letter"),
    }
}

/// A running server, its keys, and a clock that makes the keys older.
struct Site {
    server: Server,
    keys: RemoteJwks,
    clock: FixedClock,
}

impl Site {
    fn start(name: &'static str) -> Self {
        let server = Server::start_release(name, name);
        let clock = FixedClock::new();
        clock.set(SystemTime::now());
        // Without a URL of the keys, they come from the metadata of the issuer.
        let keys = match server.hello["keys_url"].as_str() {
            Some(url) => RemoteJwks::url(url),
            None => RemoteJwks::issuer(server.said("issuer")),
        };
        let keys = keys.allow_http_on_loopback().clock(clock.clone()).build().unwrap();
        Self { server, keys, clock }
    }

    fn said(&self, name: &str) -> &str {
        self.server.said(name)
    }

    fn verifier(&self) -> VerifierBuilder {
        self.verifier_of(self.said("issuer"))
    }

    fn verifier_of(&self, issuer: &str) -> VerifierBuilder {
        Verifier::key_source(self.keys.clone()).issuer(issuer).clock(self.clock.clone())
    }

    /// A preset with the keys of this server.
    fn preset(&self, preset: Provider) -> VerifierBuilder {
        preset.keys(self.keys.clone()).into_builder().clock(self.clock.clone())
    }

    /// A verifier for another issuer of the same server.
    fn discovered(&self, issuer: &str) -> VerifierBuilder {
        Verifier::issuer_url(issuer).allow_http_on_loopback().clock(self.clock.clone())
    }

    /// Makes the keys older. The tokens have the time of the server, which is the real time.
    fn pass(&self, time: Duration) {
        self.clock.advance(time);
        self.clock.set(SystemTime::now());
    }
}

async fn judge(expected: &Expected, counts: (usize, usize)) {
    let name = expected.server;
    let site = Site::start(name);
    assert_eq!(site.said("version"), expected.version, "{name}");
    let verifiers: Vec<Verifier> =
        expected.verifiers.iter().map(|(_, build)| build(&site).build().unwrap()).collect();
    let (mut accepted, mut rejected, mut wrong) = (0, 0, Vec::new());
    for (kind, cells) in expected.table {
        let token = site.server.hello["kinds"][kind].as_str();
        let token = token.unwrap_or_else(|| panic!("{name} has no {kind}"));
        let mut got = String::new();
        for verifier in &verifiers {
            let verdict = verifier.verify(token).await;
            if verdict.is_ok() {
                accepted += 1;
                rejected += reject_changed(verifier, token).await;
            } else {
                rejected += 1;
            }
            got.push(match verdict {
                Ok(_) => 'A',
                Err(error) => {
                    "aceikmtux".chars().find(|it| reason(*it) == error.kind()).unwrap_or('?')
                }
            });
        }
        println!("{name}: {kind}: {got}");
        if got != **cells {
            wrong.push(format!("{kind}: {got} and not {cells}"));
        }
    }
    let columns: Vec<_> = expected.verifiers.iter().map(|(name, _)| name).collect();
    assert!(wrong.is_empty(), "{name}, {columns:?}: {wrong:#?}");
    let kinds = site.server.hello["kinds"].as_object().unwrap();
    assert_eq!(kinds.len(), expected.table.len(), "{name}: a kind is not in the table");
    judge_grants(expected, &site, &verifiers[0]).await;
    if expected.rotates {
        judge_rotation(expected, &site, &verifiers[0]).await;
    }
    println!("{name} {}: accepted {accepted} rejected {rejected}", expected.version);
    assert_eq!((accepted, rejected), counts, "{name}");
}

/// Rejects copies of an accepted token that have one changed letter.
async fn reject_changed(verifier: &Verifier, token: &str) -> usize {
    let mut kinds = Vec::new();
    for changed in with_a_changed_byte(token) {
        let verdict = verifier.verify(&changed).await;
        kinds.push(verdict.expect_err("a changed token was accepted").kind());
    }
    // The signature is the last part.
    assert_eq!(kinds.last(), Some(&ErrorKind::InvalidSignature), "{kinds:?}");
    kinds.len()
}

/// The first kind of token that the first verifier accepts.
fn accepted_token<'a>(expected: &Expected, site: &'a Site) -> &'a str {
    let (kind, _) = expected.table.iter().find(|(_, cells)| cells.starts_with('A')).unwrap();
    site.server.hello["kinds"][kind].as_str().unwrap()
}

async fn judge_grants(expected: &Expected, site: &Site, verifier: &Verifier) {
    let user: Verified<Claims> = verifier.verify(accepted_token(expected, site)).await.unwrap();
    let scopes: Vec<_> = user.scopes().collect();
    let roles: Vec<_> = user.roles().collect();
    let seen = format!("{} | {}", scopes.join(" "), roles.join(" "));
    assert_eq!(seen, expected.seen, "{}", expected.server);
    // Absent if the token is for a client, or if the server chose the id and did not return it.
    if let Some(subject) = site.server.hello["subject"].as_str() {
        assert_eq!(user.subject(), Some(subject), "{}", expected.server);
    }
}

/// New keys are found with the first token that they signed. Old ones are then unknown.
async fn judge_rotation(expected: &Expected, site: &Site, verifier: &Verifier) {
    let name = expected.server;
    let old = accepted_token(expected, site);
    let answer = site.server.tell("rotate").await;
    let new: Vec<_> =
        answer["tokens"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
    site.pass(COOLDOWN);
    verifier.verify(old).await.unwrap();
    for token in &new {
        verifier.verify(token).await.unwrap();
        reject_changed(verifier, token).await;
    }
    let verdict = verifier.verify(old).await.map(|_| ()).map_err(|error| error.kind());
    let keeps = answer["keeps_old_keys"].as_bool() == Some(true);
    let expected = if keeps { Ok(()) } else { Err(ErrorKind::UnknownKey) };
    assert_eq!(verdict, expected, "{name}: the old key");
    println!("{name}: rotation accepted {}", new.len());
}

#[tokio::test]
async fn tokens_of_oauth2_mock_server_are_judged_by_purpose() {
    if interop::is_wanted() {
        judge(&OAUTH2_MOCK_SERVER, (8, 82)).await;
    }
}

#[tokio::test]
async fn tokens_of_moto_are_judged_by_purpose() {
    if interop::is_wanted() {
        judge(&MOTO, (13, 98)).await;
    }
}

#[tokio::test]
async fn tokens_of_cognito_local_are_judged_by_purpose() {
    if interop::is_wanted() {
        judge(&COGNITO_LOCAL, (14, 100)).await;
    }
}

#[tokio::test]
async fn tokens_of_the_supabase_tool_are_judged_by_purpose() {
    if interop::is_wanted() {
        judge(&SUPABASE, (23, 126)).await;
    }
}

#[tokio::test]
async fn tokens_of_openbao_are_judged_by_purpose() {
    if interop::is_long_wanted() {
        judge(&OPENBAO, (16, 104)).await;
    }
}

#[tokio::test]
async fn tokens_of_glewlwyd_are_judged_by_purpose() {
    if interop::is_long_wanted() {
        judge(&GLEWLWYD, (28, 160)).await;
    }
}
