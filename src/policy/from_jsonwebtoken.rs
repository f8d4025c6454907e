//! Conversion from the `Validation` of `jsonwebtoken`.

use std::collections::HashSet;
use std::time::Duration;

use jsonwebtoken::Validation;

use super::policy::Policy;
use crate::error::{BuildError, Problem, ProblemKind};
use crate::jws::Algorithm;

/// Converts a [`Validation`] of `jsonwebtoken` into a policy that is at least as strict.
///
/// `algorithms`, `leeway`, `aud`, `sub` and `required_spec_claims` become the corresponding settings.
/// `validate_aud = false` becomes [`any_audience`](Policy::any_audience). If `exp` is not a required claim,
/// [`allow_missing_expiry`](Policy::allow_missing_expiry) is set.
///
/// A policy does not contain the issuer's name: pass the name to [`Issuer::new`](crate::Issuer::new). The names in
/// `iss` become a [`check_token`](Policy::check_token) called `issuer`. It rejects tokens of other issuers even if the
/// issuer is trusted without a name.
///
/// The policy is stricter than `decode`:
/// - `aud`, `iss` and `sub` must be present when a value is set for them.
/// - `nbf` is always checked.
/// - A token is expired as soon as `leeway` has passed since `exp`, not only a second later.
/// - With `validate_aud` but no `aud`, the policy has no audience: `build()` fails unless you call
///   [`audience`](Policy::audience) or [`any_audience`](Policy::any_audience).
/// - `build()` rejects a `leeway` of more than 5 minutes.
///
/// It accepts two things that `decode` does not: `Ed25519` as the name of EdDSA (RFC 9864), and dates that are
/// negative or do not fit 64 bits.
///
/// ```
/// use jsonwebtoken::{DecodingKey, Validation};
/// use tower_jwt_auth::{
///     Algorithm, ErrorKind, Issuer, Policy, VerificationKey, Verifier, testing::TestIssuer,
/// };
///
/// let tokens = TestIssuer::hs256().issuer("https://auth.example.com").audience("orders");
/// let key = DecodingKey::from_secret(tokens.secret().as_bytes())?;
/// let mut validation = Validation::default(); // HS256
/// validation.set_audience(&["orders"]);
///
/// let key = VerificationKey::decoding_key(Algorithm::HS256, &key)?;
/// let policy = Policy::try_from(&validation)?;
/// let verifier =
///     Verifier::builder().trust(Issuer::new("https://auth.example.com", key, policy)).build()?;
/// assert!(verifier.verify_now(&tokens.token().mint()).is_ok());
/// let rejected = verifier.verify_now(&tokens.token().without("aud").mint()).unwrap_err();
/// assert_eq!(rejected.kind(), ErrorKind::InvalidAudience); // `decode` accepts it
///
/// validation.validate_exp = false;
/// assert!(Policy::try_from(&validation).is_err()); // an expired token is never accepted here
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// The settings that have no equivalent in a policy: `validate_exp = false`, `reject_tokens_expiring_in_less_than`, an
/// `aud` that `validate_aud = false` leaves unchecked, an empty `iss`, a required claim that `decode` ignores,
/// and algorithms of several families, for which `decode` accepts no token.
impl TryFrom<&Validation> for Policy {
    type Error = BuildError;

    fn try_from(validation: &Validation) -> Result<Self, BuildError> {
        let mut problems = Vec::new();
        check_times(validation, &mut problems);
        let policy = Self::new()
            .leeway(Duration::from_secs(validation.leeway))
            .algorithms(algorithms(validation, &mut problems));
        let policy = with_audience(policy, validation, &mut problems);
        let policy = with_issuer(policy, validation, &mut problems);
        let policy = with_required(policy, validation, &mut problems);
        let policy = match &validation.sub {
            Some(subject) => policy.subject(subject),
            None => policy,
        };
        BuildError::unless_none(problems, policy)
    }
}

fn check_times(validation: &Validation, problems: &mut Vec<Problem>) {
    if !validation.validate_exp {
        problems.push(unchecked_expiry());
    }
    let margin = validation.reject_tokens_expiring_in_less_than;
    if margin > 0 {
        problems.push(expiry_margin(margin));
    }
}

fn algorithms(validation: &Validation, problems: &mut Vec<Problem>) -> Vec<Algorithm> {
    let mut families = validation.algorithms.iter().map(|algorithm| algorithm.family());
    let first = families.next();
    if families.any(|family| Some(family) != first) {
        problems.push(several_families());
    }
    let convert = |algorithm: &jsonwebtoken::Algorithm| {
        Algorithm::try_from(*algorithm).map_err(|error| problems.extend(error.into_problems())).ok()
    };
    validation.algorithms.iter().filter_map(convert).collect()
}

fn with_audience(policy: Policy, validation: &Validation, problems: &mut Vec<Problem>) -> Policy {
    match &validation.aud {
        Some(_) if !validation.validate_aud => {
            problems.push(unchecked_audience());
            policy
        }
        Some(names) => sorted(names).into_iter().fold(policy, Policy::audience),
        None if validation.validate_aud => policy,
        None => policy.any_audience(),
    }
}

fn with_issuer(policy: Policy, validation: &Validation, problems: &mut Vec<Problem>) -> Policy {
    let Some(names) = validation.iss.clone() else { return policy };
    if names.is_empty() {
        problems.push(no_issuer());
    }
    policy.check_token("issuer", move |token| {
        token.issuer().is_some_and(|issuer| names.contains(issuer))
    })
}

fn with_required(policy: Policy, validation: &Validation, problems: &mut Vec<Problem>) -> Policy {
    let required = &validation.required_spec_claims;
    let policy = if required.contains("exp") { policy } else { policy.allow_missing_expiry() };
    sorted(required).into_iter().fold(policy, |policy, claim| match claim {
        "exp" => policy,
        "aud" | "iss" | "nbf" | "sub" => policy.require_claim(claim),
        _ => {
            problems.push(ignored_claim(claim));
            policy
        }
    })
}

/// In an order that is the same in every run.
fn sorted(names: &HashSet<String>) -> Vec<&str> {
    let mut names: Vec<_> = names.iter().map(String::as_str).collect();
    names.sort_unstable();
    names
}

fn unchecked_expiry() -> Problem {
    Problem::new(
        ProblemKind::UnsupportedConversion,
        "`validate_exp` is false",
        "a policy always checks `exp` if it is present, so expired tokens would be rejected",
        "Set it to true; for tokens without `exp`, remove `exp` from `required_spec_claims`",
    )
}

fn expiry_margin(margin: u64) -> Problem {
    Problem::new(
        ProblemKind::UnsupportedConversion,
        format!("`reject_tokens_expiring_in_less_than` is {margin}"),
        "a policy has no such margin, so these tokens would be accepted",
        "Set it to 0 and lower `leeway` by as many seconds",
    )
}

fn several_families() -> Problem {
    Problem::new(
        ProblemKind::UnsupportedConversion,
        "algorithms of several families in one `Validation`",
        "`decode` rejects every token with such a `Validation`",
        "List the algorithms that the issuer's key is used with",
    )
}

fn unchecked_audience() -> Problem {
    Problem::new(
        ProblemKind::Conflict,
        "`aud` is set and `validate_aud` is false",
        "`aud` has no effect, and tokens for other services are accepted",
        "Set `validate_aud` to true, or `aud` to `None`",
    )
}

fn no_issuer() -> Problem {
    Problem::new(
        ProblemKind::EmptyValue,
        "`iss` is an empty set",
        "no issuer is allowed, so no token would be accepted",
        "Set `iss` to the name of the issuer, or to `None`",
    )
}

fn ignored_claim(claim: &str) -> Problem {
    Problem::new(
        ProblemKind::UnsupportedConversion,
        format!("`{claim}` in `required_spec_claims`"),
        "`decode` ignores it, so tokens without it have been accepted",
        "Remove it from the set; to require the claim, call `Policy::require_claim`",
    )
}

// Not an integration test: the process of those tests installs a `jsonwebtoken` provider that always fails.
#[cfg(test)]
mod tests {
    use jsonwebtoken::{Algorithm as Theirs, DecodingKey, decode};
    use serde_json::{Map, Value, json};

    use super::*;
    use crate::key::VerificationKey;
    use crate::testing::TestIssuer;
    use crate::verify::{Issuer, Verifier};

    const ISSUER: &str = "https://auth.example.com";
    /// Dates before and after any test run: `decode` reads the system clock.
    const PAST: u64 = 1_577_836_800;
    const FUTURE: u64 = 4_102_444_800;

    fn validations() -> Vec<Validation> {
        type Change = fn(&mut Validation);
        let changes: [Change; 13] = [
            |_| {},
            |it| it.validate_nbf = true,
            |it| it.set_audience(&["orders", "billing"]),
            |it| it.set_issuer(&[ISSUER]),
            |it| it.set_issuer(&["https://other.example", ISSUER]),
            |it| it.sub = Some("ada".into()),
            |it| it.required_spec_claims.clear(),
            |it| it.set_required_spec_claims(&["exp", "nbf", "aud", "iss", "sub"]),
            |it| it.set_required_spec_claims(&["nbf", "aud", "iss", "sub"]),
            |it| (it.aud, it.validate_aud) = (None, false),
            |it| {
                it.set_required_spec_claims(&["exp", "nbf", "aud", "iss", "sub"]);
                (it.aud, it.validate_aud) = (None, false);
                it.set_issuer(&[ISSUER]);
            },
            |it| it.algorithms = vec![Theirs::HS384],
            |it| it.algorithms = vec![Theirs::HS256, Theirs::HS384, Theirs::HS512],
        ];
        let mut base = Validation::new(Theirs::HS256);
        base.set_audience(&["orders"]);
        let apply = |change: &Change| {
            let mut validation = base.clone();
            change(&mut validation);
            validation
        };
        changes.iter().map(apply).collect()
    }

    fn tokens() -> Vec<String> {
        let good =
            json!({ "iss": ISSUER, "aud": "orders", "sub": "ada", "exp": FUTURE, "nbf": PAST });
        let sign = |algorithm: Algorithm, claims: &Value| {
            let header = format!(r#"{{"alg":"{algorithm}"}}"#);
            TestIssuer::new(algorithm).sign(header, claims.to_string())
        };
        let mut all = vec![good.clone(), json!({})];
        for (name, values) in [
            ("exp", json!([PAST, 0, -1, "4102444800", [], null, 4.2e9])),
            ("nbf", json!([FUTURE, 0, "0", {}, null, 1.5])),
            ("aud", json!(["other", ["billing", "x"], ["orders", 7], 7, [], null])),
            ("iss", json!(["https://evil.example", [ISSUER], 7, "", null])),
            ("sub", json!(["eve", 7, ["ada"], "", null])),
        ] {
            let with = |value: &Value| {
                let mut claims = good.clone();
                claims[name] = value.clone();
                claims
            };
            all.extend(values.as_array().unwrap().iter().map(with));
            let others = good.as_object().unwrap().clone().into_iter();
            all.push(others.filter(|(other, _)| other != name).collect::<Map<_, _>>().into());
        }
        let mut tokens: Vec<_> = all.iter().map(|it| sign(Algorithm::HS256, it)).collect();
        for algorithm in [Algorithm::HS384, Algorithm::HS512, Algorithm::ES256] {
            tokens.push(sign(algorithm, &good));
        }
        let other = TestIssuer::hs256().with_other_key();
        tokens.push(other.sign(r#"{"alg":"HS256"}"#, good.to_string()));
        tokens
    }

    #[test]
    fn tokens_that_decode_rejects_are_rejected() {
        let secret = TestIssuer::hs256().secret().as_bytes().to_vec();
        let theirs = DecodingKey::from_secret(&secret).unwrap();
        let (mut both, mut stricter, mut neither) = (0, 0, 0);
        for validation in validations() {
            // A key for every HMAC algorithm and an issuer without a name: only the policy decides.
            let key = VerificationKey::shared_secret(&secret).unwrap();
            let issuer = Issuer::unnamed(key, Policy::try_from(&validation).unwrap());
            let verifier = Verifier::builder().trust(issuer).build().unwrap();
            for token in tokens() {
                match (verifier.verify_now(&token), decode::<Value>(&token, &theirs, &validation)) {
                    (Ok(_), Ok(_)) => both += 1,
                    (Err(_), Ok(_)) => stricter += 1,
                    (Err(_), Err(_)) => neither += 1,
                    (Ok(_), Err(error)) => panic!("{error} under {validation:?}: {token}"),
                }
            }
        }
        println!("accepted by both: {both}, by `decode` only: {stricter}, by neither: {neither}");
        assert!(both > 50 && stricter > 50 && neither > 50, "{both} {stricter} {neither}");
    }
}
