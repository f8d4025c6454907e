//! Determines the classes of a randomly edited token from its text.
//!
//! The classes depend only on the text of the token, never on the verdict of a verifier.

use serde_json::{Map, Value};

use super::keys::LEEWAY;
use super::template::Context;

type Object = Map<String, Value>;

/// The classes of the header and the payload.
pub(crate) fn observed(context: Context<'_>, texts: &[Vec<u8>; 2]) -> Vec<&'static str> {
    let mut classes = Vec::new();
    let mut note = |class, is: bool| classes.extend(is.then_some(class));
    for text in texts {
        note("not plain UTF-8", str::from_utf8(text).is_err());
        let text = String::from_utf8_lossy(text);
        note("a lone surrogate", text.contains("\\ud") || text.contains("\\uD"));
    }
    let [header, payload] = texts.each_ref().map(|text| String::from_utf8_lossy(text));
    note("a header number beyond f64", has_large_exponent(&header));
    note("a number beyond f64", has_large_exponent(&payload));
    if let Ok(header) = serde_json::from_str(&header) {
        in_header(context, &header, &mut note);
    }
    if let Ok(claims) = serde_json::from_str(&payload) {
        in_claims(context, &claims, &mut note);
    }
    classes
}

fn in_header(context: Context<'_>, header: &Object, note: &mut impl FnMut(&'static str, bool)) {
    let has = |name: &str, is: fn(&Value) -> bool| header.get(name).is_some_and(is);
    // An empty `kid` and null name no key.
    let is_id = |id: &Value| !id.is_null() && *id != "";
    let other = |id: &Value| is_id(id) && context.key.id().is_some_and(|own| *id != *own);
    note("an unknown `kid`", header.get("kid").is_some_and(other));
    note("`kid` is null", has("kid", Value::is_null));
    note("`typ` is not a string", has("typ", |typ| !typ.is_string()));
    note("`crit` is present", has("crit", |_| true));
    note("`b64` is not true", has("b64", |b64| *b64 != true));
    note("`enc` is present", has("enc", |_| true));
    note("the name of RFC 9864", has("alg", |alg| alg == "Ed25519"));
    let texts = ["cty", "zip", "jku", "x5u", "x5t", "x5t#S256", "url", "nonce"];
    let other_text =
        texts.iter().any(|name| has(name, |text| !(text.is_string() || text.is_null())));
    let is_texts =
        |list: &Value| list.as_array().is_some_and(|list| list.iter().all(Value::is_string));
    let other_list = has("x5c", |list| !list.is_null()) && !header.get("x5c").is_some_and(is_texts);
    // The shapes contain only this JWK. The form of an edited one is unknown.
    let own: Value = serde_json::from_str(&context.key.stranger.jwk()).unwrap();
    let other_key = header.get("jwk").is_some_and(|key| !key.is_null() && *key != own);
    note("a header member of another type", other_text || other_list || other_key);
}

fn in_claims(context: Context<'_>, claims: &Object, note: &mut impl FnMut(&'static str, bool)) {
    let has = |name: &str, is: fn(&Value) -> bool| claims.get(name).is_some_and(is);
    let now = u32::try_from(context.now).map(f64::from).unwrap();
    let (date, leeway) = (|name| claims.get(name).and_then(Value::as_f64), f64::from(LEEWAY));
    let is_text = |value: &Value| value.is_string() || value.is_boolean();

    let left = date("exp").map(|exp| exp + leeway - now);
    let ends = left.is_some_and(|left| (-0.5..=0.0).contains(&left));
    note("`exp` in the second in which the leeway ends", ends);
    note(
        "`exp` a fraction after the leeway ends",
        left.is_some_and(|left| left > 0.0 && left < 1.0),
    );
    note("`exp` of 64 bits and more", date("exp").is_some_and(|exp| exp >= 2_f64.powi(64)));
    let wait = date("nbf").map(|nbf| nbf - leeway - now);
    note(
        "`nbf` a fraction after the leeway ends",
        wait.is_some_and(|wait| wait > 0.0 && wait < 1.0),
    );
    note("`nbf` before 1970", date("nbf").is_some_and(|nbf| nbf < 0.0));
    note("`exp` or `nbf` is a string or a boolean", has("exp", is_text) || has("nbf", is_text));
    note("`iat` in the future", date("iat").is_some_and(|iat| iat >= now + leeway + 1.0));
    note("`iat` is a string or a boolean", has("iat", is_text));
    note("`iat` is not a number", has("iat", |iat| !iat.is_number()));
    note("`iss` is a list", has("iss", Value::is_array));
    let no_string = |value: &Value| !value.is_string();
    note("`sub` or `jti` is not a string", has("sub", no_string) || has("jti", no_string));
    note("sender-bound", has("cnf", |_| true));
}

/// Whether the text contains a number with an exponent of three or more digits.
fn has_large_exponent(text: &str) -> bool {
    let behind = text.split(['e', 'E']).skip(1).map(|rest| rest.trim_start_matches('+'));
    let digits = |rest: &str| rest.bytes().take_while(u8::is_ascii_digit).count();
    behind.map(digits).any(|digits| digits >= 3)
}
