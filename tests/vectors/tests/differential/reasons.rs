//! Why another verifier says something else: every class of tokens on which one does, by hand.
//!
//! A class is what a token is, never what was said of it. Where this crate takes a token and another
//! verifier does not, the reason says which rule lets it in.

use std::fmt;

use Judge::{Jsonwebtoken, PyJwt};
use Verdict::{Refuses, Takes};

/// The other two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Judge {
    Jsonwebtoken,
    PyJwt,
}

/// What it says; this crate says the opposite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    Takes,
    Refuses,
}

/// A class of tokens, who says what of it, and why.
pub(crate) struct Reason(
    pub(crate) &'static str,
    pub(crate) Judge,
    pub(crate) Verdict,
    pub(crate) &'static str,
);

#[rustfmt::skip] // one row, one line
pub(crate) const REASONS: &[Reason] = &[
    // Where this crate takes a token that another verifier refuses.
    Reason("ES512", Jsonwebtoken, Refuses, "it does not have the algorithm"),
    Reason("the name of RFC 9864", Jsonwebtoken, Refuses, "it knows EdDSA by that name alone"),
    Reason("`exp` of 64 bits and more", Jsonwebtoken, Refuses, "it reads dates as u64; RFC 7519 §2 has any number"),
    Reason("`exp` a fraction after the leeway ends", PyJwt, Refuses, "it cuts fractions off and ends up to a second early"),
    Reason("`nbf` before 1970", Jsonwebtoken, Refuses, "it reads dates as u64; RFC 7519 §2 has any number"),
    Reason("`iat` in the future", PyJwt, Refuses, "RFC 7519 §4.1.6 has no such rule; here `max_age` judges `iat`"),
    Reason("`kid` is null", PyJwt, Refuses, "it asks for a string; here null is as good as no member"),
    Reason("a header member of another type", Jsonwebtoken, Refuses, "it reads members that are ignored here (RFC 7515 §4)"),
    Reason("a header's number beyond a double", Jsonwebtoken, Refuses, "it reads members that are ignored here (RFC 7515 §4)"),
    // Where this crate refuses a token that another verifier takes.
    Reason("`exp` in the second in which the leeway ends", Jsonwebtoken, Takes, "it takes a token in the second of `exp`, against RFC 7519 §4.1.4, and rounds fractions"),
    Reason("`nbf` a fraction after the leeway ends", Jsonwebtoken, Takes, "it rounds fractions"),
    Reason("`nbf` a fraction after the leeway ends", PyJwt, Takes, "it cuts fractions off"),
    Reason("`exp` or `nbf` is a string or a boolean", PyJwt, Takes, "it makes integers of them; RFC 7519 §2 asks for a number"),
    Reason("`iat` is a string or a boolean", Jsonwebtoken, Takes, "it does not read `iat`"),
    Reason("`iat` is a string or a boolean", PyJwt, Takes, "it makes integers of them; RFC 7519 §2 asks for a number"),
    Reason("`iat` is no number at all", Jsonwebtoken, Takes, "it does not read `iat`"),
    Reason("`iss` is a list", Jsonwebtoken, Takes, "it takes a list with the name in it; RFC 7519 §4.1.1 asks for one string"),
    Reason("`sub` or `jti` is no string", Jsonwebtoken, Takes, "it is not told to read them; RFC 7519 §4.1.2 and §4.1.7 ask for strings"),
    Reason("bound to its sender", Jsonwebtoken, Takes, "it does not know RFC 7800; here somebody has to judge the proof"),
    Reason("bound to its sender", PyJwt, Takes, "it does not know RFC 7800; here somebody has to judge the proof"),
    Reason("a claim twice", Jsonwebtoken, Takes, "of claims that it does not read it takes the last; RFC 7519 §4 permits to refuse"),
    Reason("a claim twice", PyJwt, Takes, "it takes the last; RFC 7519 §4 permits to refuse"),
    Reason("a header member twice", Jsonwebtoken, Takes, "of members that it does not know it takes the last; RFC 7515 §4 permits to refuse"),
    Reason("a header member twice", PyJwt, Takes, "it takes the last; RFC 7515 §4 permits to refuse"),
    Reason("NaN or an infinity", PyJwt, Takes, "Python's JSON has them, RFC 8259 §6 does not"),
    Reason("a number beyond a double", PyJwt, Takes, "Python has integers of any length and infinity; here a claim has to have a value"),
    Reason("a lone surrogate", PyJwt, Takes, "Python's strings have them; they are no Unicode text (RFC 8259 §8.2)"),
    Reason("deeper than 64 levels", Jsonwebtoken, Takes, "its limit is 127; RFC 8259 §9 permits any"),
    Reason("deeper than 64 levels", PyJwt, Takes, "its limit is about 1000; RFC 8259 §9 permits any"),
    Reason("a name of the parser's own", Jsonwebtoken, Takes, "`serde_json` reads the string behind such a name as JSON, unchecked"),
    Reason("a name of the parser's own", PyJwt, Takes, "it has another parser, to which the name is like any other"),
    Reason("longer than 16 KiB", Jsonwebtoken, Takes, "it has no limit"),
    Reason("longer than 16 KiB", PyJwt, Takes, "it has no limit"),
    Reason("more than 16 header members", Jsonwebtoken, Takes, "it has no limit"),
    Reason("more than 16 header members", PyJwt, Takes, "it has no limit"),
    Reason("the payload is a list", Jsonwebtoken, Takes, "it takes values in the order of its own fields; RFC 7519 §7.2 asks for an object"),
    Reason("not plain UTF-8", PyJwt, Takes, "Python's JSON guesses the encoding; RFC 7515 §4 and RFC 7519 §7.1 say UTF-8"),
    Reason("padding", PyJwt, Takes, "for the sake of one vendor it takes what RFC 7515 §2 leaves out"),
    Reason("`crit` is there", Jsonwebtoken, Takes, "it takes `b64` there if that is true; a JWT has no use for it (RFC 7797 §7)"),
    Reason("`crit` is there", PyJwt, Takes, "it understands `b64`, for which a JWT has no use (RFC 7797 §7)"),
    Reason("`b64` is not true", PyJwt, Takes, "to it anything but `false` is `true`; RFC 7797 §3 asks for a boolean"),
    Reason("`enc` is there", Jsonwebtoken, Takes, "it does nothing about it; the token says that it is encrypted (RFC 7516 §4.1.2)"),
    Reason("`enc` is there", PyJwt, Takes, "it does not know it; the token says that it is encrypted (RFC 7516 §4.1.2)"),
    Reason("`typ` is no string", Jsonwebtoken, Takes, "it reads null as if the member were not there"),
    Reason("`typ` is no string", PyJwt, Takes, "it does not read it; RFC 7515 §4.1.9 asks for a string"),
    Reason("an unknown `kid`", Jsonwebtoken, Takes, "it is given the key itself; here a key set has it under its id"),
    Reason("an unknown `kid`", PyJwt, Takes, "it is given the key itself; here a key set has it under its id"),
];

impl Reason {
    /// Whether it says why this verifier said this of a token of these classes.
    pub(crate) fn explains(&self, classes: &[&str], judge: Judge, accepted: bool) -> bool {
        let Self(class, of, verdict, _) = self;
        *of == judge && (*verdict == Takes) == accepted && classes.contains(class)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(class, judge, verdict, why) = self;
        let judge = match judge {
            Jsonwebtoken => "jsonwebtoken",
            PyJwt => "PyJWT",
        };
        let verdict = match verdict {
            Takes => "takes",
            Refuses => "refuses",
        };
        write!(f, "{judge:<12} {verdict:<7} {class}: {why}")
    }
}
