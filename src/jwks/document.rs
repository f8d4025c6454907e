//! Describes an unexpected document to the operator.

use http::HeaderValue;
use serde_json::{Map, Value};

use super::response::html;
use crate::key::NoSet;

/// Describes what was received in place of a key set.
pub(super) fn in_place_of_keys(
    document: &[u8],
    content_type: Option<&HeaderValue>,
    why: &NoSet,
) -> String {
    match why {
        NoSet::NotADocument => describe(document, content_type),
        NoSet::NoUsableKey(skipped) if skipped.is_empty() => {
            "answered with a key set without keys".to_owned()
        }
        NoSet::NoUsableKey(skipped) => {
            let mut reasons: Vec<_> = skipped.iter().map(|reason| reason.as_str()).collect();
            reasons.sort_unstable();
            reasons.dedup();
            format!("answered with {} unusable keys: {}", skipped.len(), reasons.join(", "))
        }
    }
}

/// Describes what was received in place of the expected document.
pub(super) fn describe(document: &[u8], content_type: Option<&HeaderValue>) -> String {
    let text = document.trim_ascii();
    if let Some(content_type) = html(content_type) {
        return format!("answered with HTML ({content_type})");
    }
    let what = match text {
        [] => "an empty document",
        [b'<', ..] => "HTML or XML",
        _ if text.starts_with(b"-----BEGIN") => "PEM text, which `Verifier::pem` reads",
        _ => match serde_json::from_slice(text) {
            Ok(Value::Object(members)) => object(&members),
            Ok(Value::Array(items)) if items.iter().all(is_jwk) => {
                "an array of JWKs in place of an object with `keys`"
            }
            Ok(_) => "JSON that is not an object",
            Err(_) => "text that is not JSON",
        },
    };
    format!("answered with {what}")
}

fn object(members: &Map<String, Value>) -> &'static str {
    let is_pem = |value: &Value| value.as_str().is_some_and(|it| it.starts_with("-----BEGIN"));
    if members.contains_key("jwks_uri") {
        "the metadata of an issuer, whose keys are at its `jwks_uri`; pass the issuer's URL to `issuer_url`"
    } else if members.contains_key("keys") {
        "an object with `keys`, like a key set; pass the URL of a key set to `jwks_url` or `keys_url`"
    } else if members.contains_key("kty") {
        "a single JWK in place of an object with `keys`"
    } else if !members.is_empty() && members.values().all(is_pem) {
        "a map of certificates; the issuer also publishes a JWKS document, at the `jwks_uri` of its metadata"
    } else {
        "another JSON object"
    }
}

fn is_jwk(value: &Value) -> bool {
    value.get("kty").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_documents_are_recognized() {
        let json = HeaderValue::from_static("application/json");
        let page = HeaderValue::from_static("text/HTML; charset=utf-8");
        for (document, content_type, expected) in [
            ("", &json, "answered with an empty document"),
            ("<!doctype html><title>Log in</title>", &page, "HTML (`text/HTML; charset=utf-8`)"),
            (" \n<html>", &json, "HTML or XML"),
            ("log in first", &page, "HTML (`text/HTML; charset=utf-8`)"),
            ("log in first", &json, "text that is not JSON"),
            ("-----BEGIN PUBLIC KEY-----\nMF", &json, "`Verifier::pem`"),
            (
                r#"{"a1":"-----BEGIN CERTIFICATE-----\nMII","b2":"-----BEGIN CERTIFICATE-----\nMII"}"#,
                &json,
                "a map of certificates",
            ),
            (r#"{"a1":"-----BEGIN CERTIFICATE-----\nMII","b2":7}"#, &json, "another JSON object"),
            (r#"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#, &json, "a single JWK"),
            (r#"[{"kty":"RSA"},{"kty":"EC"}]"#, &json, "an array of JWKs"),
            (r#"[{"kty":"RSA"},7]"#, &json, "JSON that is not an object"),
            (
                r#"{"issuer":"https://a.example","jwks_uri":"https://a.example/keys"}"#,
                &json,
                "`issuer_url`",
            ),
            (r#"{"keys":{}}"#, &json, "an object with `keys`, like a key set"),
            (r#"{"error":"not found"}"#, &json, "another JSON object"),
            ("{}", &json, "another JSON object"),
            ("null", &json, "JSON that is not an object"),
        ] {
            let described = describe(document.as_bytes(), Some(content_type));
            assert!(described.contains(expected), "{document}: {described}");
        }
    }
}
