//! The header and the claims are each one strict JSON object, for every claims type (RFC 8259, RFC 7519 §7.2).

use serde_json::Value;
use tower_jwt_auth::VerificationKey;
use tower_jwt_auth::key::KeySet;
use tower_jwt_auth::testing::{FixedClock, TestIssuer};
use tower_jwt_auth::{Algorithm, ErrorKind, Issuer, Policy, Verifier};

use crate::support::tokens::{
    PAYLOAD, Small, Three, Verdict, header, issuer, pair, trusting, verdict,
};

const MALFORMED: Verdict = Err(ErrorKind::MalformedToken);

/// An issuer, and the verifiers of three claims types, which must agree on its tokens.
fn three() -> (TestIssuer, Three) {
    let issuer = issuer(Algorithm::HS256);
    let three = Three::new(|| trusting(&issuer).max_token_len(1 << 20));
    (issuer, three)
}

/// Appends the members to the header of one token and to the payload of another. Asserts the same verdict for both,
/// with every claims type.
#[track_caller]
fn expect(members: &[u8], expected: Verdict) {
    let (issuer, three) = three();
    let object = |first: &str| [first.as_bytes(), b",", members, b"}"].concat();
    let in_header = issuer.sign(object(r#"{"alg":"HS256""#), PAYLOAD);
    let payload = object(r#"{"sub":"user-1","exp":1767226500"#);
    let in_payload = issuer.sign(header(Algorithm::HS256), payload);
    let shown = String::from_utf8_lossy(&members[..members.len().min(80)]);
    assert_eq!(three.verdicts(&in_header), [expected; 3], "header: {shown}");
    assert_eq!(three.verdicts(&in_payload), [expected; 3], "payload: {shown}");
}

#[test]
fn only_json_white_space_may_surround_the_object() {
    let (issuer, three) = three();
    let good = header(Algorithm::HS256);
    for (before, after, expected) in [
        ("", "", Ok(())),
        (" ", "", Ok(())),
        ("\n", "", Ok(())),
        ("\t\r\n", "", Ok(())),
        ("", " ", Ok(())),
        ("", "\r\n", Ok(())),
        ("", "\t", Ok(())),
        (" \t\n\r ", "\r\n \t", Ok(())),
        ("\u{feff}", "", MALFORMED),
        (" \u{feff}", "", MALFORMED),
        ("", "\u{feff}", MALFORMED),
        ("\u{a0}", "", MALFORMED),
        ("", "\u{a0}", MALFORMED),
        ("\u{b}", "", MALFORMED),
        ("", "\u{b}", MALFORMED),
        ("\u{c}", "", MALFORMED),
        ("", "\u{c}", MALFORMED),
        ("\u{85}", "", MALFORMED),
        ("", "\u{2028}", MALFORMED),
        ("\u{3000}", "", MALFORMED),
        (" ", " {}", MALFORMED),
        (" ", " x", MALFORMED),
        ("[", "]", MALFORMED),
        ("\"", "\"", MALFORMED),
        ("/**/", "", MALFORMED),
        ("\0", "", MALFORMED),
        ("", "\0", MALFORMED),
        ("", "{}", MALFORMED),
        ("{}", "", MALFORMED),
        ("", ",{}", MALFORMED),
        ("", "}", MALFORMED),
        ("{", "}", MALFORMED),
        ("", "// }", MALFORMED),
        ("{\"a\":", "}x}", MALFORMED),
    ] {
        let framed = |text: &str| format!("{before}{text}{after}");
        let in_header = issuer.sign(framed(&good), PAYLOAD);
        let in_payload = issuer.sign(&good, framed(PAYLOAD));
        assert_eq!(three.verdicts(&in_header), [expected; 3], "{before:?} {after:?}");
        assert_eq!(three.verdicts(&in_payload), [expected; 3], "{before:?} {after:?}");
    }
    for text in ["{", "}", "{}{}", "[]", "7", "null", "true", "\"{}\"", "{\"a\"}", "{\"a\":}"] {
        assert_eq!(three.verdicts(&issuer.sign(&good, text)), [MALFORMED; 3], "{text}");
        assert_eq!(three.verdicts(&issuer.sign(text, PAYLOAD)), [MALFORMED; 3], "{text}");
    }
}

#[test]
fn surrounding_white_space_hides_no_claim() {
    let issuer = issuer(Algorithm::HS256);
    let trusted = |name, issuer: &TestIssuer| {
        let key = VerificationKey::shared_secret(issuer.secret()).unwrap();
        Issuer::new(name, key, Policy::new().audience("orders"))
    };
    let verifier = Verifier::builder()
        .trust(trusted("https://a.example", &issuer))
        .trust(trusted("https://b.example", &issuer.clone().with_other_key()))
        .clock(FixedClock::new());
    let verifier = verifier.build().unwrap();
    let claims = |iss, aud, exp| {
        format!("\n {{\"iss\":\"{iss}\",\"aud\":\"{aud}\",\"exp\":{exp},\"sub\":\"ada\"}}\r\n")
    };
    let header = "\t{\"typ\":\"JWT\",\"alg\":\"HS256\"} \n";
    for (iss, aud, exp, expected) in [
        ("https://a.example", "orders", 1_767_226_500, Ok((Some("ada"), Some("JWT")))),
        ("https://b.example", "orders", 1_767_226_500, Err(ErrorKind::InvalidSignature)),
        ("https://c.example", "orders", 1_767_226_500, Err(ErrorKind::InvalidIssuer)),
        ("https://a.example", "billing", 1_767_226_500, Err(ErrorKind::InvalidAudience)),
        ("https://a.example", "orders", 1_767_225_000, Err(ErrorKind::TokenExpired)),
    ] {
        let token = issuer.sign(header, claims(iss, aud, exp));
        // Twice: the second time the header is cached.
        for _ in 0..2 {
            let outcome = verifier.verify_now(&token).map_err(|error| error.kind());
            let seen = outcome.as_ref().map(|it| (it.subject(), it.token().header().typ));
            assert_eq!(seen.map_err(|kind| *kind), expected, "{iss} {aud} {exp}");
        }
    }
}

#[test]
fn only_json_white_space_may_surround_a_key_document() {
    let issuer = issuer(Algorithm::ES256);
    let (jwk, jwks) = (issuer.jwk(), issuer.jwks());
    for (before, after, accepted) in [
        ("", "", true),
        ("\r\n\t ", "", true),
        ("", " \t\r\n", true),
        ("\u{feff}", "", false),
        ("", "\u{feff}", false),
        ("\u{a0}", "", false),
        ("", "\u{a0}", false),
        ("\u{b}", "", false),
        ("", "\u{b}", false),
        ("\u{c}", "", false),
        ("", "\u{c}", false),
        ("\u{2028}", "", false),
        ("", "\0", false),
        ("", "{}", false),
    ] {
        let one = VerificationKey::jwk(format!("{before}{jwk}{after}"));
        assert_eq!(one.is_ok(), accepted, "{before:?} {after:?}");
        for read in [KeySet::jwks, KeySet::fetched_jwks] {
            let set = read(format!("{before}{jwks}{after}"));
            assert_eq!(set.is_ok(), accepted, "{before:?} {after:?}");
        }
        let spaced = jwks.replace('[', &format!("[{before}")).replace(']', &format!("{after}]"));
        assert_eq!(KeySet::jwks(spaced).is_ok(), accepted, "{before:?} {after:?}");
    }
}

#[test]
fn only_utf_8_is_accepted() {
    let (issuer, three) = three();
    let good = header(Algorithm::HS256);
    let encodings: [fn(&str) -> Vec<u8>; 5] = [
        |text| text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        |text| text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        |text| {
            "\u{feff}"
                .encode_utf16()
                .chain(text.encode_utf16())
                .flat_map(u16::to_le_bytes)
                .collect()
        },
        |text| text.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect(),
        |text| text.chars().flat_map(|c| u32::from(c).to_be_bytes()).collect(),
    ];
    for encoded in encodings {
        let in_header = issuer.sign(encoded(&good), PAYLOAD);
        assert_eq!(three.verdicts(&in_header), [MALFORMED; 3]);
        let in_payload = issuer.sign(&good, encoded(PAYLOAD));
        assert_eq!(three.verdicts(&in_payload), [MALFORMED; 3]);
    }
    for (bytes, expected) in [
        (&b"\"x\":\"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\""[..], Ok(())), // é, the euro sign, an emoji
        (b"\"x\":\"\x7f\xe2\x80\xa8\"", Ok(())),                            // DEL, line separator
        (b"\"\xc3\xa9\":1", Ok(())),
        (b"\"x\":\"\xe9\"", MALFORMED),                     // Latin-1
        (b"\"x\":\"\xc0\xaf\"", MALFORMED),                 // overlong slash
        (b"\"x\":\"\xe0\x80\xaf\"", MALFORMED),             // overlong slash in three bytes
        (b"\"x\":\"\xf0\x80\x80\xaf\"", MALFORMED),         // overlong slash in four bytes
        (b"\"x\":\"\xc1\xa1\"", MALFORMED),                 // overlong a
        (b"\"\xc1\xa1\":1", MALFORMED),                     // overlong a as a name
        (b"\"x\":\"\xed\xa0\x80\"", MALFORMED),             // a surrogate
        (b"\"x\":\"\xed\xa0\xbd\xed\xb8\x80\"", MALFORMED), // a pair of surrogates (CESU-8)
        (b"\"x\":\"\xf4\x90\x80\x80\"", MALFORMED),         // beyond U+10FFFF
        (b"\"x\":\"\x80\"", MALFORMED),
        (b"\"x\":\"\xe2\x82\"", MALFORMED),
        (b"\"x\":\"\xff\xfe\"", MALFORMED),
    ] {
        expect(bytes, expected);
    }
}

#[test]
fn json_extensions_are_rejected() {
    for (members, expected) in [
        (r#""x":[1,2.5,-3e2,"a",true,false,null,{"y":[]}]"#, Ok(())),
        ("\"x\" :\t[ 1 ,\r\n2 ] ", Ok(())),
        (r#""x":NaN"#, MALFORMED),
        (r#""x":Infinity"#, MALFORMED),
        (r#""x":-Infinity"#, MALFORMED),
        (r#""x":undefined"#, MALFORMED),
        (r#""x":True"#, MALFORMED),
        (r#""x":+1"#, MALFORMED),
        (r#""x":01"#, MALFORMED),
        (r#""x":-"#, MALFORMED),
        (r#""x":.5"#, MALFORMED),
        (r#""x":1."#, MALFORMED),
        (r#""x":1e"#, MALFORMED),
        (r#""x":0x10"#, MALFORMED),
        (r#""x":1_000"#, MALFORMED),
        (r#""x":1,"#, MALFORMED),
        (r#""x":[1,]"#, MALFORMED),
        (r#""x":[1 2]"#, MALFORMED),
        (r#","x":1"#, MALFORMED),
        (r#""x":"#, MALFORMED),
        (r#""x" 1"#, MALFORMED),
        ("x:1", MALFORMED),
        ("'x':1", MALFORMED),
        ("1:1", MALFORMED),
        (r#""x":1/* y */"#, MALFORMED),
        ("\"x\":1// y\n", MALFORMED),
        ("\"x\":1#y\n", MALFORMED),
        (r#""x":"y"#, MALFORMED),
        (r#""x":[1}"#, MALFORMED),
        (r#""x":{]"#, MALFORMED),
        ("\"x\":\u{a0}1", MALFORMED),
        ("\"x\":\u{b}1", MALFORMED),
    ] {
        expect(members.as_bytes(), expected);
    }
}

#[test]
fn invalid_characters_and_escapes_in_strings_are_rejected() {
    for (string, expected) in [
        (r#"\" \\ \/ \b \f \n \r \t \u00e9 \u0000"#, Ok(())),
        (r"\ud83d\ude00", Ok(())),
        (r"\\ud83d", Ok(())),
        (r"\uD83D\uDE00", Ok(())),
        ("\n", MALFORMED),
        ("\t", MALFORMED),
        ("\0", MALFORMED),
        ("\u{1f}", MALFORMED),
        (r"\x41", MALFORMED),
        (r"\'", MALFORMED),
        (r"\u41", MALFORMED),
        (r"\u{41}", MALFORMED),
        (r"\u+041", MALFORMED),
        (r"\U00000041", MALFORMED),
        (r"\ud83d", MALFORMED),
        (r"\ude00", MALFORMED),
        (r"\ude00\ud83d", MALFORMED),
        (r"\ud83d\u0041", MALFORMED),
        (r"\ud83d\ud83d", MALFORMED),
        (r"\ud83d\\ude00", MALFORMED),
        (r"\ud83d\n", MALFORMED),
    ] {
        expect(format!("\"x\":\"{string}\"").as_bytes(), expected);
        expect(format!("\"{string}\":1").as_bytes(), expected);
        expect(format!("\"x\":[{{\"y\":\"{string}\"}}]").as_bytes(), expected);
    }
}

#[test]
fn duplicate_names_are_rejected_in_every_spelling() {
    for (members, expected) in [
        (r#""a":1,"b":1"#, Ok(())),
        (r#""a":1,"A":1"#, Ok(())),
        (r#""a":1,"a ":1"#, Ok(())),
        (r#""Alg":"none","Sub":7"#, Ok(())),
        ("\"\u{e9}\":1,\"e\u{301}\":1", Ok(())), // composed and decomposed are two names
        (r#""x":{"a":1},"y":{"a":1},"a":1"#, Ok(())),
        (r#""":1"#, Ok(())),
        (r#""a":1,"a":1"#, MALFORMED),
        (r#""a":1,"a":2"#, MALFORMED),
        (r#""a":null,"b":1,"a":null"#, MALFORMED),
        (r#""a":1,"\u0061":1"#, MALFORMED),
        (r#""\u0061":1,"a":1"#, MALFORMED),
        (r#""\u0061":1,"\u0061":1"#, MALFORMED),
        (r#""a\/":1,"a/":1"#, MALFORMED),
        ("\"\u{1f600}\":1,\"\\ud83d\\ude00\":1", MALFORMED),
        (r#""":1,"":1"#, MALFORMED),
        (r#""alg":"HS256","exp":1767226500"#, MALFORMED),
        (r#""\u0061lg":"HS256","e\u0078p":1767226500"#, MALFORMED),
        (r#""a":{"a":1},"a":{"a":1}"#, MALFORMED),
    ] {
        expect(members.as_bytes(), expected);
    }
    // In nested objects the claims type decides.
    let (issuer, verifier) = pair(Algorithm::HS256);
    let deeper = PAYLOAD.replace('}', r#","x":{"a":1,"a":2}}"#);
    let token = issuer.sign(header(Algorithm::HS256), deeper);
    assert_eq!(verdict(&verifier, &token), Ok(()));
}

#[test]
fn a_duplicate_name_is_found_among_thousands() {
    let (issuer, three) = three();
    let expect = |members: &str, expected: Verdict| {
        let payload = format!("{{\"sub\":\"user-1\",\"exp\":1767226500,{members}}}");
        let token = issuer.sign(header(Algorithm::HS256), payload);
        assert_eq!(three.verdicts(&token), [expected; 3], "{}", &members[..members.len().min(80)]);
    };
    for count in [1, 12, 13, 14, 15, 16, 17, 64, 5_000] {
        let names: Vec<_> = (0..count).map(|n| format!("\"name-{n}\":{n}")).collect();
        let names = names.join(",");
        let last = count - 1;
        expect(&names, Ok(()));
        expect(&format!("{names},\"name\":0"), Ok(()));
        expect(&format!("{names},\"name-0\":0"), MALFORMED);
        expect(&format!("{names},\"name-{last}\":0"), MALFORMED);
        expect(&format!("{names},\"n\\u0061me-0\":0"), MALFORMED);
        expect(&format!("\"n\\u0061me-{last}\":0,{names}"), MALFORMED);
    }
}

#[test]
fn a_header_has_at_most_sixteen_members() {
    let (issuer, three) = three();
    for (count, expected) in [(1, Ok(())), (15, Ok(())), (16, MALFORMED), (5_000, MALFORMED)] {
        let names: Vec<_> = (0..count).map(|n| format!("\"name-{n}\":{n}")).collect();
        let crowded = format!("{{\"alg\":\"HS256\",{}}}", names.join(","));
        assert_eq!(three.verdicts(&issuer.sign(crowded, PAYLOAD)), [expected; 3], "{count}");
    }
}

#[test]
fn serde_json_private_names_are_rejected() {
    let (issuer, three) = three();
    let marker = "$serde_json::private::RawValue";
    for members in [
        format!(r#""{marker}":"{{}}""#),
        format!(r#""user_metadata":{{"{marker}":"{{\"role\":\"admin\",\"role\":\"x\"}}"}}"#),
        format!(r#""x":[[{{"\u0024{}":"[]"}}]]"#, &marker[1..]),
        r#""x":{"$serde_json::private::Number":"1e400"}"#.to_owned(),
    ] {
        expect(members.as_bytes(), MALFORMED);
    }
    expect(format!(r#""about":"the name {marker}""#).as_bytes(), Ok(()));
    // An escape that ends with a letter is not that letter.
    for name in [
        r"$se\rde_json::private::RawValue",
        r"$serde_jso\n::private::Number",
        r"$serde_json::priva\te::",
        r"\f$serde_json::private::",
        r"\b$serde_json::private::",
    ] {
        expect(format!("\"x\":\"{name}\"").as_bytes(), Ok(()));
        expect(format!("\"{name}\":1").as_bytes(), Ok(()));
    }
    // In place of the object, it would hide claims from the policy but show them to the handler.
    let hidden = format!(r#"{{"{marker}":"{{\"sub\":\"admin\",\"exp\":1}}"}}"#);
    assert_eq!(three.verdicts(&issuer.sign(header(Algorithm::HS256), hidden)), [MALFORMED; 3]);
}

#[test]
fn nesting_is_bounded_for_every_claims_type() {
    #[derive(serde::Deserialize)]
    struct Tree {
        #[serde(rename = "sub")]
        _sub: String,
        #[serde(default, rename = "x")]
        _read: Value,
    }

    let issuer = issuer(Algorithm::HS256);
    let builder = || trusting(&issuer).max_token_len(1 << 20).require_claim("x");
    let tree = builder().claims::<Tree>().build().unwrap();
    let small = builder().claims::<Small>().build().unwrap();
    // The depth includes the claims object itself.
    for (depth, expected) in [
        (2, Ok(())),
        (32, Ok(())),
        (63, Ok(())),
        (64, Ok(())),
        (65, MALFORMED),
        (128, MALFORMED),
        (10_000, MALFORMED),
    ] {
        let inside = depth - 1;
        let arrays = format!("{}{}", "[".repeat(inside), "]".repeat(inside));
        let objects = format!("{}1{}", "{\"y\":".repeat(inside), "}".repeat(inside));
        let after_another = format!("[],{{}}],\"y\":{arrays},\"z\":[0");
        for value in [&arrays, &objects] {
            expect(format!("\"x\":{value}").as_bytes(), expected);
            expect(format!("\"roles\":{value}").as_bytes(), expected);
            let payload = PAYLOAD.replace('}', &format!(",\"x\":{value}}}"));
            let token = issuer.sign(header(Algorithm::HS256), payload);
            assert_eq!(verdict(&tree, &token), expected, "{depth}");
            assert_eq!(verdict(&small, &token), expected, "{depth}");
        }
        expect(format!("\"x\":[{after_another}]").as_bytes(), expected);
        // Unclosed brackets are malformed at every depth.
        expect(format!("\"x\":{}", "[".repeat(inside)).as_bytes(), MALFORMED);
        expect(format!("\"x\":{}", "{\"y\":".repeat(inside)).as_bytes(), MALFORMED);
    }
    // Adjacent brackets and brackets inside strings do not add depth.
    expect(format!("\"x\":[{}0]", "[],".repeat(10_000)).as_bytes(), Ok(()));
    expect(format!("\"x\":\"{}\"", "[{".repeat(10_000)).as_bytes(), Ok(()));
    expect(format!("\"x\":\"\\\"{}\"", "[{".repeat(10_000)).as_bytes(), Ok(()));
}

#[test]
fn numbers_of_any_length_cause_no_panic() {
    let digits = "7".repeat(5_000);
    for number in [
        "0".to_owned(),
        "-0".into(),
        "0.1".into(),
        "18446744073709551616".into(),
        "-9223372036854775809".into(),
        "123456789012345678901234567890".into(),
        "1e300".into(),
        "1e-400".into(),
        format!("1e-{digits}"),
        format!("0e{digits}"),
        format!("0.{digits}"),
        format!("0.{}1", "0".repeat(5_000)),
    ] {
        expect(format!("\"x\":{number}").as_bytes(), Ok(()));
        expect(format!("\"x\":[{{\"y\":{number}}}]").as_bytes(), Ok(()));
    }
}

#[test]
fn numbers_beyond_f64_fail_only_when_read() {
    // In the order of the three types: `Claims` keeps every member; the others do not read this one.
    let read_by_the_first = [Err(ErrorKind::InvalidClaims), Ok(()), Ok(())];
    let (issuer, three) = three();
    let digits = "7".repeat(5_000);
    for number in [
        "1e309".to_owned(),
        "1e400".into(),
        "-1e400".into(),
        "1E+4000".into(),
        format!("1e{digits}"),
        format!("-1e{digits}"),
        digits.clone(),
        format!("-{digits}"),
        format!("{digits}.5"),
    ] {
        let shown = &number[..number.len().min(20)];
        let in_header = header(Algorithm::HS256).replace('}', &format!(",\"x\":{number}}}"));
        let verdicts = three.verdicts(&issuer.sign(in_header, PAYLOAD));
        assert_eq!(verdicts, [Ok(()); 3], "header: {shown}");

        let in_payload = PAYLOAD.replace('}', &format!(",\"x\":{number}}}"));
        let verdicts = three.verdicts(&issuer.sign(header(Algorithm::HS256), in_payload));
        assert_eq!(verdicts, read_by_the_first, "payload: {shown}");
    }
}
