//! A policy accepts exactly the tokens that meet it, and a stricter policy accepts fewer.

use proptest::prelude::any;
use proptest::sample::{Index, select};
use proptest::{prop_assert, prop_assert_eq};

use super::cases::{Seen, for_all};
use super::rules::{REQUIRABLE, Rules, rules_and_tokens};
use super::shapes::A;
use crate::support::tokens::verdict;

const TOKENS: usize = 6;

#[test]
fn a_token_is_accepted_exactly_when_it_meets_every_rule() {
    let seen = Seen::default();
    for_all(200, &rules_and_tokens(TOKENS), |(rules, tokens)| {
        let verifier = rules.builder().build().unwrap();
        for token in tokens {
            let outcome = verdict(&verifier, &token.mint());
            prop_assert_eq!(outcome.is_ok(), rules.take(&token), "{:?}: {:?}", token, outcome);
            seen.accepted(&outcome);
        }
        Ok(())
    })
    .and_saw(&seen, ["accepted", "rejected"]);
}

/// A setting that makes a policy stricter.
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
    /// The same rules with one stricter setting, if it can be stricter.
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
                // Adding an algorithm would make the policy laxer.
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
fn a_stricter_policy_never_accepts_a_rejected_token() {
    let seen = Seen::default();
    let tightening = (select(&TIGHTENINGS[..]), any::<Index>());
    for_all(
        300,
        &(rules_and_tokens(TOKENS), tightening),
        |((rules, tokens), (tightening, which))| {
            let wide = rules.builder().build().unwrap();
            let tight = tightening.of(&rules, which).builder().build().unwrap();
            for token in tokens {
                let minted = token.mint();
                let (before, after) = (verdict(&wide, &minted), verdict(&tight, &minted));
                prop_assert!(
                    after.is_err() || before.is_ok(),
                    "{tightening:?} accepted {token:?}, which was {before:?}"
                );
                if before.is_ok() {
                    let still = if after.is_ok() { "still good after" } else { "rejected by" };
                    seen.note(format_args!("{still} {tightening:?}"));
                }
            }
            Ok(())
        },
    )
    .and_saw(
        &seen,
        [
            "rejected by Algorithms",
            "rejected by Issuer",
            "rejected by Audience",
            "rejected by Subject",
            "rejected by Typ",
            "rejected by Require",
            "rejected by Leeway",
            "rejected by MaxAge",
            "rejected by Expiry",
            "rejected by Rule",
            "still good after Algorithms",
            "still good after Audience",
            "still good after Leeway",
            "still good after MaxAge",
            "still good after Rule",
        ],
    );
}
