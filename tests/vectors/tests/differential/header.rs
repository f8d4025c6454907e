//! The grammar of the header: the forms of each member, with the expected verdicts.

use super::keys::Kind;
use super::shape::Usual::{Always, Never, Sometimes};
use super::shape::{Member, Shape, accepts, accepts_alone, rejects, rejects_alone};

pub(crate) const HEADER: &[Member] = &[
    Member::new("alg", Always, ALG),
    Member::new("kid", Sometimes, KID),
    Member::new("typ", Sometimes, TYP),
    Member::new("cty", Sometimes, CTY),
    Member::new("named key", Sometimes, NAMED_KEY),
    Member::new("crit", Never, CRIT),
    Member::new("b64", Sometimes, B64),
    Member::new("enc, zip", Sometimes, ENC_ZIP),
    Member::new("other header member", Sometimes, OTHER),
];

const ALG: &[Shape] = &[
    accepts(r#""alg":<alg>"#),
    accepts(r#""\u0061lg":<alg>"#),
    accepts(r#""alg":<alg>,"ALG":"none","alg ":7"#),
    accepts(r#""alg":<escaped-alg>"#),
    rejects(""),
    rejects(r#""alg":null"#),
    rejects(r#""alg":"""#),
    rejects(r#""alg":7"#),
    rejects(r#""alg":true"#),
    rejects(r#""alg":[<alg>]"#),
    rejects(r#""alg":{"0":<alg>}"#),
    rejects(r#""ALG":<alg>"#),
    rejects(r#""alg":<sibling>"#),
    rejects(r#""alg":"none""#),
    rejects(r#""alg":"None""#),
    rejects(r#""alg":"ES256K""#),
    rejects(r#""alg":"dir""#),
    rejects(r#""alg":"RSA-OAEP""#),
    rejects(r#""alg":"Ed448""#),
    rejects(r#""alg":"HS256 ""#),
    rejects(r#""alg":" HS256""#),
    rejects(r#""alg":"HS256\u0000""#),
    rejects(r#""alg":"hs256""#),
    rejects(r#""alg":"es256""#),
    rejects(r#""alg":"eddsa""#),
    rejects(r#""alg":"ED25519""#),
    rejects(r#""alg":<alg>,"alg":"none""#),
    rejects_alone("a duplicate header member", r#""alg":<alg>,"alg":<alg>"#),
    rejects_alone("a duplicate header member", r#""alg":"none","\u0061lg":<alg>"#),
    accepts_alone("the name of RFC 9864", r#""alg":"Ed25519""#).with(Kind::EdDsa),
    accepts_alone("the name of RFC 9864", r#""alg":"Ed\u00325519""#).with(Kind::EdDsa),
    accepts_alone("the name of RFC 9864", r#""\u0061lg":"Ed25519""#).with(Kind::EdDsa),
];

const KID: &[Shape] = &[
    accepts(r#""kid":<kid>"#).with(Kind::Public),
    accepts(r#""ki\u0064":<kid>"#).with(Kind::Public),
    accepts(r#""kid":<text>"#).with(Kind::Secret),
    accepts(r#""kid":"../../etc/passwd""#).with(Kind::Secret),
    rejects(r#""kid":7"#),
    rejects(r#""kid":true"#),
    rejects(r#""kid":["a"]"#),
    rejects(r#""kid":{}"#),
    accepts(r#""kid":"""#),
    accepts_alone("`kid` is null", r#""kid":null"#),
    rejects_alone("an unknown `kid`", r#""kid":"another""#).with(Kind::Public),
    rejects_alone("an unknown `kid`", r#""kid":"../demo-ES256""#).with(Kind::Public),
    rejects_alone("an unknown `kid`", r#""kid":"' OR 1=1 --""#).with(Kind::Public),
    rejects_alone("an unknown `kid`", r#""kid":<other-id>"#).with(Kind::Public),
];

const TYP: &[Shape] = &[
    accepts(r#""typ":"JWT""#),
    accepts(r#""typ":"JWT""#),
    accepts(r#""typ":"jwt""#),
    accepts(r#""typ":"at+jwt""#),
    accepts(r#""typ":"application/jwt""#),
    accepts(r#""typ":"JWE""#),
    accepts(r#""typ":<text>"#),
    rejects_alone("`typ` is not a string", r#""typ":null"#),
    rejects_alone("`typ` is not a string", r#""typ":7"#),
    rejects_alone("`typ` is not a string", r#""typ":["JWT"]"#),
    rejects_alone("`typ` is not a string", r#""typ":{}"#),
    rejects_alone("a duplicate header member", r#""typ":"JWT","typ":"JWT""#),
];

const CTY: &[Shape] = &[
    accepts(r#""cty":"json""#),
    accepts(r#""cty":"JWT""#),
    accepts(r#""cty":null"#),
    accepts_alone("a header member of another type", r#""cty":7"#),
    accepts_alone("a header member of another type", r#""cty":["json"]"#),
];

/// Members that name keys, all of which are ignored.
const NAMED_KEY: &[Shape] = &[
    accepts(r#""jku":"https://evil.example/jwks.json""#),
    accepts(r#""x5u":"https://evil.example/cert.pem""#),
    accepts(r#""x5c":["AA","=="],"x5t":"AA","x5t#S256":"AA""#),
    accepts(r#""jwk":<jwk>"#),
    accepts(r#""jku":null,"x5u":null,"jwk":null"#),
    accepts_alone("a header member of another type", r#""jku":["https://evil.example/jwks.json"]"#),
    accepts_alone("a header member of another type", r#""jwk":"key""#),
    accepts_alone("a header member of another type", r#""jwk":{}"#),
    accepts_alone("a header member of another type", r#""x5u":7"#),
    accepts_alone("a header member of another type", r#""x5c":"AA""#),
    accepts_alone("a header member of another type", r#""x5t":{}"#),
    rejects_alone("a duplicate header member", r#""jku":"a","jku":"b""#),
];

const CRIT: &[Shape] = &[
    rejects(r#""crit":7"#),
    rejects(r#""crit":"exp""#),
    rejects(r#""crit":{}"#),
    rejects(r#""crit":[7]"#),
    rejects_alone("`crit` is present", r#""crit":null"#),
    rejects_alone("`crit` is present", r#""crit":[]"#),
    rejects_alone("`crit` is present", r#""crit":["alg"]"#),
    rejects_alone("`crit` is present", r#""crit":["exp"],"exp":1"#),
    rejects_alone("`crit` is present", r#""crit":["http://example.com/undefined"]"#),
    rejects_alone("`crit` is present", r#""\u0063rit":["b64"],"b64":true"#),
    rejects_alone("`crit` is present", r#""crit":["b64"]"#),
];

const B64: &[Shape] = &[
    accepts(r#""b64":true"#),
    rejects_alone("`b64` is not true", r#""b64":false"#),
    rejects_alone("`b64` is not true", r#""b64":null"#),
    rejects_alone("`b64` is not true", r#""b64":"true""#),
    rejects_alone("`b64` is not true", r#""b64":0"#),
    rejects_alone("`b64` is not true", r#""b64":{}"#),
];

const ENC_ZIP: &[Shape] = &[
    accepts(r#""zip":"DEF""#),
    accepts(r#""zip":"GZIP","p2c":2147483647"#),
    accepts_alone("a header member of another type", r#""zip":7"#),
    rejects_alone("`enc` is present", r#""enc":"A256GCM""#),
    rejects_alone("`enc` is present", r#""enc":"none","zip":"DEF""#),
    rejects_alone("`enc` is present", r#""enc":null"#),
    rejects_alone("`enc` is present", r#""enc":7"#),
];

const OTHER: &[Shape] = &[
    accepts(r#""x":<any>"#),
    accepts(r#""":<any>,"é😀":<text>,"__proto__":{"alg":"none"}"#),
    accepts(r#""exp":1,"iss":"https://evil.example","aud":7"#),
    accepts(r#""x":{"a":1,"a":2}"#),
    accepts(r#""x":"<letters 600>""#),
    accepts(r#""x":<deep 63>"#),
    accepts_alone("a header member of another type", r#""url":7"#),
    accepts_alone("a header member of another type", r#""nonce":{}"#),
    accepts_alone("a header number beyond f64", r#""x":1e400"#),
    accepts_alone("a header number beyond f64", r#""x":[<digits 400>]"#),
    rejects(r#""x":01"#),
    rejects(r#""x":"#),
    rejects("'x':1"),
    rejects(r#""x":"\x41""#),
    rejects("\"x\":\"\u{1}\""),
    rejects("\"x\":1// one"),
    rejects(r#""x":<deep 3000>"#),
    rejects_alone("NaN or an infinity", r#""x":NaN"#),
    rejects_alone("NaN or an infinity", r#""x":-Infinity"#),
    rejects_alone("a lone surrogate", r#""x":"\udc00""#),
    rejects_alone("deeper than 64 levels", r#""x":<deep 64>"#),
    rejects_alone("deeper than 64 levels", r#""x":<deep 126>"#),
    rejects_alone("a private name of the parser", r#""x":{"$serde_json::private::RawValue":"7"}"#),
    rejects_alone("a duplicate header member", r#""x":1,"x":1"#),
    rejects_alone("more than 16 header members", "<many 17>"),
    rejects_alone("more than 16 header members", "<many 300>"),
];
