//! The other members of the header: `crit`, `b64`, `typ` (RFC 7515 §4.1, RFC 7797, RFC 8725 §3.11).

use tower_jwt_auth::{Algorithm, ErrorKind};

use crate::support::tokens::{
    PAYLOAD, Verdict, algorithms, encode, issuer, pair, trusting, verdict,
};

const MALFORMED: Verdict = Err(ErrorKind::MalformedToken);
const WRONG_TYPE: Verdict = Err(ErrorKind::InvalidType);

#[test]
fn tokens_with_critical_extensions_are_rejected() {
    for algorithm in algorithms() {
        let (issuer, verifier) = pair(algorithm);
        for (members, expected) in [
            ("", Ok(())),
            (r#","exp":1"#, Ok(())),
            (r#","Crit":["exp"]"#, Ok(())),       // another name
            (r#","x":{"crit":["exp"]}"#, Ok(())), // not a member of the header
            (r#","crit":["exp"],"exp":1"#, MALFORMED),
            (r#","crit":["x"],"x":1"#, MALFORMED),
            (r#","crit":["x"]"#, MALFORMED), // names a missing member
            (r#","crit":["alg"]"#, MALFORMED), // names a registered member
            (r#","crit":["b64"],"b64":true"#, MALFORMED),
            (r#","crit":["b64"],"b64":false"#, MALFORMED),
            (r#","crit":["http://openbanking.org.uk/iat"]"#, MALFORMED),
            (r#","crit":["x","x"],"x":1"#, MALFORMED),
            (r#","crit":[]"#, MALFORMED),
            (r#","crit":[""]"#, MALFORMED),
            (r#","crit":[7]"#, MALFORMED),
            (r#","crit":"exp""#, MALFORMED),
            (r#","crit":"""#, MALFORMED),
            (r#","crit":{}"#, MALFORMED),
            (r#","crit":{"exp":1}"#, MALFORMED),
            (r#","crit":null"#, MALFORMED),
            (r#","crit":false"#, MALFORMED),
            (r#","crit":0"#, MALFORMED),
            (r#","cr\u0069t":["exp"]"#, MALFORMED),
        ] {
            let header = format!("{{\"alg\":\"{algorithm}\"{members}}}");
            assert_eq!(verdict(&verifier, &issuer.sign(&header, PAYLOAD)), expected, "{header}");
            // The position of the member does not matter.
            let members = members.strip_prefix(',').map(|m| format!("{m},")).unwrap_or_default();
            let header = format!("{{{members}\"alg\":\"{algorithm}\"}}");
            assert_eq!(verdict(&verifier, &issuer.sign(&header, PAYLOAD)), expected, "{header}");
        }
    }
}

#[test]
fn an_unencoded_payload_is_rejected() {
    for algorithm in algorithms() {
        let (issuer, verifier) = pair(algorithm);
        for (b64, expected) in [
            ("true", Ok(())),
            (" true ", Ok(())),
            ("false", MALFORMED),
            ("null", MALFORMED),
            ("0", MALFORMED),
            ("1", MALFORMED),
            ("\"true\"", MALFORMED),
            ("\"false\"", MALFORMED),
            ("[]", MALFORMED),
        ] {
            let header = format!("{{\"alg\":\"{algorithm}\",\"b64\":{b64}}}");
            let token = issuer.sign(&header, PAYLOAD);
            assert_eq!(verdict(&verifier, &token), expected, "{header}");
            // The unencoded payload, which RFC 7797 would sign.
            let header = encode(header);
            let plain = issuer.sign_encoded(&format!("{header}.{PAYLOAD}"));
            assert_eq!(verdict(&verifier, &plain), MALFORMED, "{plain}");
        }
    }
}

#[test]
fn the_type_ignores_case_and_the_application_prefix() {
    for algorithm in [Algorithm::HS256, Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA] {
        let issuer = issuer(algorithm);
        for wanted in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/AT+jwt"] {
            let verifier = trusting(&issuer).typ(wanted).build().unwrap();
            for (typ, expected) in [
                ("at+jwt", Ok(())),
                ("AT+JWT", Ok(())),
                ("At+Jwt", Ok(())),
                ("application/at+jwt", Ok(())),
                ("APPLICATION/AT+JWT", Ok(())),
                ("JWT", WRONG_TYPE),
                ("jwt", WRONG_TYPE),
                ("", WRONG_TYPE),
                ("at+jwt ", WRONG_TYPE),
                (" at+jwt", WRONG_TYPE),
                ("at-jwt", WRONG_TYPE),
                ("at+jwtx", WRONG_TYPE),
                ("xat+jwt", WRONG_TYPE),
                ("text/at+jwt", WRONG_TYPE),
                ("application/", WRONG_TYPE),
                ("application/x/at+jwt", WRONG_TYPE),
                ("application/application/at+jwt", WRONG_TYPE),
                ("application/at+jwt;v=1", WRONG_TYPE),
                ("application\\at+jwt", WRONG_TYPE),
                ("at+jwt,JWT", WRONG_TYPE),
                ("\u{430}t+jwt", WRONG_TYPE), // Cyrillic
                ("dpop+jwt", WRONG_TYPE),
                ("logout+jwt", WRONG_TYPE),
            ] {
                let token = issuer.token().header("typ", typ).mint();
                assert_eq!(verdict(&verifier, &token), expected, "{typ:?} for {wanted:?}");
            }
            assert_eq!(verdict(&verifier, &issuer.token().mint()), WRONG_TYPE, "absent");
            for typ in ["null", "7", "true", "[\"at+jwt\"]", "{}"] {
                let header = format!("{{\"alg\":\"{algorithm}\",\"typ\":{typ}}}");
                assert_eq!(verdict(&verifier, &issuer.sign(&header, PAYLOAD)), MALFORMED, "{typ}");
            }
        }
    }
}

#[test]
fn only_types_without_a_slash_get_the_application_prefix() {
    let issuer = issuer(Algorithm::ES256);
    for (wanted, typ, expected) in [
        ("text/at+jwt", "text/at+jwt", Ok(())),
        ("text/at+jwt", "Text/At+Jwt", Ok(())),
        ("text/at+jwt", "application/text/at+jwt", WRONG_TYPE),
        ("application/text/at+jwt", "text/at+jwt", WRONG_TYPE),
        ("text/at+jwt", "at+jwt", WRONG_TYPE),
        ("at+jwt", "text/at+jwt", WRONG_TYPE),
    ] {
        let verifier = trusting(&issuer).typ(wanted).build().unwrap();
        let token = issuer.token().header("typ", typ).mint();
        assert_eq!(verdict(&verifier, &token), expected, "{typ:?} for {wanted:?}");
    }
}

#[test]
fn without_a_configured_type_any_string_is_accepted() {
    for algorithm in algorithms() {
        let (issuer, verifier) = pair(algorithm);
        for (member, expected) in [
            ("", Ok(())),
            (r#","typ":"JWT""#, Ok(())),
            (r#","typ":"at+jwt""#, Ok(())),
            (r#","typ":"""#, Ok(())),
            (r#","cty":"JWT","x-vendor":[null]"#, Ok(())),
            (r#","typ":null"#, MALFORMED),
            (r#","typ":1"#, MALFORMED),
            (r#","typ":["JWT"]"#, MALFORMED),
        ] {
            let header = format!("{{\"alg\":\"{algorithm}\"{member}}}");
            assert_eq!(verdict(&verifier, &issuer.sign(&header, PAYLOAD)), expected, "{header}");
        }
    }
}

#[test]
fn the_verified_header_is_returned_as_signed() {
    let (issuer, verifier) = pair(Algorithm::ES256);
    let header = r#"{"typ":"at\u002bjwt","x":1,"kid":"demo-ES\u003256","alg":"ES256"}"#;
    let accepted = verifier.verify_now(&issuer.sign(header, PAYLOAD)).unwrap();
    let header = accepted.token().header();
    assert_eq!(header.algorithm, Algorithm::ES256);
    assert_eq!((header.key_id, header.typ), (Some("demo-ES256"), Some("at+jwt")));

    let bare = verifier.verify_now(&issuer.sign("{\"alg\":\"ES256\"}", PAYLOAD)).unwrap();
    assert_eq!((bare.token().header().key_id, bare.token().header().typ), (None, None));
}
