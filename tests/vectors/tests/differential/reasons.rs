//! Every class of tokens on which another verifier disagrees, with the reason.
//!
//! A class depends on the token, never on a verdict. If this crate accepts a token and another verifier does not, the
//! reason names the rule that allows it.

use std::fmt;

use Judge::{Jsonwebtoken, PyJwt};
use Verdict::{Accepts, Rejects};

/// The other two verifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Judge {
    Jsonwebtoken,
    PyJwt,
}

/// The verdict of the other verifier; that of this crate is the opposite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    Accepts,
    Rejects,
}

/// A class of tokens, another verifier, its verdict and the reason.
pub(crate) struct Reason(
    pub(crate) &'static str,
    pub(crate) Judge,
    pub(crate) Verdict,
    pub(crate) &'static str,
);

#[rustfmt::skip] // one row, one line
pub(crate) const REASONS: &[Reason] = &[
    // This crate accepts the token, and another verifier rejects it.
    Reason("ES512", Jsonwebtoken, Rejects, "it does not have the algorithm"),
    Reason("the name of RFC 9864", Jsonwebtoken, Rejects, "it only knows the name EdDSA"),
    Reason("`exp` of 64 bits and more", Jsonwebtoken, Rejects, "it reads dates as u64; RFC 7519 §2 has any number"),
    Reason("`exp` a fraction after the leeway ends", PyJwt, Rejects, "it truncates fractions, so the token ends up to a second early"),
    Reason("`nbf` before 1970", Jsonwebtoken, Rejects, "it reads dates as u64; RFC 7519 §2 has any number"),
    Reason("`iat` in the future", PyJwt, Rejects, "RFC 7519 §4.1.6 has no such rule; here `max_age` checks `iat`"),
    Reason("`kid` is null", PyJwt, Rejects, "it requires a string; here null counts as absent"),
    Reason("a header member of another type", Jsonwebtoken, Rejects, "it reads members that are ignored here (RFC 7515 §4)"),
    Reason("a header number beyond f64", Jsonwebtoken, Rejects, "it reads members that are ignored here (RFC 7515 §4)"),
    // This crate rejects the token, and another verifier accepts it.
    Reason("`exp` in the second in which the leeway ends", Jsonwebtoken, Accepts, "it accepts a token in the second of `exp`, against RFC 7519 §4.1.4, and rounds fractions"),
    Reason("`nbf` a fraction after the leeway ends", Jsonwebtoken, Accepts, "it rounds fractions"),
    Reason("`nbf` a fraction after the leeway ends", PyJwt, Accepts, "it truncates fractions"),
    Reason("`exp` or `nbf` is a string or a boolean", PyJwt, Accepts, "it converts them to integers; RFC 7519 §2 requires a number"),
    Reason("`iat` is a string or a boolean", Jsonwebtoken, Accepts, "it does not read `iat`"),
    Reason("`iat` is a string or a boolean", PyJwt, Accepts, "it converts them to integers; RFC 7519 §2 requires a number"),
    Reason("`iat` is not a number", Jsonwebtoken, Accepts, "it does not read `iat`"),
    Reason("`iss` is a list", Jsonwebtoken, Accepts, "it accepts a list that contains the name; RFC 7519 §4.1.1 requires one string"),
    Reason("`sub` or `jti` is not a string", Jsonwebtoken, Accepts, "it is not configured to read them; RFC 7519 §4.1.2 and §4.1.7 require strings"),
    Reason("sender-bound", Jsonwebtoken, Accepts, "it does not know RFC 7800; here the proof must be checked"),
    Reason("sender-bound", PyJwt, Accepts, "it does not know RFC 7800; here the proof must be checked"),
    Reason("a duplicate claim", Jsonwebtoken, Accepts, "it uses the last of duplicate claims that it does not read; RFC 7519 §4 permits rejection"),
    Reason("a duplicate claim", PyJwt, Accepts, "it uses the last; RFC 7519 §4 permits rejection"),
    Reason("a duplicate header member", Jsonwebtoken, Accepts, "it uses the last of duplicate members that it does not know; RFC 7515 §4 permits rejection"),
    Reason("a duplicate header member", PyJwt, Accepts, "it uses the last; RFC 7515 §4 permits rejection"),
    Reason("NaN or an infinity", PyJwt, Accepts, "Python's JSON has them, RFC 8259 §6 does not"),
    Reason("a number beyond f64", PyJwt, Accepts, "Python has integers of any length and infinity; here a claim must have a finite value"),
    Reason("a lone surrogate", PyJwt, Accepts, "Python's strings allow them; they are not Unicode text (RFC 8259 §8.2)"),
    Reason("deeper than 64 levels", Jsonwebtoken, Accepts, "its limit is 127; RFC 8259 §9 permits any"),
    Reason("deeper than 64 levels", PyJwt, Accepts, "its limit is about 1000; RFC 8259 §9 permits any"),
    Reason("a private name of the parser", Jsonwebtoken, Accepts, "`serde_json` reads the string after such a name as JSON, unchecked"),
    Reason("a private name of the parser", PyJwt, Accepts, "the name has no meaning to its parser"),
    Reason("longer than 16 KiB", Jsonwebtoken, Accepts, "it has no limit"),
    Reason("longer than 16 KiB", PyJwt, Accepts, "it has no limit"),
    Reason("more than 16 header members", Jsonwebtoken, Accepts, "it has no limit"),
    Reason("more than 16 header members", PyJwt, Accepts, "it has no limit"),
    Reason("the payload is a list", Jsonwebtoken, Accepts, "it reads values in the order of its fields; RFC 7519 §7.2 requires an object"),
    Reason("not plain UTF-8", PyJwt, Accepts, "Python's JSON guesses the encoding; RFC 7515 §4 and RFC 7519 §7.1 require UTF-8"),
    Reason("padding", PyJwt, Accepts, "it accepts padding for one vendor; RFC 7515 §2 excludes it"),
    Reason("`crit` is present", Jsonwebtoken, Accepts, "it accepts `b64` if that is true; a JWT must not use it (RFC 7797 §7)"),
    Reason("`crit` is present", PyJwt, Accepts, "it understands `b64`, which a JWT must not use (RFC 7797 §7)"),
    Reason("`b64` is not true", PyJwt, Accepts, "it treats anything but `false` as `true`; RFC 7797 §3 requires a boolean"),
    Reason("`enc` is present", Jsonwebtoken, Accepts, "it ignores it; the member marks an encrypted token (RFC 7516 §4.1.2)"),
    Reason("`enc` is present", PyJwt, Accepts, "it does not know it; the member marks an encrypted token (RFC 7516 §4.1.2)"),
    Reason("`typ` is not a string", Jsonwebtoken, Accepts, "it treats null as absent"),
    Reason("`typ` is not a string", PyJwt, Accepts, "it does not read it; RFC 7515 §4.1.9 requires a string"),
    Reason("an unknown `kid`", Jsonwebtoken, Accepts, "it gets the key directly; here the key is looked up by its id"),
    Reason("an unknown `kid`", PyJwt, Accepts, "it gets the key directly; here the key is looked up by its id"),
];

impl Reason {
    /// Whether this reason explains this verdict of this verifier on a token of these classes.
    pub(crate) fn explains(&self, classes: &[&str], judge: Judge, accepted: bool) -> bool {
        let Self(class, of, verdict, _) = self;
        *of == judge && (*verdict == Accepts) == accepted && classes.contains(class)
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
            Accepts => "accepts",
            Rejects => "rejects",
        };
        write!(f, "{judge:<12} {verdict:<7} {class}: {why}")
    }
}
