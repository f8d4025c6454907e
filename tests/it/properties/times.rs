//! `exp`, `nbf`, `iat`, the age and the leeway, compared with arithmetic that cannot overflow.

use std::time::{Duration, UNIX_EPOCH};

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::select;
use proptest::{option, prop_assert, prop_assert_eq};
use serde::de::IgnoredAny;
use tower_jwt_auth::testing::{FixedClock, TestIssuer};
use tower_jwt_auth::{Algorithm, ErrorKind, Verifier};

use super::cases::{Seen, for_all};
use crate::support::tokens::{NOW, Verdict, header, issuer, verdict};

const SECOND: i128 = 1_000_000_000;

/// A date as written in a token, and its value in nanoseconds since 1970.
#[derive(Clone, Debug)]
struct Date {
    text: String,
    nanos: i128,
}

fn date() -> impl Strategy<Value = Date> {
    let whole =
        |seconds: i64| Date { text: seconds.to_string(), nanos: SECOND * i128::from(seconds) };
    let near = NOW - 700..NOW + 700;
    // Fractions that an `f64` represents exactly.
    let fraction = (near.clone(), 0..512_i64).prop_map(move |(seconds, part)| {
        let part = part * 1_953_125;
        let text = format!("{seconds}.{part:09}");
        Date { text, nanos: whole(seconds).nanos + i128::from(part) }
    });
    let spelled = (near.clone(), select(&[".0", "e0", "E+0", ".000e-0"][..]));
    let spelled = spelled
        .prop_map(move |(seconds, end)| Date { text: format!("{seconds}{end}"), ..whole(seconds) });
    // Numbers beyond 64 bits saturate.
    let beyond =
        [("1e19", i64::MAX), ("-1e19", i64::MIN), ("1e300", i64::MAX), ("-1e300", i64::MIN)];
    let beyond = beyond.map(|(text, end)| Date { text: text.to_owned(), ..whole(end) });
    prop_oneof![
        4 => near.prop_map(whole),
        3 => fraction,
        2 => spelled,
        1 => any::<i64>().prop_map(whole),
        1 => select(&[i64::MIN, i64::MIN + 1, -1, 0, 1, i64::MAX - 1, i64::MAX][..]).prop_map(whole),
        1 => select(beyond.to_vec()),
    ]
}

#[derive(Clone, Debug)]
struct Dates {
    exp: Option<Date>,
    nbf: Option<Date>,
    iat: Option<Date>,
}

impl Dates {
    fn mint(&self, issuer: &TestIssuer) -> String {
        let dates = [("exp", &self.exp), ("nbf", &self.nbf), ("iat", &self.iat)];
        let member = |(name, date): (_, &Option<Date>)| {
            date.as_ref().map(|date| format!("\"{name}\":{}", date.text))
        };
        let members: Vec<_> = dates.into_iter().filter_map(member).collect();
        issuer.sign(header(issuer.algorithm()), format!("{{{}}}", members.join(",")))
    }
}

/// The time settings of a verifier.
#[derive(Clone, Copy, Debug)]
struct Times {
    leeway: Duration,
    max_age: Option<Duration>,
}

fn nanos(duration: Duration) -> i128 {
    i128::try_from(duration.as_nanos()).unwrap()
}

impl Times {
    fn verifier(self, issuer: &TestIssuer, clock: &FixedClock) -> Verifier<IgnoredAny> {
        let builder =
            Verifier::shared_secret(issuer.secret()).any_audience().allow_missing_expiry();
        let builder = builder.leeway(self.leeway).clock(clock.clone());
        let builder =
            self.max_age.into_iter().fold(builder, tower_jwt_auth::VerifierBuilder::max_age);
        builder.claims().build().unwrap()
    }

    /// RFC 7519 §4.1.4 to §4.1.6, with the leeway once in each comparison.
    fn verdict(self, dates: &Dates, now: i128) -> Verdict {
        let (leeway, early) = (nanos(self.leeway), Err(ErrorKind::TokenNotYetValid));
        let of = |date: &Option<Date>| date.as_ref().map(|date| date.nanos);
        if of(&dates.nbf).is_some_and(|nbf| now + leeway < nbf) {
            return early;
        }
        if let Some(age) = self.max_age {
            match of(&dates.iat) {
                None => return Err(ErrorKind::MissingClaim),
                Some(iat) if now + leeway < iat => return early,
                Some(iat) if now >= iat + nanos(age) + leeway => {
                    return Err(ErrorKind::TokenTooOld);
                }
                Some(_) => {}
            }
        }
        match of(&dates.exp) {
            Some(exp) if now >= exp + leeway => Err(ErrorKind::TokenExpired),
            _ => Ok(()),
        }
    }

    /// The times at which the verdict may change.
    fn boundaries(self, dates: &Dates) -> Vec<i128> {
        let (leeway, age) = (nanos(self.leeway), nanos(self.max_age.unwrap_or_default()));
        let of = |date: &Option<Date>, by: i128| date.as_ref().map(|date| date.nanos + by);
        let at = [of(&dates.exp, leeway), of(&dates.nbf, -leeway), of(&dates.iat, -leeway)];
        at.into_iter().flatten().chain(of(&dates.iat, age + leeway)).collect()
    }
}

fn dates() -> impl Strategy<Value = Dates> {
    let often = || option::weighted(0.7, date());
    (often(), often(), often()).prop_map(|(exp, nbf, iat)| Dates { exp, nbf, iat })
}

/// Ages within and beyond the range of an `i64`.
const HUGE: [u64; 4] = [i64::MAX.unsigned_abs(), i64::MIN.unsigned_abs(), (1 << 63) + 1, u64::MAX];

fn times() -> impl Strategy<Value = Times> {
    let leeway = prop_oneof![Just(60_000), 0..=300_000_u64].prop_map(Duration::from_millis);
    let seconds = prop_oneof![8 => 0..1_500_u64, 1 => any::<u64>(), 1 => select(&HUGE[..])];
    let age = (seconds, 0..1_000_000_000_u32).prop_map(|(secs, nanos)| Duration::new(secs, nanos));
    (leeway, option::weighted(0.5, age)).prop_map(|(leeway, max_age)| Times { leeway, max_age })
}

/// Sets the clock to the nearest representable time, and returns that time.
fn set(clock: &FixedClock, now: i128) -> i128 {
    let now = u64::try_from(now.clamp(0, u64::MAX.into())).unwrap();
    clock.set(UNIX_EPOCH + Duration::from_nanos(now));
    now.into()
}

/// Offsets shortly before and after a time, in nanoseconds.
fn steps() -> impl Strategy<Value = Vec<i64>> {
    let step = prop_oneof![-3..=3_i64, -3_000_000_000..=3_000_000_000_i64, -3_000..=3_000_i64];
    vec(step, 2..6)
}

#[test]
fn time_checks_match_exact_arithmetic() {
    let (issuer, seen) = (issuer(Algorithm::HS256), Seen::default());
    for_all(600, &(dates(), times(), steps()), |(dates, times, steps)| {
        let clock = FixedClock::new();
        let verifier = times.verifier(&issuer, &clock);
        let token = dates.mint(&issuer);
        let mut moments = vec![SECOND * i128::from(NOW)];
        for boundary in times.boundaries(&dates) {
            moments.extend([-1, 0, 1].map(|by| boundary + by));
            moments.extend(steps.iter().map(|by| boundary + i128::from(*by)));
        }
        for moment in moments {
            let now = set(&clock, moment);
            let (outcome, expected) = (verdict(&verifier, &token), times.verdict(&dates, now));
            prop_assert_eq!(outcome, expected, "at {}", now);
            seen.note(outcome.err().map_or("accepted", ErrorKind::as_str));
        }
        Ok(())
    })
    .and_saw(
        &seen,
        ["accepted", "token_expired", "token_not_yet_valid", "token_too_old", "missing_claim"],
    );
}

#[test]
fn more_leeway_never_rejects_an_accepted_token() {
    let (issuer, seen) = (issuer(Algorithm::HS256), Seen::default());
    let leeways = (0..=300_000_000_000_u64, 0..=300_000_000_000_u64);
    for_all(600, &(dates(), times(), leeways, steps()), |(dates, times, (one, other), steps)| {
        let leeway = |nanos| Times { leeway: Duration::from_nanos(nanos), ..times };
        let (less, more) = (leeway(one.min(other)), leeway(one.max(other)));
        let (clock, token) = (FixedClock::new(), dates.mint(&issuer));
        let patient = more.verifier(&issuer, &clock);
        let strict = less.verifier(&issuer, &clock);
        let boundaries = [less.boundaries(&dates), more.boundaries(&dates)].concat();
        for moment in boundaries.into_iter().zip(steps.iter().cycle()) {
            set(&clock, moment.0 + i128::from(*moment.1));
            let (before, after) = (verdict(&strict, &token), verdict(&patient, &token));
            prop_assert!(before.is_err() || after.is_ok(), "{before:?}, and then {after:?}");
            if before != after {
                seen.note("taken thanks to the leeway");
            }
        }
        Ok(())
    })
    .and_saw(&seen, ["taken thanks to the leeway"]);
}

#[test]
fn expired_tokens_stay_expired_as_time_passes() {
    let (issuer, seen) = (issuer(Algorithm::HS256), Seen::default());
    let forward = vec(prop_oneof![0..3_u64, 0..3_000_000_000_u64, 0..900_000_000_000_u64], 2..12);
    for_all(600, &(date(), date(), times(), forward), |(exp, nbf, times, forward)| {
        let times = Times { max_age: None, ..times };
        let ending = Dates { exp: Some(exp), nbf: None, iat: None };
        let beginning = Dates { exp: None, nbf: Some(nbf), iat: None };
        for (dates, last) in [(ending, Err(ErrorKind::TokenExpired)), (beginning, Ok(()))] {
            let (clock, token) = (FixedClock::new(), dates.mint(&issuer));
            let verifier = times.verifier(&issuer, &clock);
            set(&clock, times.boundaries(&dates)[0] - i128::from(forward[0]));
            let mut reached = false;
            for by in &forward {
                let outcome = verdict(&verifier, &token);
                prop_assert!(!reached || outcome == last, "{outcome:?} after {last:?}");
                if outcome != last {
                    seen.note(format_args!("not yet {last:?}"));
                } else if !std::mem::replace(&mut reached, true) {
                    seen.note(format_args!("became {last:?}"));
                }
                clock.advance(Duration::from_nanos(*by));
            }
        }
        Ok(())
    })
    .and_saw(
        &seen,
        [
            "not yet Ok(())",
            "became Ok(())",
            "not yet Err(TokenExpired)",
            "became Err(TokenExpired)",
        ],
    );
}
