//! A request for every error kind. Each differs from a valid one in a single point.

use std::time::Duration;

use http::Request;
use tower_jwt_auth::VerifierBuilder;
use tower_jwt_auth::revocation::{Presented, Revocation, Standing};
use tower_jwt_auth::testing::{FixedClock, TestIssuer, TestToken};
use tower_jwt_auth::{Answer, Error, ErrorKind, Issuer, JwtAuthLayer, Policy, Verifier};

use crate::support::ask::{bearer, request};
use crate::support::late_keys::NoKeys;

/// The id of the key in the token's header.
pub(crate) const KEY_ID: &str = "private-key-id";

/// Texts that no response or log line may contain, in addition to the token.
pub(crate) const PRIVATE: [&str; 6] = [
    "private-name",
    "private-tenant",
    "private@mail.example",
    "user-1",
    KEY_ID,
    "private-token-id",
];

/// The kinds that [`rejected_request`] cannot cause.
pub(crate) const NOT_BY_REQUEST: [ErrorKind; 6] = [
    // Only a `Confirm` reports the first two. `Internal` means a misconfigured server.
    ErrorKind::CertificateMismatch,
    ErrorKind::ConfirmUnavailable,
    ErrorKind::Internal,
    // Only `RequireLayer` reports these.
    ErrorKind::InsufficientScope,
    ErrorKind::Forbidden,
    ErrorKind::StepUpRequired,
];

/// Revokes by `jti`. The lookup fails for one of them.
#[derive(Debug)]
struct ByTokenId;

impl Revocation for ByTokenId {
    fn check(&self, presented: &Presented<'_>) -> Answer<Result<Standing, Error>> {
        Answer::now(match presented.token().token_id() {
            Some("private-token-id revoked") => Ok(Standing::Revoked),
            Some("private-token-id unknown") => {
                Err(Error::new(ErrorKind::RevocationUnavailable).with_source("10.0.0.7 refused"))
            }
            _ => Ok(Standing::Active),
        })
    }
}

/// The issuer of the valid token.
pub(crate) fn issuer() -> TestIssuer {
    with_the_same_name(TestIssuer::hs256().key_id(KEY_ID))
}

/// The same issuer name with another key or algorithm.
pub(crate) fn with_the_same_name(issuer: TestIssuer) -> TestIssuer {
    issuer.issuer("https://auth.example").audience("orders").clock(FixedClock::new())
}

/// The valid claims, signed by this issuer.
pub(crate) fn claims(issuer: &TestIssuer) -> TestToken<'_> {
    let token = issuer.token().header("typ", "at+jwt").subject("user-1");
    token
        .claim("jti", "private-token-id")
        .claim("tenant", "private-tenant")
        .claim("name", "private-name")
        .claim("email", "private@mail.example")
}

/// The valid token.
pub(crate) fn good() -> TestToken<'static> {
    use std::sync::LazyLock;
    static ISSUER: LazyLock<TestIssuer> = LazyLock::new(issuer);
    claims(&ISSUER)
}

fn verifier() -> VerifierBuilder {
    strict(Verifier::shared_secret(issuer().secret()))
}

fn strict(verifier: VerifierBuilder) -> VerifierBuilder {
    verifier
        .issuer("https://auth.example")
        .audience("orders")
        .subject("user-1")
        .typ("at+jwt")
        .max_age(Duration::from_secs(3600))
        .require_claim("tenant")
        .check("not frozen", |claims| claims.get("frozen").is_none())
        .revocation(ByTokenId)
        .clock(FixedClock::new())
}

/// The layer that accepts the valid token.
pub(crate) fn layer() -> JwtAuthLayer {
    JwtAuthLayer::new(verifier().build().unwrap())
}

/// A layer and a request that it rejects with this kind, or `None` if no request can cause it.
pub(crate) fn rejected_request(kind: ErrorKind) -> Option<(JwtAuthLayer, Request<String>)> {
    use ErrorKind as K;
    let token = match kind {
        K::MissingToken => return Some((layer(), Request::default())),
        K::UnsupportedScheme => return Some((layer(), request(["Basic dXNlci0xOnB3"]))),
        K::MalformedHeader => {
            let field = format!("Bearer {} private-name", good().mint());
            return Some((layer(), request([field])));
        }
        K::MultipleTokens => {
            let field = format!("Bearer {}", good().mint());
            return Some((layer(), request([&field, &field])));
        }
        K::UnknownKey => {
            let issuer = with_the_same_name(TestIssuer::es256().key_id(KEY_ID));
            let keys = TestIssuer::es256().key_id("another").jwks();
            let layer = JwtAuthLayer::new(strict(Verifier::jwks(keys)).build().unwrap());
            return Some((layer, bearer(&claims(&issuer).mint())));
        }
        K::KeysUnavailable => {
            let issuer = with_the_same_name(TestIssuer::es256());
            let keys = NoKeys(Duration::from_secs(7));
            let trusted = Issuer::new("https://auth.example", keys, Policy::new().any_audience());
            let verifier = Verifier::builder().trust(trusted).build().unwrap();
            return Some((JwtAuthLayer::new(verifier), bearer(&claims(&issuer).mint())));
        }
        K::TokenTooLarge => good().claim("padding", "x".repeat(16 * 1024)).mint(),
        K::MalformedToken => good().mint().replace('.', "~"),
        K::AlgorithmNotAllowed => claims(&with_the_same_name(TestIssuer::es256())).mint(),
        K::InvalidSignature => claims(&issuer().with_other_key()).mint(),
        K::InvalidIssuer => good().claim("iss", "https://auth.example/").mint(),
        K::InvalidAudience => good().claim("aud", "Orders").mint(),
        K::InvalidSubject => good().claim("sub", "user-10").mint(),
        K::TokenExpired => good().expired().mint(),
        K::TokenNotYetValid => good().claim("nbf", 4_000_000_000_u64).mint(),
        K::TokenTooOld => good().claim("iat", 1_000_000_000).mint(),
        K::InvalidType => good().header("typ", "JWT").mint(),
        K::MissingClaim => good().without("tenant").mint(),
        K::InvalidClaims => good().claim("jti", 7).mint(),
        K::CheckFailed => good().claim("frozen", true).mint(),
        K::ProofRequired => good().claim("cnf", serde_json::json!({"jkt": "private-name"})).mint(),
        K::TokenRevoked => good().claim("jti", "private-token-id revoked").mint(),
        K::RevocationUnavailable => good().claim("jti", "private-token-id unknown").mint(),
        _ => return None,
    };
    Some((layer(), bearer(&token)))
}
