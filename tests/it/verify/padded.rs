//! Tokens whose parts are padded with `=`, which RFC 7515 §2 forbids.

use base64_simd::URL_SAFE;
use http::{HeaderName, Request};
use tower_jwt_auth::source::HeaderToken;
use tower_jwt_auth::testing::{FixedClock, TestIssuer};
use tower_jwt_auth::{
    Algorithm, ErrorKind, Issuer, JwtAuthLayer, Policy, Verifier, explain::UnverifiedToken,
};

use super::issuers::{A, B, any, key, trusting_all};
use crate::support::ask::{Reply, ask_layer};
use crate::support::tokens::{
    NOW, Verdict, algorithms, decode, header, issuer, parts, signature, trusting, verdict,
};

const OK: Verdict = Ok(());
const MALFORMED: Verdict = Err(ErrorKind::MalformedToken);
const WRONG: Verdict = Err(ErrorKind::InvalidSignature);

/// A token whose parts are padded, with the signature over the padded text.
pub(crate) fn padded(issuer: &TestIssuer, header: &str, payload: &str) -> String {
    let input = [header, payload].map(|part| URL_SAFE.encode_to_string(part)).join(".");
    let token = issuer.sign_encoded(&input);
    format!("{input}.{}", URL_SAFE.encode_to_string(signature(&token)))
}

/// A payload with this number of spaces, which changes the padding of its part.
fn payload(spaces: usize) -> String {
    format!("{{\"exp\":{}{}}}", NOW + 900, " ".repeat(spaces))
}

#[test]
fn padded_tokens_are_verified_only_if_allowed() {
    for algorithm in algorithms() {
        let signer = issuer(algorithm);
        let strict = trusting(&signer).build().unwrap();
        let allowed = trusting(&signer).allow_padded_base64().build().unwrap();
        for spaces in 0..3 {
            let header = format!("{}{}", header(algorithm), " ".repeat(spaces));
            for payload in [payload(0), payload(1), payload(2)] {
                let token = padded(&signer, &header, &payload);
                assert_eq!(verdict(&allowed, &token), OK, "{token}");
                let expected = if token.contains('=') { MALFORMED } else { OK };
                assert_eq!(verdict(&strict, &token), expected, "{token}");
                // A token without padding is still accepted.
                assert_eq!(verdict(&allowed, &signer.sign(&header, &payload)), OK);
            }
        }
    }
}

#[test]
fn padding_that_is_not_exact_is_rejected() {
    let signer = issuer(Algorithm::ES256);
    let verifier = trusting(&signer).allow_padded_base64().build().unwrap();
    // The header and the signature end with `==`, the payload with `=`.
    let token = padded(&signer, r#"{"alg":"ES256" }"#, &payload(2));
    let [h, p, s] = parts(&token);
    assert!(h.ends_with("==") && p.ends_with('=') && !p.ends_with("==") && s.ends_with("=="));
    let bare = |part: &str| part.trim_end_matches('=').to_owned();
    let last = |part: &str| {
        // The same bytes with a non-zero trailing bit.
        let at = part.find('=').unwrap() - 1;
        let other = char::from(part.as_bytes()[at] + 1);
        format!("{}{other}{}", &part[..at], &part[at + 1..])
    };
    for (shape, expected) in [
        (format!("{h}.{p}.{s}"), OK),
        // Not all parts are padded.
        (format!("{h}.{p}.{}", bare(s)), MALFORMED),
        (format!("{h}.{}.{s}", bare(p)), MALFORMED),
        (format!("{}.{p}.{s}", bare(h)), MALFORMED),
        (format!("{}.{}.{s}", bare(h), bare(p)), MALFORMED),
        // The signature is over the padded text.
        (format!("{}.{}.{}", bare(h), bare(p), bare(s)), WRONG),
        // Too much, too little, or in another place.
        (format!("{h}=.{p}.{s}"), MALFORMED),
        (format!("{h}.{p}==.{s}"), MALFORMED),
        (format!("{h}.{p}.{s}="), MALFORMED),
        (format!("{h}.{p}.{s}===="), MALFORMED),
        (format!("{h}.{p}.{}=", bare(s)), MALFORMED),
        (format!("{h}.{p}.=={}", bare(s)), MALFORMED),
        (format!("={}=.{p}.{s}", bare(h)), MALFORMED),
        (format!("{h}.{p}.===="), MALFORMED),
        (format!("{h}.{p}."), MALFORMED),
        (format!("{h}.{p}.{s}.{s}"), MALFORMED),
        // Trailing bits, and the other alphabet.
        (format!("{h}.{p}.{}", last(s)), MALFORMED),
        (format!("{}.{p}.{s}", last(h)), MALFORMED),
        (format!("{h}.{p}.+{}", &s[1..]), MALFORMED),
        (format!("{h}.{p}.%3D{}", &s[3..]), MALFORMED),
    ] {
        assert_eq!(verdict(&verifier, &shape), expected, "{shape}");
    }
    // Padding does not bypass the length limit.
    let short = trusting(&signer).allow_padded_base64().max_token_len(token.len() - 1);
    assert_eq!(verdict(&short.build().unwrap(), &token), Err(ErrorKind::TokenTooLarge));
}

#[test]
fn each_issuer_decides_about_padding() {
    let (padding, strict) = (issuer(Algorithm::ES256), issuer(Algorithm::ES256).with_other_key());
    let verifier = trusting_all([
        Issuer::new(A, key(&padding), any().allow_padded_base64()),
        Issuer::new(B, key(&strict), any()),
    ]);
    let of = |signer: &TestIssuer, name: &str, is_padded: bool| {
        let (header, payload) =
            (signer.token().mint(), format!(r#"{{"iss":"{name}","exp":{}}}"#, NOW + 900));
        let header = String::from_utf8(decode(parts(&header)[0])).unwrap();
        if is_padded { padded(signer, &header, &payload) } else { signer.sign(&header, &payload) }
    };
    for (signer, name, is_padded, expected) in [
        (&padding, A, true, OK),
        (&padding, A, false, OK),
        (&strict, B, false, OK),
        (&strict, B, true, MALFORMED),
        (&padding, B, true, MALFORMED),
        (&strict, "https://c.example", true, Err(ErrorKind::InvalidIssuer)),
    ] {
        let token = of(signer, name, is_padded);
        assert_eq!(verdict(&verifier, &token), expected, "{name} {is_padded}");
    }
    let report = verifier.explain(&of(&strict, B, true)).to_string();
    assert!(report.contains("which this issuer's policy does not allow"), "{report}");
}

#[test]
fn explanations_and_hints_read_padded_tokens() {
    let signer = issuer(Algorithm::ES256);
    let token = padded(&signer, r#"{"alg":"ES256","kid":"k-1"}"#, r#"{"iss":"a","exp":1}"#);
    let unverified = UnverifiedToken::new(&token);
    assert_eq!(unverified.header::<String>("kid").as_deref(), Some("k-1"));
    assert_eq!(unverified.claim::<i64>("exp"), Some(1));

    let good = padded(&signer, &header(Algorithm::ES256), &payload(1));
    let strict = trusting(&signer).build().unwrap().explain(&good);
    assert!(strict.hints().iter().any(|hint| hint.contains("`allow_padded_base64`")), "{strict}");
    let allowed = trusting(&signer).allow_padded_base64().build().unwrap();
    assert!(allowed.explain(&good).error().is_none(), "{}", allowed.explain(&good));
    let expired = padded(&signer, &header(Algorithm::ES256), r#"{"exp":1}"#);
    assert_eq!(allowed.explain(&expired).error().unwrap().kind(), ErrorKind::TokenExpired);
}

#[test]
#[cfg(feature = "cache")]
fn padded_tokens_are_cached_byte_for_byte() {
    use std::sync::{Arc, Mutex};
    use tower_jwt_auth::observe::Event;

    let signer = issuer(Algorithm::ES256);
    let hits = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&hits);
    let verifier = trusting(&signer)
        .allow_padded_base64()
        .cache(tower_jwt_auth::TokenCache::new(16))
        .observer(move |event: &Event<'_>| {
            if let Event::CacheLookup { hit, .. } = event {
                seen.lock().unwrap().push(*hit);
            }
        })
        .build()
        .unwrap();
    let token = padded(&signer, &header(Algorithm::ES256), &payload(1));
    assert_eq!(verdict(&verifier, &token), OK);
    assert_eq!(verdict(&verifier, &token), OK);
    assert_eq!(verdict(&verifier, token.trim_end_matches('=')), MALFORMED);
    assert_eq!(*hits.lock().unwrap(), [false, true, false]);
}

#[test]
fn debug_output_shows_the_setting_and_no_token() {
    assert!(format!("{:?}", Policy::new()).contains("allows_padding: false"));
    assert!(format!("{:?}", Policy::new().allow_padded_base64()).contains("allows_padding: true"));
    let signer = issuer(Algorithm::ES256);
    let token = padded(&signer, &header(Algorithm::ES256), &payload(0));
    let verifier = trusting(&signer).allow_padded_base64().build().unwrap();
    let shown = format!("{:?}", verifier.verify_now(&token).unwrap());
    assert!(!shown.contains(parts(&token)[1].trim_end_matches('=')), "{shown}");
    let error = verifier.verify_now(&format!("{token}=")).unwrap_err();
    assert!(!format!("{error:?} {error}").contains(parts(&token)[2]));
}

/// The request header of a load balancer of AWS.
const DATA: HeaderName = HeaderName::from_static("x-amzn-oidc-data");
const SIGNER: &str =
    "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/api/50dc6c495c0c9188";
const KEY_ID: &str = "c2f80c8b-c05c-4068-af14-17299f7896b1";

fn ask(layer: &JwtAuthLayer, token: &str) -> Reply {
    ask_layer(layer, Request::builder().header(DATA, token).body(String::new()).unwrap())
}

#[test]
fn tokens_of_a_load_balancer_are_verified_end_to_end() {
    use ErrorKind as K;

    let balancer = issuer(Algorithm::ES256).key_id(KEY_ID);
    let other = balancer.clone().with_other_key();
    let iss = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_example";
    let header = |signer: &str, client: &str, exp: i64| {
        format!(
            r#"{{"typ":"JWT","kid":"{KEY_ID}","alg":"ES256","iss":"{iss}","client":"{client}","signer":"{signer}","exp":{exp}}}"#
        )
    };
    let good = header(SIGNER, "web", NOW + 120);
    let payload = |exp: i64, iss: &str| {
        format!(r#"{{"sub":"ada","email_verified":"true","exp":{exp},"iss":"{iss}"}}"#)
    };
    let claims = payload(NOW + 120, iss);
    let verifier = Verifier::jwks(balancer.jwks())
        .issuer(iss)
        .any_audience()
        .allow_padded_base64()
        .check_token("signed by our load balancer for our client", |token| {
            let header = token.header();
            header.member::<String>("signer").as_deref() == Some(SIGNER)
                && header.member::<String>("client").as_deref() == Some("web")
        })
        .clock(FixedClock::new())
        .build()
        .unwrap();
    let strict = JwtAuthLayer::new(verifier.clone()).token_source(HeaderToken::new(DATA));
    let layer = JwtAuthLayer::new(verifier).token_source(HeaderToken::new(DATA).allow_padding());

    let token = padded(&balancer, &good, &claims);
    let reply = ask(&layer, &token);
    assert_eq!((reply.status, reply.text()), (200, "user ada"));
    assert_eq!(ask(&strict, &token).verdict(), (400, Some(ErrorKind::MalformedHeader)));
    assert_eq!(ask(&layer, &balancer.sign(&good, &claims)).status, 200);

    let [h, p, s] = parts(&token);
    for (token, status, kind) in [
        (padded(&balancer, &header("arn:another", "web", NOW + 120), &claims), 401, K::CheckFailed),
        (padded(&balancer, &header(SIGNER, "app", NOW + 120), &claims), 401, K::CheckFailed),
        (padded(&balancer, r#"{"alg":"ES256"}"#, &claims), 401, K::CheckFailed),
        (padded(&other, &good, &claims), 401, K::InvalidSignature),
        (padded(&balancer, &good.replace("c2f8", "c2f9"), &claims), 401, K::UnknownKey),
        (padded(&balancer, &good, &payload(NOW - 120, iss)), 401, K::TokenExpired),
        (padded(&balancer, &good, &payload(NOW + 120, "https://a.example")), 401, K::InvalidIssuer),
        (padded(&balancer, r#"{"alg":"none"}"#, &claims), 401, K::AlgorithmNotAllowed),
        (format!("{h}.{p}.{}", s.trim_end_matches('=')), 401, K::MalformedToken),
        (format!("{h}.{p}.{s}="), 401, K::MalformedToken),
        (format!("={h}.{p}.{s}"), 400, K::MalformedHeader),
        (format!("{h},{p}.{s}"), 400, K::MalformedHeader),
        (format!("Bearer {token}"), 400, K::MalformedHeader),
    ] {
        assert_eq!(ask(&layer, &token).verdict(), (status, Some(kind)), "{token}");
    }
    assert_eq!(
        ask_layer(&layer, Request::new(String::new())).verdict(),
        (401, Some(K::MissingToken))
    );
}

#[test]
fn a_padded_token_may_follow_a_scheme() {
    let signer = issuer(Algorithm::ES256);
    let verifier = trusting(&signer).allow_padded_base64().build().unwrap();
    let source = HeaderToken::new(http::header::AUTHORIZATION).scheme("Bearer");
    let token = padded(&signer, &header(Algorithm::ES256), r#"{"sub":"ada","exp":1767226500 }"#);
    let bearer = || crate::support::ask::bearer(&token);
    let layer = |source| JwtAuthLayer::new(verifier.clone()).token_source(source);
    assert_eq!(ask_layer(&layer(source.clone().allow_padding()), bearer()).status, 200);
    let rejected = (400, Some(ErrorKind::MalformedHeader));
    assert_eq!(ask_layer(&layer(source), bearer()).verdict(), rejected);
    assert_eq!(ask_layer(&JwtAuthLayer::new(verifier), bearer()).verdict(), rejected);
}
