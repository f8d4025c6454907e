//! Hints about the probable cause of a rejection, as data.

use std::time::Duration;

use super::difference;
use super::step::Step;
use super::unverified::UnverifiedToken;
use crate::claims::NumericDate;
use crate::error::ErrorKind;
use crate::json::{Strings, Value};
use crate::jws::{Algorithm, AlgorithmFamily, AlgorithmSet};

/// The inputs for the hints.
pub(crate) struct Case<'c> {
    pub(crate) token: &'c UnverifiedToken<'c>,
    pub(crate) kind: ErrorKind,
    pub(crate) reached: Step,
    pub(crate) issuers: Vec<&'c str>,
    /// The tenant in `iss`, if the issuer is a template that does not trust it.
    pub(crate) other_tenant: Option<&'c str>,
    pub(crate) audiences: Vec<&'c str>,
    /// The algorithms that the policy and the keys allow; empty if they are not known.
    pub(crate) algorithms: AlgorithmSet,
    pub(crate) now: NumericDate,
    pub(crate) leeway: Duration,
    /// Whether the policy requires a `typ`.
    pub(crate) requires_type: bool,
    /// Whether there are keys in memory.
    pub(crate) has_keys: bool,
    /// Whether a request would wait for newer keys.
    pub(crate) would_refresh: bool,
}

/// Every hint that applies.
pub(crate) fn hints(case: &Case<'_>) -> Vec<&'static str> {
    HINTS.iter().filter(|(applies, _)| applies(case)).map(|(_, text)| *text).collect()
}

type Hint = (fn(&Case<'_>) -> bool, &'static str);

/// The hints, by the step at which they help.
const HINTS: &[Hint] = &[
    // What was sent is not a JWT.
    (
        |case| has_prefix(case, "bearer "),
        "the text begins with `Bearer`: the client adds the scheme twice, or the scheme was copied with the token",
    ),
    (
        |case| is_placeholder(case.token.text()),
        "the client sends the text of an empty variable: it has no token, and should not send the header",
    ),
    (
        |case| case.token.text().starts_with(['"', '\'']),
        "the token is in quotation marks: the client sends the JSON text instead of the string",
    ),
    (
        |case| is_opaque(case),
        "the token has no dots, so it is opaque: request a JWT (with many issuers, by naming this API as the audience \
         or resource), or verify it by introspection (RFC 7662)",
    ),
    (
        |case| case.token.parts() == 5,
        "the token is encrypted (JWE): ask the issuer for signed tokens; some issuers encrypt if the client requests \
         no audience",
    ),
    (
        |case| case.kind == ErrorKind::MalformedToken && case.token.text().contains('='),
        "the parts have `=` padding, which RFC 7515 §2 forbids; if the issuer sends it, as AWS load balancers do, call \
         `allow_padded_base64`",
    ),
    (
        |case| case.token.parts() == 3 && case.token.text().ends_with('.'),
        "the token has no signature: emulators and test servers issue such tokens; they are never accepted",
    ),
    // The algorithm and the keys.
    (
        |case| {
            is_algorithm(case)
                && text(case, "alg").is_some_and(|it| it.eq_ignore_ascii_case("none"))
        },
        "the token is unsigned (`alg` is `none`): emulators and test servers issue such tokens; they are never accepted",
    ),
    (
        |case| {
            is_algorithm(case)
                && is_secret(case)
                && accepts_only(case, |family| family != AlgorithmFamily::Hmac)
        },
        "the token is signed with a shared secret, and this issuer is configured with public keys: it may be a token \
         of another issuer or environment; if the issuer signs with a secret, use `Verifier::shared_secret`, or \
         `migrating_from` if it is replacing the secret",
    ),
    (
        |case| {
            is_algorithm(case)
                && is_public(case)
                && accepts_only(case, |family| family == AlgorithmFamily::Hmac)
        },
        "the token is signed with a key pair, and this issuer is configured with a shared secret: use \
         `Verifier::issuer_url`, `jwks_url` or `pem` for the issuer's public keys, and `migrating_from` while tokens \
         of the secret are valid",
    ),
    (
        |case| case.kind == ErrorKind::KeysUnavailable && !case.has_keys,
        "no keys have been fetched: call `warm` and look at its error",
    ),
    (
        |case| case.would_refresh && case.kind != ErrorKind::KeysUnavailable,
        "a request would first fetch newer keys, which `explain` does not do: call `refresh`, and explain again",
    ),
    (
        |case| case.kind == ErrorKind::UnknownKey,
        "no key has this id: the token may be of another environment, tenant or realm, or the key set may be old",
    ),
    (
        |case| case.reached == Step::Signature && header(case, "nonce"),
        "the header has a `nonce`, as in Entra's tokens for Microsoft Graph, which no other API can verify: request a \
         scope of this API",
    ),
    (
        |case| case.kind == ErrorKind::InvalidSignature && is_secret(case),
        "the secret differs from the issuer's, or only one side decodes it from base64",
    ),
    // The issuer and the audience.
    (
        |case| issuer_differs(case, difference::slash),
        "`iss` and the configured issuer differ only by a slash at the end",
    ),
    (
        |case| issuer_differs(case, difference::case),
        "`iss` and the configured issuer differ only in upper and lower case",
    ),
    (
        |case| issuer_differs(case, difference::scheme),
        "`iss` and the configured issuer differ only by `http`, `https` or a missing scheme: behind a proxy, set the issuer's public URL",
    ),
    (
        |case| issuer_differs(case, difference::port),
        "`iss` and the configured issuer differ only by the port",
    ),
    (
        |case| issuer_differs(case, difference::local_host),
        "`iss` and the configured issuer differ only by the name of this machine (`localhost`, `127.0.0.1`, `[::1]`)",
    ),
    (
        |case| issuer_differs(case, difference::several),
        "`iss` and the configured issuer differ only in spelling: scheme, case, port, slash or the name of this machine",
    ),
    (
        |case| issuer_differs(case, difference::path),
        "`iss` and the configured issuer are on one host with different paths: compare the tenant, realm and version",
    ),
    (
        |case| case.kind == ErrorKind::InvalidIssuer && case.other_tenant.is_some(),
        "the tenant in `iss` is not in the list of `tenants`: add it only if you trust this customer of the provider",
    ),
    (
        |case| {
            issuer_differs(case, |one, other| one == other)
                && case.other_tenant.is_none()
                && is_of_entra_v1(case)
        },
        "the issuer is trusted, but not the key: keys of version 2 of Entra are not for tokens of version 1; fetch the \
         keys from `/discovery/keys`, without `v2.0`",
    ),
    (
        |case| case.kind == ErrorKind::InvalidIssuer && is_entra_v1(case),
        "the token has Entra's version 1, and version 2 of the issuer is trusted: set `requestedAccessTokenVersion` to \
         2 in the manifest of the API's app registration",
    ),
    (
        |case| case.kind == ErrorKind::InvalidIssuer && is_entra_v2(case),
        "the token has Entra's version 2, and version 1 of the issuer is trusted: trust the one that ends with `/v2.0`",
    ),
    (
        |case| is_audience(case) && claims(case, "aud", "account"),
        "`aud` is `account`, Keycloak's default: add an audience mapper for this API to the client or its scope",
    ),
    (
        |case| {
            is_audience(case) && !has_claim(case, "aud") && text_claim(case, "token_use").is_some()
        },
        "access tokens of Cognito have no `aud`: call `client_id` with the id of the app client",
    ),
    (
        |case| is_audience(case) && !has_claim(case, "aud") && has_claim(case, "azp"),
        "the token has no `aud`, and `azp` names the client that requested it: call `client_id`, or `authorized_party` \
         for the origin of a page",
    ),
    (
        |case| audience_differs(case, difference::slash),
        "`aud` and the configured audience differ only by a slash at the end",
    ),
    (
        |case| audience_differs(case, difference::case),
        "`aud` and the configured audience differ only in upper and lower case",
    ),
    (
        |case| audience_differs(case, difference::scheme),
        "`aud` and the configured audience differ only by the scheme, such as `https://` or `api://`",
    ),
    (
        |case| audience_differs(case, difference::port),
        "`aud` and the configured audience differ only by the port",
    ),
    (
        |case| {
            audience_differs(case, difference::several)
                || audience_differs(case, difference::local_host)
        },
        "`aud` and the configured audience differ only in spelling: scheme, case, port, slash or the name of this machine",
    ),
    // The kind of token.
    (
        |case| is_after_signature(case) && is_id_token(case),
        "it looks like an ID token, which is for the client: send the access token to APIs",
    ),
    (
        |case| is_after_signature(case) && is_refresh_token(case),
        "it looks like a refresh token, which is for the issuer: send the access token to APIs",
    ),
    (
        |case| {
            case.kind == ErrorKind::InvalidType
                && case.requires_type
                && text(case, "typ").is_none_or(|it| it.eq_ignore_ascii_case("jwt"))
        },
        "the token's `typ` is missing or `JWT`: if the issuer sets no other, call `access_tokens_only` instead of \
         `rfc9068` or `typ`",
    ),
    // The dates.
    (
        |case| is_date(case) && DATES.iter().any(|date| is_in_milliseconds(case, date)),
        "a date of the token is in milliseconds; it must be in seconds (RFC 7519 §2)",
    ),
    (
        |case| is_slightly_early(case) || is_slightly_late(case),
        "the token is early or late by less than ten minutes: compare the clocks of the issuer and this server",
    ),
];

const DATES: [&str; 3] = ["exp", "nbf", "iat"];

/// The most values of one claim that are compared, and the longest of them in bytes.
const MAX_COMPARED: usize = 64;
const MAX_COMPARED_LEN: usize = 512;

/// The largest difference, in seconds, that is probably due to a wrong clock.
const SKEW: i64 = 600;

fn has_prefix(case: &Case<'_>, prefix: &str) -> bool {
    let start = case.token.text().get(..prefix.len());
    start.is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

fn is_placeholder(text: &str) -> bool {
    let texts = [
        "undefined",
        "null",
        "none",
        "nil",
        "nan",
        "true",
        "false",
        "[object object]",
        "${token}",
        "{{token}}",
    ];
    texts.iter().any(|it| text.trim().eq_ignore_ascii_case(it))
}

fn is_opaque(case: &Case<'_>) -> bool {
    let text = case.token.text();
    case.token.parts() == 1 && !text.contains([' ', '"']) && !is_placeholder(text)
}

fn text(case: &Case<'_>, member: &str) -> Option<String> {
    case.token.header(member)
}

fn header(case: &Case<'_>, member: &str) -> bool {
    case.token.header_object().is_some_and(|header| header.get(member).is_some())
}

fn text_claim(case: &Case<'_>, name: &str) -> Option<String> {
    case.token.claim(name)
}

fn has_claim(case: &Case<'_>, name: &str) -> bool {
    case.token.payload_object().is_some_and(|payload| payload.get(name).is_some())
}

fn values<'t>(case: &'t Case<'_>, name: &str) -> impl Iterator<Item = &'t str> {
    let value = case.token.payload_object().and_then(|payload| payload.get(name));
    value.and_then(Value::strings).into_iter().flat_map(Strings::iter).take(MAX_COMPARED)
}

fn claims(case: &Case<'_>, name: &str, value: &str) -> bool {
    values(case, name).any(|it| it == value)
}

fn is_algorithm(case: &Case<'_>) -> bool {
    case.kind == ErrorKind::AlgorithmNotAllowed
}

fn family(case: &Case<'_>) -> Option<AlgorithmFamily> {
    Algorithm::from_name(&text(case, "alg")?).map(Algorithm::family)
}

fn is_secret(case: &Case<'_>) -> bool {
    family(case) == Some(AlgorithmFamily::Hmac)
}

fn is_public(case: &Case<'_>) -> bool {
    family(case).is_some_and(|family| family != AlgorithmFamily::Hmac)
}

/// Whether the algorithms of the issuer are known, and all of such a family.
fn accepts_only(case: &Case<'_>, is_family: fn(AlgorithmFamily) -> bool) -> bool {
    !case.algorithms.is_empty()
        && case.algorithms.iter().all(|algorithm| is_family(algorithm.family()))
}

fn is_audience(case: &Case<'_>) -> bool {
    case.kind == ErrorKind::InvalidAudience
}

fn is_after_signature(case: &Case<'_>) -> bool {
    case.reached > Step::Signature
}

fn is_id_token(case: &Case<'_>) -> bool {
    ["at_hash", "c_hash"].iter().any(|name| has_claim(case, name))
        || (is_audience(case) && has_claim(case, "nonce"))
        || claims(case, "token_use", "id")
        || is_type(case, &["id"])
}

fn is_refresh_token(case: &Case<'_>) -> bool {
    claims(case, "token_use", "refresh") || is_type(case, &["refresh", "offline", "rt+jwt"])
}

/// Whether `typ`, in the header or as a claim, is one of these.
fn is_type(case: &Case<'_>, types: &[&str]) -> bool {
    let given = [text(case, "typ"), text_claim(case, "typ")];
    given.iter().flatten().any(|given| types.iter().any(|it| given.eq_ignore_ascii_case(it)))
}

fn issuer_differs(case: &Case<'_>, how: fn(&str, &str) -> bool) -> bool {
    let found = text_claim(case, "iss").filter(|found| found.len() <= MAX_COMPARED_LEN);
    case.kind == ErrorKind::InvalidIssuer
        && found.is_some_and(|found| case.issuers.iter().any(|it| how(it, &found)))
}

fn audience_differs(case: &Case<'_>, how: fn(&str, &str) -> bool) -> bool {
    let mut found = values(case, "aud").filter(|found| found.len() <= MAX_COMPARED_LEN);
    is_audience(case) && found.any(|found| case.audiences.iter().any(|it| how(it, found)))
}

fn is_of_entra_v1(case: &Case<'_>) -> bool {
    text_claim(case, "iss").is_some_and(|it| it.starts_with("https://sts.windows.net/"))
}

fn is_entra_v1(case: &Case<'_>) -> bool {
    is_of_entra_v1(case) && case.issuers.iter().any(|it| it.ends_with("/v2.0"))
}

fn is_entra_v2(case: &Case<'_>) -> bool {
    text_claim(case, "iss").is_some_and(|it| it.ends_with("/v2.0"))
        && case.issuers.iter().any(|it| it.starts_with("https://sts.windows.net/"))
}

fn is_date(case: &Case<'_>) -> bool {
    matches!(
        case.kind,
        ErrorKind::TokenExpired
            | ErrorKind::TokenNotYetValid
            | ErrorKind::TokenTooOld
            | ErrorKind::InvalidClaims
    )
}

fn date(case: &Case<'_>, name: &str) -> Option<NumericDate> {
    NumericDate::from_value(case.token.payload_object()?.get(name)?)
}

/// Whether a date is beyond the year 5000 in seconds, and in this century in milliseconds.
fn is_in_milliseconds(case: &Case<'_>, name: &str) -> bool {
    date(case, name)
        .is_some_and(|date| (946_684_800_000..4_102_444_800_000).contains(&date.seconds()))
}

fn is_slightly_early(case: &Case<'_>) -> bool {
    let earliest = ["nbf", "iat"].iter().filter_map(|name| date(case, name)).max();
    let now = case.now.saturating_add(case.leeway).seconds();
    case.kind == ErrorKind::TokenNotYetValid
        && earliest.is_some_and(|start| start.seconds().saturating_sub(now) < SKEW)
}

fn is_slightly_late(case: &Case<'_>) -> bool {
    let end = date(case, "exp").map(|end| end.saturating_add(case.leeway));
    case.kind == ErrorKind::TokenExpired
        && end.is_some_and(|end| case.now.seconds().saturating_sub(end.seconds()) < SKEW)
}
