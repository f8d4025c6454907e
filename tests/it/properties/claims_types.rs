//! The verdict does not depend on the claims type.

use proptest::{option, prop_assert, prop_assert_eq};
use tower_jwt_auth::{Algorithm, ErrorKind};

use super::cases::{Seen, for_all};
use super::json::{Json, members, style};
use super::near_misses::json_soup;
use super::rules::rules_and_tokens;
use super::shapes::{SIGNERS, wrong_claim};
use crate::support::tokens::{Three, header, issuer, trusting};

/// The only failure that depends on the claims type.
const UNFIT: Result<(), ErrorKind> = Err(ErrorKind::InvalidClaims);

#[test]
fn claims_types_differ_only_in_values_they_cannot_hold() {
    let seen = Seen::default();
    // This number exceeds an `f64`: a type that keeps all members fails, the others never read it.
    let huge = proptest::bool::weighted(0.3);
    let wrong = option::weighted(0.2, wrong_claim());
    let nameless = proptest::bool::weighted(0.2);
    let cases = (rules_and_tokens(1), nameless, members(3), wrong, huge, style());
    for_all(300, &cases, |((rules, mut tokens), nameless, others, wrong, huge, style)| {
        let mut facts = tokens.remove(0);
        facts.sub = facts.sub.filter(|_| !nameless);
        let mut claims = [facts.claims(), others].concat();
        if huge {
            claims.push(("huge".into(), Json::List(vec![Json::bare("1e400")])));
        }
        let is_wrong = wrong.is_some();
        if let Some((name, value)) = wrong {
            claims.retain(|(other, _)| *other != name);
            claims.push((name, value));
        }
        let claims = Json::Object(claims).written(&style);
        let token = SIGNERS[facts.signer].sign(facts.header().plain(), claims);
        let [all, small, none] = Three::new(|| rules.builder()).verdicts(&token);

        // This type reads no claim, so only the token can cause a failure.
        prop_assert_eq!(none.is_ok(), !is_wrong && rules.take(&facts), "{:?}", none);
        if none.is_err() {
            prop_assert_eq!([all, small], [none, none]);
        } else {
            prop_assert_eq!(all, if huge { UNFIT } else { Ok(()) });
            prop_assert_eq!(small, if facts.sub.is_none() { UNFIT } else { Ok(()) });
        }
        seen.note(format_args!(
            "{} of 3",
            [all, small, none].iter().filter(|it| it.is_ok()).count()
        ));
        Ok(())
    })
    .and_saw(&seen, ["0 of 3", "1 of 3", "2 of 3", "3 of 3"]);
}

#[test]
fn malformed_json_is_malformed_for_every_claims_type() {
    let (issuer, seen) = (issuer(Algorithm::HS256), Seen::default());
    let three = Three::new(|| trusting(&issuer).max_token_len(1 << 20).allow_missing_expiry());
    for_all(3_000, &json_soup(), |payload| {
        let token = issuer.sign(header(Algorithm::HS256), &payload);
        let [all, small, none] = three.verdicts(&token);
        for other in [all, small] {
            prop_assert!(other == none || none.is_ok() && other == UNFIT, "{other:?}, {none:?}");
        }
        seen.note(none.err().map_or("accepted", ErrorKind::as_str));
        Ok(())
    })
    .and_saw(&seen, ["accepted", "malformed_token", "invalid_claims", "invalid_audience"]);
}
