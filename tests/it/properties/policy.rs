//! What a policy takes: exactly what meets it, and less the more it asks for.

use proptest::prelude::any;
use proptest::sample::{Index, select};
use proptest::{prop_assert, prop_assert_eq};

use super::cases::{Seen, for_all};
use super::rules::{REQUIRABLE, Rules, meetings};
use super::shapes::A;
use crate::support::tokens::verdict;

const TOKENS: usize = 6;

#[test]
fn a_token_is_taken_exactly_when_it_meets_every_rule_by_itself() {
    let seen = Seen::default();
    for_all(200, &meetings(TOKENS), |(rules, tokens)| {
        let verifier = rules.builder().build().unwrap();
        for token in tokens {
            let outcome = verdict(&verifier, &token.mint());
            prop_assert_eq!(outcome.is_ok(), rules.take(&token), "{:?}: {:?}", token, outcome);
            seen.accepted(&outcome);
        }
        Ok(())
    })
    .and_saw(&seen, ["accepted", "refused"]);
}

/// A setting that a policy is tightened by.
#[derive(Clone, Copy, Debug)]
enum Tightening {
    Algorithms,
    Issuer,
    Audience,
    Subject,
    Typ,
    Require,
    Leeway,
    MaxAge,
    Expiry,
    Rule,
}

const TIGHTENINGS: [Tightening; 10] = [
    Tightening::Algorithms,
    Tightening::Issuer,
    Tightening::Audience,
    Tightening::Subject,
    Tightening::Typ,
    Tightening::Require,
    Tightening::Leeway,
    Tightening::MaxAge,
    Tightening::Expiry,
    Tightening::Rule,
];

impl Tightening {
    /// The same rules with one that asks for more, as far as there is more to ask for.
    fn of(self, rules: &Rules, which: Index) -> Rules {
        let mut rules = rules.clone();
        match self {
            Self::Algorithms => {
                let mut listed = rules.algorithms.take().unwrap_or_else(|| rules.usual());
                if listed.len() > 1 {
                    listed.remove(which.index(listed.len()));
                }
                rules.algorithms = Some(listed);
            }
            Self::Issuer => rules.issuer = Some(A),
            Self::Audience => match rules.audiences.len() {
                // To name one more would be to take more.
                0 => rules.audiences.push(["orders", "billing"][which.index(2)]),
                1 => {}
                several => drop(rules.audiences.remove(which.index(several))),
            },
            Self::Subject => rules.subject = Some("user-1"),
            Self::Typ => rules.typ = rules.typ.or(Some("at+jwt")),
            Self::Require => rules.required.push(REQUIRABLE[which.index(REQUIRABLE.len())]),
            Self::Leeway => rules.leeway = rules.leeway.min(which.index(60) as u64),
            Self::MaxAge => {
                let age = which.index(4000) as u64;
                rules.max_age = Some(rules.max_age.map_or(age, |known| known.min(age)));
            }
            Self::Expiry => rules.expiry = true,
            Self::Rule => rules.rule = true,
        }
        rules
    }
}

#[test]
fn no_restriction_turns_a_refusal_into_an_acceptance() {
    let seen = Seen::default();
    let tightening = (select(&TIGHTENINGS[..]), any::<Index>());
    for_all(300, &(meetings(TOKENS), tightening), |((rules, tokens), (tightening, which))| {
        let wide = rules.builder().build().unwrap();
        let tight = tightening.of(&rules, which).builder().build().unwrap();
        for token in tokens {
            let minted = token.mint();
            let (before, after) = (verdict(&wide, &minted), verdict(&tight, &minted));
            prop_assert!(
                after.is_err() || before.is_ok(),
                "{tightening:?} let it in: {token:?}, which was {before:?}"
            );
            if before.is_ok() {
                let still = if after.is_ok() { "still good after" } else { "refused by" };
                seen.note(format_args!("{still} {tightening:?}"));
            }
        }
        Ok(())
    })
    .and_saw(
        &seen,
        [
            "refused by Algorithms",
            "refused by Issuer",
            "refused by Audience",
            "refused by Subject",
            "refused by Typ",
            "refused by Require",
            "refused by Leeway",
            "refused by MaxAge",
            "refused by Expiry",
            "refused by Rule",
            "still good after Algorithms",
            "still good after Audience",
            "still good after Leeway",
            "still good after MaxAge",
            "still good after Rule",
        ],
    );
}
