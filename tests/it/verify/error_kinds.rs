//! A literal token for every error kind that a token can cause.

use std::sync::Arc;
use std::time::Duration;

use tower_jwt_auth::key::{
    KeyHealth, KeySet, KeySetState, KeySource, RefreshError, RefreshReason, Refreshed,
};
use tower_jwt_auth::revocation::{Presented, Revocation, Standing};
use tower_jwt_auth::testing::FixedClock;
use tower_jwt_auth::{
    Algorithm, Answer, Error, ErrorKind, Issuer, Policy, VerificationKey, Verifier,
};

use crate::support::tokens::{issuer, mac_token};

const SECRET: &[u8] = b"the secret of the table of kinds, 43 bytes.";

/// Kinds that the request or the server causes, not the token.
const NOT_OF_THE_TOKEN: [ErrorKind; 10] = [
    ErrorKind::MissingToken,
    ErrorKind::UnsupportedScheme,
    ErrorKind::MalformedHeader,
    ErrorKind::MultipleTokens,
    ErrorKind::CertificateMismatch,
    ErrorKind::ConfirmUnavailable,
    ErrorKind::InsufficientScope,
    ErrorKind::Forbidden,
    ErrorKind::StepUpRequired,
    ErrorKind::Internal,
];

const HEADER: &str = r#"{"alg":"HS256","kid":"k","typ":"at+jwt"}"#;

/// The accepted token; each row below differs from it in one place.
const GOOD: &str = r#"{"iss":"a","aud":"orders","sub":"user-1","iat":1767225600,"exp":1767226500,"tenant":"acme"}"#;

/// Error kind, header and payload.
const TOKENS: [(ErrorKind, &str, &str); 20] = [
    (ErrorKind::MalformedToken, HEADER, r#"["not","an","object"]"#),
    (ErrorKind::MalformedToken, r#"{"typ":"at+jwt"}"#, GOOD),
    (ErrorKind::MalformedToken, r#"{"alg":"HS256","crit":["x"],"x":1}"#, GOOD),
    (ErrorKind::AlgorithmNotAllowed, r#"{"alg":"none","typ":"at+jwt"}"#, GOOD),
    (ErrorKind::AlgorithmNotAllowed, r#"{"alg":"RS256","kid":"k","typ":"at+jwt"}"#, GOOD),
    (ErrorKind::UnknownKey, r#"{"alg":"HS256","kid":"l","typ":"at+jwt"}"#, GOOD),
    (ErrorKind::InvalidType, r#"{"alg":"HS256","kid":"k","typ":"JWT"}"#, GOOD),
    (
        ErrorKind::InvalidIssuer,
        HEADER,
        r#"{"iss":"b","aud":"orders","sub":"user-1","iat":1767225600,"exp":1767226500,"tenant":"acme"}"#,
    ),
    (
        ErrorKind::InvalidAudience,
        HEADER,
        r#"{"iss":"a","aud":"billing","sub":"user-1","iat":1767225600,"exp":1767226500,"tenant":"acme"}"#,
    ),
    (
        ErrorKind::InvalidSubject,
        HEADER,
        r#"{"iss":"a","aud":"orders","sub":"user-2","iat":1767225600,"exp":1767226500,"tenant":"acme"}"#,
    ),
    (
        ErrorKind::MissingClaim,
        HEADER,
        r#"{"iss":"a","aud":"orders","sub":"user-1","iat":1767225600,"exp":1767226500}"#,
    ),
    (
        ErrorKind::MissingClaim,
        HEADER,
        r#"{"iss":"a","aud":"orders","sub":"user-1","iat":1767225600,"tenant":"acme"}"#,
    ),
    (
        ErrorKind::InvalidClaims,
        HEADER,
        r#"{"iss":"a","aud":"orders","sub":"user-1","iat":1767225600,"exp":"1767226500","tenant":"acme"}"#,
    ),
    (
        ErrorKind::InvalidClaims,
        HEADER,
        r#"{"iss":"a","aud":"orders","sub":"user-1","iat":1767225600,"exp":1767226500,"tenant":7}"#,
    ),
    (
        ErrorKind::TokenNotYetValid,
        HEADER,
        r#"{"iss":"a","aud":"orders","sub":"user-1","nbf":1767225661,"iat":1767225600,"exp":1767226500,"tenant":"acme"}"#,
    ),
    (
        ErrorKind::TokenNotYetValid,
        HEADER,
        r#"{"iss":"a","aud":"orders","sub":"user-1","iat":1767225661,"exp":1767226500,"tenant":"acme"}"#,
    ),
    (
        ErrorKind::TokenTooOld,
        HEADER,
        r#"{"iss":"a","aud":"orders","sub":"user-1","iat":1767221940,"exp":1767226500,"tenant":"acme"}"#,
    ),
    (
        ErrorKind::CheckFailed,
        HEADER,
        r#"{"iss":"a","aud":"orders","sub":"user-1","jti":"guest","iat":1767225600,"exp":1767226500,"tenant":"acme"}"#,
    ),
    (
        ErrorKind::CheckFailed,
        HEADER,
        r#"{"iss":"a","aud":"orders","sub":"user-1","iat":1767225600,"exp":1767226500,"tenant":"evil"}"#,
    ),
    (
        ErrorKind::TokenExpired,
        HEADER,
        r#"{"iss":"a","aud":"orders","sub":"user-1","iat":1767225600,"exp":1767225540,"tenant":"acme"}"#,
    ),
];

#[derive(serde::Deserialize)]
struct Mine {
    tenant: String,
}

/// Revokes the token id `gone`; the status of `unclear` is unavailable.
#[derive(Debug)]
struct List;

impl Revocation for List {
    fn check(&self, presented: &Presented<'_>) -> Answer<Result<Standing, Error>> {
        let token = presented.token();
        Answer::now(match token.token_id() {
            Some("gone") => Ok(Standing::Revoked),
            Some("unclear") => Err(ErrorKind::RevocationUnavailable.into()),
            _ => Ok(Standing::Active),
        })
    }
}

/// A source that has no keys and cannot fetch any.
#[derive(Debug)]
struct NoKeys;

impl KeySource for NoKeys {
    fn current(&self) -> Option<Arc<KeySet>> {
        None
    }

    fn refresh(&self, _: RefreshReason) -> Answer<Result<Refreshed, RefreshError>> {
        Answer::now(Err(RefreshError::new(Duration::from_secs(1))))
    }

    fn health(&self) -> KeyHealth {
        KeyHealth::new(KeySetState::Empty, 0)
    }
}

fn verifier() -> Verifier<Mine> {
    let policy = || {
        let policy = Policy::new().audience("orders").subject("user-1").typ("at+jwt");
        let policy = policy.require_claim("tenant").max_age(Duration::from_secs(3_600));
        policy.check_token("one of us", |token| token.token_id() != Some("guest"))
    };
    let key = VerificationKey::shared_secret(SECRET).unwrap().with_key_id("k");
    Verifier::builder()
        .trust(Issuer::new("a", key, policy()))
        .trust(Issuer::new("away", NoKeys, policy()))
        .claims::<Mine>()
        .check("a known tenant", |mine| mine.tenant == "acme")
        .revocation(List)
        .max_token_len(1_000)
        .clock(FixedClock::new())
        .build()
        .unwrap()
}

#[test]
fn a_literal_token_causes_each_error_kind() {
    let verifier = verifier();
    let sign = |header: &str, payload: &str| mac_token(Algorithm::HS256, SECRET, header, payload);
    let good = sign(HEADER, GOOD);
    let changed = |from: &str, to: &str| sign(HEADER, &GOOD.replace(from, to));
    let (unsigned, _) = good.rsplit_once('.').unwrap();
    let mut rows: Vec<_> =
        TOKENS.iter().map(|(kind, header, payload)| (*kind, sign(header, payload))).collect();
    rows.extend([
        (ErrorKind::TokenTooLarge, "x".repeat(1_001)),
        (ErrorKind::MalformedToken, "x".repeat(1_000)),
        (ErrorKind::InvalidSignature, format!("{unsigned}.{}", "A".repeat(43))),
        (ErrorKind::TokenRevoked, changed("\"sub\"", "\"jti\":\"gone\",\"sub\"")),
        (ErrorKind::RevocationUnavailable, changed("\"sub\"", "\"jti\":\"unclear\",\"sub\"")),
        (ErrorKind::ProofRequired, changed("\"sub\"", "\"cnf\":{},\"sub\"")),
        (ErrorKind::KeysUnavailable, {
            let payload = GOOD.replace("\"iss\":\"a\"", "\"iss\":\"away\"");
            issuer(Algorithm::ES256).sign(r#"{"alg":"ES256"}"#, payload)
        }),
    ]);
    for (kind, token) in &rows {
        let error = verifier.verify_now(token).err().unwrap_or_else(|| panic!("{kind}: accepted"));
        assert_eq!(error.kind(), *kind);
        // The valid neighbour of all rows.
        assert!(verifier.verify_now(&good).is_ok(), "{kind}");
        // The error contains no text of the token.
        let printed = format!("{error} {error:?}");
        for word in ["acme", "user-1", "billing", "guest", "17672", token.as_str()] {
            assert!(!printed.contains(word), "{printed}");
        }
    }

    let reached = |kind: &ErrorKind| rows.iter().any(|(reached, _)| reached == kind);
    let missing: Vec<_> = ErrorKind::ALL
        .iter()
        .filter(|kind| !NOT_OF_THE_TOKEN.contains(kind) && !reached(kind))
        .collect();
    assert_eq!(missing, [&ErrorKind::Internal; 0], "add a token for each of these kinds");
    assert!(rows.iter().all(|(kind, _)| !NOT_OF_THE_TOKEN.contains(kind)));
    assert_eq!(ErrorKind::ALL.len(), 29, "add the new kind to one of the two tables");
}
