//! The one pass over a payload: it notes the registered claims on the way into any claims type.

use std::borrow::Cow;

use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::value::RawValue;

use super::json::{self, Names, check_shape};
use super::noted::{Claim, wrong_type};
use super::tee::{Refused, Tee, Wanted, Witness};
use super::{NumericDate, Text, TextList};
use crate::error::{Error, ErrorKind};

/// What the pass notes: places in the payload's text, dates, and which required claims are there.
#[derive(Debug, Default)]
pub(crate) struct Captured {
    pub(crate) iss: Option<Text>,
    pub(crate) sub: Option<Text>,
    pub(crate) aud: Option<TextList>,
    pub(crate) exp: Option<NumericDate>,
    pub(crate) nbf: Option<NumericDate>,
    pub(crate) iat: Option<NumericDate>,
    pub(crate) jti: Option<Text>,
    pub(crate) scope: Option<TextList>,
    pub(crate) scp: Option<TextList>,
    pub(crate) roles: Option<TextList>,
    /// Whether there is a `cnf` claim (RFC 7800).
    pub(crate) cnf: bool,
    /// A bit for each required claim that is there and not null, in the order of the list.
    pub(crate) required: u64,
}

/// Reads a payload into `C` and notes the registered claims in an empty `captured`, refusing what is not
/// strict.
///
/// The inner result is `C`'s own: it is to be looked at after the policy, so that an expired token
/// is called expired whatever else is in it.
///
/// # Errors
///
/// [`ErrorKind::MalformedToken`] for anything but one strict JSON object without duplicate names;
/// [`ErrorKind::InvalidIssuer`], [`ErrorKind::InvalidAudience`] or [`ErrorKind::InvalidClaims`] for a
/// registered claim of the wrong type, null included.
pub(crate) fn read<C: DeserializeOwned>(
    payload: &str,
    required: &[Box<str>],
    captured: &mut Captured,
) -> Result<Result<C, Error>, Error> {
    check_shape(payload).map_err(|_| malformed("the payload is not one strict JSON object"))?;
    let mut first = pass::<C>(payload, required, Pace::Fast, captured)?;
    if first.surprised {
        *captured = Captured::default();
        first = pass::<C>(payload, required, Pace::Careful, captured)?;
    }
    if let Pass { complete: true, outcome: Ok(claims), .. } = first {
        return Ok(Ok(claims));
    }
    // `C` stopped half-way or did not ask for a map: the rest still has to be judged.
    *captured = Captured::default();
    let whole = pass::<IgnoredAny>(payload, required, Pace::Careful, captured)?;
    if !whole.complete || whole.outcome.is_err() {
        return Err(malformed("the payload is not valid JSON"));
    }
    Ok(first.outcome.map_err(|error| unfitting(&error)))
}

fn malformed(detail: &'static str) -> Error {
    Error::new(ErrorKind::MalformedToken).with_detail(detail)
}

fn unfitting(error: &serde_json::Error) -> Error {
    // The parser's own text quotes values of claims: only what class of error it was goes on.
    Error::new(ErrorKind::InvalidClaims).with_detail(match error.classify() {
        serde_json::error::Category::Data => "they do not fit the claims type",
        _ => "a number or string in them cannot be read",
    })
}

/// How a pass reads the claims that are noted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pace {
    /// As the texts and integers that they are in almost every token.
    Fast,
    /// Whatever they are. Slower, and needed only when a fast pass was surprised.
    Careful,
}

/// What came of a pass.
struct Pass<C> {
    outcome: Result<C, serde_json::Error>,
    /// Whether every member went by: only then was everything noted.
    complete: bool,
    /// Whether a fast pass met a claim that is neither the text nor the integer it should be.
    surprised: bool,
}

/// Runs `C` over the payload and notes the claims, of which none are noted yet.
fn pass<C: DeserializeOwned>(
    payload: &str,
    required: &[Box<str>],
    pace: Pace,
    captured: &mut Captured,
) -> Result<Pass<C>, Error> {
    let mut capture = Capture {
        payload,
        required,
        pace,
        seen: 0,
        names: Names::default(),
        captured,
        current: (Claim::Other, 0),
        refusal: None,
        complete: false,
        surprised: false,
    };
    let outcome = C::deserialize(Tee::new(payload, &mut capture));
    let Capture { refusal, complete, surprised, .. } = capture;
    match refusal {
        Some(refusal) => Err(refusal),
        None => Ok(Pass { outcome, complete, surprised }),
    }
}

/// The state of one pass.
struct Capture<'de, 'r> {
    payload: &'de str,
    required: &'r [Box<str>],
    pace: Pace,
    /// A bit for each noted claim that has gone by; all other names are in `names`.
    seen: u16,
    names: Names<'de>,
    captured: &'r mut Captured,
    /// The claim whose value comes next, and its bit if it is a required one.
    current: (Claim, u64),
    refusal: Option<Error>,
    complete: bool,
    surprised: bool,
}

impl<'de> Witness<'de> for Capture<'de, '_> {
    fn name(&mut self, name: Cow<'de, str>) -> Result<Wanted, Refused> {
        let claim = Claim::of(&name);
        self.current = (claim, self.required_bit(&name));
        let is_new = match claim {
            Claim::Other => self.names.insert(name),
            noted => self.seen & noted.bit() == 0,
        };
        self.seen |= claim.bit();
        if !is_new {
            return self.refuse(malformed("a member name stands twice in the payload"));
        }
        Ok(match (claim, self.pace) {
            (Claim::Other, _) if self.current.1 == 0 => Wanted::Nothing,
            (Claim::Iss | Claim::Sub | Claim::Jti | Claim::Aud | Claim::Scope, Pace::Fast) => {
                Wanted::Text
            }
            (Claim::Exp | Claim::Nbf | Claim::Iat, Pace::Fast) => Wanted::Integer,
            _ => Wanted::Raw,
        })
    }

    fn text(&mut self, text: Option<&Cow<'de, str>>) -> Result<(), Refused> {
        let (claim, required) = self.current;
        let Some(text) = text else { return self.surprise() };
        let text = Text::locate(self.payload, text.clone());
        self.captured.required |= required;
        match claim {
            Claim::Iss => self.captured.iss = Some(text),
            Claim::Sub => self.captured.sub = Some(text),
            Claim::Jti => self.captured.jti = Some(text),
            Claim::Aud => self.captured.aud = Some(TextList::One(text)),
            Claim::Scope => self.captured.scope = Some(TextList::One(text)),
            _ => return self.surprise(),
        }
        Ok(())
    }

    fn integer(&mut self, integer: Option<i64>) -> Result<(), Refused> {
        let (claim, required) = self.current;
        let date = integer.map(NumericDate::from_seconds);
        self.captured.required |= required;
        match claim {
            _ if date.is_none() => return self.surprise(),
            Claim::Exp => self.captured.exp = date,
            Claim::Nbf => self.captured.nbf = date,
            Claim::Iat => self.captured.iat = date,
            _ => return self.surprise(),
        }
        Ok(())
    }

    fn value(&mut self, raw: &'de RawValue) -> Result<(), Refused> {
        let (claim, required) = self.current;
        if !self.note(claim, raw) {
            return self.refuse(wrong_type(claim));
        }
        // A list without an audience names none.
        let is_absent = raw.get() == "null" || claim == Claim::Aud && self.captured.aud.is_none();
        if !is_absent {
            self.captured.required |= required;
        }
        Ok(())
    }

    fn end(&mut self) {
        self.complete = true;
    }
}

impl<'de> Capture<'de, '_> {
    /// Notes a value; `false` if it has the wrong type.
    fn note(&mut self, claim: Claim, raw: &'de RawValue) -> bool {
        let payload = self.payload;
        let text = || json::text(raw).map(|text| Text::locate(payload, text));
        let date = || NumericDate::from_json(raw.get());
        let captured = &mut *self.captured;
        match claim {
            Claim::Iss => set(&mut captured.iss, text()),
            Claim::Sub => set(&mut captured.sub, text()),
            Claim::Jti => set(&mut captured.jti, text()),
            Claim::Exp => set(&mut captured.exp, date()),
            Claim::Nbf => set(&mut captured.nbf, date()),
            Claim::Iat => set(&mut captured.iat, date()),
            Claim::Aud => {
                let list = TextList::read(payload, raw);
                let is_list = list.is_some();
                captured.aud = list.filter(|list| list.iter(payload).next().is_some());
                is_list
            }
            // No registered claims of RFC 7519: of another shape they grant nothing, and that is all.
            Claim::Scope => {
                captured.scope = TextList::read(payload, raw);
                true
            }
            Claim::Scp => {
                captured.scp = TextList::read(payload, raw);
                true
            }
            Claim::Roles => {
                captured.roles = TextList::read(payload, raw);
                true
            }
            Claim::Cnf => {
                captured.cnf = true;
                true
            }
            // Of interest for being there.
            Claim::Other => true,
        }
    }

    fn required_bit(&self, name: &str) -> u64 {
        let at = self.required.iter().position(|required| **required == *name);
        let bit = at.and_then(|at| u32::try_from(at).ok()).and_then(|at| 1_u64.checked_shl(at));
        bit.unwrap_or_default()
    }

    /// Gives a fast pass up.
    fn surprise<T>(&mut self) -> Result<T, Refused> {
        self.surprised = true;
        Err(Refused)
    }

    /// Keeps the reason here: `serde` errors carry nothing but text.
    fn refuse<T>(&mut self, error: Error) -> Result<T, Refused> {
        self.refusal.get_or_insert(error);
        Err(Refused)
    }
}

fn set<T>(slot: &mut Option<T>, value: Option<T>) -> bool {
    *slot = value;
    slot.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use serde_json::Value;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Small {
        sub: String,
        admin: Option<bool>,
    }

    fn reading<C: DeserializeOwned>(
        payload: &str,
        required: &[Box<str>],
    ) -> Result<(Captured, Result<C, Error>), Error> {
        let mut captured = Captured::default();
        read::<C>(payload, required, &mut captured).map(|claims| (captured, claims))
    }

    fn kind_of<C: DeserializeOwned>(payload: &str) -> Result<(), ErrorKind> {
        match reading::<C>(payload, &[]) {
            Err(error) => Err(error.kind()),
            Ok((_, outcome)) => outcome.map(|_| ()).map_err(|error| error.kind()),
        }
    }

    #[test]
    fn one_pass_fills_the_type_and_notes_the_registered_claims() {
        let payload = r#"{"iss":"i","sub":"s","aud":["a","b"],"exp":9,"nbf":1,"iat":2,"jti":"j",
            "scope":"x y","scp":["z"],"roles":["r"],"cnf":{},"admin":true,"x":[1]}"#;
        let (captured, small) = reading::<Small>(payload, &[]).unwrap();
        assert_eq!(small.unwrap(), Small { sub: "s".into(), admin: Some(true) });
        let at = |text: Option<Text>| text.unwrap().read(payload).to_owned();
        assert_eq!(
            (at(captured.iss), at(captured.sub), at(captured.jti)),
            ("i".into(), "s".into(), "j".into())
        );
        assert_eq!(captured.aud.unwrap().iter(payload).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(captured.exp, Some(NumericDate::from_seconds(9)));
        assert_eq!(captured.roles.unwrap().iter(payload).collect::<Vec<_>>(), ["r"]);
        assert!(captured.cnf);
    }

    #[test]
    fn malformed_payloads_are_the_same_for_every_claims_type() {
        for payload in [
            "[]",
            "{",
            "{}{}",
            "{}\u{a0}",
            "\u{feff}{}",
            r#"{"a":1,"a":2}"#,
            r#"{"sub":"a","s\u0075b":"a"}"#,
            r#"{"sub":"a","x":"\ud800"}"#,
            r#"{"sub":"a",}"#,
            r#"{"sub":"a","x":NaN}"#,
            "{\"sub\":\"a\",\"x\":\"\u{1}\"}",
        ] {
            let malformed = Err(ErrorKind::MalformedToken);
            assert_eq!(kind_of::<Small>(payload), malformed, "{payload}");
            assert_eq!(kind_of::<Value>(payload), malformed, "{payload}");
            assert_eq!(kind_of::<IgnoredAny>(payload), malformed, "{payload}");
            assert_eq!(kind_of::<String>(payload), malformed, "{payload}");
        }
    }

    #[test]
    fn white_space_around_a_payload_changes_nothing() {
        let payload = "\r\n\t {\"sub\":\"s\",\"aud\":[\"a\"],\"admin\":true} \t\r\n";
        let (captured, small) = reading::<Small>(payload, &[]).unwrap();
        assert_eq!(small.unwrap(), Small { sub: "s".into(), admin: Some(true) });
        assert_eq!(captured.sub.unwrap().read(payload), "s");
        assert_eq!(captured.aud.unwrap().iter(payload).collect::<Vec<_>>(), ["a"]);
        assert_eq!(kind_of::<Value>(payload), Ok(()));
        assert_eq!(kind_of::<IgnoredAny>(payload), Ok(()));
        assert_eq!(kind_of::<String>(payload), Err(ErrorKind::InvalidClaims));
    }

    #[test]
    fn registered_claims_of_the_wrong_type_refuse_whatever_the_claims_type_makes_of_them() {
        for (name, value, kind) in [
            ("iss", "[\"a\"]", ErrorKind::InvalidIssuer),
            ("iss", "null", ErrorKind::InvalidIssuer),
            ("aud", "[1]", ErrorKind::InvalidAudience),
            ("aud", "{}", ErrorKind::InvalidAudience),
            ("sub", "7", ErrorKind::InvalidClaims),
            ("jti", "null", ErrorKind::InvalidClaims),
            ("exp", "\"9\"", ErrorKind::InvalidClaims),
            ("exp", "null", ErrorKind::InvalidClaims),
            ("nbf", "true", ErrorKind::InvalidClaims),
            ("iat", "[9]", ErrorKind::InvalidClaims),
        ] {
            let payload = format!("{{\"{name}\":{value}}}");
            assert_eq!(kind_of::<IgnoredAny>(&payload), Err(kind), "{payload}");
            assert_eq!(kind_of::<Value>(&payload), Err(kind), "{payload}");
        }
    }

    #[test]
    fn a_type_that_does_not_fit_fails_on_its_own_account() {
        // The claims are noted all the same, also those behind the member that did not fit.
        let payload = r#"{"admin":"yes","sub":"s","exp":9}"#;
        let (captured, small) = reading::<Small>(payload, &[]).unwrap();
        assert_eq!(small.unwrap_err().kind(), ErrorKind::InvalidClaims);
        assert_eq!(captured.exp, Some(NumericDate::from_seconds(9)));
        assert_eq!(kind_of::<String>("{}"), Err(ErrorKind::InvalidClaims));
        assert_eq!(kind_of::<Vec<u8>>("{}"), Err(ErrorKind::InvalidClaims));
    }

    #[test]
    fn enums_options_newtypes_and_maps_are_claims_types_too() {
        #[derive(Debug, Deserialize, PartialEq)]
        enum Kind {
            User(u8),
        }
        #[derive(Debug, Deserialize)]
        struct New(Option<Small>);

        let (_, kind) = reading::<Kind>(r#"{"User":7}"#, &[]).unwrap();
        assert_eq!(kind.unwrap(), Kind::User(7));
        assert_eq!(kind_of::<Kind>(r#"{"User":7,"User":7}"#), Err(ErrorKind::MalformedToken));
        let (_, new) = reading::<New>(r#"{"sub":"s"}"#, &[]).unwrap();
        assert!(new.unwrap().0.is_some());
        let (_, map) =
            reading::<std::collections::BTreeMap<String, Value>>(r#"{"exp":9}"#, &[]).unwrap();
        assert_eq!(map.unwrap()["exp"], 9);
    }

    #[test]
    fn the_claims_that_are_noted_can_be_of_any_type_that_the_parser_could_fill() {
        #[derive(Debug, Deserialize, PartialEq, Eq, Hash)]
        struct Id(String);
        #[derive(Debug, Deserialize, PartialEq)]
        struct Moment(Option<i64>);
        #[derive(Debug, Deserialize, PartialEq)]
        #[serde(rename_all = "lowercase")]
        enum Party {
            Orders,
        }
        #[derive(Debug, Deserialize)]
        struct Mine {
            iss: Option<Id>,
            sub: Id,
            aud: Party,
            jti: Box<str>,
            scope: Option<String>,
            exp: Moment,
            nbf: Option<f64>,
            iat: u32,
            #[serde(flatten)]
            rest: std::collections::HashMap<Id, Value>,
        }

        let payload = r#"{"iss":"i","sub":"s\u0075b","aud":"orders","jti":"j","scope":"a b","exp":9,
            "nbf":-1,"iat":7,"x":1}"#;
        let (captured, mine) = reading::<Mine>(payload, &[]).unwrap();
        let mine = mine.unwrap();
        assert_eq!((mine.iss, mine.sub), (Some(Id("i".into())), Id("sub".into())));
        assert_eq!(
            (mine.aud, &*mine.jti, mine.scope.as_deref()),
            (Party::Orders, "j", Some("a b"))
        );
        assert_eq!((mine.exp, mine.nbf, mine.iat), (Moment(Some(9)), Some(-1.0), 7));
        assert_eq!(mine.rest[&Id("x".into())], 1);
        assert_eq!(captured.sub.unwrap().read(payload), "sub");
        // The unusual shapes take another way to the same end.
        let (_, mine) =
            reading::<Value>(r#"{"aud":["a"],"exp":1.5,"scope":{"a":1}}"#, &[]).unwrap();
        assert_eq!(mine.unwrap()["exp"], 1.5);
    }

    #[test]
    fn required_claims_are_noted_when_they_are_there_and_not_null() {
        let required = ["tenant".into(), "sub".into(), "email".into()];
        let noted = |payload| reading::<IgnoredAny>(payload, &required).unwrap().0.required;
        assert_eq!(noted(r#"{"tenant":1,"sub":"s","email":false}"#), 0b111);
        assert_eq!(noted(r#"{"tenant":null,"sub":"s"}"#), 0b010);
        assert_eq!(noted(r#"{"x":{"tenant":1,"email":2},"Sub":"s"}"#), 0);
        let required = ["aud".into(), "exp".into()];
        let noted = |payload| reading::<IgnoredAny>(payload, &required).unwrap().0.required;
        assert_eq!(noted(r#"{"aud":["a"],"exp":1.5}"#), 0b11);
        assert_eq!(noted(r#"{"aud":[""],"exp":1}"#), 0b11);
        assert_eq!(noted(r#"{"aud":[],"exp":1}"#), 0b10);
        assert_eq!(noted(r#"{"aud":[ ],"exp":1}"#), 0b10);
    }
}
